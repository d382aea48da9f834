// One item of the catalog: where it stands, what units call it, what stands beside it, how often it is used.
import { h } from './dom.js';
import { departmentName, ITEM_STATES } from './words.js';
import { count } from './format.js';
import { address } from './router.js';

const list = (title, items, link) =>
  items.length ? h('section', {}, h('h3', {}, title), h('ul', { class: 'item-list' }, items.map((one) =>
    h('li', {}, h('a', { href: link(one) }, h('span', { class: 'code' }, one.code), ' ', one.name))))) : null;

export function itemView(item) {
  const link = (one) => address('catalog', [item.revision, one.department, one.code]);
  const labels = (kind) => item.labels.filter((l) => l.kind === kind).map((l) => l.text);
  return h('article', { class: 'item-view' },
    h('p', { class: 'path' }, [departmentName(item.department), ...item.path.slice(0, -1)].join(' › ')),
    h('h2', {}, h('span', { class: 'code' }, item.code), ' ', item.name),
    h('p', { class: 'facts' }, item.leaf ? h('span', { class: 'chip good' }, '可购买') : h('span', { class: 'chip' }, '上级类目'),
      ITEM_STATES[item.state] ? h('span', { class: 'chip warn' }, ITEM_STATES[item.state]) : null,
      item.restriction ? h('span', { class: 'muted' }, item.restriction.replace(/^only:/, '仅限 ').replace(/^not:/, '不含 ').replaceAll(';', '、')) : null),
    h('p', {}, `已有 ${count(item.usage.results)} 个结果首选此条，其中 ${count(item.usage.reviewed)} 个经人工认定。`, ' ',
      item.usage.results ? h('a', { href: address('queue', [], { q: item.code, state: 'all' }) }, '查看这些结果') : null),
    labels('alt').length ? h('section', {}, h('h3', {}, '单位常用说法'), h('p', { class: 'labels' }, labels('alt').map((t) => h('span', { class: 'chip' }, t)))) : null,
    labels('not').length ? h('section', {}, h('h3', {}, '不指此条的说法'), h('p', { class: 'labels' }, labels('not').map((t) => h('span', { class: 'chip' }, t)))) : null,
    list('下级', item.children, link),
    list('同级', item.siblings.filter((s) => s.code !== item.code), link));
}
