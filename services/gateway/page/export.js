// Tables as files: .xlsx and .csv.
import { attempt } from './notice.js';

const TYPES = { xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', csv: 'text/csv;charset=utf-8' };

export function save(name, parts, type) {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// A spreadsheet runs a cell that begins so as a formula.
const harmless = (value) => (typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value);

export const exportTable = (name, head, rows, kind) => attempt(async () => {
  if (kind === 'xlsx') {
    const { writeXlsx } = await import('./xlsx.js');
    return save(`${name}.xlsx`, [await writeXlsx([{ name, rows: [head, ...rows] }])], TYPES.xlsx);
  }
  const { csvFormatRows } = await import('./lib/d3-dsv.mjs');
  // The mark tells Excel that it is UTF-8.
  save(`${name}.csv`, ['\ufeff', csvFormatRows([head, ...rows].map((row) => row.map(harmless)))], TYPES.csv);
});

// The service's CSV as .xlsx, figures as figures.
export const csvAsXlsx = (name, text) => attempt(async () => {
  const [{ csvParseRows }, { writeXlsx }] = await Promise.all([import('./lib/d3-dsv.mjs'), import('./xlsx.js')]);
  const rows = csvParseRows(text.replace(/^\ufeff/, ''))
    .map((row) => row.map((v) => (/^-?\d{1,15}(\.\d+)?$/.test(v) && !/^0\d/.test(v) ? Number(v) : v)));
  save(`${name}.xlsx`, [await writeXlsx([{ name, rows }])], TYPES.xlsx);
});
// The mark tells Excel that it is UTF-8; fetch has taken the service's away.
export const saveCsv = (name, text) => save(`${name}.csv`, ['\ufeff', text.replace(/^\ufeff/, '')], TYPES.csv);
