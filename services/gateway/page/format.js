// Figures and times as a clerk writes them.

const figures = new Intl.NumberFormat('zh-CN', { maximumFractionDigits: 2 });
export const count = (value) => figures.format(value ?? 0);

// Where there is little room: 62,596 is 6.3万.
export const briefly = (value) => (value < 10000 ? count(value) : `${(value / 10000).toFixed(value < 100000 ? 1 : 0)}万`);

// Nothing but certainty is shown as 100%.
export const percent = (value) =>
  value === null || value === undefined ? '—'
    : value > 0.99 && value < 1 ? `${(Math.floor(value * 1000) / 10).toFixed(1)}%` : `${Math.round(value * 100)}%`;

// Yuan below 10,000, else 万元.
export function money(yuan) {
  if (yuan === null || yuan === undefined || yuan === '') return '—';
  return Math.abs(yuan) < 10000 ? `${figures.format(yuan)} 元` : `${figures.format(yuan / 10000)} 万元`;
}

const two = (value) => String(value).padStart(2, '0');
export const day = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

export function time(stamp) {
  if (!stamp) return '—';
  const date = new Date(stamp);
  return Number.isNaN(date.valueOf()) ? String(stamp) : `${day(date)} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function age(stamp, now = Date.now()) {
  const minutes = Math.max(0, Math.round((now - new Date(stamp)) / 60000));
  if (!Number.isFinite(minutes)) return '—';
  if (minutes < 1) return '刚刚';
  if (minutes < 60) return `${minutes} 分钟前`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} 小时前`;
  return `${Math.round(minutes / 1440)} 天前`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  if (value < 1024 * 1024) return `${(value / 1024).toFixed(1)} KB`;
  return `${(value / 1024 / 1024).toFixed(1)} MB`;
}

export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} 秒`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} 分钟`;
  if (seconds < 172800) return `${(seconds / 3600).toFixed(1)} 小时`;
  return `${Math.round(seconds / 86400)} 天`;
}
