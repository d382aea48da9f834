// Type-ahead over the catalog's items: a combobox as the ARIA practices describe it.
import { h, replace, debounce, freshId } from './dom.js';
import * as api from './api.js';
import { itemLine, itemPath } from './candidates.js';

const WAIT_MS = 150;

// options: label, revision() , leaf, pick(item). Answers with the element; .input is the text field.
export function lookup({ label, revision, leaf = true, pick, placeholder = '输入代码、名称或做法，如“标准化”' }) {
  const id = freshId('lookup');
  let found = [];
  let active = -1;
  let asked;
  const input = h('input', { id, type: 'search', role: 'combobox', autocomplete: 'off', placeholder,
    'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': `${id}-list` });
  const list = h('ul', { id: `${id}-list`, role: 'listbox', 'aria-label': label, hidden: true, class: 'found-list' });
  const told = h('span', { class: 'unseen', role: 'status' });

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const choose = (index) => {
    const item = found[index];
    if (!item) return;
    close();
    input.value = '';
    pick(item);
  };
  const light = (index) => {
    active = index;
    [...list.children].forEach((li, i) => li.setAttribute('aria-selected', i === index));
    const one = list.children[index];
    if (!one) return input.removeAttribute('aria-activedescendant');
    input.setAttribute('aria-activedescendant', one.id);
    one.scrollIntoView({ block: 'nearest' });
  };
  const draw = (text) => {
    replace(list, found.length
      ? found.map((item, i) => h('li', { id: `${id}-${i}`, role: 'option', 'aria-selected': 'false',
          onmousedown: (event) => event.preventDefault(), onclick: () => choose(i) },
          itemLine(item), item.label ? h('span', { class: 'muted' }, `（${item.label}）`) : null, itemPath(item)))
      : h('li', { class: 'muted' }, text));
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    told.textContent = found.length ? `${found.length} 条` : text;
    light(found.length ? 0 : -1);
  };
  const search = debounce(async () => {
    asked?.abort();
    const q = input.value.trim();
    if (!q) return close();
    asked = new AbortController();
    try {
      found = (await api.catalog.search({ q, revision: revision(), leaf: leaf || undefined, limit: 12 }, asked.signal)).items;
      if (document.activeElement === input) draw('没有找到');
    } catch (problem) {
      if (problem.name === 'AbortError') return;
      found = [];
      draw(problem.message);
    }
  }, WAIT_MS);

  input.addEventListener('input', search);
  input.addEventListener('focus', () => input.value && search());
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length && !list.hidden) {
      light((active + step + found.length) % found.length);
    } else if (event.key === 'Enter' && !list.hidden && active >= 0) {
      choose(active);
    } else if (event.key === 'Escape' && !list.hidden) {
      close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const element = h('div', { class: 'lookup field' }, h('label', { for: id }, label), input, list, told);
  element.input = input;
  return element;
}
