// Files that people drop: what they hold, as sheets, as projects, or as a document for the service.
import { readXlsx } from './xlsx.js';
import * as api from './api.js';

const SHEET_MAX = 30 * 1024 * 1024;
const DOCUMENT_MAX = 8 * 1024 * 1024;

// UTF-8 where it is valid, else GB 18030, as Excel saves CSV in China.
export function decode(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('gb18030').decode(bytes);
  }
}

async function readCsv(text) {
  const { dsvFormat } = await import('./lib/d3-dsv.mjs');
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const separator = [',', '\t', ';'].sort((a, b) => first.split(b).length - first.split(a).length)[0];
  return dsvFormat(separator).parseRows(text).filter((row) => row.some((value) => value.trim() !== ''));
}

function readLines(text) {
  const whole = text.trim();
  if (whole.startsWith('[') || (whole.startsWith('{') && !whole.includes('\n'))) {
    const read = JSON.parse(whole);
    return Array.isArray(read) ? read : read.projects ?? [read];
  }
  return whole.split(/\r?\n/).filter((line) => line.trim()).map((line, i) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`第 ${i + 1} 行不是 JSON。`);
    }
  });
}

// {sheets: [{name, rows}]} or {projects, findings}
export async function readFile(file) {
  const kind = file.name.toLowerCase().match(/\.([a-z]+)$/)?.[1] ?? '';
  const limit = ['txt', 'pdf'].includes(kind) ? DOCUMENT_MAX : SHEET_MAX;
  if (file.size > limit) throw new Error(`文件超过 ${limit / 1024 / 1024} MB，请拆分。`);
  if (kind === 'pdf' || kind === 'txt') {
    const type = kind === 'pdf' ? 'application/pdf' : 'text/plain; charset=utf-8';
    const body = kind === 'pdf' ? file : new Blob([decode(await file.arrayBuffer())]);
    const read = await api.projects.document(file.name, body, type);
    return { projects: read.projects, findings: read.findings ?? [] };
  }
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (kind === 'xlsx') return { sheets: await readXlsx(bytes) };
  if (kind === 'csv' || kind === 'tsv') return { sheets: [{ name: file.name, rows: await readCsv(decode(bytes)) }] };
  if (kind === 'jsonl' || kind === 'json' || kind === 'ndjson') return { projects: readLines(decode(bytes)) };
  throw new Error(kind === 'xls' ? '旧式 .xls 请先另存为 .xlsx。' : '只认 .xlsx、.csv、.jsonl、.txt 和 .pdf。');
}
