// 管理: tabs, each with a file of its own.
import { h, replace, button } from './dom.js';
import { mayAdmin } from './who.js';
import { keepAddress } from './router.js';
import { useKeys } from './keys.js';

const TABS = [
  { name: 'system', title: '运行', file: './admin-system.js', may: () => true },
  { name: 'dead', title: '死信', file: './admin-dead.js', may: () => true },
  { name: 'users', title: '用户', file: './admin-users.js', may: mayAdmin },
  { name: 'tokens', title: '接口令牌', file: './admin-tokens.js', may: mayAdmin },
  { name: 'webhooks', title: '消息推送', file: './admin-webhooks.js', may: mayAdmin },
  { name: 'audit', title: '审计', file: './admin-audit.js', may: mayAdmin },
];

export async function open(main, { rest }) {
  const tabs = TABS.filter((tab) => tab.may());
  const panel = h('div', { role: 'tabpanel', id: 'admin-panel', class: 'admin-panel' });
  let leave = null;
  let turn = 0;

  const heads = tabs.map((tab) => button(tab.title, () => choose(tab), { role: 'tab', class: 'tab', id: `tab-${tab.name}`, 'aria-controls': 'admin-panel' }));
  async function choose(tab, focus) {
    const mine = ++turn;
    heads.forEach((head, i) => {
      const on = tabs[i] === tab;
      head.setAttribute('aria-selected', String(on));
      head.tabIndex = on ? 0 : -1;
      if (on && focus) head.focus();
    });
    panel.setAttribute('aria-labelledby', `tab-${tab.name}`);
    keepAddress('admin', [tab.name], {});
    leave?.();
    leave = null;
    replace(panel, h('p', { class: 'muted panel' }, '正在读取…'));
    try {
      const opened = await (await import(tab.file)).open(panel);
      if (mine === turn) leave = opened ?? null;
      else opened?.();
    } catch (problem) {
      if (mine === turn) replace(panel, h('p', { class: 'fault panel', role: 'alert' }, problem.message));
    }
  }
  const move = (step) => {
    const at = heads.findIndex((head) => head.getAttribute('aria-selected') === 'true');
    choose(tabs[(at + step + tabs.length) % tabs.length], true);
  };
  replace(main, h('h1', { class: 'unseen' }, '管理'),
    h('div', { class: 'tabs admin-tabs', role: 'tablist', 'aria-label': '管理', onkeydown: (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) move(step);
    } }, heads), panel);
  const endKeys = useKeys('管理', [{ key: ']', name: '下一栏', run: () => move(1) }, { key: '[', name: '上一栏', run: () => move(-1) }]);
  await choose(tabs.find((tab) => tab.name === rest[0]) ?? tabs[0]);
  return () => {
    turn++;
    leave?.();
    endKeys();
  };
}
