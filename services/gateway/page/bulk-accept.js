// Accepts all results the system is sure of, under the filter that is shown.
import { h, button, select, labelled, replace } from './dom.js';
import * as api from './api.js';
import { ask } from './dialog.js';
import { count } from './format.js';

const AT_ONCE = 200;

export async function bulkAccept(asked, done) {
  const filter = { ...asked, decision: 'auto', state: 'open', order: 'oldest' };
  const least = select([['0.99', '99%'], ['0.95', '95%'], ['0.9', '90%'], ['0', '不限']], '0.95', { onchange: () => estimate() });
  const clean = h('input', { type: 'checkbox', checked: true, id: 'bulk-clean' });
  const told = h('p', { role: 'status' }, '正在计数…');
  const progress = h('progress', { hidden: true, max: 1, 'aria-label': '进度' });
  const start = button('开始采纳', () => run(), { class: 'primary', data: { action: 'bulk-start' } });
  let stop = false;
  let running = false;

  const asking = () => ({ ...filter, confidence_min: Math.max(Number(least.value), Number(asked.confidence_min) || 0) || '' });

  let turn = 0;
  async function estimate() {
    const mine = ++turn;
    try {
      const { q, order, ...counted } = asking();
      const { total, rows } = await api.results.stats('decision', counted);
      if (mine !== turn || running) return;
      const n = total?.results ?? rows.reduce((sum, r) => sum + r.results, 0);
      told.textContent = q ? '将采纳当前搜索和筛选下未复核的“通过”结果。' : `当前筛选下有 ${count(n)} 条未复核的“通过”结果。`;
      progress.max = n || 1;
    } catch (problem) {
      if (mine === turn && !running) told.textContent = problem.message;
    }
  }

  async function run() {
    running = true;
    start.disabled = true;
    progress.hidden = false;
    const sum = { stored: 0, conflict: 0, skipped: 0 };
    const fixed = asking();
    try {
      let cursor = null;
      do {
        const page = await api.results.page({ ...fixed, limit: AT_ONCE, cursor });
        const fit = page.results.filter((r) => !clean.checked || r.severity !== 'error');
        sum.skipped += page.results.length - fit.length;
        if (fit.length) {
          const { outcomes } = await api.results.reviewMany(fit.map((r) => ({ result: r.number, version: r.version, decision: 'accept' })));
          for (const one of outcomes) sum[one.status === 'stored' ? 'stored' : 'conflict'] += 1;
        }
        progress.value = sum.stored + sum.conflict + sum.skipped;
        told.textContent = `已采纳 ${count(sum.stored)} 条…`;
        cursor = page.next;
      } while (cursor && !stop);
      told.textContent = `已采纳 ${count(sum.stored)} 条` + (sum.skipped ? `，跳过有错误级发现的 ${count(sum.skipped)} 条` : '') +
        (sum.conflict ? `，${count(sum.conflict)} 条他人已处理` : '') + (stop ? '（中途停止）' : '') + '。';
    } catch (problem) {
      told.textContent = `${problem.message} 已采纳 ${count(sum.stored)} 条。`;
    }
    running = false;
  }

  estimate();
  await ask('批量采纳“通过”的结果', [
    h('div', { class: 'form-row' }, labelled('置信度至少', least)),
    h('p', {}, clean, ' ', h('label', { for: 'bulk-clean' }, '跳过有错误级发现的')),
    told, progress,
  ], (close) => [button('关闭', () => {
    stop = true;
    if (running) replace(told, '正在停止…');
    close();
  }), start]);
  stop = true;
  done();
}
