// What happened to a project before, and decided projects that read alike; read when opened.
import { h, button, replace } from './dom.js';
import * as api from './api.js';
import { DECISIONS, KINDS, REVIEWS, departmentName } from './words.js';
import { percent, time } from './format.js';
import { address } from './router.js';
import { itemLine } from './candidates.js';

function lazily(title, read) {
  const box = h('div', {});
  let begun = false;
  return h('details', { class: 'fold', ontoggle: async (event) => {
    if (!event.target.open || begun) return;
    begun = true;
    replace(box, h('p', { class: 'muted' }, '正在读取…'));
    try {
      replace(box, await read());
    } catch (problem) {
      begun = false;
      replace(box, h('p', { class: 'fault' }, problem.message));
    }
  } }, h('summary', {}, title), box);
}

const code = (one) =>
  one.code ? [itemLine({ code: one.code, name: one.name ?? one.item ?? '' }), h('span', { class: 'muted' }, ` ${departmentName(one.department)}`)]
    : h('span', {}, KINDS[one.kind] ?? '');

export const historySection = (full) => lazily('经过', async () => {
  const { entries } = await api.projects.history(full.project?.id ?? full.result.id);
  if (!entries.length) return h('p', { class: 'muted' }, '没有记录。');
  return h('ol', { class: 'timeline' }, entries.map((one) => h('li', {},
    h('span', { class: 'muted' }, time(one.time)), ' ',
    one.what === 'judged' ? ['系统判定：', DECISIONS[one.decision] ?? one.decision] : [h('strong', {}, one.who), ' ', REVIEWS[one.decision] ?? one.decision],
    ' ', code(one), one.confidence === undefined ? null : ` ${percent(one.confidence)}`,
    one.reason ? h('p', {}, one.reason) : null,
    h('p', { class: 'muted small' }, [one.catalog, one.what === 'judged' && `引擎 ${one.who}`,
      one.model && `模型 ${one.model.replace('sha256:', '').slice(0, 8)}`].filter(Boolean).join('，')))));
});

export const similarSection = (full, choose) => lazily('相似的已决项目', async () => {
  const { projects } = await api.projects.similar(full.project?.id ?? full.result.id);
  if (!projects.length) return h('p', { class: 'muted' }, '没有相似的已决项目。');
  return h('ul', { class: 'similar' }, projects.map((one) => h('li', {},
    h('div', { class: 'candidate-head' }, h('a', { href: address('project', ['id', one.project]) }, one.name),
      h('span', { class: 'score' }, percent(one.similarity))),
    h('div', {}, REVIEWS[one.decision] ?? one.decision, '：', code(one)),
    h('div', { class: 'muted' }, [one.unit, one.reviewer, time(one.reviewed_at), one.reason].filter(Boolean).join('，')),
    one.code && choose ? button('选此条目', () => choose({ department: one.department, code: one.code, name: one.item }), { class: 'quiet small' }) : null)));
});
