// 目录: the tree of a revision, search, one item, what changed against another revision.
import { h, replace, select, labelled, button } from './dom.js';
import * as api from './api.js';
import { CatalogTree } from './catalog-tree.js';
import { itemView } from './catalog-item.js';
import { changesView } from './catalog-changes.js';
import { lookup } from './lookup.js';
import { useKeys } from './keys.js';
import { go, keepAddress } from './router.js';
import { departmentName } from './words.js';
import { count } from './format.js';

export async function open(main, { rest }) {
  const { revisions } = await api.catalog.revisions();
  if (!revisions.length) return void replace(main, h('p', { class: 'panel' }, '还没有目录。'));
  const wanted = rest[0] ?? '';
  let revision = revisions.find((r) => r.number === wanted) ?? revisions.find((r) => r.in_force) ?? revisions[0];
  let department = '';
  let tree = null;
  let turn = 0;

  const side = h('div', { class: 'catalog-side panel' });
  const detail = h('div', { class: 'catalog-detail panel', 'aria-live': 'polite' });
  const facts = h('p', { class: 'muted' });
  const revisionBox = select(revisions.map((r) => [r.number, r.number + (r.in_force ? '（现行）' : '')]), revision.number,
    { onchange: () => { revision = revisions.find((r) => r.number === revisionBox.value); department = ''; load(); } });
  const departmentBox = select([['', '全部']], '', { onchange: () => { department = departmentBox.value; load(); } });
  // A catalog of class B alone (one department) is compared last.
  const others = () => revisions.filter((r) => r !== revision)
    .sort((a, b) => (a.departments < 2) - (b.departments < 2));
  const against = select([], '', { 'aria-label': '对照版本' });
  const compare = button('看变化', () => show(async () => changesView(await api.catalog.changes(revision.number, against.value, department))));
  const search = lookup({ label: '查找条目', revision: () => revision.number, leaf: false, pick: (item) => pick(item.department, item) });

  async function show(read) {
    const mine = ++turn;
    replace(detail, h('p', { class: 'muted' }, '正在读取…'));
    try {
      const view = await read();
      if (mine === turn) replace(detail, view);
    } catch (problem) {
      if (mine === turn) replace(detail, h('p', { class: 'fault' }, problem.message));
    }
  }

  function pick(from, node) {
    keepAddress('catalog', [revision.number, from, node.code], {});
    tree?.reveal(from, node.code);
    show(async () => itemView(await api.catalog.item(revision.number, from, node.code)));
  }

  async function load(first) {
    replace(side, h('p', { class: 'muted' }, '正在读取…'));
    replace(facts, [revision.title, revision.effective && `施行 ${revision.effective}`, revision.ended && `止于 ${revision.ended}`,
      `末级条目 ${count(revision.leaves)}`, revision.quarantined && `待核实 ${count(revision.quarantined)}`,
      revision.complete ? '' : '节选'].filter(Boolean).join('，'));
    replace(against, others().map((r) => h('option', { value: r.number }, `对照 ${r.number}`)));
    compare.disabled = against.disabled = !others().length;
    if (!first) {
      turn++;
      keepAddress('catalog', [revision.number], {});
      replace(detail, h('p', { class: 'muted' }, '选一个条目查看。'));
    }
    try {
      const read = await api.catalog.tree(revision.number, department);
      if (!department)
        replace(departmentBox, [['', '全部'], ...read.departments.map((d) => [d.department, departmentName(d.department)])].map(([v, t]) => h('option', { value: v }, t)));
      const mine = (tree = new CatalogTree(read, pick));
      replace(side, tree.element);
      // How often items are used takes the service longer; the tree does not wait for it.
      api.catalog.usage(revision.number).then((usage) => mine === tree && tree.showUsage(usage.items), () => {});
      if (department || read.departments.length === 1) tree.open(tree.element.firstChild, true);
    } catch (problem) {
      replace(side, h('p', { class: 'fault' }, problem.message));
    }
  }

  replace(main,
    h('div', { class: 'page-head' }, h('div', {}, h('h1', {}, '目录'), facts),
      button('增补建议', () => go('proposals', [], { revision: revision.number }), { title: '没有合适条目的服务' })),
    h('div', { class: 'catalog-bar' }, labelled('版本', revisionBox), labelled('部门', departmentBox), search,
      h('div', { class: 'compare' }, against, compare, button('对应关系', () => go('map', [against.value, revision.number])))),
    h('div', { class: 'catalog' }, side, detail));
  replace(detail, h('p', { class: 'muted' }, '选一个条目查看。'));
  const endKeys = useKeys('目录', [
    { key: '/', name: '查找条目', run: () => search.input.focus() },
    { key: 'j', shown: '↑ ↓ ← →', name: '在目录树中移动、展开、收起', run: () => tree?.element.querySelector('[tabindex="0"]')?.focus() },
  ]);
  await load(true);
  if (rest.length >= 3) pick(rest[1], { code: rest[2] });
  else if (rest.length === 1 && rest[0]) keepAddress('catalog', [revision.number], {});
  return endKeys;
}
