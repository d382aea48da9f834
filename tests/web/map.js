import { test } from 'node:test';
import assert from 'node:assert/strict';

export function tests(world) {
  test('links are proposed, confirmed and rejected from the catalog page', async () => {
    const page = await world.as('guan.li');
    await page.open('catalog', '[role=treeitem]');
    await page.getByLabel('对照版本').selectOption('晋财综〔2021〕63号');
    await page.getByRole('button', { name: '对应关系' }).click();
    await page.getByText('没有对应关系').waitFor();
    await page.getByRole('button', { name: '比较并提出' }).click();
    const rows = page.locator('tbody tr');
    await rows.first().waitFor();
    await rows.nth(0).getByRole('button', { name: '确认' }).click();
    await rows.nth(0).getByText('已确认 guan.li').waitFor();
    await rows.nth(1).getByRole('button', { name: '否定' }).click();
    await rows.nth(1).getByText('已否定 guan.li').waitFor();
    await page.getByLabel('状态', { exact: true }).selectOption('rejected');
    await page.locator('tbody tr:only-child').waitFor();
    await page.getByLabel('状态', { exact: true }).selectOption('proposed');
    await page.getByLabel('关系', { exact: true }).selectOption('added');
    await page.getByLabel('次序', { exact: true }).selectOption('doubt');
    const doubts = (await page.locator('tbody tr td:nth-child(6)').allTextContents()).map(Number);
    assert.ok(doubts.length > 10 && doubts.every((n, i) => !i || doubts[i - 1] <= n), doubts.join());
    assert.deepEqual([...new Set(await page.locator('tbody tr td:first-child').allTextContents())], ['新增']);
    await page.getByLabel('部门', { exact: true }).selectOption('行政审批');
    assert.deepEqual([...new Set(await page.locator('tbody tr td:nth-child(2)').allTextContents())], ['行政审批']);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/map.png` });
    await page.getByRole('button', { name: /^确认把握不小于 0.95 的 \d+ 条$/ }).click();
    await page.getByRole('dialog').getByRole('button', { name: '确认' }).click();
    await page.getByRole('button', { name: /^确认把握/ }).waitFor({ state: 'hidden' });
    await page.getByLabel('状态', { exact: true }).selectOption('confirmed');
    await page.locator('tbody tr').nth(20).waitFor();
    assert.ok((await page.locator('tbody tr').allTextContents()).every((text) => text.includes('已确认 guan.li')));
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('who is no keeper reads them and decides nothing', async () => {
    const page = await world.as('zhang.min');
    await page.open('map', '.page-head');
    await page.getByText('对应关系').first().waitFor();
    assert.equal(await page.getByRole('button', { name: '比较并提出' }).count(), 0);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
