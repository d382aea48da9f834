// The catalog as a tree: departments, then levels. Branches are made when they are opened. Arrow keys as
// the ARIA practices describe them.
import { h } from './dom.js';
import { departmentName } from './words.js';
import { count } from './format.js';

export class CatalogTree {
  // tree: as the service gives it; pick(department, node).
  constructor(tree, pick) {
    this.usage = new Map();
    this.pick = pick;
    this.element = h('ul', { role: 'tree', class: 'tree', 'aria-label': '目录', onkeydown: (e) => this.key(e) });
    for (const one of tree.departments)
      this.element.append(this.branch({ department: one.department, node: { name: departmentName(one.department), children: one.items }, note: `${one.leaves} 条`, level: 1 }));
    const first = this.element.querySelector('[role=treeitem]');
    if (first) first.tabIndex = 0;
  }

  usedBelow(department, node) {
    const own = this.usage.get(`${department} ${node.code}`)?.results ?? 0;
    return (node.children ?? []).reduce((sum, child) => sum + this.usedBelow(department, child), own);
  }

  // items: [{department, code, results}]
  showUsage(items) {
    this.usage = new Map(items.map((one) => [`${one.department} ${one.code}`, one]));
    for (const item of this.element.querySelectorAll('[role=treeitem]')) item.tell();
  }

  branch({ department, node, note, level }) {
    const inner = node.children?.length > 0;
    const used = h('span', { class: 'used' });
    const group = inner ? h('ul', { role: 'group', hidden: true }) : null;
    const item = h('li', { role: 'treeitem', tabindex: -1, 'aria-level': level, ...(inner ? { 'aria-expanded': 'false' } : {}),
      class: node.leaf ? 'leaf' : '', data: { department, code: node.code ?? '' } },
      h('div', { class: 'tree-line', onclick: () => {
        this.focus(item);
        if (inner) this.open(item, group.hidden);
        if (node.code) this.pick(department, node);
      } },
        h('span', { class: 'twist', 'aria-hidden': 'true' }),
        node.code ? h('span', { class: 'code' }, node.code) : null, h('span', { class: 'tree-name' }, node.name),
        node.state === 'quarantine' ? h('span', { class: 'chip warn' }, '待核实') : null,
        note ? h('span', { class: 'muted small' }, note) : null,
        used),
      group);
    item.fill = () => {
      if (group.childElementCount) return;
      group.append(...node.children.map((child) =>
        this.branch({ department, node: child, level: level + 1 })));
    };
    item.tell = () => {
      const n = this.usedBelow(department, node);
      used.textContent = n ? count(n) : '';
      used.title = n ? `${count(n)} 个结果` : '';
    };
    item.tell();
    item.choose = () => node.code && this.pick(department, node);
    return item;
  }

  open(item, on) {
    if (!item.hasAttribute('aria-expanded')) return;
    if (on) item.fill();
    item.setAttribute('aria-expanded', String(on));
    item.querySelector(':scope > ul').hidden = !on;
  }

  focus(item) {
    for (const one of this.element.querySelectorAll('[tabindex="0"]')) one.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
  }

  key(event) {
    const item = event.target.closest('[role=treeitem]');
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const seen = [...this.element.querySelectorAll('[role=treeitem]')].filter((one) => !one.parentElement.closest('ul[hidden]'));
    const at = seen.indexOf(item);
    const open = item.getAttribute('aria-expanded') === 'true';
    const to = { ArrowDown: seen[at + 1], ArrowUp: seen[at - 1], Home: seen[0], End: seen.at(-1), j: seen[at + 1], k: seen[at - 1] }[event.key];
    if (to) this.focus(to);
    else if (event.key === 'ArrowRight') open || !item.hasAttribute('aria-expanded') ? open && this.focus(seen[at + 1]) : this.open(item, true);
    else if (event.key === 'ArrowLeft') open ? this.open(item, false) : item.parentElement.closest('[role=treeitem]') && this.focus(item.parentElement.closest('[role=treeitem]'));
    else if (event.key === 'Enter' || event.key === ' ') {
      if (item.hasAttribute('aria-expanded')) this.open(item, !open);
      item.choose();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // Opens the way down to an item and marks it.
  reveal(department, code) {
    for (const one of this.element.querySelectorAll('.is-chosen')) one.classList.remove('is-chosen');
    let item = this.element.querySelector(`:scope > li[data-department="${CSS.escape(department)}"]`);
    if (!item) return;
    // A child's code begins with its parent's.
    while (item && item.dataset.code !== code) {
      this.open(item, true);
      item = [...item.querySelectorAll(':scope > ul > li')].find((li) => code.startsWith(li.dataset.code)) ?? null;
    }
    if (!item) return;
    item.classList.add('is-chosen');
    item.scrollIntoView({ block: 'nearest' });
  }
}
