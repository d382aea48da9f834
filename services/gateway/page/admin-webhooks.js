// 消息推送: webhooks, their tests, secrets and delivery logs.
import { h, replace, button, table, labelled } from './dom.js';
import * as api from './api.js';
import { attempt } from './notice.js';
import { ask, confirmed, showSecret } from './dialog.js';
import { unitsOf } from './admin-users.js';
import { time, count } from './format.js';

const STATES = { pending: ['warn', '待送'], delivered: ['good', '已送达'], failed: ['bad', '失败'], dropped: ['calm', '已放弃'] };
const EVENTS = [['result.stored', '判定结果'], ['review.stored', '复核意见'], ['reclassify.begun', '重判开始'], ['reclassify.stopped', '重判中断'], ['reclassify.finished', '重判完成']];
const USUAL = ['result.stored', 'review.stored'];
const TYPES = new Map([...EVENTS, ['webhook.test', '测试']]);

async function webhookDialog() {
  const url = h('input', { type: 'url', placeholder: 'http://10.1.2.3:8080/hook' });
  const boxes = EVENTS.map(([value, text]) => [h('input', { type: 'checkbox', value, checked: USUAL.includes(value), id: `event-${value}` }), text]);
  const departments = h('input', { placeholder: '留空为全部' });
  const yes = await ask('新增推送', [labelled('地址（须在准许名单内）', url),
    h('fieldset', { class: 'field-set' }, h('legend', {}, '事件'), boxes.map(([box, text]) => h('span', {}, box, ' ', h('label', { for: box.id }, text)))),
    labelled('部门', departments)],
  (close) => [button('取消', close), button('保存', () => close(true), { class: 'primary' })]);
  if (!yes) return false;
  return attempt(async () => {
    const made = await api.admin.addWebhook({ url: url.value.trim(), events: boxes.filter(([b]) => b.checked).map(([b]) => b.value), departments: unitsOf(departments.value) });
    await showSecret('签名密钥', made.secret);
  });
}

async function deliveries(hook) {
  const box = h('div', {});
  const draw = async () => {
    const { deliveries: list } = await api.admin.deliveries(hook.id);
    replace(box, list.length ? table('推送记录', [
      { head: '时间', cell: (d) => time(d.at) },
      { head: '类型', cell: (d) => TYPES.get(d.type) ?? d.type },
      { head: '项目', cell: (d) => (d.project ?? '').replace(/^reclassify\./, '') },
      { head: '状态', cell: (d) => h('span', { class: `chip ${STATES[d.state]?.[0]}` }, `${STATES[d.state]?.[1] ?? d.state}${d.status ? ` ${d.status}` : ''}`) },
      { head: '次数', class: 'figure', cell: (d) => count(d.attempt) },
      { head: '说明', cell: (d) => d.error || (d.next_at ? `下次 ${time(d.next_at)}` : '') },
      { head: '', cell: (d) => button('重发', async () => (await attempt(() => api.admin.replay(hook.id, d.id), '已重发。')) && draw(), { class: 'quiet small' }) },
    ], list) : h('p', { class: 'muted' }, '还没有推送。'));
  };
  if (await attempt(draw)) await ask(`推送记录：${hook.url}`, box, (close) => [button('刷新', draw), button('关闭', close, { class: 'primary' })]);
}

export async function open(panel) {
  async function draw() {
    const { webhooks } = await api.admin.webhooks();
    const after = (run, done) => async () => (await attempt(run, done)) && draw();
    replace(panel, h('section', { class: 'panel' },
      h('div', { class: 'page-head' }, h('h2', {}, '消息推送'), button('新增推送', async () => (await webhookDialog()) && draw(), { class: 'primary' })),
      webhooks.length ? table('消息推送', [
        { head: '地址', cell: (w) => h('span', { class: 'break' }, w.url) },
        { head: '事件', cell: (w) => (w.events.length ? w.events.map((e) => TYPES.get(e) ?? e).join('、') : USUAL.map((e) => TYPES.get(e)).join('、')) },
        { head: '状态', cell: (w) => h('span', { class: `chip ${w.disabled ? 'bad' : 'good'}`, title: w.disabled_reason ?? '' }, w.disabled ? `停用 ${w.disabled_reason ?? ''}` : '正常') },
        { head: '待送', class: 'figure', cell: (w) => count(w.pending) },
        { head: '最近', cell: (w) => `${time(w.last_delivery)} ${w.last_status ?? ''}` },
        { head: '操作', cell: (w) => h('div', { class: 'actions' },
          button('记录', () => deliveries(w), { class: 'quiet small' }),
          button('测试', after(() => api.admin.testWebhook(w.id), '测试消息已发出，请看记录。'), { class: 'quiet small' }),
          w.disabled ? button('启用', after(() => api.admin.enableWebhook(w.id), '已启用。'), { class: 'quiet small' }) : null,
          button('换密钥', async () => (await confirmed('更换密钥', '旧密钥 24 小时内仍同时签名。', '更换')) &&
            attempt(async () => showSecret('新密钥', (await api.admin.rotateWebhook(w.id)).secret)), { class: 'quiet small' }),
          button('删除', async () => (await confirmed('删除推送', '未送出的消息一并删除。', '删除', 'danger')) && after(() => api.admin.removeWebhook(w.id), '已删除。')(), { class: 'quiet small' })) },
      ], webhooks) : h('p', { class: 'muted' }, '还没有推送地址。')));
  }
  await draw();
}
