// 接口令牌: for programs; shown once when made.
import { h, replace, button, table, select, labelled } from './dom.js';
import * as api from './api.js';
import { attempt } from './notice.js';
import { ask, confirmed, showSecret } from './dialog.js';
import { unitsOf } from './admin-users.js';
import { ROLES } from './words.js';
import { time } from './format.js';

async function tokenDialog() {
  const name = h('input', { placeholder: '如：预算一体化接口' });
  const role = select(Object.entries(ROLES), 'submitter', { onchange: () => (unitsField.hidden = role.value !== 'submitter') });
  const units = h('textarea', { rows: 3 });
  const unitsField = labelled('单位（每行一个）', units);
  const days = h('input', { type: 'number', min: 1, max: 3650, value: 365 });
  const yes = await ask('新增令牌', [labelled('用途', name), labelled('角色', role), unitsField, labelled('有效天数（留空为长期）', days)],
    (close) => [button('取消', close), button('生成', () => close(true), { class: 'primary' })]);
  if (!yes) return false;
  return attempt(async () => {
    const made = await api.admin.addToken({ name: name.value.trim(), role: role.value, units: role.value === 'submitter' ? unitsOf(units.value) : [],
      ...(days.value ? { expires_days: Number(days.value) } : {}) });
    await showSecret('令牌', made.token);
  });
}

export async function open(panel) {
  async function draw() {
    const { tokens } = await api.admin.tokens();
    replace(panel, h('section', { class: 'panel' },
      h('div', { class: 'page-head' }, h('h2', {}, '接口令牌'), button('新增令牌', async () => (await tokenDialog()) && draw(), { class: 'primary' })),
      tokens.length ? table('接口令牌', [
        { head: '用途', cell: (t) => t.name },
        { head: '角色', cell: (t) => ROLES[t.role] ?? t.role },
        { head: '单位', cell: (t) => t.units.join('、') },
        { head: '生成', cell: (t) => `${time(t.created_at)} ${t.created_by}` },
        { head: '最近使用', cell: (t) => time(t.last_used) },
        { head: '到期', cell: (t) => (t.expires ? time(t.expires) : '长期') },
        { head: '状态', cell: (t) => h('span', { class: `chip ${t.revoked ? 'bad' : 'good'}` }, t.revoked ? '已撤销' : '有效') },
        { head: '操作', cell: (t) => (t.revoked ? '' : button('撤销', async () => (await confirmed('撤销令牌', `“${t.name}”将立即失效。`, '撤销', 'danger')) &&
          (await attempt(() => api.admin.revokeToken(t.id), '已撤销。')) && draw(), { class: 'quiet small' })) },
      ], tokens) : h('p', { class: 'muted' }, '还没有令牌。')));
  }
  await draw();
}
