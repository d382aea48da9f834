// The projects read from a document or a file of lines: which of them are to be submitted.
import { h, button } from './dom.js';
import { count, money } from './format.js';

const SHOWN = 300;

export function documentPicker(name, { projects, findings = [] }, { done, cancel }) {
  const boxes = projects.slice(0, SHOWN).map((project, i) =>
    h('input', { type: 'checkbox', checked: true, 'aria-label': `提交“${project.name ?? i + 1}”`, onchange: () => tell() }));
  const chosen = () => projects.filter((_, i) => boxes[i]?.checked ?? true);
  const send = button('', () => done(chosen()), { class: 'primary', data: { action: 'send-projects' } });
  const tell = () => {
    const n = chosen().length;
    send.textContent = `提交 ${count(n)} 个项目`;
    send.disabled = !n;
  };
  tell();
  return h('section', { class: 'panel', 'aria-label': name },
    h('h2', {}, `${name}：${count(projects.length)} 个项目`),
    findings.length ? h('details', { class: 'banner warn' }, h('summary', {}, `读取时有 ${findings.length} 处说明`),
      h('ul', {}, findings.slice(0, 50).map((f) => h('li', {}, f.message ?? JSON.stringify(f))))) : null,
    h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': '读到的项目' }, h('table', {},
      h('thead', {}, h('tr', {}, ['', '项目', '单位', '金额'].map((t) => h('th', { scope: 'col' }, t)))),
      h('tbody', {}, projects.slice(0, SHOWN).map((p, i) => h('tr', {}, h('td', {}, boxes[i]), h('td', {}, p.name ?? ''),
        h('td', {}, p.unit ?? ''), h('td', { class: 'figure' }, money(p.amount_yuan))))))),
    projects.length > SHOWN ? h('p', { class: 'muted' }, `只列前 ${SHOWN} 个，其余一并提交。`) : null,
    h('div', { class: 'actions' }, button('取消', cancel), send));
}
