// 提交: one project with the judgement as one types, or files with many.
import { h, replace, button, select, labelled, debounce } from './dom.js';
import * as api from './api.js';
import { me } from './who.js';
import { FIELDS } from './words.js';
import { readFile } from './files.js';
import { sheetMapper, amountOf } from './sheet-mapper.js';
import { Batch } from './batch.js';
import { LiveResult } from './live-result.js';
import { documentPicker } from './document-picker.js';
import { useKeys } from './keys.js';
import { notice } from './notice.js';
import { address } from './router.js';

const WAIT_MS = 350;
const SUBMIT_WAIT_S = 10;
const LONG = [['description', 6], ['basis', 2], ['plan', 2], ['goals', 2]];

// Batches go on while other pages are looked at, and are here again when one comes back.
const batches = [];
window.addEventListener('beforeunload', (event) => batches.some((batch) => batch.running) && event.preventDefault());

export async function open(main) {
  const user = me();
  const own = user.role === 'submitter' ? user.units : [];
  const year = new Date().getFullYear();
  const field = {
    name: h('input', { name: 'name', required: true, maxlength: 500, placeholder: '如：政务服务标准化试点建设' }),
    unit: own.length ? select(own.map((u) => [u, u]), own[0], { name: 'unit' }) : h('input', { name: 'unit', maxlength: 200 }),
    department: h('input', { name: 'department', maxlength: 200, placeholder: '如：行政审批服务管理局' }),
    year: h('input', { name: 'year', type: 'number', min: 2000, max: 2100, value: year }),
    amount_yuan: h('input', { name: 'amount_yuan', inputmode: 'decimal', placeholder: '50 万元，或 500000' }),
    term_years: h('input', { name: 'term_years', type: 'number', min: 0, max: 50, step: 'any' }),
    id: h('input', { name: 'id', maxlength: 200, placeholder: '可不填' }),
    ...Object.fromEntries(LONG.map(([name, rows]) => [name, h('textarea', { name, rows, maxlength: 100000 })])),
  };
  const live = new LiveResult();
  const below = h('div', { class: 'submit-below' }, batches.map((batch) => batch.element));

  const project = () => {
    const made = {};
    for (const [name, control] of Object.entries(field)) {
      const text = control.value.trim();
      if (!text) continue;
      if (name === 'amount_yuan') {
        const amount = amountOf(text);
        if (amount !== null) made[name] = amount;
      } else made[name] = control.type === 'number' ? Number(text) : text;
    }
    return made;
  };
  const amountFault = h('p', { class: 'fault small', role: 'alert' });
  const check = debounce(() => {
    const amount = field.amount_yuan.value.trim();
    amountFault.textContent = amount && amountOf(amount) === null ? '金额读不出，如“50 万元”。' : '';
    live.check(project());
  }, WAIT_MS);

  const sent = h('div', { role: 'status' });
  const sendButton = h('button', { class: 'primary', data: { action: 'submit' } }, '提交入库');
  async function send(event) {
    event.preventDefault();
    sendButton.disabled = true;
    try {
      const receipt = await api.projects.submit([project()], api.freshKey(), SUBMIT_WAIT_S);
      const result = receipt.results?.[0];
      if (result?.error) return void notice(result.error.message, 'bad');
      const id = result?.id ?? receipt.ids?.[0];
      replace(sent, h('p', { class: 'banner good' }, receipt.state === 'done' ? '已入库并判定。' : '已入库，正在判定。', ' ',
        id ? h('a', { href: address('project', ['id', id]) }, '看结果') : null));
    } catch (problem) {
      notice(problem.message, 'bad');
    } finally {
      sendButton.disabled = false;
    }
  }

  // ------- files
  const chooser = h('input', { type: 'file', multiple: true, class: 'unseen', id: 'files', accept: '.xlsx,.csv,.tsv,.jsonl,.json,.txt,.pdf',
    onchange: async () => {
      await take([...chooser.files]);
      chooser.value = '';
    } });
  const fixed = () => (own.length ? { unit: own[0], year } : { year });
  async function begin(projects, title, place) {
    const batch = new Batch(projects, title);
    batches.push(batch);
    batch.removed = () => {
      batches.splice(batches.indexOf(batch), 1);
      batch.element.remove();
    };
    place.replaceWith(batch.element);
    await batch.run();
  }

  async function take(files) {
    for (const file of files) {
      const place = h('div', {}, h('p', { class: 'muted panel', role: 'status' }, `正在读取“${file.name}”…`));
      below.append(place);
      try {
        const read = await readFile(file);
        const go = (projects) => begin(projects, file.name, place);
        const cancel = () => place.remove();
        if (read.sheets?.length) replace(place, sheetMapper(read.sheets, { done: go, cancel, fixed }));
        else if (read.projects?.length) replace(place, documentPicker(file.name, read, { done: go, cancel }));
        else replace(place, h('p', { class: 'banner warn' }, `“${file.name}”里没有找到项目。`));
      } catch (problem) {
        replace(place, h('p', { class: 'banner bad', role: 'alert' }, `“${file.name}”：${problem.message}`));
      }
      place.scrollIntoView?.({ block: 'nearest' });
    }
  }

  const drop = h('div', { class: 'drop' },
    h('p', {}, '把文件拖到这里，或 ', h('label', { for: 'files', class: 'link' }, '选择文件')), chooser,
    h('p', { class: 'muted small' }, '.xlsx、.csv、.jsonl 各行为一个项目；.txt、.pdf 为预算公开全文'));
  const over = (on) => (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    drop.classList.toggle('is-over', on);
  };
  const dropped = (event) => {
    if (!event.dataTransfer?.files.length) return;
    over(false)(event);
    take([...event.dataTransfer.files]);
  };
  const shown = new AbortController();
  document.addEventListener('dragover', over(true), { signal: shown.signal });
  document.addEventListener('dragleave', over(false), { signal: shown.signal });
  document.addEventListener('drop', dropped, { signal: shown.signal });

  const form = h('form', { class: 'panel', onsubmit: send, oninput: check },
    h('h1', {}, '提交项目'),
    labelled('项目名称（必填）', field.name),
    h('div', { class: 'form-row' }, labelled('预算单位', field.unit), labelled('主管部门', field.department)),
    h('div', { class: 'form-row narrow' }, labelled('年度', field.year), labelled('本年金额', field.amount_yuan), labelled('期限（年）', field.term_years), labelled('编号', field.id)),
    amountFault,
    LONG.map(([name]) => labelled(FIELDS[name], field[name])),
    h('div', { class: 'actions' }, button('清空', () => {
      for (const control of Object.values(field)) if (control.tagName !== 'SELECT' && control !== field.year) control.value = '';
      live.clear();
      replace(sent);
      field.name.focus();
    }), sendButton),
    sent);
  replace(main, h('div', { class: 'submit' }, below, h('div', { class: 'submit-columns' }, form, h('div', {}, drop, live.element))));
  field.name.focus();
  const endKeys = useKeys('提交', [{ key: 'n', name: '到项目名称', run: () => field.name.focus() }, { key: 'f', name: '选择文件', run: () => chooser.click() }]);
  return () => {
    endKeys();
    check.cancel();
    live.close();
    shown.abort();
  };
}
