// The list of results: a listbox that loads on as one goes down, with one row selected.
import { h, replace } from './dom.js';
import { money, percent, age, time } from './format.js';
import { KINDS, STATES, departmentName } from './words.js';
import { decisionChip } from './project-view.js';

const WORST = { error: ['bad', '错'], warning: ['warn', '警'], info: ['calm', '提'] };

function row(one) {
  const [worst, letter] = WORST[one.severity] ?? [];
  const answer = one.code ? [h('span', { class: 'code' }, one.code), ' ', one.item] : KINDS[one.kind] ?? '';
  return [
    h('div', { class: 'row-head' }, h('span', { class: 'row-name' }, one.name || '（无名称）'),
      h('span', { class: 'score' }, one.decision === 'error' ? '' : percent(one.confidence))),
    h('div', { class: 'row-answer' }, decisionChip(one.decision, true), ' ', answer,
      one.department && one.code ? h('span', { class: 'muted' }, `　${departmentName(one.department)}`) : null),
    h('div', { class: 'row-foot muted' },
      h('span', { class: 'row-unit' }, one.unit || '（无单位）'),
      one.amount_yuan ? h('span', {}, money(one.amount_yuan)) : null,
      one.findings ? h('span', { class: `chip ${worst}`, title: `${one.findings} 处发现` }, `${letter} ${one.findings}`) : null,
      one.state === 'open' ? null : h('span', { class: 'chip outline' }, STATES[one.state]),
      h('span', { class: 'row-age', title: time(one.stored_at) }, age(one.stored_at))),
  ];
}

export class QueueList {
  // fetchPage(cursor) → ResultPage; selected(row, byHand); opened(row).
  constructor({ fetchPage, selected, opened }) {
    Object.assign(this, { fetchPage, selected, opened });
    this.rows = [];
    this.at = -1;
    this.next = null;
    this.body = h('div', { class: 'queue-list', role: 'listbox', tabindex: 0, id: 'queue-list', 'aria-label': '结果列表',
      onkeydown: (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        this.move(step);
      } });
    this.end = h('div', { class: 'queue-end muted' });
    this.element = h('div', { class: 'queue-scroll' }, this.body, this.end);
    this.watch = new IntersectionObserver(([entry]) => entry.isIntersecting && this.more(), { rootMargin: '400px' });
    this.watch.observe(this.end);
  }

  close() {
    this.watch.disconnect();
  }

  // Begins anew; answers with the page read, or null when a later load overtook it.
  async load() {
    const turn = (this.turn = (this.turn ?? 0) + 1);
    this.body.setAttribute('aria-busy', 'true');
    try {
      const page = await this.fetchPage(null);
      if (turn !== this.turn) return null;
      this.rows = [];
      this.at = -1;
      replace(this.body);
      this.append(page);
      return page;
    } finally {
      if (turn === this.turn) this.body.removeAttribute('aria-busy');
    }
  }

  append(page) {
    for (const one of page.results) {
      const index = this.rows.length;
      const element = h('div', { role: 'option', id: `row-${one.number}`, 'aria-selected': 'false',
        class: one.state === 'open' ? 'row' : 'row is-done',
        onclick: () => this.select(index, true), ondblclick: () => this.opened(one) }, row(one));
      this.rows.push({ one, element });
      this.body.append(element);
    }
    this.next = page.next;
    this.end.textContent = this.rows.length ? (this.next ? '正在读取更多…' : `到底了，共 ${this.rows.length} 条`) : '没有符合条件的结果。';
  }

  async more() {
    if (!this.next || this.loading) return;
    this.loading = true;
    const turn = this.turn;
    try {
      const page = await this.fetchPage(this.next);
      if (turn === this.turn) this.append(page);
    } catch (problem) {
      this.end.textContent = problem.message;
      this.next = null;
    } finally {
      this.loading = false;
    }
    // The end may still be in sight: the observer tells only changes.
    if (this.next && this.end.getBoundingClientRect().top < innerHeight + 400) this.more();
  }

  current() {
    return this.rows[this.at]?.one ?? null;
  }

  select(index, byHand = false) {
    const row = this.rows[index];
    if (!row) return;
    this.rows[this.at]?.element.setAttribute('aria-selected', 'false');
    this.at = index;
    row.element.setAttribute('aria-selected', 'true');
    this.body.setAttribute('aria-activedescendant', row.element.id);
    row.element.scrollIntoView({ block: 'nearest' });
    if (index > this.rows.length - 10) this.more();
    this.selected(row.one, byHand);
  }

  move(step) {
    this.select(Math.min(this.rows.length - 1, Math.max(0, this.at + step)));
  }

  // The next result that nobody has decided on, after the selected one.
  nextOpen() {
    const after = this.rows.findIndex(({ one }, i) => i > this.at && one.state === 'open');
    const next = after >= 0 ? after : this.rows.findIndex(({ one }, i) => i !== this.at && one.state === 'open');
    if (next >= 0) this.select(next);
    return next >= 0;
  }

  find(number) {
    return this.rows.find(({ one }) => one.number === number);
  }

  update(number, change) {
    const found = this.find(number);
    if (!found) return false;
    Object.assign(found.one, change);
    replace(found.element, row(found.one));
    found.element.classList.toggle('is-done', found.one.state !== 'open');
    return true;
  }
}
