import { test } from 'node:test';
import assert from 'node:assert/strict';
import { standard, mail, desks } from './projects.js';

const open = async (page, unit, more = '') => {
  await page.open(`queue?unit=${encodeURIComponent(unit)}&order=oldest${more}`, '.row');
  await page.locator('.queue-detail .project').waitFor();
};
const selected = (page) => page.locator('.row[aria-selected="true"] .row-name').textContent();
const shows = (page, name) => page.locator('.queue-detail .project h1', { hasText: name }).waitFor();

export function tests(world) {
  test('with the keyboard alone: down, up, accept, choose another candidate, none', async () => {
    const reviewer = await world.client('zhang.min');
    const unit = '键盘测试单位';
    const [first, second, third] = await reviewer.submit([standard(unit, 1), mail(unit, 2), standard(unit, 3)]);
    const page = await world.as('zhang.min');
    await open(page, unit);
    const keys = page.keyboard;
    assert.match(await selected(page), /标准化服务 1/);
    await keys.press('j');
    await shows(page, '邮寄 2');
    await keys.press('k');
    await shows(page, '标准化服务 1');

    await keys.press('Enter');
    await shows(page, '邮寄 2');
    const accepted = await reviewer.result(first.number);
    assert.equal(accepted.state, 'accepted');
    assert.equal(accepted.reviews[0].reviewer, 'zhang.min');

    await keys.press('2');
    await page.getByRole('button', { name: /^改正：/ }).waitFor();
    await keys.press('m');
    await keys.type('更贴切');
    await keys.press('Escape');
    await keys.press('Enter');
    await shows(page, '标准化服务 3');
    const corrected = await reviewer.result(second.number);
    assert.equal(corrected.state, 'corrected');
    assert.equal(corrected.reviews[0].code, second.result.candidates[1].code);
    assert.equal(corrected.reviews[0].reason, '更贴切');

    await keys.press('0');
    await page.getByRole('button', { name: /不属（货物采购）/ }).waitFor();
    await keys.press('Enter');
    await page.getByText('本列表已全部复核').waitFor();
    const rejected = await reviewer.result(third.number);
    assert.equal(rejected.state, 'rejected');
    assert.equal(rejected.reviews[0].kind, 'goods');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('what the system calls no service is accepted as it is', async () => {
    const reviewer = await world.client('zhang.min');
    const unit = '货物测试单位';
    const [one] = await reviewer.submit([desks(unit, 1)]);
    assert.equal(one.result.decision, 'none');
    const page = await world.as('zhang.min');
    await open(page, unit);
    await page.getByRole('button', { name: /^采纳：不属/ }).click();
    await page.locator('.notice', { hasText: '已采纳' }).waitFor();
    assert.equal((await reviewer.result(one.number)).state, 'accepted');
    await page.context().close();
  });

  test('/ searches, ? lists the keys, Escape closes', async () => {
    const reviewer = await world.client('zhang.min');
    const unit = '搜索测试单位';
    await reviewer.submit([standard(unit, 1), mail(unit, 2)]);
    const page = await world.as('zhang.min');
    await open(page, unit);
    assert.equal(await page.locator('.row').count(), 2);
    await page.keyboard.press('/');
    await page.keyboard.type('邮寄');
    await page.locator('.row').nth(1).waitFor({ state: 'detached' });
    assert.match(await page.locator('.row-name').textContent(), /邮寄/);
    assert.match(page.url(), /q=/);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: '键盘操作' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('filters narrow the list and come back with the address', async () => {
    const reviewer = await world.client('zhang.min');
    const unit = '筛选测试单位';
    await reviewer.submit([standard(unit, 1), desks(unit, 2)]);
    const page = await world.as('zhang.min');
    await open(page, unit);
    assert.equal(await page.locator('.row').count(), 2);
    await page.getByRole('group', { name: '判定' }).getByRole('button', { name: /不属/ }).click();
    await page.locator('.row').nth(1).waitFor({ state: 'detached' });
    assert.match(await page.locator('.row-name').textContent(), /电脑/);
    await page.reload();
    await page.locator('.row').waitFor();
    assert.equal(await page.locator('.row').count(), 1);
    await page.locator('.filters-more summary').click();
    await page.getByLabel('状态').selectOption('accepted');
    await page.getByText('没有符合条件的结果').first().waitFor();
    await page.context().close();
  });

  test('bulk accept takes what the system is sure of and nothing else', async () => {
    const reviewer = await world.client('zhang.min');
    const unit = '批量测试单位';
    const results = await reviewer.submit([...Array(5).keys()].map((n) => mail(unit, n + 1)).concat(desks(unit, 9)));
    const sure = results.filter((r) => r.result.decision === 'auto' && r.result.confidence >= 0.9 && !r.result.findings.some((f) => f.severity === 'error'));
    assert.ok(sure.length > 0, 'the fixture has sure results');
    const page = await world.as('zhang.min');
    await open(page, unit);
    await page.getByRole('button', { name: '批量采纳…' }).click();
    await page.getByLabel('置信度至少').selectOption('0.9');
    await page.getByText(`有 ${results.filter((r) => r.result.decision === 'auto' && r.result.confidence >= 0.9).length} 条`).waitFor();
    await page.getByRole('button', { name: '开始采纳' }).click();
    await page.getByText(new RegExp(`^已采纳 ${sure.length} 条`)).waitFor();
    await page.getByRole('button', { name: '关闭' }).click();
    for (const one of results) {
      const now = await reviewer.result(one.number);
      assert.equal(now.state, sure.some((s) => s.number === one.number) ? 'accepted' : 'open');
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('on a narrow screen: tap a row, choose and decide, and be back in the list', async () => {
    const reviewer = await world.client('zhang.min');
    const unit = '窄屏测试单位';
    const [first] = await reviewer.submit([standard(unit, 1), mail(unit, 2)]);
    const page = await world.as('zhang.min', { width: 390, height: 844 });
    await page.open(`queue?unit=${encodeURIComponent(unit)}&order=oldest`, '.row');
    await page.locator('.row', { hasText: '标准化服务 1' }).click();
    await page.locator('.project .candidate').nth(1).locator('label').click();
    const submit = page.getByRole('button', { name: /^改正：/ });
    assert.ok(await submit.evaluate((b) => b.getBoundingClientRect().bottom <= innerHeight), 'the button is in reach');
    // The focus is on the radio button: Enter decides all the same.
    await page.keyboard.press('Enter');
    await page.locator('.row').first().waitFor();
    assert.equal(await page.locator('.row').count(), 1);
    assert.equal((await reviewer.result(first.number)).state, 'corrected');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
