// A project's own text with what was found in it: evidence of one candidate, findings, line items.
import { h } from './dom.js';
import { cut, valueAt } from './spans.js';
import { FIELDS, fieldName } from './words.js';
import { money } from './format.js';

const LONG = ['description', 'basis', 'necessity', 'measures', 'plan', 'goals', 'term_goals'];
const HEAD = ['name', 'unit', 'department', 'year', 'amount_yuan', 'total_yuan', 'term_years', 'term', 'attribute', 'id', 'catalog'];
const CIRCLED = '①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳';
export const circled = (index) => CIRCLED[index] ?? `(${index + 1})`;

// What is to be marked in one field. A finding without a span marks the whole of a short value.
function spansOf(field, text, { evidence, findings, items }) {
  const length = Array.from(text).length;
  const at = (kind) => (one, index) => ({ kind, index, one });
  return [
    ...evidence.map(at('evidence')),
    ...findings.map(at('finding')),
    ...items.map(at('item')),
  ].filter(({ one }) => one.field === field && Number.isInteger(one.start))
    .map((span) => {
      // An amount is shown in 万元, so a span in its digits would lie.
      const whole = isAmount(field) || (span.kind === 'finding' && span.one.start >= span.one.end && !LONG.includes(field));
      return { ...span, start: whole ? 0 : span.one.start, end: whole ? length : span.one.end };
    });
}

function piece({ text, spans }, ends, pick) {
  const evidence = spans.find((s) => s.kind === 'evidence');
  const findings = spans.filter((s) => s.kind === 'finding');
  const items = spans.filter((s) => s.kind === 'item');
  if (!spans.length) return text;
  const worst = ['error', 'warning', 'info'].find((s) => findings.some((f) => f.one.severity === s));
  const mark = h(evidence ? 'mark' : 'span', {
    class: [evidence && 'evidence', worst && `found ${worst}`].filter(Boolean).join(' ') || null,
    title: [evidence && `依据：${evidence.one.label}`, ...findings.map((f) => f.one.message)].filter(Boolean).join('\n') || null,
    data: {
      ...(findings.length ? { findings: findings.map((f) => f.index).join(' ') } : {}),
      ...(items.length ? { items: items.map((f) => f.index).join(' ') } : {}),
    },
  }, text);
  // A finding's number stands after its last piece, and leads to it.
  const numbers = findings.filter((f) => ends(f)).map((f) =>
    h('button', { type: 'button', class: `number ${f.one.severity}`, 'aria-label': `发现 ${f.index + 1}：${f.one.message}`,
      onclick: () => pick(f.index) }, circled(f.index)));
  return [mark, numbers];
}

function marked(field, text, marks) {
  const pieces = cut(text, spansOf(field, text, marks));
  return pieces.map((one, i) =>
    piece(one, (span) => !pieces[i + 1]?.spans.some((s) => s.kind === 'finding' && s.index === span.index), marks.pick));
}

const isAmount = (field) => /(^|\.)(amount|total)_yuan$/.test(field);
const shown = (field, value) =>
  isAmount(field) ? money(value) : typeof value === 'object' ? JSON.stringify(value) : String(value);

function shortField(field, project, marks) {
  const value = valueAt(project, field);
  if (value === undefined || value === null || value === '') return null;
  return h('div', { class: 'pair' }, h('dt', {}, fieldName(field)), h('dd', {}, marked(field, shown(field, value), marks)));
}

function listed(project, name, columns, marks) {
  const rows = project[name];
  if (!Array.isArray(rows) || !rows.length) return null;
  const used = columns.filter(([key]) => rows.some((row) => row?.[key] !== undefined && row[key] !== ''));
  return h('section', { class: 'text-field' }, h('h3', {}, FIELDS[name]),
    h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': FIELDS[name] },
      h('table', {}, h('thead', {}, h('tr', {}, used.map(([, title]) => h('th', { scope: 'col' }, title)))),
        h('tbody', {}, rows.map((row, i) => h('tr', {}, used.map(([key]) =>
          h('td', {}, marked(`${name}[${i}].${key}`, shown(key, row?.[key] ?? ''), marks)))))))));
}

// marks: {evidence, findings, items, pick(finding index)}
export function projectText(project, marks) {
  const known = new Set([...HEAD, ...LONG, 'declared', 'indicators', 'funding']);
  const others = Object.keys(project).filter((key) => !known.has(key) && typeof project[key] !== 'object');
  return [
    h('dl', { class: 'pairs' }, [...HEAD.filter((f) => f !== 'name'), ...others].map((f) => shortField(f, project, marks))),
    LONG.filter((field) => project[field]).map((field) =>
      h('section', { class: 'text-field' }, h('h3', {}, FIELDS[field]),
        h('p', { class: 'text' }, marked(field, String(project[field]), marks)))),
    listed(project, 'declared', [['code', '代码'], ['name', '名称'], ['amount_yuan', '金额']], marks),
    listed(project, 'indicators', [['type', '类别'], ['name', '指标'], ['value', '指标值']], marks),
  ];
}

export const projectName = (project, marks) => marked('name', String(project.name ?? '（无名称）'), marks);
