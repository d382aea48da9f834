// Projects of our own writing. `unit` keeps the tests apart: each looks at its own.
export const standard = (unit, n, more = {}) => ({
  id: `${unit}-标准化-${n}`, unit, department: '示例市行政审批服务管理局', year: 2026,
  name: `政务服务事项标准化服务 ${n}`,
  description: `委托专业机构编制政务服务事项标准和办事指南，梳理依申请事项，形成标准体系并组织宣贯培训。第${n}包。`,
  amount_yuan: 480000, ...more,
});
export const mail = (unit, n) => ({
  id: `${unit}-邮寄-${n}`, unit, department: '示例市行政审批服务管理局', year: 2026,
  name: `政务大厅办件免费邮寄 ${n}`,
  description: `为办事群众免费邮寄证照和批文，按件结算邮寄费用，全年约${n}万件。`,
  amount_yuan: 150000,
});
export const desks = (unit, n) => ({
  id: `${unit}-电脑-${n}`, unit, department: '示例市行政审批服务管理局', year: 2026,
  name: `办公电脑购置 ${n}`, description: `采购台式计算机${n}0台、打印机2台，用于窗口更新。`, amount_yuan: 125000,
});

// Text that would run if it were ever parsed as HTML, in every field; with characters beyond the BMP.
const EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>😀';
export const hostile = (unit) => ({
  id: `${unit}"><script>alert(3)</script>`, unit, year: 2026,
  department: `示例市行政审批服务管理局${EVIL}`,
  name: `😀😀政务服务事项标准化服务${EVIL}`,
  description: `𠮷字开头。${EVIL}委托专业机构编制政务服务事项标准和办事指南，费用50万元，期限5年。`,
  basis: EVIL, plan: EVIL, goals: EVIL, amount_yuan: 900000, attribute: EVIL, [`x"${EVIL}`]: EVIL,
  declared: [{ code: EVIL, name: EVIL, amount_yuan: 1 }], indicators: [{ name: EVIL, value: EVIL }],
});
// A service that no item of the catalog fits.
export const wanting = (unit, n, name) => ({
  id: `${unit}-无条目-${n}`, unit, department: unit, year: 2026, name,
  description: `委托专业机构开展${name}工作，全年实施。`, amount_yuan: 123400,
});
