import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
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

  test('a webhook that is not on the allow-list is refused with a reason', async () => {
    const page = await world.as('guan.li');
    await page.open('admin/webhooks', '.admin-panel h2');
    await page.getByRole('button', { name: '新增推送' }).click();
    await page.getByLabel('地址').fill('http://203.0.113.9/hook');
    await page.getByRole('button', { name: '保存' }).click();
    await page.locator('.notice.bad').waitFor();
    assert.equal((await (await world.client('guan.li')).call('GET', '/webhooks')).webhooks.length, 0);
    await page.context().close();
  });

  test('a webhook is added, its secret shown once, tested, its delivery logged, removed', async () => {
    const got = [];
    const receiver = createServer((request, response) => {
      request.resume();
      got.push(request.headers);
      response.end();
    });
    await new Promise((resolve) => receiver.listen(new URL(world.hook).port, '127.0.0.1', resolve));
    const page = await world.as('guan.li');
    try {
      await page.open('admin/webhooks', '.admin-panel h2');
      await page.getByRole('button', { name: '新增推送' }).click();
      await page.getByLabel('地址').fill(`${world.hook}/hook`);
      await page.getByRole('button', { name: '保存' }).click();
      assert.match(await page.getByRole('dialog').getByLabel('签名密钥').inputValue(), /^whsec_/);
      await page.getByRole('button', { name: '已保存' }).click();
      await page.getByRole('button', { name: '测试' }).click();
      await page.locator('.notice.good').waitFor();
      await page.getByRole('button', { name: '记录' }).click();
      const line = page.getByRole('dialog').getByRole('row', { name: /测试.*已送达/ });
      for (let i = 0; i < 50 && !(await line.count()); i++) {
        await page.getByRole('dialog').getByRole('button', { name: '刷新' }).click();
        await page.waitForTimeout(100);
      }
      assert.equal(await line.count(), 1);
      assert.ok(got[0]['webhook-signature'].startsWith('v1,'));
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: '删除' }).click();
      await page.getByRole('dialog').getByRole('button', { name: '删除' }).click();
      await page.getByText('还没有推送地址').waitFor();
      assert.deepEqual(page.faults, []);
    } finally {
      await page.context().close();
      receiver.close();
    }
  });
}
