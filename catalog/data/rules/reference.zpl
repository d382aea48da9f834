#   Catalog documents that another has replaced. texts: the document and the year in which it was replaced;
#   in order, the last without a year is in force.
rule
    id = "reference.superseded"
    title = "引用的目录文件已被替代"
    severity = warning
    check = "reference"
    fields = "name description plan goals necessity basis"
    triggers = "晋财综 晋市财综"
    pattern = "晋市?财综\((?:20)?\d\d\)\d+号"
    except = "(?:废止|停止执行|失效|替代|原|取代)[^.;]{0,12}?晋市?财综\(\d+\)\d+号"
    except = "晋市?财综\(\d+\)\d+号[^.;]{0,12}?(?:废止|停止执行|失效|被替代|不再执行)"
    message = "引用的“{text}”已被替代，编制本年度预算时有效的是{current}，请改引现行文件"
    basis = "晋财综〔2025〕28号：自印发之日（2025-07-15）起施行，晋财综〔2024〕37号同时废止"
    texts
        catalog = "晋财综〔2021〕63号 2023"
        forwarded = "晋市财综〔2021〕58号 2023"
        catalog = "晋财综〔2023〕43号 2024"
        catalog = "晋财综〔2024〕37号 2025"
        catalog = "晋财综〔2025〕28号"
    examples
        must = '{"name":"物业服务","year":2026,"basis":"《山西省部门政府购买服务指导性目录》（晋财综〔2023〕43号）"}'
        must = '{"name":"物业服务","year":2026,"basis":"晋财综(2021)63号"}'
        must-not = '{"name":"物业服务","year":2024,"basis":"晋财综〔2023〕43号"}'
        must-not = '{"name":"物业服务","year":2026,"basis":"晋财综〔2025〕28号"}'
        must-not = '{"name":"物业服务","year":2026,"basis":"晋财综〔2023〕47号"}'
        must-not = '{"name":"目录修订","year":2026,"basis":"晋财综〔2024〕37号同时废止"}'
