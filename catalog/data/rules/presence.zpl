#   What is missing, what is declared, and what is there twice.
rule
    id = "basis.missing"
    title = "没有立项依据"
    severity = warning
    check = "basis"
    message = "没有填写立项依据，请补充文件名称、文号或会议纪要"
    basis = "《项目支出绩效评价管理办法》（财预〔2020〕10号）：立项依据充分性"
    examples
        must = '{"name":"物业管理","basis":""}'
        must = '{"name":"物业管理","basis":"无","source":{"line":1}}'
        must-not = '{"name":"物业管理"}'
        must-not = '{"name":"物业管理","basis":"局党组会议纪要","source":{"line":1}}'
rule
    id = "indicators.missing"
    title = "绩效指标不全"
    severity = warning
    check = "indicators"
    message = "绩效指标中没有{missing}指标，请补充"
    basis = "《项目支出绩效评价管理办法》（财预〔2020〕10号）：产出指标包括数量、质量、时效、成本"
    examples
        must = '{"name":"物业管理","source":{"line":1},"indicators":[]}'
        must = '{"name":"物业管理","indicators":[{"name":"保洁面积","value":"≥4500平方米"}]}'
        must-not = '{"name":"物业管理"}'
        must-not = '{"name":"物业管理","indicators":[{"name":"保洁面积","value":"≥4500平方米"},{"name":"保洁合格率","value":"≥95%"},{"name":"物业费","value":"≤50万元"}]}'
rule
    id = "declaration.missing"
    title = "未申报的购买服务"
    severity = warning
    check = "declaration"
    message = "“{text}”符合“{code} {name}”（把握{confidence}），但本单位在“政府购买服务指导性目录”说明中{how}，请核对是否漏报"
    basis = "《政府购买服务管理办法》（财政部令第102号）；部门预算公开要求说明政府购买服务指导性目录"
    values
        confidence = 0.9
    examples
        must = '{"name":"政务服务事项标准化","unit":"某市行政审批服务管理局","year":2026,"source":{"line":1},"declaration":{"none":true},"as":{"decision":"auto","kind":"service","confidence":0.96,"code":"A160603"}}'
        must-not = '{"name":"政务服务事项标准化","unit":"某市行政审批服务管理局","year":2026,"source":{"line":1},"declaration":{"none":true},"as":{"decision":"review","kind":"service","confidence":0.7,"code":"A160603"}}'
        must-not = '{"name":"政务服务事项标准化","unit":"某市行政审批服务管理局","year":2026,"as":{"decision":"auto","kind":"service","confidence":0.96,"code":"A160603"}}'
rule
    id = "declaration.amount_mismatch"
    title = "申报金额与项目金额不符"
    severity = warning
    check = "declared-amount"
    message = "申报的政府购买服务金额{declared}高于项目金额{amount}，请核对"
    basis = "《政府购买服务管理办法》（财政部令第102号）：所需资金应当在相关部门预算中统筹安排"
    examples
        must = '{"name":"物业管理","amount_yuan":500000,"declared":[{"code":"B1102","amount_yuan":600000}]}'
        must-not = '{"name":"物业管理","amount_yuan":500000,"declared":[{"code":"B1102","amount_yuan":500000}]}'
rule
    id = "duplicate.near"
    title = "与另一项目几乎相同"
    severity = warning
    check = "duplicate"
    message = "与项目 {other} 几乎相同，请核对是否重复申报"
    basis = "《预算法》第三十二条：按照预算支出标准和要求、绩效目标管理等规定编制预算"
    values
        same-unit = 0.7
        other-unit = 0.85
        other-name = 0.92
        pairs = 24
