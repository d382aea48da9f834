// What the service's words are called on the page.

export const DECISIONS = { auto: '通过', review: '待审', none: '不属政府购买服务', error: '出错' };
export const SHORT_DECISIONS = { ...DECISIONS, none: '不属' };
export const STATES = { open: '未复核', accepted: '已采纳', corrected: '已改正', rejected: '已否定' };
export const KINDS = {
  service: '购买服务',
  goods: '货物采购',
  works: '工程',
  personnel: '人员经费',
  subsidy: '补助补贴',
  internal: '内部支出',
};
export const SEVERITIES = { error: '错误', warning: '警告', info: '提示' };
export const REVIEWS = { accept: '采纳', correct: '改正', reject: '否定' };
export const ROLES = { submitter: '申报单位', reviewer: '审核人员', keeper: '目录管理', admin: '系统管理' };
export const RECEIPTS = { accepted: '处理中', done: '已完成', dead: '处理失败', expired: '回执已过期' };
// What became of an item in another revision; as `jinmu catalog diff` says it.
export const RELATIONS = { exact: '未变', renamed: '更名', recoded: '换码', moved: '移位', split: '拆分', merged: '合并', removed: '删除', added: '新增' };
export const CHANGES = { ...RELATIONS, restricted: '改使用限制' };
export const ITEM_STATES = { offered: '', quarantine: '待核实', completed: '补全' };

export const FIELDS = {
  name: '项目名称',
  unit: '预算单位',
  department: '主管部门',
  year: '年度',
  amount_yuan: '本年金额',
  total_yuan: '总金额',
  term_years: '期限（年）',
  term: '期限',
  attribute: '项目属性',
  description: '项目概况',
  basis: '立项依据',
  necessity: '必要性',
  measures: '保障措施',
  plan: '实施计划',
  goals: '年度目标',
  term_goals: '总体目标',
  declared: '申报目录',
  indicators: '绩效指标',
  funding: '资金来源',
  catalog: '目录文号',
  id: '编号',
};

export const fieldName = (path) => {
  const [name, index] = path.split(/[.[\]]+/);
  return (FIELDS[name] ?? name) + (index && /^\d+$/.test(index) ? ` ${Number(index) + 1}` : '');
};

export const departmentName = (department) => (department === 'B' ? 'B 类（通用）' : department || '—');
