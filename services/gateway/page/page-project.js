// 项目: one result on a page of its own, by its number or by the project's id.
import { h, replace } from './dom.js';
import * as api from './api.js';
import { ProjectView } from './project-view.js';
import { useKeys } from './keys.js';
import { onEvents } from './events.js';
import { address, go } from './router.js';

async function read(rest) {
  if (rest[0] !== 'id') return api.results.get(rest[0]);
  const { results } = await api.projects.get(rest[1] ?? '');
  if (!results.length) throw new Error('此项目还没有结果。');
  return results[0];
}

export async function open(main, { rest, filter }) {
  replace(main, h('p', { class: 'muted panel' }, '正在读取…'));
  const full = await read(rest);
  const others = h('p', { class: 'muted crumbs' }, h('a', { href: address('queue') }, '审核队列'), ` › 结果 ${full.number}`);
  const view = new ProjectView(full, {
    alone: true,
    // From the list on a narrow screen: back to it when this one is done.
    changed: (fresh, onward) => onward && filter.from === 'queue' && history.back(),
  });
  document.title = `${full.project?.name ?? '项目'} · 晋目`;
  replace(main, others, view.element);
  const endKeys = useKeys('项目', [...view.keys(), { key: 'u', name: '回到审核队列', run: () => go('queue') }]);
  const endEvents = onEvents((name, event) => {
    if (event.project === full.project?.id || event.result === full.number) view.refresh();
  });
  return () => {
    endKeys();
    endEvents();
  };
}
