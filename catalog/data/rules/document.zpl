#   A whole document: tables and declaration against each other. The functions are those of catalog/audit.
rule
    id = "declaration.amount_mismatch.document"
    reports = "declaration.amount_mismatch"
    title = "申报金额与项目合计不符"
    severity = warning
    check = "document"
    message = "“政府购买服务指导性目录”说明中“{code} {name}”为{declared}，而该代码的项目{projects}{more}共{sum}，请核对"
    basis = "《政府购买服务管理办法》（财政部令第102号）：所需资金应当在相关部门预算中统筹安排"
rule
    id = "declaration.amount_mismatch.table"
    reports = "declaration.amount_mismatch"
    title = "申报金额与政府购买服务预算表不符"
    severity = warning
    check = "document"
    message = "“政府购买服务指导性目录”说明中“{code} {name}”为{declared}，而本单位的政府购买服务预算表中为{listed}，请核对"
    basis = "《政府购买服务管理办法》（财政部令第102号）：所需资金应当在相关部门预算中统筹安排"
rule
    id = "declaration.missing.table"
    reports = "declaration.missing"
    title = "政府购买服务预算表所列未申报"
    severity = warning
    check = "document"
    message = "“政府购买服务指导性目录”说明中{said}，而本单位的政府购买服务预算表（第{line}行）列有{text}等共{count}项，两处不一致，请核对"
    basis = "《政府购买服务管理办法》（财政部令第102号）；部门预算公开要求说明政府购买服务指导性目录"
rule
    id = "declaration.missing.empty"
    reports = "declaration.missing"
    title = "已申报而政府购买服务预算表无数据"
    severity = warning
    check = "document"
    message = "“政府购买服务指导性目录”说明中列有代码，而本单位的政府购买服务预算表（第{line}行）无数据，两处不一致，请核对"
    basis = "《政府购买服务管理办法》（财政部令第102号）；部门预算公开要求说明政府购买服务指导性目录"
rule
    id = "table.amount_mismatch"
    title = "绩效目标表金额与项目支出预算表不符"
    severity = warning
    check = "document"
    message = "“{name}”：{text}，请核对"
    basis = "《预算法》第三十二条；《项目支出绩效评价管理办法》（财预〔2020〕10号）：与预算资金量相匹配"
rule
    id = "table.name_mismatch"
    title = "绩效目标表名称与项目支出预算表不同"
    severity = info
    check = "document"
    message = "“{name}”：{text}，两表名称宜一致"
    basis = "《预算法》第十四条（预算公开）"
rule
    id = "table.not_in_budget"
    title = "绩效目标表的项目不在项目支出预算表中"
    severity = info
    check = "document"
    message = "“{name}”有绩效目标表，而{text}，请核对"
    basis = "《预算法》第三十二条：按照预算支出标准和要求、绩效目标管理等规定编制预算"
rule
    id = "table.goals_missing"
    title = "项目没有公开绩效目标表"
    severity = info
    check = "document"
    message = "{text}，请核对是否漏公开"
    basis = "《项目支出绩效评价管理办法》（财预〔2020〕10号）"
rule
    id = "table.total_mismatch"
    title = "表内各行合计与总额不符"
    severity = warning
    check = "document"
    message = "{table}合计为{total}，而所列{count}个项目相加为{sum}，请核对"
    basis = "《预算法》第三十二条：按照预算支出标准和要求、绩效目标管理等规定编制预算"
rule
    id = "procurement.total_mismatch"
    title = "政府采购预算分项合计与总额不符"
    severity = warning
    check = "document"
    message = "政府采购预算总额为{total}，而货物{goods}、工程{works}、服务{services}相加为{sum}，请核对"
    basis = "《政府采购法》第三十三条：在部门预算中列出政府采购的项目及资金预算"
