// The HTTP API: one function a request, problems as exceptions with the person's text.

const BASE = '/api/v1';

export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || (status ? `服务答复 ${status}` : '连不上服务，请稍后再试'));
    this.status = status;
    this.code = body?.code ?? '';
    this.body = body ?? {};
  }
}

let csrf = '';
let signedOut = () => {};
export const rememberCsrf = (value) => (csrf = value);
export const onSignedOut = (run) => (signedOut = run);

export function query(parameters) {
  const pairs = Object.entries(parameters ?? {}).filter(([, v]) => v !== '' && v !== undefined && v !== null);
  return pairs.length ? `?${new URLSearchParams(pairs)}` : '';
}

// Answers with a Response whose status is 2xx, or throws a Problem.
export async function request(method, path, { body, type, headers = {}, signal } = {}) {
  const sent = { ...headers };
  if (method !== 'GET') sent['X-CSRF-Token'] = csrf;
  if (body !== undefined) sent['Content-Type'] = type ?? 'application/json';
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers: sent,
      signal,
      credentials: 'same-origin',
      body: body === undefined ? undefined : type ? body : JSON.stringify(body),
    });
  } catch (fault) {
    if (fault.name === 'AbortError') throw fault;
    throw new Problem(0);
  }
  if (response.ok) return response;
  const problem = new Problem(response.status, await response.json().catch(() => null));
  problem.retryAfter = Number(response.headers.get('Retry-After')) || 0;
  if (response.status === 401 && path !== '/session') signedOut();
  throw problem;
}

async function json(method, path, options) {
  const response = await request(method, path, options);
  return response.status === 204 ? null : response.json();
}

// For Idempotency-Key. randomUUID() is absent where the page comes without TLS, getRandomValues() is not.
export const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

const get = (path, options) => json('GET', path, options);
const enc = encodeURIComponent;

export const session = {
  open: (name, password) => json('POST', '/session', { body: { name, password } }),
  get: () => get('/session'),
  close: () => json('DELETE', '/session'),
  password: (old, fresh) => json('PUT', '/session/password', { body: { old, new: fresh } }),
};

export const projects = {
  submit: (list, key, wait) =>
    json('POST', '/projects', {
      body: { projects: list },
      headers: { 'Idempotency-Key': key, ...(wait ? { Prefer: `wait=${wait}` } : {}) },
    }),
  receipt: (receipt, wait, signal) =>
    get(`/receipts/${enc(receipt)}`, { headers: wait ? { Prefer: `wait=${wait}` } : {}, signal }),
  get: (id) => get(`/projects/${enc(id)}`),
  history: (id) => get(`/projects/${enc(id)}/history`),
  similar: (id) => get(`/projects/${enc(id)}/similar${query({ limit: 8 })}`),
  check: (project, signal) => json('POST', '/check', { body: project, signal }),
  document: (name, body, type) => json('POST', `/documents${query({ name: name.slice(-100) })}`, { body, type }),
};

export const results = {
  page: (filter, signal) => get(`/results${query(filter)}`, { signal }),
  get: (number, signal) => get(`/results/${enc(number)}`, { signal }),
  review: (number, review) => json('POST', `/results/${enc(number)}/reviews`, { body: review }),
  reviewMany: (reviews) => json('POST', '/reviews', { body: { reviews } }),
  stats: (by, filter, signal) => get(`/stats${query({ by, ...filter })}`, { signal }),
  csv: async (filter) => (await request('GET', `/results.csv${query(filter)}`)).text(),
};

export const catalog = {
  revisions: () => get('/catalog/revisions'),
  rules: () => get('/catalog/rules'),
  search: (filter, signal) => get(`/catalog/search${query(filter)}`, { signal }),
  tree: (revision, department) => get(`/catalog/${enc(revision)}/tree${query({ department })}`),
  item: (revision, department, code) =>
    get(`/catalog/${enc(revision)}/items/${enc(department)}/${enc(code)}`),
  changes: (revision, from, department) =>
    get(`/catalog/${enc(revision)}/changes${query({ from, department })}`),
  usage: (revision) => get(`/catalog/${enc(revision)}/usage`),
  proposals: (filter, signal) => get(`/catalog/proposals${query(filter)}`, { signal }),
  proposalsCsv: async (filter) => (await request('GET', `/catalog/proposals.csv${query(filter)}`)).text(),
  links: (old, now) => get(`/catalog/${enc(old)}/map/${enc(now)}`),
  confirmLinks: (old, now, wish) =>
    json('POST', `/catalog/${enc(old)}/map/${enc(now)}/confirm`, { body: wish }),
  proposeLinks: (old, now) => json('POST', `/catalog/${enc(old)}/map/${enc(now)}`),
  decideLink: (old, now, id, decision) =>
    json('POST', `/catalog/${enc(old)}/map/${enc(now)}/${id}`, { body: decision }),
};

export const admin = {
  users: () => get('/users'),
  addUser: (user) => json('POST', '/users', { body: user }),
  changeUser: (name, change) => json('PATCH', `/users/${enc(name)}`, { body: change }),
  tokens: () => get('/tokens'),
  addToken: (token) => json('POST', '/tokens', { body: token }),
  revokeToken: (id) => json('DELETE', `/tokens/${enc(id)}`),
  audit: (filter) => get(`/audit${query(filter)}`),
  system: () => get('/system'),
  deadLetters: () => get('/dead-letters'),
  deadLetter: (uuid) => get(`/dead-letters/${enc(uuid)}`),
  dropDeadLetter: (uuid) => json('DELETE', `/dead-letters/${enc(uuid)}`),
  retryDeadLetter: (uuid) => json('POST', `/dead-letters/${enc(uuid)}/retry`),
  webhooks: () => get('/webhooks'),
  addWebhook: (webhook) => json('POST', '/webhooks', { body: webhook }),
  removeWebhook: (id) => json('DELETE', `/webhooks/${enc(id)}`),
  enableWebhook: (id) => json('POST', `/webhooks/${enc(id)}/enable`),
  testWebhook: (id) => json('POST', `/webhooks/${enc(id)}/test`),
  rotateWebhook: (id) => json('POST', `/webhooks/${enc(id)}/rotate`),
  deliveries: (id) => get(`/webhooks/${enc(id)}/deliveries${query({ limit: 50 })}`),
  replay: (id, delivery) => json('POST', `/webhooks/${enc(id)}/deliveries/${enc(delivery)}/replay`),
};
