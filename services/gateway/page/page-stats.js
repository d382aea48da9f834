// 统计: decisions by month and department, agreement with reviewers, findings by rule, reviewers.
import { h, replace, select, labelled, table, button } from './dom.js';
import * as api from './api.js';
import { columns, barCell } from './chart.js';
import { exportTable, csvAsXlsx, saveCsv } from './export.js';
import { SHORT_DECISIONS, SEVERITIES, departmentName } from './words.js';
import { severityChip } from './findings.js';
import { count, percent, day } from './format.js';
import { address } from './router.js';
import { mayReview } from './who.js';
import { attempt } from './notice.js';

const SERIES = [['auto', 'plot-1'], ['review', 'plot-2'], ['none', 'plot-3'], ['error', 'plot-4']]
  .map(([key, colour]) => ({ key, colour, name: SHORT_DECISIONS[key] }));
const DAYS_SHOWN = 45;

const ago = (months) => {
  const date = new Date();
  date.setMonth(date.getMonth() - months);
  return day(date);
};

function sum(rows) {
  const total = { results: 0, auto: 0, review: 0, none: 0, error: 0, reviewed: 0, accepted: 0, corrected: 0, rejected: 0 };
  for (const row of rows) for (const key of Object.keys(total)) total[key] += row[key];
  return { ...total, agreement: total.reviewed ? total.accepted / total.reviewed : null };
}

// Rows of two dimensions summed along one of them.
function along(rows, dimension) {
  const by = new Map();
  for (const row of rows) by.set(row.key[dimension], [...(by.get(row.key[dimension]) ?? []), row]);
  return [...by].map(([key, same]) => ({ key: [key], ...sum(same) }));
}

const counts = (rows, first, link) => {
  const most = Math.max(0, ...rows.map((r) => r.results));
  return [
    { head: first, cell: (r) => link(r) },
    { head: '结果', cell: (r) => barCell(r.results, most) },
    ...SERIES.map((s) => ({ head: s.name, class: 'figure', cell: (r) => count(r[s.key]) })),
    { head: '已复核', class: 'figure', cell: (r) => count(r.reviewed) },
    { head: '采纳', class: 'figure', cell: (r) => count(r.accepted) },
    { head: '改正', class: 'figure', cell: (r) => count(r.corrected) },
    { head: '否定', class: 'figure', cell: (r) => count(r.rejected) },
    { head: '一致率', class: 'figure', cell: (r) => percent(r.agreement) },
  ];
};
const HEAD = ['结果', ...SERIES.map((s) => s.name), '已复核', '采纳', '改正', '否定', '一致率'];
const flat = (r) => [r.results, r.auto, r.review, r.none, r.error, r.reviewed, r.accepted, r.corrected, r.rejected, r.agreement ?? ''];

function part(title, content, name, head, rows) {
  return h('section', { class: 'panel' }, h('div', { class: 'page-head' }, h('h2', {}, title),
    rows.length ? h('div', { class: 'actions' }, ['xlsx', 'csv'].map((kind) =>
      button(kind === 'xlsx' ? '导出 Excel' : '导出 CSV', () => exportTable(name, head, rows, kind), { class: 'quiet small', data: { export: `${name}.${kind}` } }))) : null),
    rows.length ? content : h('p', { class: 'muted' }, '没有数据。'));
}

