// Short messages at the edge of the page, read out by screen readers.
import { h } from './dom.js';

const STAYS_MS = 5000;

export function notice(text, kind = 'calm') {
  const box = document.getElementById('notices');
  const one = h('div', { class: `notice ${kind}` }, text);
  box.append(one);
  while (box.children.length > 4) box.firstChild.remove();
  setTimeout(() => one.remove(), kind === 'bad' ? STAYS_MS * 2 : STAYS_MS);
}

// Runs what a person asked for; a problem becomes a message. Answers true when it went well.
export async function attempt(run, done) {
  try {
    await run();
    if (done) notice(done, 'good');
    return true;
  } catch (problem) {
    if (problem.name !== 'AbortError') notice(problem.message, 'bad');
    return false;
  }
}
