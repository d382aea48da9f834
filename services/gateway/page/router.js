// Pages by the part of the address after #, so that any static server can serve them all.

const pages = new Map();
let leave = null;
let shown = 0;

// `load` resolves with the page's module.
export const route = (name, load) => pages.set(name, load);

// "#/project/7?from=queue" → {name, rest, filter}
export function here() {
  const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, ...rest] = path.split('/').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { name, rest, filter: Object.fromEntries(new URLSearchParams(search ?? '')) };
}

export const address = (name, rest = [], filter = {}) => {
  const pairs = Object.entries(filter).filter(([, v]) => v !== '' && v !== undefined && v !== null);
  const search = pairs.length ? `?${new URLSearchParams(pairs)}` : '';
  return `#/${[name, ...rest].map(encodeURIComponent).join('/')}${search}`;
};

// Puts a page's filter into the address without opening the page again.
export function keepAddress(name, rest, filter) {
  // Not when the address has gone on to another page meanwhile.
  if (here().name === name) history.replaceState(null, '', address(name, rest, filter));
}

export const go = (...where) => {
  location.hash = address(...where);
};

// Opens the page of the address in `main`; a page answers with what is to be done when it is left. Each
// page has a box of its own, so that one that was left while it opened writes into nothing.
export async function show(main, fallback, opened) {
  if (!pages.has(here().name)) history.replaceState(null, '', address(fallback));
  const where = here();
  const turn = ++shown;
  leave?.();
  leave = null;
  const box = document.createElement('div');
  main.replaceChildren(box);
  opened(where.name);
  let left;
  try {
    const page = await pages.get(where.name)();
    if (turn === shown) left = await page.open(box, where);
  } catch (problem) {
    if (turn === shown) throw problem;
  }
  // Left again while it opened: what it began must end.
  if (turn !== shown) left?.();
  else leave = left ?? null;
}
