// 审核队列: filters, the list, and the selected result beside it.
import { h, replace, button } from './dom.js';
import * as api from './api.js';
import { Filters, filterOf, askedOf } from './queue-filters.js';
import { QueueList } from './queue-list.js';
import { ProjectView } from './project-view.js';
import { bulkAccept } from './bulk-accept.js';
import { useKeys } from './keys.js';
import { onEvents } from './events.js';
import { go, keepAddress } from './router.js';
import { DECISIONS, SHORT_DECISIONS } from './words.js';
import { briefly, count } from './format.js';
import { mayReview } from './who.js';
import { notice } from './notice.js';

const PAGE = 50;
const WIDE = matchMedia('(min-width: 1000px)');

function decisionTabs(filter, choose) {
  const tabs = [['', '全部'], ...Object.entries(SHORT_DECISIONS)].map(([value, text]) =>
    button([text, h('span', { class: 'tab-count' })], () => choose(value), { class: 'tab', data: { decision: value } }));
  const mark = () => tabs.forEach((tab) => tab.setAttribute('aria-pressed', String((filter.decision ?? '') === tab.dataset.decision)));
  mark();
  const counts = (stats) => {
    const by = Object.fromEntries(stats.rows.map((r) => [r.key[0], r.results]));
    const all = stats.total?.results ?? stats.rows.reduce((sum, r) => sum + r.results, 0);
    for (const tab of tabs) {
      const n = tab.dataset.decision ? by[tab.dataset.decision] ?? 0 : all;
      tab.querySelector('.tab-count').textContent = briefly(n);
      tab.title = `${DECISIONS[tab.dataset.decision] ?? '全部'} ${count(n)}`;
    }
  };
  const none = () => tabs.forEach((tab) => (tab.querySelector('.tab-count').textContent = ''));
  return { element: h('div', { class: 'tabs', role: 'group', 'aria-label': '判定' }, tabs), mark, counts, none };
}

export async function open(main, where) {
  const filter = filterOf(where.filter);
  let view = null;
  let ended = false;
  let reading = null;
  let showing = null;

  const detail = h('div', { class: 'queue-detail', id: 'queue-detail' });
  const fresh = button('', () => reload(), { class: 'fresh', hidden: true });
  let arrived = 0;
  const filters = new Filters(filter, () => reload());
  const tabs = decisionTabs(filter, (decision) => {
    filter.decision = decision;
    reload();
  });
  const list = new QueueList({
    fetchPage: (cursor) => api.results.page({ ...askedOf(filter), limit: PAGE, cursor }),
    selected: (row, byHand) => (WIDE.matches ? (showing = show(row)) : byHand && go('project', [String(row.number)], { from: 'queue' })),
    opened: (row) => go('project', [String(row.number)]),
  });

  // Counts are for show: they come after the list and the first result.
  async function recount() {
    if (filter.q) return tabs.none();
    const { decision, order, q, ...asked } = askedOf(filter);
    try {
      tabs.counts(await api.results.stats('decision', asked));
    } catch {
      tabs.none();
    }
  }

  async function reload() {
    keepAddress('queue', [], { ...filter, state: filter.state === 'open' ? '' : filter.state });
    tabs.mark();
    arrived = 0;
    fresh.hidden = true;
    const kept = list.current()?.number;
    try {
      if (!(await list.load())) return;
    } catch (problem) {
      return void replace(detail, h('p', { class: 'fault', role: 'alert' }, problem.message));
    }
    if (ended) return;
    const again = list.rows.findIndex(({ one }) => one.number === kept);
    if (list.rows.length && WIDE.matches) {
      list.select(Math.max(0, again));
      await showing;
    } else {
      view = null;
      replace(detail, h('p', { class: 'muted' }, list.rows.length ? '' : '没有符合条件的结果。'));
    }
    recount();
  }

  async function show(row) {
    if (view?.full.number === row.number) return;
    reading?.abort();
    reading = new AbortController();
    try {
      const full = await api.results.get(row.number, reading.signal);
      if (ended) return;
      view = new ProjectView(full, { changed: stored });
      replace(detail, view.element);
      detail.scrollTop = 0;
    } catch (problem) {
      if (problem.name === 'AbortError') return;
      view = null;
      replace(detail, h('p', { class: 'fault', role: 'alert' }, problem.message));
    }
  }

  function stored(full, onward) {
    list.update(full.number, { state: full.state, version: full.version });
    if (!onward) return;
    // Enter goes on with the next one, wherever the focus was inside the view.
    list.body.focus({ preventScroll: true });
    if (!list.nextOpen() && !list.next) notice('本列表已全部复核。', 'good');
  }

  const endEvents = onEvents((name, event) => {
    if (name === 'review') {
      const known = list.find(event.result);
      if (!known || known.one.version >= event.version) return;
      list.update(event.result, { state: event.state, version: event.version });
      if (view?.full.number === event.result && view.full.version < event.version && !view.decision?.busy) view.refresh();
    } else if (name === 'result') {
      arrived += 1;
      fresh.hidden = false;
      fresh.textContent = `有 ${count(arrived)} 条新结果，刷新`;
    }
  });

  const current = (name, run) => (view ? run(view) : undefined);
  const endKeys = useKeys(mayReview() ? '审核队列' : '我的项目', [
    { key: 'j', name: '下一条', run: () => list.move(1) },
    { key: 'k', name: '上一条', run: () => list.move(-1) },
    { key: 'Enter', name: mayReview() ? '按所选结论提交（默认采纳系统结论）' : '打开', run: () => {
      if (mayReview() && WIDE.matches) current('', (v) => v.decision?.submit());
      else if (list.current()) go('project', [String(list.current().number)]);
    } },
    ...(mayReview() ? [
      { key: '1', shown: '1–5', name: '选第几个候选条目', run: () => current('', (v) => v.chooseCandidate(0)) },
      ...[1, 2, 3, 4].map((i) => ({ key: String(i + 1), run: () => current('', (v) => v.chooseCandidate(i)) })),
      { key: '0', name: '选“不属政府购买服务”', run: () => current('', (v) => v.decision?.chooseNone()) },
      { key: 'e', name: '选其他目录条目', run: () => current('', (v) => v.decision?.lookup.input.focus()) },
      { key: 'm', name: '写理由', run: () => current('', (v) => v.decision?.reason.focus()) },
      { key: 'B', name: '批量采纳', run: () => bulk() },
    ] : []),
    { key: 'o', name: '单独打开', run: () => list.current() && go('project', [String(list.current().number)]) },
    { key: '/', name: '搜索', run: () => filters.search.focus() },
    { key: 'r', name: '刷新', run: () => reload() },
  ]);
  const bulk = () => bulkAccept(askedOf(filter), () => reload());

  replace(main, h('div', { class: 'queue' },
    h('h1', { class: 'unseen' }, mayReview() ? '审核队列' : '我的项目'),
    h('div', { class: 'queue-side' },
      filters.element,
      h('div', { class: 'queue-bar' }, tabs.element,
        mayReview() ? button('批量采纳…', bulk, { class: 'quiet small', data: { action: 'bulk' } }) : null),
      fresh,
      list.element),
    detail));
  list.body.focus({ preventScroll: true });
  reload();
  return () => {
    ended = true;
    reading?.abort();
    list.close();
    endKeys();
    endEvents();
  };
}
