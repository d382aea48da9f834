import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { wanting } from './projects.js';

const OWN = '示例县数据局';

export function tests(world) {
  test('what the catalog lacks is reached from it, by department, and saved as a table', async () => {
    const admin = await world.client('guan.li');
    await admin.submit([wanting('示例县政务服务中心', 1, '古树名木认养'), wanting('示例县政务服务中心', 2, '古树名木认养'),
      wanting('示例县水利局', 3, '无人机巡河'), wanting('示例县水利局', 4, '无人机巡河'), wanting('示例县水利局', 5, '=数字人直播带货')]);
    const page = await world.as('zhang.min');
    await page.open('catalog', '[role=treeitem]');
    await page.getByRole('button', { name: '增补建议' }).click();
    const trees = page.getByRole('region', { name: '行政审批的增补建议' }).locator('tbody tr', { hasText: '古树名木认养服务' });
    await trees.waitFor();
    assert.match(await trees.locator('.code').textContent(), /^A\d{6}$/);
    assert.deepEqual((await trees.locator('td.figure').allTextContents()), ['2', '24.68']);
    await page.getByRole('region', { name: '水利的增补建议' }).locator('tbody tr').first().waitFor();
    await page.getByText('本版缺此部门').waitFor();
    await page.getByLabel('部门').selectOption('水利');
    await page.getByRole('region', { name: '行政审批的增补建议' }).waitFor({ state: 'detached' });
    await page.getByLabel('至少项目数').selectOption('1');
    await page.getByText('数字人直播带货服务').waitFor();
    const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('[data-export=csv]').click()]);
    const bytes = readFileSync(await saved.path());
    assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
    assert.match(bytes.toString(), /部门,代码,一级目录/);
    assert.match(bytes.toString(), /水利,A\d{6},.*,'=数字人直播带货服务,1,123400\.00/);
    assert.doesNotMatch(bytes.toString(), /古树名木/);
    // The address holds what was chosen.
    await page.reload();
    await page.getByText('数字人直播带货服务').waitFor();
    assert.equal(await page.getByLabel('部门').inputValue(), '水利');
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/proposals.png`, fullPage: true });
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('a proposal opens its projects, each leads to its result, and the link to it can be sent', async () => {
    const UNIT = '示例市政务服务中心';
    const admin = await world.client('guan.li');
    const made = await admin.submit([1, 2, 3].map((n) => ({ ...wanting(UNIT, n, '青年夜校'), amount_yuan: n * 10000 })));
    const page = await world.as('zhang.min', { width: 390, height: 844 });
    await page.open('proposals', '.proposals table');
    const opener = page.getByRole('link', { name: '青年夜校服务' });
    assert.equal(await opener.getAttribute('aria-expanded'), 'false');
    await opener.focus();
    await page.keyboard.press('Enter');
    const projects = page.getByRole('list', { name: '青年夜校服务的项目' }).getByRole('listitem');
    await projects.first().waitFor();
    assert.equal(await opener.getAttribute('aria-expanded'), 'true');
    assert.deepEqual(await projects.locator('.figure').allTextContents(), ['3 万元', '2 万元', '1 万元']);
    assert.match(await projects.first().textContent(), new RegExp(`${UNIT}.*2026 · 未复核`));
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/proposal-open-390.png` });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.equal(over, 0);
    const sent = page.url();
    // From the list to a result and back: the list is open as it was.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('.project').waitFor();
    assert.ok(page.url().endsWith(`#/project/${made[2].number}`), page.url());
    await page.goBack();
    await projects.first().waitFor();
    await opener.click();
    await projects.first().waitFor({ state: 'detached' });
    assert.doesNotMatch(decodeURIComponent(page.url()), /item=/);
    await page.context().close();

    const other = await world.as('li.si');
    await other.goto(sent);
    await other.getByRole('list', { name: '青年夜校服务的项目' }).waitFor();
    if (process.env.SHOTS) await other.screenshot({ path: `${process.env.SHOTS}/proposal-open.png`, fullPage: true });
    // What was sent may be gone.
    await other.goto(sent.replace(encodeURIComponent('青年夜校'), encodeURIComponent('早已没有')));
    await other.reload();
    await other.getByText('现在没有“早已没有服务”这条建议').waitFor();
    assert.deepEqual([...page.faults, ...other.faults], []);
    await other.context().close();
  });

  test('a unit is shown what it lacks itself, and told when that is nothing', async () => {
    const page = await world.as('wang.wu');
    await page.open('proposals', '.proposals p');
    await page.getByText('只含本单位的项目').waitFor();
    await page.getByText('还没有按这版目录判断过的项目').or(page.getByText('没有找不到合适条目的服务')).waitFor();
    await (await world.client('guan.li')).submit([wanting(OWN, 6, '古树名木认养')]);
    await page.getByLabel('至少项目数').selectOption('1');
    await page.locator('.proposals td', { hasText: '古树名木认养' }).first().waitFor();
    assert.equal(await page.locator('.proposals tbody tr').count(), 1);
    await page.getByLabel('至少项目数').selectOption('2');
    await page.getByText('名称相近的都不到 2 个').waitFor();
    assert.ok(await page.locator('[data-export=csv]').isDisabled());
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('the page is worked by the keyboard alone', async () => {
    const page = await world.as('zhang.min');
    await page.open('catalog', '[role=treeitem]');
    const button = page.getByRole('button', { name: '增补建议' });
    for (let i = 0; i < 40 && !(await button.evaluate((b) => b === document.activeElement)); i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('.proposals table').first().waitFor();
    const seen = [];
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('Tab');
      seen.push(await page.evaluate(() => document.activeElement.dataset.export ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.getAttribute('aria-label') ?? ''));
    }
    for (const one of ['xlsx', 'csv', '版本', '部门', '至少项目数', '行政审批的增补建议']) assert.ok(seen.includes(one), `${one}: ${seen}`);
    await page.context().close();
  });
}
