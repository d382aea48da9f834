#   Money against itself.
rule
    id = "amount.items_mismatch"
    title = "分项合计与总额不符"
    severity = warning
    check = "amount-items"
    fields = "description plan goals"
    message = "写明{total}，而所列{parts}＝{sum}，两者不一致，请核对"
    basis = "《预算法》第三十二条：按照预算支出标准和要求、绩效目标管理等规定编制预算"
    examples
        must = "共需经费50万元，具体为：1.设备维护20万元；2.宣传印刷18万元；3.培训费15万元。"
        must = "日常办公36万元，包括办公耗材53万元；印刷2万元；报刊订阅1万元。"
        must = "外聘辅导员12人*3000元/人*12月=42.2万元。"
        must = "项目决算款300万元，已付280万元，2026年支付剩余尾款25万元。"
        must-not = "共需经费50万元，具体为：1.设备维护20万元；2.宣传印刷15万元；3.培训费15万元。"
        must-not = "总投资500万元，其中2026年安排200万元。"
        must-not = "经费30万元，其中：设备维护12万元，人员培训8万元，其余用于宣传等。"
        must-not = "224*3000+3*5000=687000"
        must-not = "项目决算款300万元，已付280万元，2026年支付剩余尾款20万元。"
rule
    id = "amount.total_mismatch"
    title = "正文总额与预算金额不符"
    severity = warning
    check = "amount-total"
    fields = "description"
    message = "正文写{text}，而项目年度资金为{amount}，请核对"
    basis = "《预算法》第三十二条：按照预算支出标准和要求、绩效目标管理等规定编制预算"
    examples
        must = '{"name":"网络运行费","amount_yuan":540000,"description":"2026年申请运行费45万元，用于单位日常网络运行。","year":2026}'
        must-not = '{"name":"网络运行费","amount_yuan":450000,"description":"2026年申请运行费45万元，用于单位日常网络运行。","year":2026}'
        must-not = '{"name":"网络运行费","amount_yuan":450000,"description":"2025年申请运行费40万元。","year":2026}'
        must-not = '{"name":"网络运行费","amount_yuan":450000,"total_yuan":900000,"description":"项目预算90万元，分两年支付。","year":2026}'
rule
    id = "amount.cap_mismatch"
    title = "成本指标高于预算"
    severity = warning
    check = "amount-cap"
    message = "成本指标“{name}”为{cap}，高于项目预算{amount}，请核对{hint}"
    basis = "《项目支出绩效评价管理办法》（财预〔2020〕10号）：绩效指标明确性，与预算资金量相匹配"
    examples
        must = '{"name":"窗口运行","amount_yuan":500000,"indicators":[{"name":"运行总成本","value":"≤80万元"}]}'
        must-not = '{"name":"窗口运行","amount_yuan":500000,"indicators":[{"name":"运行总成本","value":"≤50万元"}]}'
        must-not = '{"name":"规划编制","amount_yuan":200000,"total_yuan":476000,"indicators":[{"name":"编制成本","value":"≤47.6万元"}]}'
        must-not = '{"name":"招商","amount_yuan":500000,"indicators":[{"name":"带动投资","value":"≥5000万元"}]}'
rule
    id = "amount.unit_suspect"
    title = "金额单位可疑"
    severity = warning
    check = "amount-unit"
    fields = "description plan"
    message = "“{text}”{why}"
    basis = "《预算法》第三十二条：按照预算支出标准和要求、绩效目标管理等规定编制预算"
    values
        times = 10
    examples
        must = '{"name":"网络运行费","amount_yuan":450000,"description":"主要用于：网络耗材6000万元，邮寄费用10万元。"}'
        must-not = '{"name":"网络运行费","amount_yuan":450000,"description":"主要用于：网络耗材6000元，邮寄费用10万元。"}'
        must-not = '{"name":"中心运维","amount_yuan":450000,"description":"该中心总投资8800万元，建成后由专业团队维护。"}'
rule
    id = "amount.date_suspect"
    reports = "amount.unit_suspect"
    title = "日期可疑"
    severity = warning
    check = "dates"
    fields = "description plan"
    message = "“{text}”{why}，请核对"
    basis = "《预算法》第三十二条：按照预算支出标准和要求、绩效目标管理等规定编制预算"
    examples
        must = "支付2025年1-6月服务费2万元，2005年7-11月服务费5万元，2025年12月服务费1万元。"
        must = "线路租用20205年9.8万元。"
        must-not = "2005年建成，2018年改造，2025年1-6月运行费2万元。"
        must-not = "支付2025年1-6月服务费2万元，2025年7-11月服务费5万元，2025年12月服务费1万元。"
rule
    id = "amount.years_mismatch"
    title = "实施期总额与年度金额不符"
    severity = warning
    check = "amount-years"
    fields = "description plan"
    message = "每年{yearly}、共{years}年应为{made}，而实施期资金总额为{total}，请核对"
    basis = "《预算法》第三十二条：按照预算支出标准和要求、绩效目标管理等规定编制预算"
    examples
        must = '{"name":"平台服务","amount_yuan":650000,"total_yuan":2100000,"term_years":3,"description":"分三年购买服务，每年服务费65万元。"}'
        must-not = '{"name":"平台服务","amount_yuan":650000,"total_yuan":1950000,"term_years":3,"description":"分三年购买服务，每年服务费约65万元。"}'
        must-not = '{"name":"平台服务","amount_yuan":650000,"total_yuan":650000,"description":"每年服务费65万元。"}'
