// One result with its project: text, candidates, findings, decision, history. Used by 审核 and 项目.
import { h, button, replace } from './dom.js';
import { DECISIONS, SHORT_DECISIONS, KINDS, STATES, departmentName } from './words.js';
import { money, percent, time, age } from './format.js';
import { projectText, projectName } from './marked-text.js';
import { candidateList, itemLine } from './candidates.js';
import { findingList } from './findings.js';
import { Decision, answerOf, reviewLine, sameItem } from './decision.js';
import { historySection, similarSection } from './project-past.js';
import { mayReview } from './who.js';
import { address } from './router.js';
import * as api from './api.js';
import { attempt } from './notice.js';

const SHOWN_MS = 2500;

export const decisionChip = (decision, short) =>
  h('span', { class: `chip ${{ auto: 'good', review: 'warn', none: 'calm', error: 'bad' }[decision] ?? 'calm'}` },
    (short ? SHORT_DECISIONS : DECISIONS)[decision] ?? decision);
export const stateChip = (state) =>
  h('span', { class: `chip outline ${{ accepted: 'good', corrected: 'warn', rejected: 'bad' }[state] ?? 'calm'}` }, STATES[state] ?? state);

export class ProjectView {
  // changed(full): a review was stored here, or a newer version was read.
  constructor(full, { changed, alone = false } = {}) {
    this.changed = changed ?? (() => {});
    this.alone = alone;
    this.pointed = -1;
    this.element = h('article', { class: 'project' });
    this.take(full);
  }

  take(full) {
    this.full = full;
    this.result = full.result;
    this.candidates = this.result.candidates ?? [];
    this.findings = this.result.findings ?? [];
    this.items = this.result.items ?? [];
    this.banner = h('div', { class: 'banner-place', role: 'alert' });
    this.nameBox = h('h1', {});
    this.textBox = h('div', { class: 'project-text' });
    this.candidateBox = h('div', {});
    this.decision = mayReview() && !full.superseded
      ? new Decision(full, {
          changed: () => this.decision && this.drawCandidates(),
          decided: (fresh) => this.stored(fresh),
          conflict: (fresh) => this.conflict(fresh),
        })
      : null;
    this.draw();
  }

  stored(fresh) {
    this.take(fresh);
    this.changed(fresh, true);
  }

  // ------- drawing
  draw() {
    const { full, result } = this;
    const project = full.project ?? {};
    replace(this.element,
      this.banner,
      h('header', { class: 'project-head' }, this.nameBox,
        h('p', { class: 'facts' }, decisionChip(result.error ? 'error' : result.decision), ' ', stateChip(full.state), ' ',
          result.confidence === undefined ? null : h('span', {}, `置信度 ${percent(result.confidence)}`),
          result.kind ? h('span', {}, KINDS[result.kind]) : null,
          h('span', {}, project.unit || full.unit || '（无单位）'),
          project.amount_yuan === undefined ? null : h('span', {}, money(project.amount_yuan)),
          h('span', { class: 'muted', title: time(full.stored_at) }, age(full.stored_at)),
          this.alone ? null : h('a', { href: address('project', [String(full.number)]) }, '单独打开'))),
      full.superseded ? h('p', { class: 'banner warn' }, '此项目后来又判过一次，本结果只供查阅。',
        h('a', { href: address('project', [String(full.newest)]) }, '看最新结果')) : null,
      result.remembered ? h('p', { class: 'banner calm' }, `与已决项目相近（${percent(result.remembered.similarity)}），按其结论判定。`,
        result.remembered.project ? h('a', { href: address('project', ['id', result.remembered.project]) }, '看该项目') : null) : null,
      result.disputed ? h('p', { class: 'banner warn' }, '相近的已决项目结论不一致，请人工判断。') : null,
      result.error ? h('p', { class: 'banner bad' }, `未能判定：${result.error.message}`) : null,
      h('div', { class: 'project-columns' },
        h('div', { class: 'project-words' }, h('h2', { class: 'unseen' }, '项目内容'), this.textBox,
          historySection(full), mayReview() ? similarSection(full, (item) => this.decision?.choose({ item })) : null),
        h('div', { class: 'project-answer' },
          this.decision?.submitBox,
          h('section', {}, h('h2', {}, '候选条目'), this.candidateBox),
          this.decision?.element,
          full.reviews?.length ? h('section', {}, h('h2', {}, '复核意见'),
            h('ul', { class: 'reviews' }, full.reviews.slice().reverse().map((one) =>
              h('li', {}, reviewLine(one), h('span', { class: 'muted' }, ` ${time(one.time)}`))))) : null,
          h('section', {}, h('h2', {}, `审查发现（${this.findings.length}）`),
            findingList(this.findings, { point: (i, on) => this.pointFinding(i, on), show: (i) => this.showFinding(i) })),
          this.itemSection())));
    this.drawCandidates();
  }

  chosenIndex() {
    const item = (this.decision ? this.decision.chosen : answerOf(this.result))?.item;
    return item ? this.candidates.findIndex((c) => sameItem(c, item)) : -1;
  }

