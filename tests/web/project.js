import { test } from 'node:test';
import assert from 'node:assert/strict';
import { standard, hostile } from './projects.js';

const open = (page, one) => page.open(`project/${one.number}`, '.project');
const points = (text, start, end) => Array.from(text).slice(start, end).join('');

export function tests(world) {
  test('evidence of the chosen candidate is highlighted exactly, also behind characters beyond the BMP', async () => {
    const reviewer = await world.client('zhang.min');
    const [one] = await reviewer.submit([standard('证据测试单位', 1, { name: '😀𠮷政务服务事项标准化服务😀' })]);
    const page = await world.as('zhang.min');
    await open(page, one);
    const [first] = one.result.candidates;
    const marked = (await page.locator('.project-head h1 mark').allTextContents()).join('|');
    const expected = first.evidence.filter((e) => e.field === 'name').sort((a, b) => a.start - b.start).map((e) => points(one.project.name, e.start, e.end)).join('|');
    assert.ok(expected.length > 0);
    assert.equal(marked, expected);
    // Nothing of the text is lost or changed by the marks.
    assert.equal(await page.locator('.project-head h1').evaluate((h1) => [...h1.childNodes].filter((n) => !n.matches?.('button')).map((n) => n.textContent).join('')), one.project.name);

    const second = one.result.candidates.findIndex((c, i) => i > 0 && c.evidence?.length);
    if (second > 0 && second < 5) {
      await page.keyboard.press(String(second + 1));
      const all = (await page.locator('.project mark.evidence').allTextContents()).filter((t) => t !== '底色');
      for (const e of one.result.candidates[second].evidence.slice(0, 1))
        assert.ok(all.join('').includes(points(one.project[e.field], e.start, e.end)));
    }
    await page.context().close();
  });

  test('a finding is underlined in place; its number leads to it and it leads back', async () => {
    const reviewer = await world.client('zhang.min');
    const [one] = await reviewer.submit([standard('发现测试单位', 1, {
      description: '委托专业机构编制政务服务事项标准，合同期限五年，2026年2月30日前完成。经费包括：1.编制标准30万元；2.宣贯培训10万元。共需60万元。', amount_yuan: 480000, term_years: 5 })]);
    assert.ok(one.result.findings.length > 0, 'the fixture breaks a rule');
    const index = one.result.findings.findIndex((f) => f.field === 'description' && f.end > f.start);
    assert.ok(index >= 0, 'a finding stands in the description');
    const finding = one.result.findings[index];
    const page = await world.as('zhang.min');
    await open(page, one);
    const pieces = page.locator(`.project-words [data-findings~="${index}"]`);
    assert.equal((await pieces.allTextContents()).join(''), points(one.project.description, finding.start, finding.end));
    assert.match(await pieces.first().getAttribute('class'), new RegExp(`found.*${finding.severity}|found (error|warning|info)`));
    await page.locator('.project-words').getByRole('button', { name: `发现 ${index + 1}：` }).click();
    assert.equal(await page.evaluate(() => document.activeElement.dataset.finding), String(index));
    await page.locator(`[data-finding="${index}"]`).getByRole('button', { name: /看原文/ }).click();
    await page.locator(`.project-words [data-findings~="${index}"].shown`).first().waitFor();
    await page.context().close();
  });

  test('siblings and type-ahead lead to another code', async () => {
    const reviewer = await world.client('zhang.min');
    const [one] = await reviewer.submit([standard('另选测试单位', 1)]);
    const page = await world.as('zhang.min');
    await open(page, one);
    await page.getByRole('button', { name: /的同级条目/ }).first().click();
    const sibling = page.locator('.siblings button:enabled').first();
    const name = (await sibling.locator('.item-name').textContent());
    await sibling.click();
    await page.getByRole('button', { name: new RegExp(`^改正：.*${name.slice(0, 6)}`) }).waitFor();

    await page.keyboard.press('e');
    await page.keyboard.type('邮寄');
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /^改正：.*邮寄/ }).click();
    await page.locator('.reviews li', { hasText: '邮寄' }).waitFor();
    const now = await reviewer.result(one.number);
    assert.equal(now.state, 'corrected');
    assert.match(now.reviews[0].name, /邮寄/);

    await page.locator('summary', { hasText: '经过' }).click();
    await page.locator('.timeline li', { hasText: 'zhang.min' }).waitFor();
    assert.equal(await page.locator('.timeline li', { hasText: '系统判定' }).count(), 1);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('decided projects that read alike are offered', async () => {
    const reviewer = await world.client('zhang.min');
    const [decided] = await reviewer.submit([standard('相似测试单位', 1)]);
    await reviewer.review(decided.number, { decision: 'accept', version: 0 });
    const [one] = await reviewer.submit([standard('相似测试单位', 2)]);
    const page = await world.as('zhang.min');
    await open(page, one);
    await page.locator('summary', { hasText: '相似的已决项目' }).click();
    await page.locator('.similar li', { hasText: '政务服务事项标准化服务' }).first().waitFor();
    await page.context().close();
  });

  test('hostile text stays text on every page', async () => {
    const reviewer = await world.client('guan.li');
    const unit = '<b onmouseover=alert(4)>恶意单位</b>';
    const [one] = await reviewer.submit([hostile(unit)]);
    const page = await world.as('guan.li');
    await open(page, one);
    assert.equal(await page.locator('main img, main script, main b').count(), 0);
    assert.ok((await page.locator('.project-head h1').textContent()).includes('<img src=x onerror='));
    await page.getByText('<script>alert(2)</script>').first().waitFor();
    for (const where of [`queue?unit=${encodeURIComponent(unit)}`, 'stats', 'admin/audit']) {
      await page.open(where, '.row, .plot, .admin-panel table');
      assert.equal(await page.locator('main img, main script, main b').count(), 0, where);
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
