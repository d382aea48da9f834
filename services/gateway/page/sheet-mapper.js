// Which column of a sheet is which field of a project; a preview shows what will be sent.
import { h, replace, button, select, labelled } from './dom.js';
import { FIELDS } from './words.js';
import { count } from './format.js';

const PREVIEW_ROWS = 8;

// Headers as units write them; the first field that fits is taken.
const GUESSES = [
  ['id', /^(项目)?(编号|编码|ID|序列号)$/i],
  ['name', /项目名称|^名称$|^项目$|^name$|购买内容|服务名称/i],
  ['unit', /预算单位|申报单位|实施单位|单位名称|^单位$|购买主体|^unit$/i],
  ['department', /主管部门|部门|^department$/i],
  ['year', /年度|年份|^year$/i],
  ['total_yuan', /总金额|总投资|总预算|实施期.*金额|^total_yuan$/i],
  ['amount_yuan', /金额|预算数|预算安排|经费|资金|^amount(_yuan)?$/i],
  ['description', /概况|描述|项目内容|主要内容|内容|简介|^description$/i],
  ['basis', /依据|^basis$/i],
  ['necessity', /必要性/],
  ['measures', /措施/],
  ['plan', /计划|进度|^plan$/i],
  ['goals', /目标|^goals$/i],
  ['term_years', /期限|年限|^term_years$/i],
  ['attribute', /属性|^attribute$/i],
  ['declared_code', /目录代码|申报代码|购买服务.*代码|^代码$/],
  ['declared_name', /目录名称|购买服务.*名称/],
];
const CHOICES = [['', '（不用）'], ...['name', 'unit', 'department', 'year', 'description', 'amount_yuan', 'total_yuan', 'term_years',
  'attribute', 'basis', 'necessity', 'measures', 'plan', 'goals', 'id'].map((f) => [f, FIELDS[f]]),
  ['declared_code', '申报目录代码'], ['declared_name', '申报目录名称']];

// One field a column; a header in 万元 is remembered for the amounts.
export function guessColumns(header) {
  const taken = new Set();
  return header.map((title) => {
    const text = String(title).replace(/\s/g, '');
    const guess = GUESSES.find(([field, pattern]) => !taken.has(field) && pattern.test(text))?.[0] ?? '';
    if (guess) taken.add(guess);
    return guess;
  });
}

// "1,234.5 万元" → 12345000; null when it is no amount. `tenThousand`: the column is in 万元.
export function amountOf(text, tenThousand) {
  const plain = String(text).normalize('NFKC').replace(/[,\s¥￥]/g, '');
  const found = plain.match(/^(-?\d+(?:\.\d+)?)(万)?元?$/);
  if (!found) return null;
  return Math.round(Number(found[1]) * (found[2] || tenThousand ? 10000 : 1) * 100) / 100;
}

const leadingNumber = (text) => {
  const found = String(text).normalize('NFKC').match(/\d+(\.\d+)?/);
  return found ? Number(found[0]) : null;
};

// A row as a project; what could not be read as a figure goes into `faults`.
export function projectOf(row, fields, { tenThousand, faults }) {
  const project = {};
  const declared = {};
  fields.forEach((field, i) => {
    const text = String(row[i] ?? '').trim();
    if (!field || !text) return;
    if (field === 'amount_yuan' || field === 'total_yuan') {
      const amount = amountOf(text, tenThousand);
      if (amount === null) faults.push(`“${text}”不是金额`);
      else project[field] = amount;
    } else if (field === 'year' || field === 'term_years') {
      const number = leadingNumber(text);
      if (number === null) faults.push(`“${text}”不是数`);
      else project[field] = field === 'year' ? Math.trunc(number) : number;
    } else if (field.startsWith('declared_')) declared[field.slice(9)] = text;
    else project[field] = text;
  });
  if (declared.code || declared.name) project.declared = [declared];
  return project;
}

