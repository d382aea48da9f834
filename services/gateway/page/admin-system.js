// 运行: queue, workers, stores and the gateway, live.
import { h, replace, table } from './dom.js';
import * as api from './api.js';
import { count, duration, bytes, time } from './format.js';
import { DECISIONS } from './words.js';

const EVERY_MS = 2000;
const LANES = [['interactive', '交互'], ['bulk', '批量']];
const TOTALS = { accepted: '受理', done: '完成', duplicates: '重复提交', direct: '直接转交', refused: '拒收', retries: '重试', lease_expiries: '处理超时',
  workers_lost: '失联的工作进程', dead: '死信', splits: '拆分的批次', bad_messages: '不合规的消息' };

// Microseconds as a person reads them.
const took = (us) => (us === undefined || us === null ? '—' : us < 1000 ? `${us} 微秒` : us < 1e6 ? `${(us / 1000).toFixed(us < 1e4 ? 1 : 0)} 毫秒` : duration(us / 1e6));

const figures = (pairs) => h('dl', { class: 'figures' }, pairs.filter(([, value]) => value !== undefined && value !== null)
  .map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
const number = (value) => (value === undefined ? undefined : count(value));
const box = (title, content) => h('section', { class: 'panel' }, h('h2', {}, title), content ?? h('p', { class: 'fault' }, '没有回应。'));

function queue({ queue: lanes = {}, spool = {}, rates = {} }) {
  const full = spool.max_jobs ? spool.unfinished / spool.max_jobs : 0;
  return [
    table('队列', [
      { head: '队列', cell: ([, name]) => name },
      { head: '待处理', class: 'figure', cell: ([key]) => number(lanes[key]?.ready) },
      { head: '处理中', class: 'figure', cell: ([key]) => number(lanes[key]?.leased) },
      { head: '等候重试', class: 'figure', cell: ([key]) => number(lanes[key]?.delayed) },
      { head: '最久等候', class: 'figure', cell: ([key]) => duration(lanes[key]?.oldest_s ?? 0) },
      { head: '已办', class: 'figure', cell: ([key]) => number(lanes[key]?.durations?.count) },
      { head: '用时中位', class: 'figure', cell: ([key]) => (lanes[key]?.durations?.count ? took(lanes[key].durations.p50_us) : '—') },
      { head: '99% 在', class: 'figure', cell: ([key]) => (lanes[key]?.durations?.count ? took(lanes[key].durations.p99_us) : '—') },
    ], LANES),
    h('p', { class: 'meter-line' }, h('span', {}, `未完成 ${count(spool.unfinished)} / 上限 ${count(spool.max_jobs)}`),
      h('meter', { min: 0, max: 1, high: 0.8, value: full, 'aria-label': '队列占用' })),
    figures([['每秒受理', number(rates.accepted_per_s)], ['每秒完成', number(rates.done_per_s)],
      ['落盘占用', spool.bytes === undefined ? undefined : bytes(spool.bytes)], ['可写', spool.writable === undefined ? undefined : spool.writable ? '是' : '否'],
      ['死信', spool.dead ? h('a', { href: '#/admin/dead' }, count(spool.dead)) : number(spool.dead)]]),
  ];
}

const workers = (list) => (list?.length ? table('工作进程', [
  { head: '编号', cell: (w) => h('span', { class: 'code' }, w.identity) },
  { head: '手上', class: 'figure', cell: (w) => number(w.outstanding) },
  { head: '已办', class: 'figure', cell: (w) => number(w.done) },
  { head: '上次响应', class: 'figure', cell: (w) => (w.silent_ms < 1000 ? '刚刚' : `${duration(w.silent_ms / 1000)}前`) },
  { head: '上线', cell: (w) => time(w.since) },
], list) : h('p', { class: 'fault' }, '没有工作进程，任务不会被处理。'));

const collector = (c) => figures([['结果', number(c.results)], ['事件', number(c.events)],
  ...Object.entries(c.decisions ?? {}).map(([key, n]) => [DECISIONS[key] ?? key, number(n)]),
  ['每秒入库', number(c.results_per_second)], ['提交用时中位', took(c.commit_us_p50)], ['提交 99% 在', took(c.commit_us_p99)],
  ['判定用时中位', c.judging_durations?.count ? took(c.judging_durations.p50_us) : undefined],
  ['占用', c.db_bytes === undefined ? undefined : bytes(c.db_bytes)], ['已运行', c.uptime_ms === undefined ? undefined : duration(c.uptime_ms / 1000)], ['版本', c.version]]);

// The sending of webhooks.
const deliveries = (d) => figures([['推送', number(d.webhooks)], ['停用', number(d.disabled)], ['待送', number(d.waiting)],
  ['其中送过未成', number(d.failing)], ['最久等候', duration(d.oldest_s ?? 0)], ['已放弃', number(d.failed)], ['其中待处理', number(d.unresolved)], ['已送达（自启动）', number(d.delivered)],
  ['推送服务', d.postman_silent_s === null ? '没有运行' : d.postman_silent_s < 30 ? '正常' : `${duration(d.postman_silent_s)}没有响应`]]);

const gateway = (g) => figures([['连接', number(g.connections)], ['事件流', number(g.streams)], ['请求', number(g.requests)], ['已运行', duration(g.uptime_s)], ['版本', g.version]]);

export async function open(panel) {
  let timer = null;
  let ended = false;
  async function draw() {
    try {
      const { broker, collector: store, gateway: own, ready, missing } = await api.admin.system();
      if (ended) return;
      replace(panel,
        h('p', { class: `banner ${ready ? 'good' : 'bad'}` }, ready ? '各服务正常。' : `缺：${missing.join('，')}`),
        h('div', { class: 'boxes' }, box('队列', broker && queue(broker)), box('工作进程', broker && workers(broker.workers)),
          box('累计', broker?.totals && figures(Object.entries(broker.totals).map(([key, n]) => [TOTALS[key] ?? key, number(n)]))),
          box('结果库', store && collector(store)), store?.deliveries?.webhooks ? box('推送', deliveries(store.deliveries)) : null, box('网关', gateway(own))));
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
