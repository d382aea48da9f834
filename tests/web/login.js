import { test } from 'node:test';
import assert from 'node:assert/strict';
import { PASSWORD } from './services.js';

export function tests(world) {
  test('a wrong password is told, the right one opens the queue', async () => {
    const page = await world.as(null);
    await page.getByLabel('用户名').fill('zhang.min');
    await page.getByLabel('密码').fill('wrong-password');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('用户名或密码不对').waitFor();
    await page.getByLabel('密码').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('.queue').waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('the session outlives a reload and ends with signing out', async () => {
    const page = await world.as(null);
    await page.getByLabel('用户名').fill('zhang.min');
    await page.getByLabel('密码').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('nav a').first().waitFor();
    await page.reload();
    await page.locator('.account summary').click();
    await page.getByRole('button', { name: '退出' }).click();
    await page.getByLabel('密码').waitFor();
    await page.reload();
    await page.getByLabel('密码').waitFor();
    await page.context().close();
  });

  test('a submitter is offered no decision and no administration', async () => {
    const page = await world.as('wang.wu');
    assert.deepEqual(await page.locator('nav a').allTextContents(), ['提交', '我的项目', '目录', '统计']);
    await page.context().close();
  });

  test('the page is answered with a policy that forbids inline and foreign script', async () => {
    const answer = await fetch(`${world.url}/`);
    const policy = answer.headers.get('content-security-policy');
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'",
      "frame-ancestors 'none'", "require-trusted-types-for 'script'"])
      assert.ok(policy.includes(rule), `${rule} is missing in ${policy}`);
    assert.ok(!policy.includes('unsafe'));
  });
}
