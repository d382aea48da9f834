// 审计: who did what, when, from where.
import { h, replace, button, table, labelled, debounce } from './dom.js';
import * as api from './api.js';
import { time } from './format.js';
import { attempt } from './notice.js';
import { REVIEWS, KINDS } from './words.js';

const ACTIONS = { 'session.open': '登录', 'session.close': '退出', 'session.refused': '登录被拒', 'review.store': '复核', 'review.bulk': '批量复核', 'map.propose': '提出对应关系', 'map.confirm': '确认对应关系', 'map.correct': '更正对应关系', 'map.reject': '否定对应关系', 'user.add': '新增用户', 'user.change': '修改用户',
  'token.add': '新增令牌', 'token.revoke': '撤销令牌', 'projects.submit': '提交', 'webhook.add': '新增推送', 'webhook.remove': '删除推送', 'dead.retry': '重试死信', 'dead.drop': '删除死信' };
const PAGE = 100;
const WORDS = { ...REVIEWS, ...KINDS };

// Details are JSON where they have several parts: their values in words.
function detailText(detail) {
  try {
    const read = JSON.parse(detail);
    if (!read || typeof read !== 'object') return detail;
    return Object.values(read).flat().filter((v) => v !== '' && v !== null).map((v) => WORDS[v] ?? String(v)).join(' ');
  } catch {
    return detail;
  }
}

export async function open(panel) {
  const filter = { who: '', action: '', object: '' };
  const body = h('div', {});
  let turn = 0;
  const input = (name, title, placeholder) => labelled(title, h('input', { placeholder, oninput: (e) => { filter[name] = e.target.value.trim(); later(); } }));
  const columns = [
    { head: '时间', cell: (e) => h('span', { class: 'score' }, time(e.time)) },
    { head: '人员', cell: (e) => e.who || (e.role === 'operator' ? '命令行' : '（未登录）') },
    { head: '动作', cell: (e) => ACTIONS[e.action] ?? e.action },
    { head: '对象', cell: (e) => h('span', { class: 'break' }, e.object) },
    { head: '内容', cell: (e) => h('span', { class: 'break' }, detailText(e.detail)) },
    { head: '来自', cell: (e) => h('span', { class: 'code' }, e.from === 'command line' ? '本机' : e.from) },
  ];
  async function load() {
    const mine = ++turn;
    let entries = [];
    const more = async (before) => {
      const page = await api.admin.audit({ ...filter, before, limit: PAGE });
      if (mine !== turn) return;
      entries = entries.concat(page.entries);
      replace(body, entries.length ? table('审计记录', columns, entries) : h('p', { class: 'muted' }, '没有记录。'),
        page.next ? button('更早的记录', () => attempt(() => more(page.next)), { class: 'wide' }) : null);
    };
    await more();
  }
  const later = debounce(() => attempt(load), 300);
  replace(panel, h('section', { class: 'panel' }, h('h2', {}, '审计'),
    h('div', { class: 'form-row' }, input('who', '人员', '登录名'), input('action', '动作', '如 review. 或 session.open'), input('object', '对象', '项目编号等')), body));
  await load();
  return () => {
    turn++;
    later.cancel();
  };
}
