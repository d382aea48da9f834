// 对应关系: which item of an old revision is which of a new one; keepers confirm, correct or reject.
import { h, replace, button, select, labelled, table } from './dom.js';
import * as api from './api.js';
import { mayKeep } from './who.js';
import { attempt } from './notice.js';
import { ask } from './dialog.js';
import { lookup } from './lookup.js';
import { keepAddress } from './router.js';
import { departmentName } from './words.js';
import { count } from './format.js';

const SHOWN = 500;
const RELATIONS = { exact: '未变', renamed: '更名', recoded: '换码', moved: '移位', split: '拆分', merged: '合并', removed: '删除', added: '新增' };
const STATES = { proposed: ['warn', '待核对'], confirmed: ['good', '已确认'], rejected: ['bad', '已否定'] };
const side = (item) => (item ? [h('span', { class: 'code' }, item.code), ' ', item.name, h('span', { class: 'muted' }, `　${departmentName(item.department)}`)] : '—');

// The keeper's wish, or nothing: the item that the old one goes on as.
async function correction(link, revision) {
  let chosen = null;
  const told = h('p', { 'aria-live': 'polite' }, '没有选定：表示没有后继条目。');
  const search = lookup({ label: '后继条目', revision: () => revision, leaf: true, pick: (item) => { chosen = item; replace(told, side(item)); } });
  const relation = select(['exact', 'renamed', 'recoded', 'moved', 'split', 'merged'].map((r) => [r, RELATIONS[r]]), 'recoded');
  const note = h('input', { maxlength: 200 });
  const yes = await ask('更正对应关系', [h('p', {}, side(link.old)), search, told, labelled('关系', relation), labelled('说明', note)],
    (close) => [button('取消', close), button('更正', () => close(true), { class: 'primary' })]);
  return yes ? { decision: 'correct', department: chosen?.department ?? '', code: chosen?.code ?? '', relation: relation.value, note: note.value } : null;
}

export async function open(main, { rest }) {
  const { revisions } = await api.catalog.revisions();
  const names = revisions.map((r) => [r.number, r.number]);
  const known = (wanted, otherwise) => (revisions.some((r) => r.number === wanted) ? wanted : otherwise);
  const fresh = revisions.find((r) => r.in_force)?.number ?? revisions[0]?.number ?? '';
  const old = select(names, known(rest[0], revisions.find((r) => r.number !== fresh)?.number ?? fresh), { onchange: () => draw() });
  const now = select(names, known(rest[1], fresh), { onchange: () => draw() });
  const state = select([['', '全部'], ...Object.entries(STATES).map(([v, [, t]]) => [v, t])], '', { onchange: () => draw() });
  const list = h('div', { class: 'panel', 'aria-live': 'polite' });
  let turn = 0;

  const decide = (link, wish, said) => async () => {
    const chosen = typeof wish === 'function' ? await wish() : wish;
    if (chosen && (await attempt(() => api.catalog.decideLink(old.value, now.value, link.id, chosen), said))) draw();
  };
  const actions = (link) => (mayKeep() ? h('div', { class: 'actions' },
    link.state === 'confirmed' ? null : button('确认', decide(link, { decision: 'confirm' }, '已确认。'), { class: 'quiet small' }),
    link.old ? button('更正', decide(link, () => correction(link, now.value), '已更正。'), { class: 'quiet small' }) : null,
    link.state === 'rejected' ? null : button('否定', decide(link, { decision: 'reject' }, '已否定。'), { class: 'quiet small' })) : '');

  const view = (links) => [
    h('p', {}, links.length ? Object.keys(RELATIONS).map((r) => [RELATIONS[r], links.filter((l) => l.relation === r).length]).filter(([, n]) => n).map(([t, n]) => `${t} ${count(n)}`).join('，') : '没有对应关系；先由目录管理员提出。'),
    links.length ? table('对应关系', [
      { head: '关系', cell: (l) => RELATIONS[l.relation] ?? l.relation },
      { head: '原条目', cell: (l) => side(l.old) },
      { head: '新条目', cell: (l) => side(l.new) },
      { head: '名称相似', class: 'figure', cell: (l) => l.similarity.toFixed(2) },
      { head: '把握', class: 'figure', cell: (l) => l.confidence.toFixed(2) },
      { head: '状态', cell: (l) => h('span', { class: `chip ${STATES[l.state][0]}`, title: l.note }, `${STATES[l.state][1]} ${l.decided_by}`) },
      { head: '操作', cell: actions },
    ], links.slice(0, SHOWN)) : null,
    links.length > SHOWN ? h('p', { class: 'muted' }, `只列前 ${SHOWN} 条。`) : null,
  ];

  async function draw() {
    const mine = ++turn;
    keepAddress('map', [old.value, now.value], {});
    try {
      const { links } = await api.catalog.links(old.value, now.value, state.value);
      if (mine === turn) replace(list, ...view(links));
    } catch (problem) {
      if (mine === turn) replace(list, h('p', { class: 'fault' }, problem.message));
    }
  }

  const propose = async () => (await attempt(() => api.catalog.proposeLinks(old.value, now.value), '已提出，请核对。')) && draw();
  replace(main,
    h('div', { class: 'page-head' }, h('h1', {}, '对应关系'), mayKeep() ? button('比较并提出', propose, { class: 'primary' }) : null),
    h('div', { class: 'catalog-bar' }, labelled('原目录', old), labelled('新目录', now), labelled('状态', state)),
    list);
  await draw();
  return () => { turn++; };
}
