// 对应关系: which item of an old revision is which of a new one; keepers confirm, correct or reject.
import { h, replace, button, select, labelled, table } from './dom.js';
import * as api from './api.js';
import { mayKeep } from './who.js';
import { attempt } from './notice.js';
import { ask } from './dialog.js';
import { lookup } from './lookup.js';
import { keepAddress } from './router.js';
import { RELATIONS, departmentName } from './words.js';
import { count } from './format.js';

const SHOWN = 500;
// What is confirmed at once: nearly all of these are right.
const SURE = 0.95;
const STATES = { proposed: ['warn', '待核对'], confirmed: ['good', '已确认'], rejected: ['bad', '已否定'] };
const ORDERS = [['place', '按目录次序'], ['doubt', '把握小的在前']];
const departmentOf = (link) => (link.old ?? link.new).department;
const item = (one, away) => [h('span', { class: 'code' }, one.code), ' ', one.name, away ? h('span', { class: 'chip' }, departmentName(one.department)) : null];
// The department of the new item is named when it is another one's.
const oldSide = (link) => (link.old ? item(link.old) : '—');
const newSide = (link) => (link.new ? item(link.new, link.old && link.new.department !== link.old.department) : '—');
const side = (one) => [item(one), h('span', { class: 'muted' }, `　${departmentName(one.department)}`)];
const both = (link, number) => (link.old && link.new ? number.toFixed(2) : '');
const state = (link) => [h('span', { class: `chip ${STATES[link.state][0]}` }, `${STATES[link.state][1]} ${link.decided_by}`),
  link.note ? h('div', { class: 'muted' }, link.note) : null];

