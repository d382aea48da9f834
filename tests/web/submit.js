import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { strToU8, zipSync } from '../../services/gateway/node_modules/fflate/esm/index.mjs';
import { standard, mail, desks } from './projects.js';

const file = (name, bytes) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
const give = (page, one) => page.locator('#files').setInputFiles(one);
const finished = (page, n) => page.locator('.batch-told', { hasText: `已判定 ${n}：` }).waitFor({ timeout: 30000 });

// A workbook as spreadsheet programs write them: shared strings, rich text, gaps, a second sheet first.
function workbook() {
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  const parts = {
    'xl/workbook.xml': `<workbook ${main} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="项目表" sheetId="1" r:id="rId2"/><sheet name="空表" sheetId="2" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="t" Target="worksheets/sheet2.xml"/><Relationship Id="rId2" Type="t" Target="/xl/worksheets/sheet1.xml"/></Relationships>',
    'xl/sharedStrings.xml': `<sst ${main}><si><t>项目名称</t></si><si><t>单位名称</t></si><si><t>预算金额（万元）</t></si><si><r><t>政务大厅</t></r><r><t>办件免费邮寄</t></r><rPh sb="0" eb="1"><t>zw</t></rPh></si><si><t>表格测试单位</t></si><si><t>项目内容</t></si></sst>`,
    'xl/worksheets/sheet1.xml': `<worksheet ${main}><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>2026年项目汇总</t></is></c></row><row r="3"><c r="A3" t="s"><v>0</v></c><c r="B3" t="s"><v>1</v></c><c r="D3" t="s"><v>2</v></c><c r="E3" t="s"><v>5</v></c></row><row r="4"><c r="A4" t="s"><v>3</v></c><c r="B4" t="s"><v>4</v></c><c r="D4"><v>15.300000000000001</v></c><c r="E4" t="str"><v>为办事群众邮寄证照&lt;b&gt;</v></c></row></sheetData></worksheet>`,
    'xl/worksheets/sheet2.xml': `<worksheet ${main}><sheetData/></worksheet>`,
  };
  return zipSync(Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, strToU8(text)])));
}

export function tests(world) {
  test('the judgement follows what is typed, and stores nothing', async () => {
    const page = await world.as('zhang.min');
    await page.open('submit', 'form');
    const before = (await (await world.client('zhang.min')).call('GET', '/results?limit=1')).last_event;
    await page.getByLabel('项目名称').fill('政务大厅办件免费邮寄');
    await page.locator('.live .candidate.is-chosen', { hasText: '邮寄' }).waitFor();
    await page.getByLabel('项目名称').fill('办公电脑购置');
    await page.getByLabel('项目概况').fill('采购台式计算机30台、打印机5台。');
    await page.locator('.live .chip', { hasText: '不属政府购买服务' }).waitFor();
    await page.getByLabel('本年金额').fill('许多');
    await page.getByText('金额读不出').waitFor();
    assert.equal((await (await world.client('zhang.min')).call('GET', '/results?limit=1')).last_event, before);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('a project is submitted, stored and found', async () => {
    const page = await world.as('zhang.min');
    await page.open('submit', 'form');
    await page.getByLabel('项目名称').fill('政务服务事项标准化服务');
    await page.getByLabel('预算单位').fill('单报测试单位');
    await page.getByLabel('本年金额').fill('48.5万元');
    await page.getByRole('button', { name: '提交入库' }).click();
    await page.getByRole('link', { name: '看结果' }).click();
    await page.locator('.project').getByText('48.5 万元').first().waitFor();
    await page.locator('.project').getByText('单报测试单位').first().waitFor();
    await page.context().close();
  });

  test('a CSV of Excel in GB 18030 is mapped, shown and judged, amounts in 万元', async () => {
    // "项目名称,预算单位,金额（万元）\n办件免费邮寄,表格单位,1,234.5\n" and a total, encoded as GB 18030
    const gb = [0xcf, 0xee, 0xc4, 0xbf, 0xc3, 0xfb, 0xb3, 0xc6, 0x2c, 0xd4, 0xa4, 0xcb, 0xe3, 0xb5, 0xa5, 0xce, 0xbb, 0x2c, 0xbd, 0xf0, 0xb6, 0xee, 0xa3, 0xa8, 0xcd, 0xf2, 0xd4, 0xaa, 0xa3, 0xa9, 0x0a,
      0xb0, 0xec, 0xbc, 0xfe, 0xc3, 0xe2, 0xb7, 0xd1, 0xd3, 0xca, 0xbc, 0xc4, 0x2c, 0xb1, 0xed, 0xb8, 0xf1, 0xb5, 0xa5, 0xce, 0xbb, 0x2c, 0x22, 0x31, 0x2c, 0x32, 0x33, 0x34, 0x2e, 0x35, 0x22, 0x0a,
      0xba, 0xcf, 0xbc, 0xc6, 0x2c, 0x2c, 0x31, 0x0a];
    const page = await world.as('zhang.min');
    await page.open('submit', 'form');
    await give(page, file('项目.csv', gb));
    await page.getByLabel('第 3 列“金额（万元）”对应').waitFor();
    assert.equal(await page.getByLabel('金额单位').inputValue(), '1');
    await page.getByRole('button', { name: '提交 1 个项目' }).click();
    await finished(page, 1);
    await page.locator('.batch').getByRole('link', { name: '办件免费邮寄' }).click();
    await page.locator('.project').getByText('1,234.5 万元').first().waitFor();
    await page.context().close();
  });

  test('a workbook is read: header found, gaps and rich text kept, another mapping can be chosen', async () => {
    const page = await world.as('zhang.min');
    await page.open('submit', 'form');
    await give(page, file('项目.xlsx', workbook()));
    await page.getByRole('button', { name: '提交 1 个项目' }).waitFor();
    assert.equal(await page.getByLabel('表头在第几行').inputValue(), '2');
    await page.locator('.mapper td', { hasText: '政务大厅办件免费邮寄' }).waitFor();
    assert.equal(await page.locator('.mapper td', { hasText: 'zw' }).count(), 0);
    await page.getByLabel('第 5 列“项目内容”对应').selectOption('necessity');
    await page.getByRole('button', { name: '提交 1 个项目' }).click();
    await finished(page, 1);
    await page.locator('.batch tbody a').first().click();
    await page.locator('.project').getByText('15.3 万元').first().waitFor();
    await page.locator('.text-field', { hasText: '必要性' }).getByText('为办事群众邮寄证照<b>').waitFor();
    await page.context().close();
  });

  test('a broken workbook is told, not taken', async () => {
    const page = await world.as('zhang.min');
    await page.open('submit', 'form');
    await give(page, file('坏.xlsx', [0x50, 0x4b, 3, 4, 1, 2, 3]));
    await page.getByRole('alert').getByText('不是 .xlsx 文件').waitFor();
    await page.context().close();
  });

  test('lines of JSON: all are judged, progress is told, the table can be saved', async () => {
    const unit = '批报测试单位';
    const list = [...Array(230).keys()].map((n) => [standard, mail, desks][n % 3](unit, n));
    const page = await world.as('zhang.min');
    await page.open('submit', 'form');
    await give(page, file('项目.jsonl', list.map((p) => JSON.stringify(p)).join('\n')));
    await page.getByRole('button', { name: '提交 230 个项目' }).click();
    await finished(page, 230);
    assert.equal(await page.locator('.batch tbody tr').count(), 230);
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出 Excel' }).click()]);
    assert.equal(saved.suggestedFilename(), '判定结果.xlsx');
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test('a dropped 预算公开 document gives its projects to choose from', async () => {
    const text = readFileSync(new URL('../../deploy/sample/预算公开样例.txt', import.meta.url), 'utf8');
    const page = await world.as('zhang.min');
    await page.open('submit', 'form');
    const data = await page.evaluateHandle((content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], '预算公开.txt', { type: 'text/plain' }));
      return transfer;
    }, text);
    await page.dispatchEvent('.drop', 'drop', { dataTransfer: data });
    await page.getByRole('button', { name: '提交 9 个项目' }).waitFor();
    await page.getByLabel('提交“自助服务终端购置”').uncheck();
    await page.getByRole('button', { name: '提交 8 个项目' }).click();
    await finished(page, 8);
    await page.context().close();
  });

  test('a submitter sends for its own unit and sees no other', async () => {
    const other = await world.client('zhang.min');
    const [foreign] = await other.submit([standard('他人单位', 1)]);
    const page = await world.as('wang.wu');
    await page.open('submit', 'form');
    assert.deepEqual(await page.getByLabel('预算单位').locator('option').allTextContents(), ['示例县数据局']);
    await page.getByLabel('项目名称').fill('政务服务事项标准化服务');
    await page.getByRole('button', { name: '提交入库' }).click();
    await page.getByRole('link', { name: '看结果' }).click();
    await page.locator('.project .candidate').first().waitFor();
    assert.equal(await page.locator('.decision-submit').count(), 0);
    await page.goto(`${world.url}/#/project/${foreign.number}`);
    await page.getByRole('alert').first().waitFor();
    assert.equal(await page.locator('.project').count(), 0);
    await page.context().close();
  });
}
