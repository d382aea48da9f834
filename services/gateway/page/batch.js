// Many projects at once: sent in parts, each with a receipt; the results as they come.
import { h, replace, button } from './dom.js';
import * as api from './api.js';
import { count, percent } from './format.js';
import { address } from './router.js';
import { decisionChip } from './project-view.js';
import { exportTable } from './export.js';
import { KINDS } from './words.js';
import { notice } from './notice.js';

const PART = 100;
const AT_ONCE = 2;
const PART_BYTES = 4 * 1024 * 1024;
const WAIT_S = 20;
const SHOWN = 500;
const TRIES = 5;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function partsOf(projects) {
  const parts = [];
  let part = [];
  let bytes = 0;
  projects.forEach((project, index) => {
    const size = JSON.stringify(project).length * 3;
    if (part.length && (part.length === PART || bytes + size > PART_BYTES)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push({ project, index });
    bytes += size;
  });
  if (part.length) parts.push(part);
  return parts;
}

// A busy queue says when to come back; the key makes a repeated part the same part.
async function sendPart(list, key, stopped) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await api.projects.submit(list, key);
    } catch (problem) {
      const again = [0, 409, 429, 503].includes(problem.status);
      if (!again || attempt === TRIES || stopped()) throw problem;
      await pause(1000 * (problem.retryAfter || attempt));
    }
  }
}

async function judged(receipt, stopped) {
  let now = receipt;
  while (now.state === 'accepted' && !stopped()) now = await api.projects.receipt(receipt.receipt, WAIT_S);
  return now;
}

const firstCode = (result) => (result.decision === 'none' ? KINDS[result.kind] : [result.candidates?.[0]?.code, result.candidates?.[0]?.name].filter(Boolean).join(' ')) ?? '';

export class Batch {
  constructor(projects, title) {
    this.projects = projects;
    this.title = title;
    this.outcomes = [];
    this.sum = { sent: 0, auto: 0, review: 0, none: 0, error: 0, failed: 0 };
    this.progress = h('progress', { max: projects.length, value: 0, 'aria-label': '判定进度' });
    this.told = h('p', { role: 'status', class: 'batch-told' });
    this.body = h('tbody', {});
    this.buttons = h('div', { class: 'actions' }, button('停止', () => (this.stopped = true), { class: 'quiet' }));
    this.element = h('section', { class: 'panel batch', 'aria-label': '批量提交' },
      h('div', { class: 'page-head' }, h('h2', {}, title), this.buttons),
      this.progress, this.told,
      h('div', { class: 'table-box batch-table', tabindex: 0, role: 'region', 'aria-label': '判定结果' },
        h('table', {}, h('thead', {}, h('tr', {}, ['项目', '判定', '目录', '置信度', '发现'].map((t, i) => h('th', { scope: 'col', class: i > 2 ? 'figure' : null }, t)))), this.body)));
    this.tell();
  }

  tell() {
    const { sent, auto, review, none, error, failed } = this.sum;
    const done = auto + review + none + error;
    this.progress.value = done + failed;
    this.told.textContent = `共 ${count(this.projects.length)} 个，已送达 ${count(sent)}，已判定 ${count(done)}：通过 ${count(auto)}，待审 ${count(review)}，不属 ${count(none)}` +
      (error ? `，出错 ${count(error)}` : '') + (failed ? `，未送达 ${count(failed)}` : '');
  }

  row(project, result) {
    const error = result.error;
    return h('tr', {},
      h('td', {}, result.id ? h('a', { href: address('project', ['id', result.id]) }, project.name) : project.name ?? ''),
      h('td', {}, decisionChip(error ? 'error' : result.decision)),
      h('td', {}, error ? error.message : firstCode(result)),
      h('td', { class: 'figure' }, error ? '' : percent(result.confidence)),
      h('td', { class: 'figure' }, error ? '' : result.findings?.length || ''));
  }

  async one(part) {
    const stopped = () => Boolean(this.stopped);
    try {
      const receipt = await sendPart(part.map((p) => p.project), api.freshKey(), stopped);
      this.sum.sent += part.length;
      this.tell();
      const done = await judged(receipt, stopped);
      if (done.state === 'accepted') return;
      const given = done.results ?? part.map((p) => ({ id: p.project.id ?? null, error: done.error ?? { message: '没有结果' } }));
      part.forEach(({ project, index }, i) => {
        const result = given[i] ?? { error: { message: '没有结果' } };
        this.outcomes[index] = result;
        this.sum[result.error ? 'error' : result.decision] += 1;
        if (this.body.childElementCount < SHOWN) this.body.append(this.row(project, result));
      });
    } catch (problem) {
      this.sum.failed += part.length;
      this.body.append(h('tr', {}, h('td', { colspan: 5, class: 'fault' }, `第 ${part[0].index + 1} – ${part.at(-1).index + 1} 个未送达：${problem.message}`)));
    }
    this.tell();
  }

  async run() {
    this.running = true;
    const waiting = partsOf(this.projects);
    const hand = async () => {
      while (waiting.length && !this.stopped) await this.one(waiting.shift());
    };
    await Promise.all(Array.from({ length: AT_ONCE }, hand));
    if (!this.element.isConnected) notice(`${this.title}：已判定 ${count(this.outcomes.filter(Boolean).length)} 个`, 'good');
    this.running = false;
    const rows = () => this.projects.map((p, i) => {
      const r = this.outcomes[i];
      const [first] = r?.candidates ?? [];
      return [p.id ?? r?.id ?? '', p.name ?? '', p.unit ?? '', p.amount_yuan ?? '', r?.decision ?? '出错', first?.code ?? '', first?.name ?? '',
        r?.confidence ?? '', r?.error?.message ?? (r?.findings ?? []).map((f) => f.message).join('；')];
    });
    replace(this.buttons,
      this.projects.length > SHOWN ? h('span', { class: 'muted' }, `表中只列前 ${SHOWN} 个`) : null,
      button('导出 Excel', () => exportTable('判定结果', ['编号', '项目', '单位', '金额（元）', '判定', '代码', '目录名称', '置信度', '发现'], rows(), 'xlsx')),
      h('a', { class: 'button', href: address('queue') }, '到审核队列'),
      button('移去', () => this.removed(), { class: 'quiet' }));
  }
}
