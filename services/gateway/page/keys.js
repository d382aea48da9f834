// The keyboard: pages register their keys for as long as they are shown; ? lists them.
import { h, button } from './dom.js';
import { ask } from './dialog.js';

const layers = [];

// A layer of keys: [{key, name, run}]. Later layers come first. Answers with what takes it away.
export function useKeys(title, keys) {
  const layer = { title, keys };
  layers.push(layer);
  return () => {
    const at = layers.indexOf(layer);
    if (at >= 0) layers.splice(at, 1);
  };
}

const typing = (element) =>
  element.isContentEditable || element.tagName === 'TEXTAREA' || element.tagName === 'SELECT' ||
  (element.tagName === 'INPUT' && !['checkbox', 'radio', 'button'].includes(element.type));

// Enter and space belong to the control that has the focus, when it does something with them.
const pressed = (element, key) =>
  (key === 'Enter' && element.matches('button, a[href], summary, input:not([type=radio]), [role=treeitem], [role=tab]')) ||
  (key === ' ' && element.matches('button, summary, input, [role=treeitem], [role=tab]'));

function help() {
  const rows = layers.slice().reverse().flatMap((layer) => [
    h('h3', {}, layer.title),
    h('dl', { class: 'keys' }, layer.keys.filter((k) => k.name).map((k) => [
      h('dt', {}, (k.shown ?? k.key).split(' ').map((one) => h('kbd', {}, one))),
      h('dd', {}, k.name),
    ])),
  ]);
  ask('键盘操作', rows, (close) => [button('关闭', close, { class: 'primary' })]);
}

export function startKeys() {
  useKeys('各处', [{ key: '?', name: '本说明', run: help }]);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (document.querySelector('dialog[open]')) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.key === 'Escape' && typing(target)) return void target.blur();
    if (typing(target) || pressed(target, event.key)) return;
    for (const layer of layers.slice().reverse()) {
      const found = layer.keys.find((k) => k.key === event.key);
      if (!found) continue;
      event.preventDefault();
      found.run(event);
      return;
    }
  });
}
