// Plain SVG plots with a table of the same figures for those who do not see them.
import { h, svg, table } from './dom.js';
import { count, percent } from './format.js';

const HEIGHT = 210;
const LEFT = 58;
const BOTTOM = 24;
const TOP = 10;

// 1, 2 or 5 times a power of ten, so that at most five lines are drawn.
function step(most) {
  const power = 10 ** Math.floor(Math.log10(most / 4 || 1));
  return Math.max(1, [1, 2, 5, 10].map((n) => n * power).find((n) => most / n <= 5) ?? power * 10);
}

// Stacked columns. groups: [{name, values: [figure]}]; series: [{name, colour}]; line: [share or null] of
// each group on a scale of 0 to 1.
export function columns(title, groups, series, line) {
  // As many units as there is room, so that the letters are not scaled.
  const width = innerWidth < 700 ? 350 : 640;
  const most = Math.max(1, ...groups.map((g) => g.values.reduce((a, b) => a + b, 0)));
  const tick = step(most);
  const top = Math.ceil(most / tick) * tick;
  const right = line ? 42 : 8;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const slot = (width - LEFT - right) / groups.length;
  const thick = Math.min(44, slot * 0.68);
  const x = (i) => LEFT + slot * i + slot / 2;
  const every = Math.ceil(groups.length / (width / 54));
  const grid = Array.from({ length: top / tick + 1 }, (_, i) => i * tick).map((v) => [
    svg('line', { x1: LEFT, x2: width - right, y1: y(v), y2: y(v), class: 'grid' }),
    svg('text', { x: LEFT - 6, y: y(v) + 4, 'text-anchor': 'end' }, count(v))]);
  const shapes = groups.map((group, i) => {
    let below = 0;
    return [
      group.values.map((value, s) => {
        const shape = svg('rect', { x: x(i) - thick / 2, width: thick, y: y(below + value), height: Math.max(0, y(below) - y(below + value)), class: series[s].colour },
          svg('title', {}, `${group.name} ${series[s].name} ${count(value)}`));
        below += value;
        return shape;
      }),
      i % every ? null : svg('text', { x: x(i), y: HEIGHT - 6, 'text-anchor': 'middle' }, group.name),
    ];
  });
  const points = (line ?? []).map((v, i) => [x(i), TOP + (HEIGHT - TOP - BOTTOM) * (1 - (v ?? 0)), v, groups[i].name]).filter(([, , v]) => v !== null && v !== undefined);
  return h('figure', { class: 'plot' }, h('figcaption', {}, title),
    h('p', { class: 'plot-key' }, series.map((s) => h('span', { class: `key ${s.colour}` }, s.name)), line ? h('span', { class: 'key line' }, '人机一致率（右轴）') : null),
    svg('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': title }, grid, shapes,
      line ? [
        svg('polyline', { points: points.map(([a, b]) => `${a},${b}`).join(' '), class: 'share-line' }),
        points.map(([a, b, v, name]) => svg('circle', { cx: a, cy: b, r: 3.2, class: 'share-point' }, svg('title', {}, `${name} 一致率 ${percent(v)}`))),
        [0, 0.5, 1].map((v) => svg('text', { x: width - right + 6, y: TOP + (HEIGHT - TOP - BOTTOM) * (1 - v) + 4 }, percent(v))),
      ] : null),
    h('details', { class: 'plot-data' }, h('summary', {}, '数据表'),
      table(title, [{ head: '', cell: (g) => g.name }, ...series.map((s, i) => ({ head: s.name, class: 'figure', cell: (g) => count(g.values[i]) })),
        ...(line ? [{ head: '一致率', class: 'figure', cell: (g) => percent(line[groups.indexOf(g)]) }] : [])], groups)));
}

// A figure with a bar beside it, for a cell of a table.
export const barCell = (value, most, colour = 'plot-1') =>
  h('span', { class: 'bar-cell' }, h('span', { class: 'bar-figure' }, count(value)),
    h('span', { class: 'bar', 'aria-hidden': 'true' }, h('span', { class: colour, style: { width: `${most ? (value / most) * 100 : 0}%` } })));
