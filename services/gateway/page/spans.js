// Spans count Unicode code points; JavaScript's strings count UTF-16 units. A text is cut here and
// nowhere else.

export class Points {
  constructor(text) {
    this.points = Array.from(text ?? '');
  }
  get length() {
    return this.points.length;
  }
  slice(start, end) {
    return this.points.slice(start, end).join('');
  }
}

// Cuts a text where any span begins or ends: [{text, spans}], in order, spans being those that cover
// the piece. Spans outside the text are cut to it; empty ones are left out.
export function cut(text, spans) {
  const points = new Points(text);
  const inside = spans
    .map((span) => ({ ...span, start: Math.max(0, span.start), end: Math.min(points.length, span.end) }))
    .filter((span) => span.start < span.end);
  const edges = new Set([0, points.length]);
  for (const span of inside) edges.add(span.start).add(span.end);
  const order = [...edges].sort((a, b) => a - b);
  return order.slice(0, -1).map((start, i) => ({
    text: points.slice(start, order[i + 1]),
    spans: inside.filter((span) => span.start <= start && span.end >= order[i + 1]),
  }));
}

// The value at a field's path: `description`, `indicators[3].value`.
export function valueAt(project, path) {
  return path
    .split(/[.[\]]+/)
    .filter(Boolean)
    .reduce((value, key) => (value === null || value === undefined ? undefined : value[key]), project);
}