// The keeper's wish, or nothing: the item that the old one goes on as.
async function correction(link, revision) {
  let chosen = null;
  const told = h('p', { 'aria-live': 'polite' }, '没有选定：表示没有后继条目。');
  const search = lookup({ label: '后继条目', revision: () => revision, leaf: true, pick: (item) => { chosen = item; replace(told, side(item)); } });
  const relation = select([['', '按两个条目判断'], ...['exact', 'renamed', 'recoded', 'moved', 'split', 'merged'].map((r) => [r, RELATIONS[r]])], '');
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
  let links = [];
  const choice = (label, options, chosen = '') => {
    const box = select(options, chosen, { onchange: () => redraw() });
    return { box, field: labelled(label, box), get value() { return box.value; } };
  };
  const wanted = {
    department: choice('部门', [['', '全部']]),
    relation: choice('关系', [['', '全部'], ...Object.entries(RELATIONS).filter(([r]) => r !== 'exact')]),
    state: choice('状态', [['', '全部'], ...Object.entries(STATES).map(([v, [, t]]) => [v, t])]),
    order: choice('次序', ORDERS, 'place'),
  };
  const list = h('div', { class: 'panel links', 'aria-live': 'polite' });
  const bulk = button('', () => confirmSure(), { hidden: true });
  let turn = 0;

  const decide = (link, wish, said) => async () => {
    const chosen = typeof wish === 'function' ? await wish() : wish;
    if (chosen && (await attempt(() => api.catalog.decideLink(old.value, now.value, link.id, chosen), said))) draw();
  };
  const actions = (link) => (mayKeep() ? h('div', { class: 'actions' },
    link.state === 'confirmed' ? null : button('确认', decide(link, { decision: 'confirm' }, '已确认。'), { class: 'quiet small' }),
    link.old ? button('更正', decide(link, () => correction(link, now.value), '已更正。'), { class: 'quiet small' }) : null,
    link.state === 'rejected' ? null : button('否定', decide(link, { decision: 'reject' }, '已否定。'), { class: 'quiet small' })) : '');

  const isHere = (link) => !wanted.department.value || [link.old, link.new].some((one) => one?.department === wanted.department.value);
  const isWanted = (link) => isHere(link)
    && (!wanted.relation.value || link.relation === wanted.relation.value)
    && (!wanted.state.value || link.state === wanted.state.value);
  const sure = () => links.filter((l) => l.state === 'proposed' && l.confidence >= SURE && isHere(l));

  const counted = (shown) => Object.keys(RELATIONS).map((r) => [RELATIONS[r], shown.filter((l) => l.relation === r).length])
    .filter(([, n]) => n).map(([t, n]) => `${t} ${count(n)}`).join('，');
  const columns = [
    { head: '关系', class: 'whole', cell: (l) => RELATIONS[l.relation] ?? l.relation },
    { head: '部门', cell: (l) => departmentName(departmentOf(l)) },
    { head: '原条目', cell: oldSide },
    { head: '新条目', cell: newSide },
    { head: '名称相似', class: 'figure', cell: (l) => both(l, l.similarity) },
    { head: '把握', class: 'figure', cell: (l) => l.confidence.toFixed(2) },
    { head: '状态', cell: state },
    { head: '操作', class: 'whole', cell: actions },
  ];

  function view() {
    if (!links.length) return h('p', {}, '没有对应关系；先由目录管理员提出。');
    const shown = links.filter(isWanted);
    if (wanted.order.value === 'doubt') shown.sort((a, b) => a.confidence - b.confidence);
    const open = links.filter((l) => l.state === 'proposed').length;
    return [
      h('p', {}, `${open ? `待核对 ${count(open)} 条` : '已全部核对'}，共 ${count(links.length)} 条（未变的不列）。${counted(shown)}`),
      shown.length ? table('对应关系', columns, shown.slice(0, SHOWN)) : h('p', { class: 'muted' }, '没有这样的对应关系。'),
      shown.length > SHOWN ? h('p', { class: 'muted' }, `只列前 ${SHOWN} 条，请按部门或关系查看。`) : null,
    ];
  }

  function redraw() {
    const ready = mayKeep() ? sure().length : 0;
    bulk.hidden = !ready;
    bulk.textContent = `确认把握不小于 ${SURE} 的 ${count(ready)} 条`;
    replace(list, view());
  }

  // Departments in the order in which they stand.
  function offer() {
    const box = wanted.department.box, before = box.value;
    const names = [...new Set(links.map(departmentOf))];
    replace(box, [['', '全部'], ...names.map((n) => [n, departmentName(n)])].map(([v, t]) => h('option', { value: v }, t)));
    box.value = names.includes(before) ? before : '';
  }

  async function draw() {
    const mine = ++turn;
    keepAddress('map', [old.value, now.value], {});
    try {
      const read = await api.catalog.links(old.value, now.value);
      if (mine !== turn) return;
      links = read.links;
      offer();
      redraw();
    } catch (problem) {
      if (mine === turn) replace(list, h('p', { class: 'fault' }, problem.message));
    }
  }

  async function confirmSure() {
    const where = wanted.department.value ? `“${departmentName(wanted.department.value)}”` : '全部部门';
    const yes = await ask('确认对应关系', h('p', {}, `${where}把握不小于 ${SURE} 的待核对关系将全部确认，连同未变的条目。`),
      (close) => [button('取消', close), button('确认', () => close(true), { class: 'primary' })]);
    if (yes && (await attempt(() => api.catalog.confirmLinks(old.value, now.value, { confidence: SURE, department: wanted.department.value }), '已确认。'))) draw();
  }

  const propose = async () => (await attempt(() => api.catalog.proposeLinks(old.value, now.value), '已提出，请核对。')) && draw();
  replace(main,
    h('div', { class: 'page-head' }, h('h1', {}, '对应关系'),
      mayKeep() ? h('div', { class: 'actions' }, bulk, button('比较并提出', propose, { class: 'primary' })) : null),
    h('div', { class: 'form-row stats-bar' }, labelled('原目录', old), labelled('新目录', now), Object.values(wanted).map((one) => one.field)),
    list);
  await draw();
  return () => { turn++; };
}
