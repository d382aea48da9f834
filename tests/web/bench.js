// How long each page takes to open when 100,000 results are stored: from the address to what is looked at.
// make bench-web
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startServices, program } from './services.js';
import { startBrowser, person } from './browser.js';

const PROJECTS = Number(process.env.PROJECTS ?? 100000);
const ROUNDS = 7;
const PAGES = { queue: '.queue-detail .project', 'project/500': '.project', catalog: '[role=treeitem]', stats: '.plot svg', submit: 'form', 'admin/system': '.boxes' };
const WORK = ['政务服务事项标准化', '办件免费邮寄', '综合窗口受理', '便民热线受理', '信息系统运行维护', '农产品质量检测', '水质监测', '就业创业培训',
  '养老服务评估', '档案数字化', '法律顾问', '办公电脑购置', '道路维修工程', '困难群众补贴', '物业管理', '会议服务', '审计服务', '印刷服务'];

const project = (n) => {
  const [one, other] = [WORK[n % WORK.length], WORK[(n * 7 + (n >> 5)) % WORK.length]];
  return { id: `b-${n}`, unit: `示例单位${n % 50}`, year: 2026, department: '示例市行政审批服务管理局', name: `${one}（${n}）`,
    description: `委托第三方机构开展${one}和${other}，涉及${(n * 13) % 97}个单位，全年${(n * 31) % 9973}件次，费用${(n * 3) % 290 + 5}万元。`, amount_yuan: ((n * 3) % 290 + 5) * 10000 };
};

const services = await startServices(['--workers', '2']);
const chromium = await startBrowser();
try {
  const file = path.join(services.state, 'projects.jsonl');
  writeFileSync(file, Array.from({ length: PROJECTS }, (_, n) => JSON.stringify(project(n))).join('\n'));
  const sent = spawnSync(program('jinmu'), ['submit', '--bulk', '--state', services.state, file], { maxBuffer: 1 << 30 });
  if (sent.status !== 0) throw new Error(String(sent.stderr));
  const client = await services.client('guan.li');
  let stored = 0;
  while (stored < PROJECTS) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    stored = (await client.call('GET', '/results?limit=1')).last_event;
  }
  console.log(`${stored} results, load ${os.loadavg()[0].toFixed(1)} on ${os.cpus().length} cores`);
  const page = await person(chromium.browser, services.url, client.cookie);
  for (const [where, ready] of Object.entries(PAGES)) {
    const took = [];
    for (let round = 0; round < ROUNDS; round++) {
      await page.goto('about:blank');
      const begun = performance.now();
      await page.goto(`${services.url}/#/${where}`, { waitUntil: 'commit' });
      await page.locator(ready).first().waitFor();
      took.push(performance.now() - begun);
    }
    took.sort((a, b) => a - b);
    console.log(`${where.padEnd(14)} median ${Math.round(took[ROUNDS >> 1])} ms, slowest ${Math.round(took.at(-1))} ms`);
  }
} finally {
  await chromium.stop();
  await services.stop();
}
