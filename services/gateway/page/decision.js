// What a person decides about one result: accept the system's answer, correct it, or say none.
import { h, button, replace, select, labelled } from './dom.js';
import * as api from './api.js';
import { KINDS, REVIEWS } from './words.js';
import { lookup } from './lookup.js';
import { itemLine, itemPath } from './candidates.js';
import { notice } from './notice.js';

// What the system said: the first candidate's code, or none with a kind; null when it failed.
export function answerOf(result) {
  if (result.error) return null;
  if (result.decision === 'none') return { none: true, kind: result.kind };
  return result.candidates?.[0] ? { item: result.candidates[0] } : null;
}

export const sameItem = (a, b) => Boolean(a && b && a.department === b.department && a.code === b.code);

function same(a, b) {
  if (!a || !b) return false;
  return a.none ? Boolean(b.none) && a.kind === b.kind : sameItem(a.item, b.item);
}

// The request for what was chosen.
export function reviewOf(chosen, system, reason, version) {
  const common = { version, ...(reason ? { reason } : {}) };
  if (same(chosen, system)) return { decision: 'accept', ...common };
  if (!chosen.none) return { decision: 'correct', department: chosen.item.department, code: chosen.item.code, ...common };
  if (system?.none && chosen.kind) return { decision: 'correct', kind: chosen.kind, ...common };
  return { decision: 'reject', ...(chosen.kind ? { kind: chosen.kind } : {}), ...common };
}

const said = (review) =>
  review.decision === 'accept' ? '采纳系统结论'
    : review.code ? `改正为 ${review.code} ${review.name}`
      : review.decision === 'reject' ? `否定（${KINDS[review.kind] ?? '不属政府购买服务'}）` : `改正为${KINDS[review.kind] ?? ''}`;

export class Decision {
  // full: ResultFull; changed(): what is chosen changed; decided(full, how): a review was stored;
  // conflict(full): someone was faster.
  constructor(full, { changed, decided, conflict }) {
    this.changed = changed;
    this.decided = decided;
    this.conflict = conflict;
    this.reason = h('input', { maxlength: 2000, placeholder: '可不填' });
    this.kind = select([...Object.entries(KINDS).filter(([k]) => k !== 'service'), ['', '说不准']], 'goods',
      { 'aria-label': '资金性质', onchange: () => this.choose({ none: true, kind: this.kind.value }) });
    this.submitButton = button('', () => this.submit(), { class: 'primary wide', data: { action: 'submit' } });
    this.picked = h('div', { class: 'picked' });
    this.lookup = lookup({ label: '选其他目录条目', revision: () => this.full.result.catalog, pick: (item) => {
      this.choose({ item });
      this.submitButton.focus();
    } });
    this.none = button('不属政府购买服务', () => this.chooseNone(), { data: { action: 'none' }, 'aria-pressed': 'false' });
    // The button stands above the candidates, where the eye is; what is rarer stands below them.
    this.submitBox = h('div', { class: 'decision-submit' }, this.submitButton, this.picked);
    this.element = h('section', { class: 'decision', 'aria-label': '其他结论' },
      this.lookup,
      h('div', { class: 'none-row' }, this.none, this.kind, h('kbd', { title: '按 0 选此项' }, '0')),
      labelled('理由', this.reason));
    this.take(full);
  }

  take(full) {
    this.full = full;
    this.stale = false;
    this.system = answerOf(full.result);
    this.choose(this.system);
  }

  choose(chosen) {
    this.chosen = chosen;
    if (chosen?.none) this.kind.value = chosen.kind ?? '';
    this.none.setAttribute('aria-pressed', String(Boolean(chosen?.none)));
    this.kind.hidden = !chosen?.none;
    const other = chosen?.item && !this.full.result.candidates?.some((c) => sameItem(c, chosen.item));
    replace(this.picked, other ? [h('span', { class: 'muted' }, '已选：'), itemLine(chosen.item), itemPath(chosen.item)] : null);
    const review = chosen && reviewOf(chosen, this.system, '', 0);
    this.submitButton.disabled = !review;
    replace(this.submitButton, !review ? '请先选择'
      : [chosen.none ? `${REVIEWS[review.decision]}：不属（${KINDS[chosen.kind] ?? '说不准'}）`
        : `${REVIEWS[review.decision]}：${chosen.item.code} ${chosen.item.name}`, h('kbd', { 'aria-hidden': 'true' }, 'Enter')]);
    this.changed?.(chosen);
  }

  chooseNone() {
    const kind = this.system?.none ? this.system.kind : this.full.result.kind;
    this.choose({ none: true, kind: kind && kind !== 'service' ? kind : 'goods' });
  }

  // While `stale` says that someone else decided meanwhile, only an explicit word goes over it.
  async submit() {
    if (!this.chosen || this.busy) return;
    if (this.stale) return void notice('他人已作决定，请先看页首的提示。', 'bad');
    this.busy = true;
    this.submitButton.setAttribute('aria-busy', 'true');
    try {
      const review = reviewOf(this.chosen, this.system, this.reason.value.trim(), this.full.version);
      const full = await api.results.review(this.full.number, review);
      this.reason.value = '';
      notice(`已${REVIEWS[review.decision]}：${this.full.project?.name ?? ''}`, 'good');
      this.decided(full, review.decision);
    } catch (problem) {
      if (problem.status === 412 && problem.body.current) this.conflict(problem.body.current);
      else notice(problem.message, 'bad');
    } finally {
      this.busy = false;
      this.submitButton.removeAttribute('aria-busy');
    }
  }
}

export function reviewLine(review) {
  return [h('strong', {}, review.reviewer), ' ', said(review), review.reason ? h('span', { class: 'muted' }, `：${review.reason}`) : null];
}
