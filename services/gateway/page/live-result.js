// The judgement of a project that is being typed; nothing is stored.
import { h, replace } from './dom.js';
import * as api from './api.js';
import { DECISIONS, KINDS } from './words.js';
import { percent } from './format.js';
import { candidateList } from './candidates.js';
import { findingList } from './findings.js';
import { projectText, projectName } from './marked-text.js';
import { decisionChip } from './project-view.js';

export class LiveResult {
  constructor() {
    this.told = h('p', { class: 'unseen', role: 'status' });
    this.body = h('div', {});
    this.element = h('section', { class: 'panel live', 'aria-label': '即时判定' }, h('h2', {}, '即时判定'), this.told, this.body);
    this.clear();
  }

  clear() {
    this.asked?.abort();
    replace(this.body, h('p', { class: 'muted' }, '填写时即时显示目录和审查发现，不入库。'));
  }

  close() {
    this.asked?.abort();
  }

  async check(project) {
    this.asked?.abort();
    if (!project.name) return this.clear();
    this.asked = new AbortController();
    try {
      const result = await api.projects.check(project, this.asked.signal);
      this.draw(project, result);
    } catch (problem) {
      if (problem.name !== 'AbortError') replace(this.body, h('p', { class: 'fault' }, problem.message));
    }
  }

  draw(project, result) {
    if (result.error) return void replace(this.body, h('p', { class: 'fault' }, result.error.message));
    let pointed = result.decision === 'none' ? -1 : 0;
    const words = h('div', { class: 'project-text' });
    const text = (index) => {
      const shown = index >= 0 ? index : pointed;
      const marks = { evidence: result.candidates[shown]?.evidence ?? [], findings: result.findings, items: [], pick: () => {} };
      replace(words, h('p', {}, h('strong', {}, projectName(project, marks))), projectText({ ...project, name: undefined }, marks));
    };
    const light = (index, on) => {
      for (const one of words.querySelectorAll(`[data-findings~="${index}"]`)) one.classList.toggle('lit', on);
    };
    replace(this.body,
      h('p', { class: 'facts' }, decisionChip(result.decision), h('span', {}, `置信度 ${percent(result.confidence)}`), h('span', {}, KINDS[result.kind])),
      candidateList(result.candidates.slice(0, 3), { catalog: result.catalog, chosen: pointed, point: text }),
      h('h2', {}, `审查发现（${result.findings.length}）`),
      findingList(result.findings, { point: light, show: (i) => words.querySelector(`[data-findings~="${i}"]`)?.scrollIntoView({ block: 'nearest' }) }),
      h('details', { class: 'fold' }, h('summary', {}, '在原文中看'), words));
    text(-1);
    this.told.textContent = `${DECISIONS[result.decision]}，${result.candidates[0]?.name ?? KINDS[result.kind]}，${result.findings.length} 处发现`;
  }
}
