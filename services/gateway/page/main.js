// The frame around the pages: who is signed in, the ways between pages, what happens when a session ends.
import { h, replace, button, labelled } from './dom.js';
import * as api from './api.js';
import { me, mayKeep, mayReview, resume, signOut, forget } from './who.js';
import { route, show, here } from './router.js';
import { startKeys, useKeys } from './keys.js';
import { onStream } from './events.js';
import { ask } from './dialog.js';
import { attempt, notice } from './notice.js';
import { openLogin } from './page-login.js';
import { ROLES } from './words.js';

const head = document.getElementById('head');
const main = document.getElementById('main');

// Pages are fetched when they are first opened.
const PAGES = [
  { name: 'submit', title: '提交', file: './page-submit.js', may: () => true },
  { name: 'queue', title: '审核', file: './page-queue.js', may: () => true },
  { name: 'catalog', title: '目录', file: './page-catalog.js', may: () => true },
  { name: 'stats', title: '统计', file: './page-stats.js', may: () => true },
  { name: 'admin', title: '管理', file: './page-admin.js', may: mayKeep },
  { name: 'proposals', title: '增补建议', file: './page-proposals.js', hidden: true, may: () => true },
  { name: 'map', title: '对应关系', file: './page-map.js', hidden: true, may: () => true },
  { name: 'project', title: '项目', file: './page-project.js', hidden: true, may: () => true },
];
for (const page of PAGES)
  route(page.name, () => import(page.file));

const titleOf = (page) => (page.name === 'queue' && !mayReview() ? '我的项目' : page.title);

async function changePassword() {
  const old = h('input', { type: 'password', autocomplete: 'current-password' });
  const fresh = h('input', { type: 'password', autocomplete: 'new-password', minlength: 10 });
  const again = h('input', { type: 'password', autocomplete: 'new-password' });
  const wanted = await ask('修改密码', [labelled('现密码', old), labelled('新密码（至少 10 位）', fresh), labelled('再输一遍', again)],
    (close) => [button('取消', close), button('修改', () => close(true), { class: 'primary' })]);
  if (!wanted) return;
  if (fresh.value !== again.value) return void notice('两次输入的新密码不一样。', 'bad');
  await attempt(() => api.session.password(old.value, fresh.value), '密码已修改。');
}

function drawHead() {
  const user = me();
  const stream = h('span', { class: 'stream', role: 'img' });
  onStream((state) => {
    stream.dataset.state = state;
    stream.title = state === 'on' ? '实时更新中' : '实时更新已中断，正在重连';
    stream.setAttribute('aria-label', stream.title);
  });
  replace(head,
    h('a', { class: 'brand', href: '#/queue' }, '晋目'),
    h('nav', { 'aria-label': '主导航' },
      PAGES.filter((p) => !p.hidden && p.may()).map((p) => h('a', { href: `#/${p.name}`, data: { page: p.name } }, titleOf(p)))),
    h('details', { class: 'account' },
      h('summary', {}, stream, h('span', { class: 'account-name' }, user.display || user.name)),
      h('div', { class: 'menu' },
        h('p', { class: 'muted' }, `${user.name}，${ROLES[user.role]}`),
        button('键盘操作（?）', () => document.dispatchEvent(new KeyboardEvent('keydown', { key: '?' }))),
        button('修改密码', changePassword),
        button('退出', async () => {
          await signOut();
          location.reload(); // nothing of this person stays in memory
        }))));
}

function mark(name) {
  const page = PAGES.find((p) => p.name === name);
  document.title = `${titleOf(page)} · 晋目`;
  const shown = { project: 'queue', map: 'catalog', proposals: 'catalog' }[name] ?? name;
  for (const link of head.querySelectorAll('nav a'))
    if (link.dataset.page === shown) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  const account = head.querySelector('.account');
  if (account) account.open = false;
}

async function open() {
  if (!me()) return;
  try {
    await show(main, 'queue', mark);
  } catch (problem) {
    replace(main, h('p', { class: 'panel fault', role: 'alert' }, problem.message));
  }
}

function login() {
  forget();
  replace(head);
  document.title = '登录 · 晋目';
  openLogin(main, enter);
}

function enter() {
  drawHead();
  open();
}

api.onSignedOut(() => {
  if (!me()) return;
  notice('登录已失效，请重新登录。', 'bad');
  login();
});
window.addEventListener('hashchange', open);
document.addEventListener('click', (event) => {
  const account = head.querySelector('.account[open]');
  if (account && !account.contains(event.target)) account.open = false;
});
startKeys();
useKeys('换页', PAGES.filter((p) => !p.hidden).map((p, i) => ({
  key: 'SQCTA'[i], name: `到“${p.title}”`,
  run: () => p.may() && (location.hash = `#/${p.name}`),
})));
// The page's files come while the service says who is signed in.
import((PAGES.find((p) => p.name === here().name) ?? PAGES[1]).file).catch(() => {});
try {
  if (await resume()) enter();
  else login();
} catch (problem) {
  replace(main, h('p', { class: 'panel fault', role: 'alert' }, problem.message));
}
