import { test } from 'node:test';
import assert from 'node:assert/strict';
import { standard, mail } from './projects.js';

export function tests(world) {
  test('the later of two reviewers is told of the conflict and overwrites nothing', async () => {
    const reviewer = await world.client('zhang.min');
    const unit = '冲突测试单位';
    const [one] = await reviewer.submit([standard(unit, 1)]);
    const [zhang, li] = [await world.as('zhang.min'), await world.as('li.si', { deaf: true })];
    for (const page of [zhang, li]) await page.open(`project/${one.number}`, '.decision-submit');
    await zhang.keyboard.press('Enter');
    await zhang.locator('.reviews li').waitFor();

    await li.keyboard.press('2');
    await li.getByRole('button', { name: /^改正：/ }).waitFor();
    await li.keyboard.press('Enter');
    const told = li.getByRole('alert').filter({ hasText: '版本冲突' });
    await told.waitFor();
    assert.match(await told.textContent(), /zhang\.min.*采纳/);
    assert.equal((await reviewer.result(one.number)).version, 1);

    // Enter alone does not go over it.
    await li.keyboard.press('Enter');
    await li.locator('.notice', { hasText: '他人已作决定' }).waitFor();
    assert.equal((await reviewer.result(one.number)).version, 1);

    // Knowing it, 李四 insists: both decisions stand in the record.
    await li.getByRole('button', { name: '仍按我的决定' }).click();
    await li.locator('.reviews li').nth(1).waitFor();
    const now = await reviewer.result(one.number);
    assert.deepEqual(now.reviews.map((r) => [r.reviewer, r.decision]), [['zhang.min', 'accept'], ['li.si', 'correct']]);
    assert.deepEqual([...zhang.faults, ...li.faults], []);
    await zhang.context().close();
    await li.context().close();
  });

  test('a decision and a new result of others appear without a reload', async () => {
    const reviewer = await world.client('li.si');
    const unit = '实时测试单位';
    const [one] = await reviewer.submit([standard(unit, 1)]);
    const page = await world.as('zhang.min');
    await page.open(`queue?unit=${encodeURIComponent(unit)}&order=oldest`, '.row');
    await page.locator('.stream[data-state="on"]').waitFor();
    await page.locator('.queue-detail .project').waitFor();
    await reviewer.review(one.number, { decision: 'accept', version: 0 });
    await page.locator('.row.is-done').waitFor();
    await page.locator('.queue-detail').getByText('刚刚：').waitFor();
    await reviewer.submit([mail(unit, 2)]);
    await page.getByRole('button', { name: /条新结果/ }).click();
    await page.locator('.row', { hasText: '邮寄 2' }).first().waitFor();
    await page.context().close();
  });
}
