// The real services in a state directory of their own, and a client of the HTTP API for what a test
// needs to have happened before.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BIN = path.resolve(ROOT, process.env.BUILD ?? 'build', 'bin');
const READY_MS = 60000;

export const PASSWORD = 'eine-lange-losung-7';
export const PEOPLE = {
  'guan.li': ['admin'],
  'zhang.min': ['reviewer'],
  'li.si': ['reviewer'],
  'wang.wu': ['submitter', '示例县数据局'],
};

export const program = (name) => path.join(BIN, name);

const freePort = () => new Promise((resolve, reject) => {
  const server = createServer();
  server.on('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

// Runs until a line of its output fits; ends with the test run.
function daemon(name, parameters, ready, log) {
  const child = spawn(program(name), parameters,
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, JINMU_PAGE: path.join(ROOT, 'services/gateway/page') } });
  const seen = new Promise((resolve, reject) => {
    let text = '';
    const read = (bytes) => {
      text += bytes;
      log.push(String(bytes));
      if (ready.test(text)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`${name} ended with ${code}:\n${text}`)));
    setTimeout(() => reject(new Error(`${name} is not ready:\n${text}`)), READY_MS).unref();
  });
  return { child, seen };
}

const ended = (child) => new Promise((resolve) => {
  if (child.exitCode !== null || child.signalCode !== null) return resolve();
  child.on('exit', resolve);
  child.kill('SIGTERM');
});

// {url, hook, client(name), stop()}; `hook` is the one place that webhooks may be sent to
export async function startServices(options = ['--workers', '1']) {
  const state = mkdtempSync(path.join(os.tmpdir(), 'jinmu-web-'));
  const log = [];
  const children = [];
  const stop = async () => {
    for (const child of children.reverse()) await ended(child);
    rmSync(state, { recursive: true, force: true });
  };
  try {
    if (!existsSync(path.join(BIN, 'jinmu-gateway'))) throw new Error(`${BIN}/jinmu-gateway: make programs first`);
    for (const [name, [role, ...units]] of Object.entries(PEOPLE)) {
      const done = spawnSync(program('jinmu'),
        ['users', 'add', name, '--state', state, '--role', role, '--password-stdin', ...units.flatMap((u) => ['--unit', u])], { input: `${PASSWORD}\n` });
      if (done.status !== 0) throw new Error(`users add: ${done.stderr}`);
    }
    const [port, hookPort] = [await freePort(), await freePort()];
    const hook = `http://127.0.0.1:${hookPort}`;
    writeFileSync(path.join(state, 'jinmu.zpl'), `webhooks\n    allow = ${hook}\n`);
    const serve = daemon('jinmu', ['serve', '--state', state, ...options, '--http', `127.0.0.1:${port}`], /^ready/m, log);
    children.push(serve.child);
    await serve.seen;
    const url = `http://127.0.0.1:${port}`;
    // One session a person: signing in costs a slow hash.
    const clients = new Map();
    const client = (name) => {
      if (!clients.has(name)) clients.set(name, signedIn(url, name));
      return clients.get(name);
    };
    return { url, hook, state, log, client, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

async function signedIn(url, name) {
  const api = `${url}/api/v1`;
  const opened = await fetch(`${api}/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, password: PASSWORD }) });
  if (!opened.ok) throw new Error(`sign in ${name}: ${opened.status} ${await opened.text()}`);
  const cookie = opened.headers.getSetCookie()[0].split(';')[0];
  const { csrf } = await opened.json();
  const call = async (method, where, body, headers = {}) => {
    const answer = await fetch(api + where, { method, headers: { cookie, 'X-CSRF-Token': csrf, 'Content-Type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  return {
    call,
    cookie,
    // Stored and judged when it resolves; answers with the results' summaries in the projects' order.
    async submit(projects) {
      let receipt = await call('POST', '/projects', { projects }, { Prefer: 'wait=20' });
      while (receipt.state === 'accepted') receipt = await call('GET', `/receipts/${receipt.receipt}`, undefined, { Prefer: 'wait=20' });
      const views = [];
      for (const { id } of receipt.results) views.push((await call('GET', `/projects/${encodeURIComponent(id)}`)).results[0]);
      return views;
    },
    result: (number) => call('GET', `/results/${number}`),
    review: (number, review) => call('POST', `/results/${number}/reviews`, review),
  };
}
