// 用户: add, change the role, set a password, disable.
import { h, replace, button, table, select, labelled } from './dom.js';
import * as api from './api.js';
import { attempt } from './notice.js';
import { ask } from './dialog.js';
import { ROLES } from './words.js';
import { time } from './format.js';

export const unitsOf = (text) => text.split(/[\n,，、;；]/).map((unit) => unit.trim()).filter(Boolean);

async function userDialog(user) {
  const name = h('input', { value: user?.name ?? '', disabled: Boolean(user), autocapitalize: 'none', autocomplete: 'off' });
  const display = h('input', { value: user?.display ?? '', autocomplete: 'off' });
  const role = select(Object.entries(ROLES), user?.role ?? 'reviewer', { onchange: () => (unitsField.hidden = role.value !== 'submitter') });
  const units = h('textarea', { rows: 3 }, (user?.units ?? []).join('\n'));
  const unitsField = labelled('所属单位（每行一个，只能看、报这些单位的项目）', units, { hidden: role.value !== 'submitter' });
  const password = h('input', { type: 'password', autocomplete: 'new-password', placeholder: user ? '不改则留空' : '至少 10 位' });
  const yes = await ask(user ? `修改用户 ${user.name}` : '新增用户', [labelled('登录名', name), labelled('姓名', display), labelled('角色', role), unitsField, labelled(user ? '新密码' : '密码', password)],
    (close) => [button('取消', close), button('保存', () => close(true), { class: 'primary' })]);
  if (!yes) return false;
  const change = { display: display.value.trim(), role: role.value, units: role.value === 'submitter' ? unitsOf(units.value) : [],
    ...(password.value ? { password: password.value } : {}) };
  return attempt(() => (user ? api.admin.changeUser(user.name, change) : api.admin.addUser({ name: name.value.trim(), ...change })), '已保存。');
}

export async function open(panel) {
  async function draw() {
    const { users } = await api.admin.users();
    const after = (run) => async () => (await run()) && draw();
    replace(panel, h('section', { class: 'panel' },
      h('div', { class: 'page-head' }, h('h2', {}, '用户'), button('新增用户', after(() => userDialog()), { class: 'primary' })),
      table('用户', [
        { head: '登录名', cell: (u) => u.name },
        { head: '姓名', cell: (u) => u.display },
        { head: '角色', cell: (u) => ROLES[u.role] ?? u.role },
        { head: '单位', cell: (u) => u.units.join('、') },
        { head: '最近登录', cell: (u) => time(u.last_seen) },
        { head: '状态', cell: (u) => h('span', { class: `chip ${u.disabled ? 'bad' : 'good'}` }, u.disabled ? '停用' : '正常') },
        { head: '操作', cell: (u) => h('div', { class: 'actions' },
          button('修改', after(() => userDialog(u)), { class: 'quiet small' }),
          button(u.disabled ? '启用' : '停用', after(() => attempt(() => api.admin.changeUser(u.name, { disabled: !u.disabled }), u.disabled ? '已启用。' : '已停用，其登录随即失效。')), { class: 'quiet small' })) },
      ], users)));
  }
  await draw();
}
