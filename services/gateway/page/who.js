// Who is signed in, and what the role may do.
import * as api from './api.js';
import { startEvents, stopEvents } from './events.js';

let user = null;

export const me = () => user;
export const mayReview = () => ['reviewer', 'keeper', 'admin'].includes(user?.role);
export const mayKeep = () => ['keeper', 'admin'].includes(user?.role);
export const mayAdmin = () => user?.role === 'admin';

function take(session) {
  user = session.user;
  api.rememberCsrf(session.csrf);
  startEvents();
}

export async function signIn(name, password) {
  take(await api.session.open(name, password));
}

// True when the browser still holds a session.
export async function resume() {
  try {
    take(await api.session.get());
    return true;
  } catch (problem) {
    if (problem.status === 401) return false;
    throw problem;
  }
}

export function forget() {
  user = null;
  api.rememberCsrf('');
  stopEvents();
}

export async function signOut() {
  await api.session.close().catch(() => {});
  forget();
}
