// Server-sent events: one stream for the page, which the browser resumes by its last number.

const listeners = new Set();
let source = null;
let since = 0;
let state = 'off';
const watchers = new Set();

function become(next) {
  if (state === next) return;
  state = next;
  for (const watch of watchers) watch(state);
}

function deliver(name, event) {
  let data;
  try {
    data = JSON.parse(event.data);
  } catch {
    return;
  }
  since = Number(event.lastEventId) || since;
  for (const listener of listeners) listener(name, data);
}

function open() {
  source = new EventSource(`/api/v1/events${since ? `?since=${since}` : ''}`);
  for (const name of ['result', 'review', 'reclassify'])
    source.addEventListener(name, (event) => deliver(name, event));
  source.addEventListener('reset', (event) => {
    since = Number(event.lastEventId) || 0;
  });
  source.onopen = () => become('on');
  source.onerror = () => {
    become('lost');
    // The browser gives up on an answer that is no stream (a restart, 429): we do not.
    if (source.readyState === EventSource.CLOSED) {
      const closed = source;
      setTimeout(() => source === closed && open(), 3000);
    }
  };
}

// A browser has few connections to one server for all its windows: one that is not seen lets its own go,
// and asks for what it missed when it is seen again.
const HIDDEN_MS = 5000;
let hidden = null;
document.addEventListener('visibilitychange', () => {
  clearTimeout(hidden);
  if (document.visibilityState === 'hidden') {
    hidden = setTimeout(() => {
      if (state === 'off') return;
      source?.close();
      source = null;
      become('lost');
    }, HIDDEN_MS);
  } else if (state === 'lost' && !source) open();
});

export const startEvents = () => {
  if (!source) open();
};
export function stopEvents() {
  source?.close();
  source = null;
  since = 0;
  become('off');
}

// listener(name, data); answers with what ends it.
export function onEvents(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
export function onStream(watch) {
  watchers.add(watch);
  watch(state);
  return () => watchers.delete(watch);
}
