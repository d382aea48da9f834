// Findings as a list; each leads to its place in the text.
import { h, button } from './dom.js';
import { SEVERITIES, fieldName } from './words.js';
import { circled } from './marked-text.js';
import { address } from './router.js';

export const severityChip = (severity, text = SEVERITIES[severity]) => h('span', { class: `chip ${{ error: 'bad', warning: 'warn', info: 'calm' }[severity] ?? 'calm'}` }, text);

// point(index, on): the pointer or the focus is on a finding; show(index): go to its place.
export function findingList(findings, { point, show }) {
  if (!findings.length) return h('p', { class: 'muted' }, '没有发现问题。');
  return h('ol', { class: 'findings' }, findings.map((one, index) =>
    h('li', { data: { finding: index }, tabindex: -1, onmouseenter: () => point(index, true), onmouseleave: () => point(index, false) },
      h('div', { class: 'finding-head' }, h('span', { class: `number ${one.severity}`, 'aria-hidden': 'true' }, circled(index)),
        severityChip(one.severity), h('span', { class: 'rule muted' }, one.rule)),
      h('p', {}, one.message),
      one.basis ? h('p', { class: 'basis' }, `依据：${one.basis}`) : null,
      h('p', { class: 'finding-foot' },
        one.field ? button(`看原文（${fieldName(one.field)}）`, () => show(index), { class: 'quiet small' }) : null,
        one.other ? h('a', { class: 'quiet small', href: address('project', ['id', one.other]) }, '看相近项目') : null))));
}
