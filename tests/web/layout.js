// Every page at both widths, in both schemes: nothing hangs over, everything has a name and contrast.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { standard, wanting } from './projects.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = [
  ['queue', '.row'], ['submit', 'form'], ['catalog', '[role=treeitem]'], ['proposals', '.proposals table'], ['stats', '.plot'],
  ...['system', 'dead', 'users', 'tokens', 'webhooks', 'audit'].map((tab) => [`admin/${tab}`, '.admin-panel .panel, .admin-panel .banner']),
];

export function tests(world) {
  for (const [width, height, scheme] of [[1280, 800, 'light'], [390, 844, 'dark']]) {
    test(`at ${width} px, ${scheme}: no sideways scroll, and what axe can find is mended`, async () => {
      const reviewer = await world.client('guan.li');
      await reviewer.submit([1, 2].map((n) => wanting('版面测试政务服务中心', n, '古树名木认养')));
      const [one] = await reviewer.submit([standard('版面测试单位', 1, { term_years: 5 })]);
      const page = await world.as('guan.li', { width, height, scheme });
      const wrong = [];
      for (const [where, ready] of [...PAGES, [`project/${one.number}`, '.project']]) {
        await page.open(where, ready);
        await page.waitForFunction(() => !document.querySelector('[aria-busy=true]') && !document.body.textContent.includes('正在读取…'));
        if (where === 'proposals') {
          await page.locator('.opener').first().click();
          await page.locator('.proposal-projects ol').waitFor();
        }
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (over > 0) wrong.push(`${where}: ${over} px too wide`);
        await page.evaluate(AXE);
        const found = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
        for (const v of found.violations)
          wrong.push(`${where}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target.join(' ')} ${n.any[0]?.message ?? ''}`).join(' | ')}`);
      }
      assert.deepEqual(wrong, []);
      assert.deepEqual(page.faults, []);
      await page.context().close();
    });
  }
}
