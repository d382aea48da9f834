import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { strFromU8, unzipSync } from '../../services/gateway/node_modules/fflate/esm/index.mjs';
import { standard, mail } from './projects.js';

async function download(page, button) {
  const [saved] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return { name: saved.suggestedFilename(), bytes: readFileSync(await saved.path()) };
}
const figure = (text) => Number(text.replace(/[,\s]/g, '').match(/^\d+/)[0]);

export function tests(world) {
  test('figures are those of the service, and departments lead to their results', async () => {
    const reviewer = await world.client('zhang.min');
    const [one] = await reviewer.submit([standard('统计测试单位', 1), mail('统计测试单位', 2)]);
    await reviewer.review(one.number, { decision: 'accept', version: 0 });
    const page = await world.as('zhang.min');
    await page.open('stats', '.plot svg rect');
    const { rows } = await reviewer.call('GET', '/stats?by=department');
    const sum = (key) => rows.reduce((all, row) => all + row[key], 0);
    const shown = await page.locator('.facts-row .fact').evaluateAll((all) => Object.fromEntries(all.map((f) => [f.querySelector('dt').textContent, f.querySelector('dd').firstChild.textContent])));
    assert.equal(figure(shown['结果']), sum('results'));
    assert.equal(figure(shown['已复核']), sum('reviewed'));
    await page.getByRole('region', { name: '复核人员' }).getByText('zhang.min').waitFor();
    await page.getByRole('region', { name: '各部门' }).getByRole('link', { name: '行政审批' }).click();
    await page.locator('.row').first().waitFor();
    assert.match(decodeURIComponent(page.url()), /department=行政审批/);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('tables are saved as a workbook and as CSV with the same rows', async () => {
    const page = await world.as('zhang.min');
    await page.open('stats', '.plot svg rect');
    const shown = await page.getByRole('region', { name: '各部门' }).locator('tbody tr').count();
    const xlsx = await download(page, page.locator('[data-export="按部门.xlsx"]'));
    assert.equal(xlsx.name, '按部门.xlsx');
    const sheet = strFromU8(unzipSync(xlsx.bytes)['xl/worksheets/sheet1.xml']);
    assert.equal(sheet.match(/<row/g).length, shown + 1);
    assert.ok(sheet.includes('行政审批'));
    const csv = await download(page, page.locator('[data-export="按部门.csv"]'));
    assert.deepEqual([...csv.bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
    assert.equal(csv.bytes.toString().trim().split('\n').length, shown + 1);
    const all = await download(page, page.locator('[data-export="结果明细.xlsx"]'));
    assert.ok(strFromU8(unzipSync(all.bytes)['xl/worksheets/sheet1.xml']).match(/<row/g).length > 1);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
