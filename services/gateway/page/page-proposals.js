// 增补建议: services that no item of a revision fits, grouped as items that could be added to it.
import { h, replace, button, select, labelled, table } from './dom.js';
import * as api from './api.js';
import { mayReview } from './who.js';
import { attempt } from './notice.js';
import { csvAsXlsx, saveCsv } from './export.js';
import { address, keepAddress } from './router.js';
import { STATES, departmentName } from './words.js';
import { count, money } from './format.js';

const SHOWN = 500;
// Projects of a proposal that are listed; of more, those of the most money.
const LISTED = 50;
const LEAST = [1, 2, 3, 5, 10, 20];
const UNKNOWN = '部门不明';
const DOUBTS = { other: '取自其他部门', none: '没有上级' };

const figures = new Intl.NumberFormat('zh-CN', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const wan = (yuan) => figures.format(yuan / 10000);
const doubtOf = (p) => DOUBTS[p.place] ?? (p.sure ? '' : '上级待定');
const nameOf = (department) => (department ? departmentName(department) : UNKNOWN);
const sum = (groups, member) => groups.reduce((total, one) => total + one[member], 0);

// [[department, its proposals]], in the order in which they came.
function byDepartment(proposals) {
  const by = new Map();
  for (const one of proposals) by.set(one.department, [...(by.get(one.department) ?? []), one]);
  return [...by];
}

const rowId = (p) => `proposal-${p.department}-${p.item}`.replace(/\s/g, '_');
const isOpen = (p, filter) => p.item === filter.item && p.department === filter.of;

const project = (r) => h('li', {},
  h('a', { href: address('project', [String(r.number)]) }, r.name),
  h('span', {}, r.unit),
  h('span', { class: 'figure' }, money(r.amount_yuan)),
  h('span', { class: 'muted' }, [r.year, STATES[r.state] ?? r.state].filter(Boolean).join(' · ')));

// A proposal's projects, in a row below its own.
function projectsRow(p) {
  const box = h('div', { class: 'proposal-projects', 'aria-busy': 'true' }, h('p', { class: 'muted' }, '正在读取…'));
  api.results.page({ numbers: p.results.map((r) => r.number).join(), superseded: true, limit: LISTED })
    .then(({ results }) => {
      const order = new Map(p.results.map((r, i) => [r.number, i]));
      results.sort((a, b) => order.get(a.number) - order.get(b.number));
      const more = p.projects > p.results.length ? `共 ${count(p.projects)} 个，列出金额最大的 ${count(results.length)} 个；` : '';
      replace(box, h('p', { class: 'muted' }, `${more}点项目名称看判断结果，可在那里改判。`),
        h('ol', { 'aria-label': `${p.item}的项目` }, results.map(project)));
    })
    .catch((problem) => replace(box, h('p', { class: 'fault', role: 'alert' }, problem.message)))
    .finally(() => box.removeAttribute('aria-busy'));
  return h('tr', { class: 'below', id: rowId(p) }, h('td', { colspan: 6 }, box));
}

// The name of a proposal opens its projects; as a link, so that it can be copied and sent.
function opener(p, filter) {
  const link = h('a', {
    href: address('proposals', [], { ...filter, of: p.department, item: p.item }),
    class: 'opener', 'aria-expanded': 'false', 'aria-controls': rowId(p), title: '列出项目',
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      link.toggle();
    },
  }, p.item);
  link.toggle = () => {
    const row = link.closest('tr');
    const open = link.getAttribute('aria-expanded') === 'true';
    if (open) row.nextElementSibling.remove();
    else row.after(projectsRow(p));
    link.setAttribute('aria-expanded', String(!open));
    if (open && !isOpen(p, filter)) return;
    Object.assign(filter, open ? { of: '', item: '' } : { of: p.department, item: p.item });
    keepAddress('proposals', [], filter);
  };
  return link;
}

const columnsOf = (filter) => [
  { head: '建议代码', cell: (p) => (p.code ? h('span', { class: 'code' }, p.code) : '—') },
  { head: '建议条目', cell: (p) => opener(p, filter) },
  { head: '上级目录', cell: (p) => [p.path.join(' › '), doubtOf(p) ? [' ', h('span', { class: 'chip warn' }, doubtOf(p))] : null] },
  { head: '项目数', class: 'figure', cell: (p) => count(p.projects) },
  { head: '万元', class: 'figure', cell: (p) => wan(p.amount_yuan) },
  { head: '典型项目', cell: (p) => p.names.join('；') },
];

const section = (filter) => ([department, proposals]) => h('section', { class: 'panel' },
  h('h2', {}, nameOf(department)),
  h('p', { class: 'muted' }, `${count(proposals.length)} 条建议，${count(sum(proposals, 'projects'))} 个项目，${wan(sum(proposals, 'amount_yuan'))} 万元${proposals.some((p) => p.place === 'earlier') ? '；本版缺此部门，上级和代码取自此前的完整目录' : ''}`),
  table(`${nameOf(department)}的增补建议`, columnsOf(filter), proposals));

// Why there is nothing to be shown.
function nothing({ projects, unfit }, least) {
  if (!projects) return '还没有按这版目录判断过的项目。';
  if (!unfit) return `按这版目录判断过的 ${count(projects)} 个项目里，没有找不到合适条目的服务。`;
  return `有 ${count(unfit)} 个服务没有合适条目，但名称相近的都不到 ${count(least)} 个。把“至少项目数”改小可以看到。`;
}

