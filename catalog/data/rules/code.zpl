#   Declared codes against the revisions.
rule
    id = "code.unknown"
    title = "申报的代码不存在"
    severity = error
    check = "code-unknown"
    message = "申报的代码“{code}”在已收录的各版目录中都查不到，请核对代码"
    basis = "晋财综〔2021〕63号 一、严格目录管理"
    texts
        complete = "晋财综〔2025〕28号 行政审批"
    examples
        must = '{"name":"数据治理服务","unit":"某市行政审批服务管理局","year":2026,"declared":[{"code":"A160655","name":"数据治理"}]}'
        must = '{"name":"数据治理服务","unit":"某市行政审批服务管理局","declared":[{"code":"A990101","name":"数据治理"}]}'
        must = '{"name":"印刷服务","declared":[{"code":"B99"}]}'
        must-not = '{"name":"数据治理服务","unit":"某市行政审批服务管理局","year":2024,"declared":[{"code":"A160655","name":"数据治理"}]}'
        must-not = '{"name":"印刷服务","declared":[{"code":"B1104","name":"印刷和出版服务"}]}'
        must-not = '{"name":"印刷服务","declared":[{"code":"Ｂ１１０４","name":"印刷和出版服务"}]}'
rule
    id = "code.not_leaf"
    title = "申报的代码不是末级"
    severity = error
    check = "code-not-leaf"
    message = "代码“{code}”是{level}级目录，不能直接申报，请选到{leaf}级"
    basis = "晋财综〔2021〕63号 一、严格目录管理"
    examples
        must = '{"name":"法律服务","declared":[{"code":"A1502"}]}'
        must = '{"name":"物业服务","declared":[{"code":"B11"}]}'
        must-not = '{"name":"物业服务","declared":[{"code":"B1102","name":"物业管理服务"}]}'
rule
    id = "code.not_in_force"
    title = "申报的代码只在已失效的目录中"
    severity = error
    check = "code-not-in-force"
    message = "代码“{code}”（{name}）只见于{old}，本项目适用{current}；{hint}"
    basis = "晋财综〔2025〕28号：自印发之日起施行"
    texts
        complete = "晋财综〔2025〕28号 行政审批"
    examples
        must-not = '{"name":"政务服务事项标准化","unit":"某市行政审批服务管理局","year":2026,"declared":[{"code":"A160603"}]}'
rule
    id = "code.wrong_department"
    title = "使用了其他部门的代码"
    severity = error
    check = "code-wrong-department"
    message = "代码“{code}”在目录中属于{others}，不在{department}的目录内，不得超范围使用"
    basis = "晋财综〔2021〕63号 一、严格目录管理（严禁超范围实施）"
    texts
        complete = "晋财综〔2025〕28号 行政审批"
    examples
        must-not = '{"name":"政务服务事项标准化","unit":"某市行政审批服务管理局","year":2026,"declared":[{"code":"A160603"}]}'
        must-not = '{"name":"物业服务","unit":"某市民政局","declared":[{"code":"B1102"}]}'
rule
    id = "code.name_mismatch"
    title = "代码与名称不符"
    severity = warning
    check = "code-name"
    message = "代码“{code}”的目录名称是“{official}”，申报时写成“{name}”，请核对代码或名称"
    basis = "晋财综〔2021〕63号 一、严格目录管理"
    texts
        complete = "晋财综〔2025〕28号 行政审批"
    examples
        must = '{"name":"物业服务","declared":[{"code":"B1102","name":"印刷和出版服务"}]}'
        must-not = '{"name":"物业服务","declared":[{"code":"B1102","name":"物业管理"}]}'
        must-not = '{"name":"审计","unit":"某市民政局","declared":[{"code":"B0302","name":"审计服务"}]}'
        must-not = '{"name":"物业服务","declared":[{"code":"B1102","name":"物业营理服务"}]}'
rule
    id = "code.restricted"
    title = "限定部门使用的代码"
    severity = error
    check = "code-restricted"
    message = "“{code} {name}”{who}{departments}部门使用，本单位不能申报"
    basis = "晋财综〔2021〕63号 三（三）"
    examples
        must = '{"name":"公务用车租赁","unit":"某市民政局","declared":[{"code":"B1106"}]}'
        must = '{"name":"聘请中介审计","unit":"某市审计局","declared":[{"code":"B0302"}]}'
        must-not = '{"name":"公务用车租赁","unit":"某市机关事务管理局","declared":[{"code":"B1106"}]}'
        must-not = '{"name":"聘请中介审计","unit":"某市教育局","declared":[{"code":"B0302"}]}'
rule
    id = "code.disagrees"
    title = "申报的代码与项目内容不符"
    severity = warning
    check = "code-disagrees"
    message = "申报的是“{code} {name}”，而项目文字更符合“{best} {best-name}”（把握{confidence}），请核对"
    basis = "晋财综〔2021〕63号 一、严格目录管理"
    values
        confidence = 0.9
        share = 0.05
    examples
        must = '{"name":"政务服务事项标准化","unit":"某市行政审批服务管理局","year":2026,"declared":[{"code":"B1102","name":"物业管理服务"}],"as":{"decision":"auto","kind":"service","confidence":0.97,"code":"A160603"}}'
        must-not = '{"name":"政务服务事项标准化","unit":"某市行政审批服务管理局","year":2026,"declared":[{"code":"B1102","name":"物业管理服务"}],"as":{"decision":"review","kind":"service","confidence":0.6,"code":"A160603"}}'
