// .xlsx both ways (ECMA-376): fflate opens the zip, the browser reads and writes the XML.

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE_RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const TYPES = 'http://schemas.openxmlformats.org/package/2006/content-types';
const UNPACKED_MAX = 200 * 1024 * 1024;
const ROWS_MAX = 100000;

// The only policy of the page: XML is parsed to be read, never put into the document.
const xmlPolicy = globalThis.trustedTypes?.createPolicy('jinmu-xml', { createHTML: (text) => text });

const zip = () => import('./lib/fflate.js');

function parse(bytes) {
  const text = new TextDecoder().decode(bytes);
  const document = new DOMParser().parseFromString(xmlPolicy ? xmlPolicy.createHTML(text) : text, 'application/xml');
  if (document.getElementsByTagName('parsererror').length) throw new Error('表格文件已损坏。');
  return document;
}

const all = (node, name) => [...node.getElementsByTagNameNS('*', name)];

// A rich text without its phonetic runs.
const textOf = (node) => all(node, 't').filter((t) => t.parentNode.localName !== 'rPh').map((t) => t.textContent).join('');

// "BC12" → 54
function columnOf(reference) {
  let column = 0;
  for (const letter of reference.match(/^[A-Z]+/)?.[0] ?? '') column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

function cellValue(cell, shared) {
  const type = cell.getAttribute('t');
  if (type === 'inlineStr') return textOf(cell);
  const value = all(cell, 'v')[0]?.textContent ?? '';
  if (type === 's') return shared[Number(value)] ?? '';
  if (type === 'b') return value === '1' ? '是' : '否';
  if (type === 'e') return '';
  // Figures are stored in binary: 0.1 + 0.2 is written as a person wrote it.
  return type === 'str' || value === '' || Number.isNaN(Number(value)) ? value : String(Number(Number(value).toPrecision(15)));
}

function rowsOf(sheet, shared) {
  const rows = [];
  for (const row of all(sheet, 'row')) {
    const at = Number(row.getAttribute('r') || rows.length + 1) - 1;
    if (at >= ROWS_MAX) throw new Error(`表格超过 ${ROWS_MAX} 行，请拆分。`);
    const cells = [];
    for (const cell of all(row, 'c')) {
      const column = cell.getAttribute('r') ? columnOf(cell.getAttribute('r')) : cells.length;
      if (column >= 0 && column < 1000) cells[column] = cellValue(cell, shared);
    }
    rows[at] = Array.from(cells, (value) => value ?? '');
  }
  return Array.from(rows, (row) => row ?? []).filter((row) => row.some((value) => value !== ''));
}

// [{name, rows: [[text]]}] of a file's bytes; empty rows are left out.
export async function readXlsx(bytes) {
  const { unzipSync } = await zip();
  let total = 0;
  let files;
  try {
    files = unzipSync(bytes, { filter: (file) => {
      total += file.originalSize;
      if (total > UNPACKED_MAX) throw new RangeError('表格解压后过大。');
      return /\.(xml|rels)$/.test(file.name);
    } });
  } catch (fault) {
    throw fault instanceof RangeError ? fault : new Error('不是 .xlsx 文件，或文件已损坏。旧式 .xls 请先另存为 .xlsx。');
  }
  if (!files['xl/workbook.xml']) throw new Error('不是 .xlsx 表格。');
  const shared = files['xl/sharedStrings.xml'] ? all(parse(files['xl/sharedStrings.xml']), 'si').map(textOf) : [];
  const targets = new Map(all(parse(files['xl/_rels/workbook.xml.rels']), 'Relationship')
    .map((one) => [one.getAttribute('Id'), one.getAttribute('Target')]));
  return all(parse(files['xl/workbook.xml']), 'sheet').map((sheet) => {
    const target = targets.get(sheet.getAttributeNS(RELATIONS, 'id')) ?? '';
    const part = files[target.startsWith('/') ? target.slice(1) : `xl/${target}`];
    return { name: sheet.getAttribute('name'), rows: part ? rowsOf(parse(part), shared) : [] };
  }).filter((sheet) => sheet.rows.length);
}

function xml(namespace, name, build) {
  const document = window.document.implementation.createDocument(namespace, name, null);
  const add = (parent, tag, attributes = {}, text) => {
    const node = document.createElementNS(namespace, tag);
    for (const [key, value] of Object.entries(attributes))
      if (key === 'r:id') node.setAttributeNS(RELATIONS, key, value);
      else if (key === 'xml:space') node.setAttributeNS('http://www.w3.org/XML/1998/namespace', key, value);
      else node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    parent.append(node);
    return node;
  };
  build(document.documentElement, add);
  return new TextEncoder().encode(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${new XMLSerializer().serializeToString(document)}`);
}

// Characters that XML 1.0 cannot hold.
const clean = (text) => String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '').slice(0, 32767);

function sheetXml(rows) {
  return xml(MAIN, 'worksheet', (root, add) => {
    const data = add(root, 'sheetData');
    for (const row of rows) {
      const line = add(data, 'row');
      for (const value of row)
        if (typeof value === 'number' && Number.isFinite(value)) add(add(line, 'c'), 'v', {}, value);
        // Text stays text: no cell of ours can become a formula.
        else add(add(add(line, 'c', { t: 'inlineStr' }), 'is'), 't', { 'xml:space': 'preserve' }, clean(value ?? ''));
    }
  });
}

// A file's bytes of [{name, rows: [[text or number]]}].
export async function writeXlsx(sheets) {
  const { zipSync } = await zip();
  const part = (i) => `worksheets/sheet${i + 1}.xml`;
  const files = {
    '[Content_Types].xml': xml(TYPES, 'Types', (root, add) => {
      add(root, 'Default', { Extension: 'rels', ContentType: 'application/vnd.openxmlformats-package.relationships+xml' });
      add(root, 'Default', { Extension: 'xml', ContentType: 'application/xml' });
      add(root, 'Override', { PartName: '/xl/workbook.xml', ContentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml' });
      sheets.forEach((_, i) => add(root, 'Override', { PartName: `/xl/${part(i)}`, ContentType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml' }));
    }),
    '_rels/.rels': xml(PACKAGE_RELATIONS, 'Relationships', (root, add) =>
      add(root, 'Relationship', { Id: 'rId1', Type: `${RELATIONS}/officeDocument`, Target: 'xl/workbook.xml' })),
    'xl/workbook.xml': xml(MAIN, 'workbook', (root, add) => {
      const list = add(root, 'sheets');
      sheets.forEach((sheet, i) => add(list, 'sheet', { name: clean(sheet.name).replace(/[\\/?*[\]:]/g, ' ').slice(0, 31), sheetId: i + 1, 'r:id': `rId${i + 1}` }));
    }),
    'xl/_rels/workbook.xml.rels': xml(PACKAGE_RELATIONS, 'Relationships', (root, add) =>
      sheets.forEach((_, i) => add(root, 'Relationship', { Id: `rId${i + 1}`, Type: `${RELATIONS}/worksheet`, Target: part(i) }))),
  };
  sheets.forEach((sheet, i) => (files[`xl/${part(i)}`] = sheetXml(sheet.rows)));
  return zipSync(files);
}