function view(said, filter) {
  const { projects, unfit, complete, proposals } = said;
  if (!proposals.length) return h('p', { class: 'panel' }, nothing(said, filter.least));
  return [
    h('p', {}, `${count(projects)} 个项目中 ${count(unfit)} 个服务没有合适条目，归为 ${count(proposals.length)} 条建议，涉及 ${wan(sum(proposals, 'amount_yuan'))} 万元。`),
    complete ? null : h('p', { class: 'banner warn' }, '这版目录只存有节选，上报前请核对全本：建议的代码可能已有条目。'),
    byDepartment(proposals.slice(0, SHOWN)).map(section(filter)),
    proposals.length > SHOWN ? h('p', { class: 'muted' }, `只列前 ${SHOWN} 条，请按部门查看，或下载表格。`) : null,
  ];
}

export async function open(main, { filter: wanted }) {
  const { revisions } = await api.catalog.revisions();
  const classA = revisions.filter((r) => r.departments > 1);
  const fresh = classA.find((r) => r.in_force)?.number ?? classA[0]?.number ?? '';
  if (!fresh) return void replace(main, h('p', { class: 'panel' }, '还没有目录。'));
  const filter = {
    revision: classA.some((r) => r.number === wanted.revision) ? wanted.revision : fresh,
    department: wanted.department ?? '',
    least: LEAST.includes(Number(wanted.least)) ? Number(wanted.least) : 2,
    // The proposal that is open.
    of: wanted.of ?? '',
    item: wanted.item ?? '',
  };
  const asked = () => ({ revision: filter.revision, department: filter.department, least: filter.least });
  let asking = null;
  const list = h('div', { class: 'proposals', 'aria-live': 'polite' });
  const revision = select(classA.map((r) => [r.number, r.number + (r.in_force ? '（现行）' : '')]), filter.revision,
    { onchange: () => { filter.revision = revision.value; filter.department = ''; load(); } });
  const department = select([['', '全部']], '', { onchange: () => { filter.department = department.value; load(); } });
  const least = select(LEAST.map((n) => [String(n), `${n} 个`]), String(filter.least),
    { onchange: () => { filter.least = Number(least.value); load(); } });
  const files = ['xlsx', 'csv'].map((kind) => button(kind === 'xlsx' ? '下载 Excel' : '下载 CSV', () => attempt(async () => {
    const name = `增补建议 ${filter.revision}`;
    const text = await api.catalog.proposalsCsv(asked());
    return kind === 'xlsx' ? csvAsXlsx(name, text) : saveCsv(name, text);
  }), { data: { export: kind } }));

  // The departments of the whole answer; of one department's answer, those that were there before.
  function offer(proposals) {
    const names = filter.department ? [...department.options].map((o) => o.value).filter(Boolean) : byDepartment(proposals).map(([name]) => name).filter(Boolean);
    if (filter.department && !names.includes(filter.department)) names.push(filter.department);
    replace(department, [['', '全部'], ...names.map((n) => [n, nameOf(n)])].map(([v, t]) => h('option', { value: v }, t)));
    department.value = filter.department;
  }

  // The proposal that the address names, whether it is the same as when the link was made or not.
  function showOpen(proposals) {
    if (!filter.item) return;
    const one = proposals.findIndex((p) => isOpen(p, filter));
    const link = one >= 0 && one < SHOWN ? list.querySelector(`[aria-controls="${CSS.escape(rowId(proposals[one]))}"]`) : null;
    if (!link) return void list.prepend(h('p', { class: 'banner warn' }, `现在没有“${filter.item}”这条建议：它的项目可能已经审核，或并入了别的建议。`));
    link.toggle();
    link.focus({ preventScroll: true });
    link.closest('tr').scrollIntoView({ block: 'center' });
  }

  async function load() {
    asking?.abort();
    const mine = (asking = new AbortController());
    keepAddress('proposals', [], filter);
    list.setAttribute('aria-busy', 'true');
    replace(list, h('p', { class: 'muted' }, '正在读取…'));
    try {
      const said = await api.catalog.proposals({ ...asked(), results: LISTED }, mine.signal);
      offer(said.proposals);
      for (const one of files) one.disabled = !said.proposals.length;
      replace(list, view(said, filter));
      showOpen(said.proposals);
    } catch (problem) {
      if (problem.name === 'AbortError') return;
      replace(list, h('p', { class: 'panel fault', role: 'alert' }, problem.message));
    }
    list.removeAttribute('aria-busy');
  }

  replace(main,
    h('div', { class: 'page-head' },
      h('div', {}, h('h1', {}, '增补建议'),
        h('p', { class: 'muted' }, `没有合适条目的服务，按部门和名称相近归并，供提出目录增补时参考。建议代码是上级下最后一个代码的下一个。${mayReview() ? '' : '只含本单位的项目。'}`)),
      h('div', { class: 'actions' }, files)),
    h('div', { class: 'form-row stats-bar' }, labelled('版本', revision), labelled('部门', department), labelled('至少项目数', least)),
    list);
  load();
  return () => asking?.abort();
}