  drawCandidates() {
    const focused = this.candidateBox.contains(document.activeElement);
    replace(this.candidateBox, candidateList(this.candidates, {
      catalog: this.result.catalog,
      chosen: this.chosenIndex(),
      choose: this.decision ? (i) => this.chooseCandidate(i) : null,
      chooseItem: this.decision ? (item) => this.decision.choose({ item }) : null,
      point: (i) => this.pointCandidate(i),
    }));
    if (focused) this.candidateBox.querySelector('input:checked')?.focus();
    this.drawText();
  }

  drawText() {
    const shown = this.pointed >= 0 ? this.pointed : this.chosenIndex();
    const marks = {
      evidence: this.candidates[shown]?.evidence ?? [],
      findings: this.findings, items: this.items,
      pick: (index) => this.goToFinding(index),
    };
    const project = this.full.project ?? {};
    replace(this.nameBox, projectName(project, marks));
    replace(this.textBox,
      h('p', { class: 'legend muted' }, h('mark', { class: 'evidence' }, '底色'), '为所选条目的依据，',
        h('span', { class: 'found warning' }, '下划线'), '为审查发现'),
      projectText(project, marks));
  }

  itemSection() {
    if (!this.items.length) return null;
    return h('section', {}, h('h2', {}, `分项（${this.items.length}）`),
      h('ul', { class: 'line-items' }, this.items.map((one, index) =>
        h('li', { onmouseenter: () => this.light(`[data-items~="${index}"]`, true), onmouseleave: () => this.light(`[data-items~="${index}"]`, false) },
          h('div', { class: 'line-item-head' }, h('span', {}, one.text), h('span', { class: 'score' }, money(one.amount_yuan))),
          h('div', { class: 'muted' }, one.candidates?.[0] && one.kind === 'service'
            ? [itemLine(one.candidates[0]), ` ${departmentName(one.candidates[0].department)} ${percent(one.candidates[0].score)}`]
            : `${KINDS[one.kind] ?? one.kind} ${percent(one.confidence)}`)))));
  }

  // ------- pointing
  light(selector, on) {
    for (const one of this.element.querySelectorAll(`.project-text ${selector}, .project-head ${selector}`))
      one.classList.toggle('lit', on);
  }

  pointCandidate(index) {
    if (this.pointed === index) return;
    this.pointed = index;
    this.drawText();
  }

  pointFinding(index, on) {
    this.light(`[data-findings~="${index}"]`, on);
  }

  showFinding(index) {
    const place = this.element.querySelector(`[data-findings~="${index}"]`);
    if (!place) return;
    place.scrollIntoView({ block: 'center' });
    const pieces = this.element.querySelectorAll(`[data-findings~="${index}"]`);
    for (const one of pieces) one.classList.add('shown');
    setTimeout(() => pieces.forEach((one) => one.classList.remove('shown')), SHOWN_MS);
  }

  goToFinding(index) {
    const place = this.element.querySelector(`[data-finding="${index}"]`);
    place?.scrollIntoView({ block: 'nearest' });
    place?.focus();
  }

  // ------- deciding
  chooseCandidate(index) {
    const item = this.candidates[index];
    if (item && this.decision) this.decision.choose({ item });
  }

  // Someone else decided: what was chosen here stays chosen, but is stored only on an explicit word.
  warn(fresh, told) {
    const wanted = this.decision?.chosen;
    const reason = this.decision?.reason.value ?? '';
    this.take(fresh);
    const last = fresh.reviews?.at(-1);
    if (!last || !this.decision) return;
    if (wanted) this.decision.choose(wanted);
    this.decision.reason.value = reason;
    this.decision.stale = true;
    const settle = (go) => () => {
      this.decision.stale = false;
      replace(this.banner);
      go();
    };
    replace(this.banner, h('div', { class: 'banner bad' },
      h('p', {}, h('strong', {}, told), reviewLine(last), `（${time(last.time)}）。您的决定没有保存。`),
      h('div', { class: 'actions' },
        button('同意其结论', settle(() => this.changed(fresh, true))),
        button('仍按我的决定', settle(() => this.decision.submit()), { class: 'primary' }))));
  }

  conflict(fresh) {
    this.warn(fresh, '版本冲突，您看这份结果时：');
    this.changed(fresh, false);
  }

  // An event told of a decision or of a newer result.
  async refresh() {
    await attempt(async () => {
      const fresh = await api.results.get(this.full.number);
      if (fresh.version === this.full.version && fresh.superseded === this.full.superseded) return;
      this.warn(fresh, '刚刚：');
    });
  }

  keys() {
    if (!this.decision) return [];
    return [
      { key: 'Enter', name: '按所选结论提交（默认采纳系统结论）', run: () => this.decision.submit() },
      { key: '1', shown: '1–5', name: '选第几个候选条目', run: () => this.chooseCandidate(0) },
      ...[1, 2, 3, 4].map((i) => ({ key: String(i + 1), run: () => this.chooseCandidate(i) })),
      { key: '0', name: '选“不属政府购买服务”', run: () => this.decision.chooseNone() },
      { key: 'e', name: '选其他目录条目', run: () => this.decision.lookup.input.focus() },
      { key: 'm', name: '写理由', run: () => this.decision.reason.focus() },
    ];
  }
}
