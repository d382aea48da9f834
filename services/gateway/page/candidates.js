// The candidates of a result as a group of radio buttons: code, path, probability, siblings.
import { h, button, replace, freshId } from './dom.js';
import * as api from './api.js';
import { percent } from './format.js';
import { departmentName } from './words.js';
import { attempt } from './notice.js';

export function bar(score) {
  return h('span', { class: 'bar', 'aria-hidden': 'true' },
    h('span', { style: { width: `${Math.max(score * 100, score > 0.001 ? 1 : 0)}%` } }));
}

export const itemLine = (item) =>
  h('span', { class: 'item-line' }, h('span', { class: 'code' }, item.code), ' ', h('span', { class: 'item-name' }, item.name));

export const itemPath = (item) =>
  h('span', { class: 'path' }, [departmentName(item.department), ...(item.path ?? []).slice(0, -1)].join(' › '));

async function siblings(box, catalog, candidate, choose) {
  if (box.childElementCount) return void replace(box);
  replace(box, h('p', { class: 'muted' }, '正在读取…'));
  const read = await attempt(async () => {
    const item = await api.catalog.item(catalog, candidate.department, candidate.code);
    const others = item.siblings.filter((s) => s.code !== candidate.code);
    replace(box, others.length
      ? h('ul', { class: 'siblings' }, others.map((one) => h('li', {},
          button([itemLine(one)], () => choose({ ...one, path: [...item.path.slice(0, -1), one.name] }),
            { class: 'quiet', disabled: !choose || !one.leaf }))))
      : h('p', { class: 'muted' }, '没有同级条目。'));
  });
  if (!read) replace(box);
}

// options: catalog, chosen (index or -1), choose(index), point(index: shown on hover and focus, -1: the
// chosen one again), chooseItem(item). Without choose the list is read only.
export function candidateList(candidates, { catalog, chosen, choose, point, chooseItem }) {
  const group = freshId('candidates');
  if (!candidates.length) return h('p', { class: 'muted' }, '没有候选条目。');
  return h('ol', { class: 'candidates', ...(choose ? { role: 'radiogroup', 'aria-label': '候选条目' } : {}) },
    candidates.map((one, index) => {
      const box = h('div', { class: 'siblings-box' });
      const text = [
        h('span', { class: 'candidate-head' },
          choose && index < 5 ? h('kbd', { title: `按 ${index + 1} 选此条` }, index + 1) : null,
          itemLine(one), h('span', { class: 'score' }, percent(one.score))),
        bar(one.score), itemPath(one),
        one.provisional ? h('span', { class: 'chip warn' }, '条目待核实') : null,
      ];
      const id = `${group}-${index}`;
      return h('li', { role: choose ? 'none' : null, class: index === chosen ? 'candidate is-chosen' : 'candidate',
        onmouseenter: () => point(index), onmouseleave: () => point(-1) },
        choose
          ? [h('input', { type: 'radio', name: group, id, checked: index === chosen, onchange: () => choose(index),
              onfocus: () => point(index), onblur: () => point(-1) }),
            h('label', { for: id }, text)]
          : h('div', { class: 'candidate-text' }, text),
        h('div', { class: 'candidate-foot' },
          button('同级', () => siblings(box, catalog, one, chooseItem), { class: 'quiet small', 'aria-label': `${one.name}的同级条目` }),
          h('a', { class: 'quiet small', href: `#/catalog/${[catalog, one.department, one.code].map(encodeURIComponent).join('/')}` }, '目录')),
        box);
    }));
}
