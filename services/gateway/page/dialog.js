// A modal dialog: the browser's own, with its focus and Escape.
import { h, button, freshId } from './dom.js';

// `actions(close)` gives the buttons. Resolves with what close() was given, undefined on Escape.
export function ask(title, content, actions) {
  return new Promise((resolve) => {
    const id = freshId('dialog');
    const box = h('dialog', { 'aria-labelledby': id });
    const close = (value) => {
      box.answer = value instanceof Event ? undefined : value;
      box.close();
    };
    box.append(h('h2', { id }, title), h('div', { class: 'dialog-body' }, content),
      h('div', { class: 'actions' }, actions(close)));
    box.addEventListener('close', () => {
      box.remove();
      resolve(box.answer);
    });
    document.body.append(box);
    box.showModal();
  });
}

export const confirmed = (title, text, yes, kind = 'primary') =>
  ask(title, h('p', {}, text), (close) => [
    button('取消', () => close(false)),
    button(yes, () => close(true), { class: kind }),
  ]);

// A secret that the service tells once.
export const showSecret = (title, secret) =>
  ask(title, [
    h('p', {}, '只显示这一次，请立即保存。'),
    h('input', { class: 'secret', readonly: true, value: secret, 'aria-label': title, onfocus: (e) => e.target.select() }),
  ], (close) => [
    button('复制', () => navigator.clipboard?.writeText(secret)),
    button('已保存', close, { class: 'primary' }),
  ]);
