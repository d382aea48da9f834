// Elements are made, never parsed: text goes in as text nodes, so that no markup in a project's text
// can run. Nothing in this page uses innerHTML; the Content-Security-Policy forbids it too.

const SVG = 'http://www.w3.org/2000/svg';

function set(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === 'class') element.setAttribute('class', value);
  else if (name === 'style') Object.entries(value).forEach(([k, v]) => element.style.setProperty(k, v));
  else if (name === 'data') Object.assign(element.dataset, value);
  else if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (['value', 'checked', 'selected', 'disabled', 'hidden', 'open', 'indeterminate'].includes(name))
    element[name] = value;
  else element.setAttribute(name, value === true ? '' : String(value));
}

function fill(element, attributes, children) {
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  // After the children: the value of a select needs its options.
  for (const [name, value] of Object.entries(attributes ?? {})) set(element, name, value);
  return element;
}

// An element; attributes named on… are listeners, `style` and `data` objects.
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return element;
}

export function button(text, onclick, attributes = {}) {
  return h('button', { type: 'button', onclick, ...attributes }, text);
}

let made = 0;
export const freshId = (prefix) => `${prefix}-${++made}`;

// A labelled control: the label is tied to the control for screen readers.
export function labelled(text, control, attributes = {}) {
  control.id ||= freshId('field');
  return h('div', { class: 'field', ...attributes }, h('label', { for: control.id }, text), control);
}

export function select(options, chosen, attributes = {}) {
  return h('select', { ...attributes, value: chosen ?? '' },
    options.map(([value, text]) => h('option', { value }, text)));
}

// A table with a caption for screen readers; columns: {head, cell(row), class}.
export function table(caption, columns, rows, attributes = {}) {
  const align = (column) => (column.class ? { class: column.class } : {});
  return h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': caption },
    h('table', attributes, h('caption', { class: 'unseen' }, caption),
      h('thead', {}, h('tr', {}, columns.map((c) => h('th', { scope: 'col', ...align(c) }, c.head)))),
      h('tbody', {}, rows.map((row) => h('tr', {}, columns.map((c) => h('td', align(c), c.cell(row))))))));
}

export function debounce(run, milliseconds) {
  let timer;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds, ...given);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
