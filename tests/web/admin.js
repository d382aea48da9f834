import { test } from 'node:test';
import assert from 'node:assert/strict';
import { PASSWORD } from './services.js';
import { standard } from './projects.js';

export function tests(world) {
  test('queue, workers and stores are shown live', async () => {
    const page = await world.as('guan.li');
    await page.open('admin/system', '.banner');
    await page.getByText('各服务正常').waitFor();
    const figures = () => page.locator('.boxes').textContent();
    const first = await figures();
    await page.waitForFunction((before) => document.querySelector('.boxes')?.textContent !== before, first);
    await page.context().close();
  });

  test('a user is added, signs in, and is put out at once when disabled', async () => {
    const page = await world.as('guan.li');
    await page.open('admin/users', '.admin-panel table');
    await page.getByRole('button', { name: '新增用户' }).click();
    await page.getByLabel('登录名').fill('sun.qi');
    await page.getByLabel('姓名').fill('孙七');
    await page.getByLabel('密码').fill(PASSWORD);
    await page.getByRole('button', { name: '保存' }).click();
    const line = page.getByRole('row', { name: /sun\.qi/ });
    await line.waitFor();
    await page.locator('.notice', { hasText: '已保存' }).waitFor();
    const sun = await world.as('sun.qi');
    await line.getByRole('button', { name: '停用' }).click();
    await line.getByText('停用', { exact: true }).first().waitFor();
    await sun.open('stats');
    await sun.getByLabel('密码').waitFor();
    await sun.context().close();
    await page.context().close();
  });

  test('a token is shown once and can be revoked', async () => {
    const page = await world.as('guan.li');
    await page.open('admin/tokens', '.admin-panel h2');
    await page.getByRole('button', { name: '新增令牌' }).click();
    await page.getByLabel('用途').fill('测试接口');
    await page.getByLabel('角色').selectOption('reviewer');
    await page.getByRole('button', { name: '生成' }).click();
    const secret = await page.getByRole('dialog').getByLabel('令牌').inputValue();
    const use = () => fetch(`${world.url}/api/v1/results?limit=1`, { headers: { Authorization: `Bearer ${secret}` } });
    assert.equal((await use()).status, 200);
    await page.getByRole('button', { name: '已保存' }).click();
    assert.ok(!(await page.content()).includes(secret));
    await page.getByRole('button', { name: '撤销' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '撤销' }).click();
    await page.getByText('已撤销', { exact: true }).waitFor();
    assert.equal((await use()).status, 401);
    await page.context().close();
  });

  test('the audit says who decided what', async () => {
    const reviewer = await world.client('li.si');
    const [one] = await reviewer.submit([standard('审计测试单位', 1)]);
    await reviewer.review(one.number, { decision: 'accept', version: 0 });
    const page = await world.as('guan.li');
    await page.open('admin/audit', '.admin-panel table');
    await page.getByLabel('人员').fill('li.si');
    await page.getByRole('row', { name: /li\.si.*复核/ }).first().waitFor();
    await page.getByRole('row', { name: /guan\.li/ }).first().waitFor({ state: 'detached' });
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('dead letters have their place; ] leads to the next tab', async () => {
    const page = await world.as('guan.li');
    await page.open('admin/dead', '.admin-panel h2');
    await page.getByText('没有死信').waitFor();
    await page.keyboard.press(']');
    await page.locator('#tab-users[aria-selected="true"]').waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('a webhook that is not on the allow-list is refused with a reason', async (t) => {
    const page = await world.as('guan.li');
    const there = await (await world.client('guan.li')).call('GET', '/webhooks').then(() => true, () => false);
    await page.open('admin/webhooks', '.admin-panel h2');
    if (!there) {
      await page.getByText('没有提供消息推送').waitFor();
      await page.context().close();
      return t.skip('the service has no webhooks');
    }
    await page.getByRole('button', { name: '新增推送' }).click();
    await page.getByLabel('地址').fill('http://203.0.113.9/hook');
    await page.getByRole('button', { name: '保存' }).click();
    await page.locator('.notice.bad').waitFor();
    assert.equal((await (await world.client('guan.li')).call('GET', '/webhooks')).webhooks.length, 0);
    await page.context().close();
  });
}
