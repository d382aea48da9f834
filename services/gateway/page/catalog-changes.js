// What changed from one revision to another.
import { h, table } from './dom.js';
import { CHANGES, departmentName } from './words.js';
import { count } from './format.js';

const SHOWN = 1000;
const place = (department, code, name) => (code ? [h('span', { class: 'code' }, code), ' ', name, h('span', { class: 'muted' }, `　${departmentName(department)}`)] : '—');

export function changesView({ from, to, complete, changes }) {
  const by = Object.keys(CHANGES).map((kind) => [CHANGES[kind], changes.filter((c) => c.kind === kind).length]).filter(([, n]) => n);
  return h('section', { class: 'changes' },
    h('h2', {}, `${from} → ${to}`),
    complete ? null : h('p', { class: 'banner warn' }, '其中一版是节选：没有见到的部门和条目不列，不等于删除。'),
    h('p', {}, by.length ? by.map(([name, n]) => `${name} ${count(n)}`).join('，') : '没有变化。'),
    changes.length ? table('变化', [
      { head: '变化', cell: (c) => h('span', { class: `chip ${{ added: 'good', removed: 'bad' }[c.kind] ?? 'warn'}` }, CHANGES[c.kind] ?? c.kind) },
      { head: '原条目', cell: (c) => (c.kind === 'removed' ? place(c.old_department ?? c.department, c.old_code ?? c.code, c.old_name ?? c.name)
        : place(c.old_department ?? c.department, c.old_code, c.old_name ?? '')) },
      { head: '现条目', cell: (c) => (c.kind === 'removed' ? '—' : place(c.department, c.code, c.name)) },
    ], changes.slice(0, SHOWN)) : null,
    changes.length > SHOWN ? h('p', { class: 'muted' }, `只列前 ${SHOWN} 条，请按部门查看。`) : null);
}
