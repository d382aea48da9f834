// 死信: jobs that were given up; look, send again, drop.
import { h, replace, button, table } from './dom.js';
import * as api from './api.js';
import { mayAdmin } from './who.js';
import { attempt } from './notice.js';
import { ask, confirmed } from './dialog.js';
import { time, bytes, count } from './format.js';

const tidy = (body) => {
  try {
    return JSON.stringify(JSON.parse(body), null, 1);
  } catch {
    return body;
  }
};

export async function open(panel) {
  async function draw() {
    const { jobs } = await api.admin.deadLetters();
    const act = (run, done) => async () => (await attempt(run, done)) && draw();
    replace(panel, h('section', { class: 'panel' }, h('h2', {}, `死信（${count(jobs.length)}）`),
      h('p', { class: 'muted' }, '多次处理仍失败的任务。内容无误的可以重试；确认作废的可以删除。'),
      jobs.length ? table('死信', [
        { head: '受理时间', cell: (j) => time(j.accepted) },
        { head: '原因', cell: (j) => j.reason },
        { head: '尝试', class: 'figure', cell: (j) => count(j.attempts) },
        { head: '大小', class: 'figure', cell: (j) => bytes(j.bytes) },
        { head: '优先级', cell: (j) => ({ interactive: '交互', bulk: '批量' }[j.priority] ?? j.priority) },
        { head: '编号', cell: (j) => h('span', { class: 'code' }, j.uuid.slice(0, 8)) },
        { head: '操作', cell: (j) => h('div', { class: 'actions' },
          button('内容', () => attempt(async () => {
            const full = await api.admin.deadLetter(j.uuid);
            ask('任务内容', h('pre', { class: 'body-text', tabindex: 0 }, tidy(full.body)), (close) => [button('关闭', close, { class: 'primary' })]);
          }), { class: 'quiet small' }),
          button('重试', act(() => api.admin.retryDeadLetter(j.uuid), '已放回队列。'), { class: 'quiet small' }),
          mayAdmin() ? button('删除', async () => (await confirmed('删除任务', '删除后不能恢复。', '删除', 'danger')) &&
            act(() => api.admin.dropDeadLetter(j.uuid), '已删除。')(), { class: 'quiet small' }) : null) },
      ], jobs) : h('p', {}, '没有死信。')));
  }
  await draw();
}
