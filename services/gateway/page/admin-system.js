// 运行: queue, workers and stores, live.
import { h, replace, table } from './dom.js';
import * as api from './api.js';
import { count, duration, bytes } from './format.js';

const EVERY_MS = 2000;

// Names of the services' own figures; what has no name here is shown by its own.
const NAMES = {
  ready: '待处理', leased: '处理中', waiting: '等候重试', dead: '死信', jobs: '任务', queue: '队列', spool: '落盘队列', workers: '工作进程',
  clients: '客户端', totals: '累计', rates: '每秒', commits: '提交', results: '结果', projects: '项目', reviews: '复核', events: '事件',
  event: '最新事件', uptime_s: '已运行', bytes: '占用', version: '版本', pid: '进程号', interactive: '交互', bulk: '批量', accepted: '受理',
  done: '完成', failed: '失败', retried: '重试', expired: '超时', service: '服务', state: '状态', capacity: '上限', limit: '上限', total: '合计',
  connections: '连接', requests: '请求', streams: '事件流', age_s: '最久等候', oldest_s: '最久等候', last: '最近', depth: '深度',
};
const named = (key) => NAMES[key] ?? key;

function value(key, one) {
  if (typeof one === 'number') {
    if (/bytes$/.test(key)) return bytes(one);
    if (/_s$/.test(key)) return duration(one);
    return count(one);
  }
  if (typeof one === 'boolean') return one ? '是' : '否';
  return one === null ? '—' : String(one);
}

function facts(object) {
  const plain = Object.entries(object).filter(([, v]) => v === null || typeof v !== 'object');
  const deep = Object.entries(object).filter(([, v]) => v !== null && typeof v === 'object' && !Array.isArray(v));
  const lists = Object.entries(object).filter(([, v]) => Array.isArray(v) && v.length);
  return [
    plain.length ? h('dl', { class: 'figures' }, plain.map(([k, v]) => h('div', {}, h('dt', {}, named(k)), h('dd', {}, value(k, v))))) : null,
    deep.map(([k, v]) => h('section', {}, h('h3', {}, named(k)), facts(v))),
    lists.map(([k, v]) => h('section', {}, h('h3', {}, `${named(k)}（${v.length}）`), typeof v[0] === 'object' ? rows(k, v) : v.join('，'))),
  ];
}

function rows(name, list) {
  const keys = [...new Set(list.flatMap((one) => Object.keys(one)))].filter((k) => list.some((one) => one[k] === null || typeof one[k] !== 'object')).slice(0, 8);
  return table(named(name), keys.map((k) => ({ head: named(k), class: typeof list[0][k] === 'number' ? 'figure' : '', cell: (one) => value(k, one[k] ?? null) })), list.slice(0, 64));
}

const box = (title, object) => h('section', { class: 'panel' }, h('h2', {}, title), object ? facts(object) : h('p', { class: 'fault' }, '没有回应。'));

export async function open(panel) {
  let timer = null;
  let ended = false;
  async function draw() {
    try {
      const system = await api.admin.system();
      if (ended) return;
      replace(panel,
        h('p', { class: `banner ${system.ready ? 'good' : 'bad'}`, role: 'status' }, system.ready ? '各服务正常。' : `缺：${system.missing.join('，')}`),
        h('div', { class: 'boxes' }, box('队列与工作进程', system.broker), box('结果库', system.collector), box('网关', system.gateway)));
    } catch (problem) {
      if (!ended) replace(panel, h('p', { class: 'banner bad', role: 'alert' }, problem.message));
    }
    if (!ended) timer = setTimeout(draw, EVERY_MS);
  }
  await draw();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