export async function open(main) {
  let asked = null;
  const filter = { from: ago(12), to: '', department: '' };
  const body = h('div', { class: 'stats', 'aria-live': 'polite' });
  const date = (name, title) => labelled(title, h('input', { type: 'date', value: filter[name], onchange: (e) => { filter[name] = e.target.value; load(); } }));
  const departments = select([['', '全部']], '', { onchange: (e) => { filter.department = e.target.value; load(); } });
  const byDay = select([['month', '按月'], ['day', '按日']], 'month', { onchange: () => load() });

  // Each part is drawn when its figures are there.
  async function load() {
    asked?.abort();
    const mine = (asked = new AbortController());
    const stats = (by) => api.results.stats(by, filter, mine.signal).then((s) => s.rows);
    const places = [0, 1, 2].map(() => h('div', { class: 'stats', 'aria-busy': 'true' }, h('p', { class: 'panel muted' }, '正在读取…')));
    replace(body, places);
    const fill = async (place, read) => {
      try {
        replace(place, await read());
      } catch (problem) {
        if (problem.name !== 'AbortError') replace(place, h('p', { class: 'panel fault', role: 'alert' }, problem.message));
      }
      place.removeAttribute('aria-busy');
    };
    await fill(places[0], async () => decided(await stats(`department,${byDay.value}`)));
    await fill(places[1], async () => {
      const [rules, known] = await Promise.all([stats('rule'), api.catalog.rules().catch(() => ({ rules: [] }))]);
      return found(rules, new Map(known.rules.map((r) => [r.rule, r])));
    });
    await fill(places[2], async () => (mayReview() ? people((await stats('reviewer')).filter((r) => r.key[0])) : null));
  }

  function decided(rows) {
    const times = along(rows, 1).sort((x, y) => x.key[0].localeCompare(y.key[0]));
    const departmentRows = along(rows, 0).sort((x, y) => y.results - x.results);
    const total = sum(rows);
    const shown = times.slice(-DAYS_SHOWN);
    const groups = shown.map((r) => ({ name: byDay.value === 'day' ? r.key[0].slice(5) : r.key[0], values: SERIES.map((s) => r[s.key]) }));
    if (!filter.department)
      replace(departments, [['', '全部'], ...departmentRows.filter((r) => r.key[0]).map((r) => [r.key[0], departmentName(r.key[0])])].map(([v, t]) => h('option', { value: v }, t)));
    const fact = (name, value, note) => h('div', { class: 'fact' }, h('dt', {}, name), h('dd', {}, value, note ? h('span', { class: 'muted small' }, note) : null));
    return [
      h('dl', { class: 'facts-row panel' },
        fact('结果', count(total.results)),
        ...SERIES.filter((s) => s.key !== 'error' || total.error).map((s) => fact(s.name, count(total[s.key]), total.results ? ` ${percent(total[s.key] / total.results)}` : '')),
        fact('已复核', count(total.reviewed), total.results ? ` ${percent(total.reviewed / total.results)}` : ''),
        fact('人机一致率', percent(total.agreement))),
      part(byDay.value === 'day' ? `各日判定（最近 ${DAYS_SHOWN} 日）` : '各月判定', groups.length ? columns('判定数量与人机一致率', groups, SERIES, shown.map((r) => r.agreement)) : null,
        '按时间', ['时间', ...HEAD], times.map((r) => [r.key[0], ...flat(r)])),
      part('各部门', table('各部门', counts(departmentRows, '部门', (r) =>
        h('a', { href: address('queue', [], { department: r.key[0], state: 'all' }) }, r.key[0] ? departmentName(r.key[0]) : '（无目录）')), departmentRows),
      '按部门', ['部门', ...HEAD], departmentRows.map((r) => [departmentName(r.key[0]), ...flat(r)])),
    ];
  }

  function found(rules, known) {
    const most = Math.max(0, ...rules.map((r) => r.findings));
    const title = (r) => known.get(r.key[0])?.title ?? r.key[0];
    rules.sort((x, y) => y.findings - x.findings);
    return part('审查发现', table('审查发现', [
      { head: '规则', cell: (r) => h('a', { href: address('queue', [], { finding: r.key[0], state: 'all' }) }, title(r)) },
      { head: '级别', cell: (r) => severityChip(r.key[1]) },
      { head: '发现数', cell: (r) => barCell(r.findings, most, { error: 'plot-4', warning: 'plot-2' }[r.key[1]] ?? 'plot-3') },
      { head: '涉及结果', class: 'figure', cell: (r) => count(r.results) },
      { head: '依据', cell: (r) => h('span', { class: 'muted small' }, known.get(r.key[0])?.basis ?? '') },
    ], rules), '审查发现', ['规则', '编号', '级别', '发现数', '涉及结果'],
    rules.map((r) => [title(r), r.key[0], SEVERITIES[r.key[1]] ?? r.key[1], r.findings, r.results]));
  }

  const people = (reviewers) => part('复核人员', table('复核人员', [
    { head: '人员', cell: (r) => r.key[0] }, { head: '复核', class: 'figure', cell: (r) => count(r.reviewed) },
    { head: '采纳', class: 'figure', cell: (r) => count(r.accepted) }, { head: '改正', class: 'figure', cell: (r) => count(r.corrected) },
    { head: '否定', class: 'figure', cell: (r) => count(r.rejected) }, { head: '一致率', class: 'figure', cell: (r) => percent(r.agreement) },
  ], reviewers), '复核人员', ['人员', '复核', '采纳', '改正', '否定', '一致率'],
  reviewers.map((r) => [r.key[0], r.reviewed, r.accepted, r.corrected, r.rejected, r.agreement ?? '']));

  const all = (kind) => attempt(async () => {
    const text = await api.results.csv(filter);
    return kind === 'xlsx' ? csvAsXlsx('结果明细', text) : saveCsv('结果明细', text);
  });
  replace(main,
    h('div', { class: 'page-head' }, h('h1', {}, '统计'),
      mayReview() ? h('div', { class: 'actions' }, button('明细 Excel', () => all('xlsx'), { data: { export: '结果明细.xlsx' } }), button('明细 CSV', () => all('csv'))) : null),
    h('div', { class: 'form-row stats-bar' }, date('from', '自'), date('to', '至'), labelled('部门', departments), labelled('时间', byDay)),
    body);
  load();
  return () => asked?.abort();
}
