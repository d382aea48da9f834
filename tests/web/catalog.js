import { test } from 'node:test';
import assert from 'node:assert/strict';

export function tests(world) {
  test('the tree is walked with the arrow keys', async () => {
    const page = await world.as('zhang.min');
    await page.open('catalog', '[role=treeitem]');
    await page.getByLabel('部门').selectOption('行政审批');
    const first = page.locator('[role=tree] > li').first();
    await page.locator('[role=tree] > li').nth(1).waitFor({ state: 'detached' });
    await page.keyboard.press('Tab');
    await first.focus();
    assert.equal(await first.getAttribute('aria-expanded'), 'true');
    for (let i = 0; i < 8 && !(await page.evaluate(() => document.activeElement.classList.contains('leaf'))); i++) {
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
    }
    assert.ok(await page.evaluate(() => document.activeElement.classList.contains('leaf')), 'a leaf has the focus');
    const name = await page.evaluate(() => document.activeElement.querySelector('.tree-name').textContent);
    await page.keyboard.press('Enter');
    await page.locator('.item-view h2', { hasText: name }).waitFor();
    await page.keyboard.press('ArrowLeft');
    assert.ok(!(await page.evaluate(() => document.activeElement.classList.contains('leaf'))), 'its parent has the focus');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('search finds by what units call it and opens the item in its place', async () => {
    const page = await world.as('zhang.min');
    await page.open('catalog', '[role=treeitem]');
    await page.keyboard.press('/');
    await page.keyboard.type('A160603');
    await page.getByRole('option', { name: /政务服务事项标准化服务/ }).first().click();
    await page.locator('.item-view h2', { hasText: 'A160603' }).waitFor();
    await page.locator('.tree .is-chosen', { hasText: '政务服务事项标准化服务' }).waitFor();
    await page.locator('.item-view').getByText('同级').waitFor();
    await page.reload();
    await page.locator('.item-view h2', { hasText: 'A160603' }).waitFor();
    await page.context().close();
  });

  test('another revision can be opened, and what changed against it', async () => {
    const page = await world.as('zhang.min');
    await page.open('catalog', '[role=treeitem]');
    const revisions = await page.getByLabel('版本', { exact: true }).locator('option').evaluateAll((all) => all.map((o) => o.value));
    assert.ok(revisions.length >= 2);
    const now = await page.getByLabel('版本', { exact: true }).inputValue();
    await page.getByLabel('对照版本').selectOption('晋财综〔2021〕63号');
    await page.getByRole('button', { name: '看变化' }).click();
    await page.locator('.changes h2', { hasText: now }).waitFor();
    await page.locator('.changes .chip').first().waitFor();
    await page.getByLabel('版本', { exact: true }).selectOption('晋财综〔2021〕63号');
    await page.locator('[role=tree] > li').nth(20).waitFor();
    await page.context().close();
  });
}