// sheets: [{name, rows}]; done(projects) when the person agrees.
export function sheetMapper(sheets, { done, cancel, fixed }) {
  const element = h('section', { class: 'panel mapper', 'aria-label': '对应表格各列' });
  let sheet = sheets[0];
  let headerAt = 0;
  let fields = [];
  let tenThousand = false;

  // The header is the first of the first rows that most looks like one.
  const findHeader = () => {
    const rank = sheet.rows.slice(0, 10).map((row) => guessColumns(row).filter(Boolean).length);
    headerAt = Math.max(0, rank.indexOf(Math.max(...rank)));
    const header = sheet.rows[headerAt] ?? [];
    fields = guessColumns(header);
    tenThousand = header.some((title, i) => fields[i].endsWith('_yuan') && /万元/.test(title));
  };

  const read = () => {
    const faults = [];
    const projects = sheet.rows.slice(headerAt + 1)
      .map((row, i) => {
        const own = [];
        const project = projectOf(row, fields, { tenThousand, faults: own });
        faults.push(...own.map((f) => `第 ${headerAt + i + 2} 行：${f}`));
        return { ...fixed(), ...project };
      })
      .filter((project) => project.name && !/^(合计|小计|总计)$/.test(project.name));
    return { projects, faults };
  };

  function draw() {
    const header = sheet.rows[headerAt] ?? [];
    const rows = sheet.rows.slice(headerAt + 1, headerAt + 1 + PREVIEW_ROWS);
    const { projects, faults } = read();
    const width = Math.max(header.length, ...rows.map((r) => r.length));
    const columns = Array.from({ length: width }, (_, i) => i);
    replace(element,
      h('h2', {}, '对应各列'),
      h('div', { class: 'form-row' },
        sheets.length > 1 ? labelled('工作表', select(sheets.map((s, i) => [String(i), `${s.name}（${s.rows.length} 行）`]), String(sheets.indexOf(sheet)),
          { onchange: (e) => { sheet = sheets[Number(e.target.value)]; findHeader(); draw(); } })) : null,
        labelled('表头在第几行', h('input', { type: 'number', min: 1, max: 20, value: headerAt + 1, onchange: (e) => {
          headerAt = Math.min(sheet.rows.length - 1, Math.max(0, Number(e.target.value) - 1));
          fields = guessColumns(sheet.rows[headerAt]);
          draw();
        } })),
        labelled('金额单位', select([['', '元'], ['1', '万元']], tenThousand ? '1' : '', { onchange: (e) => { tenThousand = e.target.value === '1'; draw(); } }))),
      h('div', { class: 'table-box', tabindex: 0, role: 'region', 'aria-label': '预览' }, h('table', { class: 'preview' },
        h('thead', {},
          h('tr', {}, columns.map((i) => h('th', { scope: 'col' }, select(CHOICES, fields[i] ?? '', {
            'aria-label': `第 ${i + 1} 列“${header[i] ?? ''}”对应`,
            onchange: (e) => {
              fields = fields.map((f) => (f === e.target.value ? '' : f));
              fields[i] = e.target.value;
              draw();
            } })))),
          h('tr', {}, columns.map((i) => h('th', {}, header[i] ?? '')))),
        h('tbody', {}, rows.map((row) => h('tr', {}, columns.map((i) => h('td', { class: fields[i] ? '' : 'unused' }, String(row[i] ?? '').slice(0, 80)))))))),
      faults.length ? h('details', { class: 'banner warn' }, h('summary', {}, `${count(faults.length)} 处金额或数字读不出，将留空`),
        h('ul', {}, faults.slice(0, 50).map((f) => h('li', {}, f)))) : null,
      fields.includes('name') ? null : h('p', { class: 'fault' }, '请指明哪一列是项目名称。'),
      h('div', { class: 'actions' }, button('取消', cancel),
        button(`提交 ${count(projects.length)} 个项目`, () => done(projects), { class: 'primary', disabled: !fields.includes('name') || !projects.length, data: { action: 'send-sheet' } })));
  }
  findHeader();
  draw();
  return element;
}
