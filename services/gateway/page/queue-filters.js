// The filters of the queue, as a form; what they say is kept in the page's address.
import { h, select, labelled, debounce, replace, button } from './dom.js';
import * as api from './api.js';
import { STATES, KINDS, SEVERITIES, departmentName } from './words.js';
import { count } from './format.js';

const CONFIDENCE = { low: ['', '0.5'], middle: ['0.5', '0.8'], high: ['0.8', '0.95'], sure: ['0.95', ''] };
const AGES = { 24: '超过 1 天', 72: '超过 3 天', 168: '超过 7 天', 720: '超过 30 天', '-1': '最近 1 小时内', '-24': '最近 1 天内' };
const NAMES = ['q', 'decision', 'state', 'department', 'confidence', 'finding', 'severity', 'kind', 'unit', 'age', 'order'];
const DEFAULTS = { state: 'open' };

// From the address; "state=all" stands for no state.
export function filterOf(address) {
  const filter = Object.fromEntries(NAMES.filter((n) => address[n] !== undefined).map((n) => [n, address[n]]));
  return { ...DEFAULTS, ...filter };
}

// What the service is asked.
export function askedOf(filter) {
  const { confidence, age, state, ...rest } = filter;
  const asked = { ...rest, state: state === 'all' ? '' : state };
  if (CONFIDENCE[confidence]) [asked.confidence_min, asked.confidence_max] = CONFIDENCE[confidence];
  if (age > 0) asked.age_min_hours = age;
  if (age < 0) asked.age_max_hours = -age;
  return asked;
}

// Whether the filters are unfolded is remembered in this browser.
const kept = () => localStorage.getItem('filters') === 'open';
const keep = (open) => localStorage.setItem('filters', open ? 'open' : 'shut');
const named = (map) => Object.entries(map);

export class Filters {
  constructor(filter, changed) {
    this.filter = filter;
    const change = (name) => (event) => {
      this.filter[name] = event.target.value;
      this.mark();
      changed();
    };
    const one = (name, title, options) => {
      const chosen = filter[name] && !options.some(([v]) => v === filter[name]) ? [[filter[name], filter[name]]] : [];
      this[name] = select([['', '全部'], ...options, ...chosen], filter[name] ?? '', { name, onchange: change(name) });
      return labelled(title, this[name]);
    };
    const typed = debounce(changed, 250);
    this.search = h('input', { type: 'search', name: 'q', value: filter.q ?? '', maxlength: 100, placeholder: '编号、名称、单位、正文、代码（按 /）',
      'aria-label': '搜索', oninput: (event) => {
        this.filter.q = event.target.value.trim();
        typed();
      } });
    this.units = h('datalist', { id: 'units-known' });
    this.unit = h('input', { name: 'unit', list: 'units-known', value: filter.unit ?? '', placeholder: '全部', onchange: change('unit') });
    this.state = select([...named(STATES), ['reviewed', '已复核'], ['all', '全部']], filter.state, { name: 'state', onchange: change('state') });
    this.order = select([['', '最新在前'], ['oldest', '最早在前'], ['confidence', '最不确定在前']], filter.order ?? '', { name: 'order', onchange: change('order') });
    this.more = h('details', { class: 'filters-more', open: kept(), ontoggle: (e) => {
      keep(e.target.open);
      if (e.target.open) this.fill();
    } },
      h('summary', {}, '筛选', this.used = h('span', { class: 'used' })),
      h('div', { class: 'filters-grid' },
        labelled('状态', this.state),
        one('department', '部门', []),
        one('confidence', '置信度', [['low', '低于 50%'], ['middle', '50% – 80%'], ['high', '80% – 95%'], ['sure', '95% 以上']]),
        one('finding', '发现', []),
        one('severity', '级别', [['error', '有错误'], ['warning', '有警告以上'], ['info', '有任何发现']]),
        one('kind', '性质', named(KINDS)),
        labelled('单位', this.unit), this.units,
        one('age', '入库时间', named(AGES)),
        labelled('排序', this.order),
        button('清除', () => this.clear(changed), { class: 'quiet' })));
    this.element = h('form', { class: 'filters', role: 'search', 'aria-label': '筛选', onsubmit: (e) => e.preventDefault() },
      this.search, this.more);
    this.mark();
  }

  mark() {
    // What is set is said beside the fold.
    const set = NAMES.filter((n) => !['q', 'decision'].includes(n) && this.filter[n])
      .map((n) => this[n]?.selectedOptions?.[0]?.textContent ?? this.filter[n]);
    this.used.textContent = set.filter((text) => text !== '全部').join('，');
  }

  clear(changed) {
    for (const name of NAMES) {
      this.filter[name] = DEFAULTS[name] ?? '';
      if (this[name]?.tagName) this[name].value = this.filter[name];
    }
    this.search.value = '';
    this.mark();
    changed();
  }

  // Departments, units and rules, with how many results each has; asked for when the filters are unfolded.
  async fill() {
    if (this.filled) return;
    this.filled = true;
    const options = (box, list) => {
      const chosen = this.filter[box.name] ?? '';
      if (chosen && !list.some(([v]) => v === chosen)) list.push([chosen, chosen]);
      replace(box, [['', '全部'], ...list].map(([value, text]) => h('option', { value }, text)));
      box.value = chosen;
      this.mark();
    };
    const [departments, units, rules] = await Promise.allSettled([
      api.results.stats('department', {}), api.results.stats('unit', {}), api.catalog.rules()]);
    if (departments.value)
      options(this.department, departments.value.rows.filter((r) => r.key[0])
        .map((r) => [r.key[0], `${departmentName(r.key[0])}（${count(r.results)}）`]));
    if (units.value)
      replace(this.units, units.value.rows.filter((r) => r.key[0]).slice(0, 500).map((r) => h('option', { value: r.key[0] })));
    if (rules.value)
      options(this.finding, rules.value.rules.filter((r, i, all) => all.findIndex((o) => o.rule === r.rule) === i)
        .map((r) => [r.rule, `${r.title}（${SEVERITIES[r.severity]}）`]));
  }
}
