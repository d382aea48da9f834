#include "tests/catalog/documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD "青禾市民政局\n2026年度单位预算公开\n\n项目支出绩效目标表\n(2026年度)\n\n"
#define REST                                                                                                                        \
    "项目概况\t为全市困难老人提供上门助餐服务。\t\t\n立项依据\t会议纪要\t\t\n"                          \
    "项目设立必要性\t保障基本生活。\t\t\n保证项目实施的制度、措施\t按月检查。\t\t\n"                 \
    "项目实施计划\t全年实施。\t\t\n实施期目标\t\t年度目标\t\n总体目标\t三年目标\t\t年度的目标\t\n" \
    "绩效指标\t一级指标\t二级指标\t三级指标\t指标值\t二级指标\t三级指标\t指标值\n"                    \
    "\t产出指标\t数量指标\t助餐人数\t≥300人\t数量指标\t助餐人数\t≥100人\n"                                \
    "\t\t成本指标\t助餐成本\t≤30万元\t成本指标\t助餐成本\t≤30万元\n"                                        \
    "负责人：\t甲\t经办人：\t乙\t联系电话：\t\t填报日期：\t20260101\n"

static void assert_text(const struct jv *object, const char *name, const char *expected)
{
    const char *text = jv_get_text(object, name);
    if (!text)
        fail_msg("%s is missing", name);
    assert_string_equal(text, expected);
}

static void test_a_well_formed_table_is_read_in_full(void **state)
{
    (void)state;
    struct jv *document = read_document(
        HEAD
        "项目名称\t\t居家养老助餐服务\t\t\n主管部门及代码\t055-青禾市民政局\t\t实施单位\t青禾市"
        "养老服务中心\n项目属性\t延续性项目（阶段开展）\t\t项目期\t3年\n项目资金（元）\t实施期资金"
        "总额：\t900,000\t年度资金总额：\t300,000\n\t其中：中央财政资金\t0\t其中：中央财政资金\t0\n"
        "\t市县（区）财政资\t900,000\t市县（区）财政资金\t300,000\n" REST);
    const struct jv *project = project_at(document, 0);
    assert_int_equal(jv_count(jv_get(document, "projects")), 1);
    assert_project(project, "居家养老助餐服务", "青禾市养老服务中心", 300000);
    assert_text(project, "department", "青禾市民政局");
    assert_text(project, "attribute", "延续性项目");
    assert_text(project, "description", "为全市困难老人提供上门助餐服务。");
    assert_text(project, "basis", "会议纪要");
    assert_text(project, "necessity", "保障基本生活。");
    assert_text(project, "measures", "按月检查。");
    assert_text(project, "plan", "全年实施。");
    assert_text(project, "goals", "年度的目标");
    assert_text(project, "term_goals", "三年目标");
    assert_true(jv_get_number(project, "total_yuan", 0) == 900000);
    assert_true(jv_get_number(project, "term_years", 0) == 3);
    assert_true(jv_get_number(project, "year", 0) == 2026);
    assert_true(jv_get_number(jv_get(project, "source"), "line", 0) == 7);
    const struct jv *fund = jv_at(jv_get(project, "funding"), 1);
    assert_text(fund, "source", "市县（区）财政资金");
    assert_true(jv_get_number(fund, "total_yuan", 0) == 900000);
    assert_true(jv_get_number(fund, "year_yuan", 0) == 300000);
    const struct jv *indicators = jv_get(project, "indicators");
    assert_int_equal(jv_count(indicators), 3);
    assert_text(jv_at(indicators, 1), "value", "≥100人");
    assert_text(jv_at(indicators, 1), "scope", "year");
    assert_text(jv_at(indicators, 2), "type", "成本");
    assert_int_equal(jv_count(jv_get(project, "intake_findings")), 0);
    jv_destroy(&document);
}

static void test_shifted_head_values_find_their_place(void **state)
{
    (void)state;
    struct jv *document = read_document(
        HEAD
        "项目名称\t\t居家养老\t助餐服务\t\n主管部门及代码\t\t055-青禾市民政局\t\t实施单位\t\t\n"
        "项目属性\t\t经常性项目（长期开展）\t\t项目日期\t\t\n\t\t\t\t青禾市养老服务中心\t\t\n"
        "项目资金（元）\t实施期资金总额：300,000\t\t年度资金总额：300,00 0\t\n" REST);
    assert_project(project_at(document, 0), "居家养老助餐服务", "青禾市养老服务中心", 300000);
    assert_true(
        has_finding(jv_get(project_at(document, 0), "intake_findings"), "intake.term_missing"));
    jv_destroy(&document);
}

static void test_labels_in_another_order_and_numbers_over_cells(void **state)
{
    (void)state;
    struct jv *document = read_document(
        HEAD
        "实施单位\t青禾市养老服务中心\t主管部门\t青禾市民政局（055）\n项目期\t2026年-2028年\t项目"
        "名称\t居家养老助餐服务\n项目资金（元）\t年度资金总额：\t300,00\t0\t实施期资金总额：\t"
        "900,\t000\n" REST);
    const struct jv *project = project_at(document, 0);
    assert_int_equal(jv_count(jv_get(document, "projects")), 1);
    assert_project(project, "居家养老助餐服务", "青禾市养老服务中心", 300000);
    assert_text(project, "department", "青禾市民政局");
    assert_true(jv_get_number(project, "total_yuan", 0) == 900000);
    assert_true(jv_get_number(project, "term_years", 0) == 3);
    jv_destroy(&document);
}

static void test_tables_in_ten_thousands_of_yuan(void **state)
{
    (void)state;
    struct jv *document = read_document(
        HEAD
        "项目名称\t居家养老助餐服务\n主管单位\t青禾市民政局\t项目单位\t青禾市养老服务中心\n"
        "项目资金（万元）\t年度资金总额：\t30.5\n\t其中：财政拨款\t30.5\n" REST
        "项目支出绩效目标表\n二级项目名称：\t殡葬服务\n主管部门\t青禾市民政局\n年度金额（万元）\t"
        "12\n" REST);
    assert_project(project_at(document, 0), "居家养老助餐服务", "青禾市养老服务中心", 305000);
    assert_project(project_at(document, 1), "殡葬服务", "青禾市民政局", 120000);
    jv_destroy(&document);
}

static void test_a_markdown_table_is_read(void **state)
{
    (void)state;
    struct jv *document = read_document(
        "# 2026年青禾市民政局部门预算公开\n\n## 项目绩效目标表\n\n| 项 目 名 称 | 居家养老助餐服务 "
        "| | |\n"
        "|---|---|---|---|\n| 主管部门 | 青禾市民政局 | 项目实施单位 | 青禾市养老服务中心 |\n"
        "| 年度预算(万元) | 30 | 起止年限 | 2026年1月-2026年12月 |\n"
        "| 项目概述 | 提供助餐服务，<br>每周五天。 | | |\n| 设立依据 | **会议纪要** | | |\n"
        "| 年度绩效目标 | 服务一百人。 | | |\n");
    const struct jv *project = project_at(document, 0);
    assert_project(project, "居家养老助餐服务", "青禾市养老服务中心", 300000);
    assert_text(project, "description", "提供助餐服务，\n每周五天。");
    assert_text(project, "basis", "会议纪要");
    assert_text(project, "goals", "服务一百人。");
    assert_true(has_finding(jv_get(project, "intake_findings"), "intake.table_cut"));
    jv_destroy(&document);
}

static void test_an_html_table_is_read(void **state)
{
    (void)state;
    struct jv *document = read_document(
        "<h1>青禾市民政局2026年单位预算</h1>\n<p>项目绩效目标表</p>\n<table>\n<tr><td>项目名称</td>"
        "<td colspan=\"3\">居家养老助餐服务</td></tr>\n<tr>\n  <td>主管部门</td>\n  "
        "<td>青禾市民政局</td>"
        "\n\t<td>实施单位</td><td>青禾市&nbsp;养老服务中心</td></tr><tr><td>年度资金总额（元）</"
        "td><td>"
        "300,000</td></tr>\n<tr><td>项目内容</td><td><p>提供助餐服务。</p><p>收费&lt;10元。</p></"
        "td></tr>"
        "<tr><td>立项依据<td>会议纪要</tr></table>\n");
    const struct jv *project = project_at(document, 0);
    assert_project(project, "居家养老助餐服务", "青禾市养老服务中心", 300000);
    assert_text(project, "description", "提供助餐服务。\n\n收费<10元。");
    assert_text(project, "basis", "会议纪要");
    jv_destroy(&document);
}

static void test_columns_made_of_spaces_with_labels_at_half_height(void **state)
{
    (void)state;
    struct jv *document = read_document(
        "             青禾市民政局2026年度单位预算公开\n\n             项目支出绩效目标表\n"
        "                 (2026年度)\n项  目  名  称        居家养老助餐服务\n"
        "主管部门及代码     055-青禾市民政局        实施单位     青禾市养老服务中心\n"
        "项目属性     经常性项目        项目期     99年\n"
        "项目资金（元）   实施期资金总额：  300,000     年度资金总额：  300,000\n"
        "             为全市困难老人提供上门助餐服务，按照\n"
        "项目概况      每人每天十元的标准，委托社会组织运营，\n"
        "             每周服务五天。\n"
        "立项依据      会议纪要\n"
        "             全年实施，每季度\n"
        "项目实施计划\n"
        "             考核一次。\n"
        "年度目标      服务一百人。\n"
        "负责人：      经办人：     填报日期：  20260101\n");
    const struct jv *project = project_at(document, 0);
    assert_project(project, "居家养老助餐服务", "青禾市养老服务中心", 300000);
    assert_text(
        project, "description",
        "为全市困难老人提供上门助餐服务，按照每人每天十元的标准，委托社会组织运营，每周服务五天。");
    assert_text(project, "basis", "会议纪要");
    assert_text(project, "plan", "全年实施，每季度考核一次。");
    assert_text(project, "goals", "服务一百人。");
    jv_destroy(&document);
}

static void test_a_table_goes_on_after_a_page_break(void **state)
{
    (void)state;
    struct jv *document = read_document(
        HEAD
        "项目名称\t居家养老助餐服务\t\n实施单位\t青禾市养老服务中心\t\n年度资金总额（元）：\t300,"
        "000\t\n项目概况\t为全市困难老人提供上门助餐服务，委托\t\n\n— 12 —\n\f项目支出绩效目标表\n"
        "(2026年度)\n项目名称\t居家养老助餐服务\t\n\t社会组织运营。\t\n立项依据\t会议\n\n纪要\n"
        "负责人：\t甲\t填报日期：\t20260101\n");
    const struct jv *project = project_at(document, 0);
    assert_int_equal(jv_count(jv_get(document, "projects")), 1);
    assert_text(project, "description", "为全市困难老人提供上门助餐服务，委托社会组织运营。");
    assert_text(project, "basis", "会议纪要");
    jv_destroy(&document);
}

static void test_tables_without_titles_or_signatures_are_told_apart(void **state)
{
    (void)state;
    struct jv *document = read_document(
        "青禾市民政局\n2026年度部门预算\n项目名称：甲服务\n实施单位：青禾市一中心\n年度预算（万元）"
        "：10\n"
        "项目概况：甲的内容。\n项目名称：乙服务\n实施单位：青禾市二中心\n年度预算（万元）：20\n"
        "项目概况：乙的内容。\n十一、国有资产占有使用情况\n本单位有车辆两辆。\n");
    assert_int_equal(jv_count(jv_get(document, "projects")), 2);
    assert_project(project_at(document, 0), "甲服务", "青禾市一中心", 100000);
    assert_project(project_at(document, 1), "乙服务", "青禾市二中心", 200000);
    assert_text(project_at(document, 1), "description", "乙的内容。");
    jv_destroy(&document);
}

#define BUDGET                                                                                                 \
    "2026年项目支出预算表（本年预算）\n单位名称：青禾市民政局\n单位：万元\n"     \
    "项目名称\t合计\t2026年财政拨款\t\n\t\t一般公共预算\t\n1\t2\t3\t4\n"                      \
    "青禾市民政局\t62.00\t62.00\t\n居家养老 "                                                        \
    "助餐服务\t30.00\t30.00\t\n殡葬\t服务\t12.00\t12.00\t\n\n"                                         \
    "流浪人员救助\t\t\t\n管理服务\t20.00\t20.00\t\n2026年项目支出预算表（上年结转）\n" \
    "项目名称\t合计\n别的\t5.00\n注：无\n"

static void test_the_budget_table_gives_what_the_goals_table_lost(void **state)
{
    (void)state;
    struct jv *document = read_document(
        "青禾市民政局\n2026年度单位预算公开\n" BUDGET
        "绩效目标表\n项目名称\t居家养老助餐服务\n实施单位\t青禾市民政局\n项目资金（元）\t年度资金总"
        "额：\t"
        "\n" REST
        "绩效目标表\n项目名称\t\n实施单位\t青禾市民政局\n年度资金总额（元）\t120,000\n" REST
        "绩效目标表\n项目名称\t流浪人员救助管理服务\n实施单位\t青禾市民政局\n年度资金总额（元）\t"
        "250,000\n" REST);
    const struct jv *rows = jv_get(jv_get(document, "tables"), "project_budget");
    assert_int_equal(jv_count(rows), 3);
    assert_text(jv_at(rows, 0), "name", "居家养老助餐服务");
    assert_text(jv_at(rows, 1), "name", "殡葬服务");
    assert_text(jv_at(rows, 2), "name", "流浪人员救助管理服务");
    assert_true(jv_get_number(jv_at(rows, 2), "amount_yuan", 0) == 200000);
    assert_true(jv_get_number(jv_get(document, "tables"), "project_budget_total_yuan", 0) ==
                620000);
    assert_project(project_at(document, 0), "居家养老助餐服务", "青禾市民政局", 300000);
    assert_true(has_finding(jv_get(project_at(document, 0), "intake_findings"),
                            "intake.amount_from_budget"));
    assert_project(project_at(document, 1), "殡葬服务", "青禾市民政局", 120000);
    assert_true(
        has_finding(jv_get(project_at(document, 1), "intake_findings"), "intake.name_from_budget"));
    assert_project(project_at(document, 2), "流浪人员救助管理服务", "青禾市民政局", 250000);
    assert_true(
        has_finding(jv_get(project_at(document, 2), "intake_findings"), "intake.amount_differs"));
    jv_destroy(&document);
}

static void test_a_document_without_goals_tables_gives_its_budget_rows(void **state)
{
    (void)state;
    struct jv *document =
        read_document("青禾市民政局\n2026年度单位预算公开\n2026年项目支出预算表（上年结转）\n"
                      "单位：万元\n项目名称\t合计\n旧项目\t7.00\n注：无\n" BUDGET);
    assert_int_equal(jv_count(jv_get(document, "projects")), 3);
    assert_project(project_at(document, 1), "殡葬服务", "青禾市民政局", 120000);
    assert_true(has_finding(jv_get(project_at(document, 1), "intake_findings"),
                            "intake.goals_table_missing"));
    jv_destroy(&document);
}

static void test_words_of_labels_inside_texts_stay_texts(void **state)
{
    (void)state;
    struct jv *document = read_document(
        HEAD "项目名称\t项目资金监管服务\t\n实施单位\t青禾市民政局\t\n年度资金总额（元）\t100\t\n"
             "项目概况\t立项依据：会议决定。全年开展监管，\t\n项目单位：各养老院。\n负责人：由各院"
             "指定。\n"
             "立项依据\t会议纪要\t\n负责人：\t甲\t填报日期：\t20260101\n");
    const struct jv *project = project_at(document, 0);
    assert_project(project, "项目资金监管服务", "青禾市民政局", 100);
    assert_text(project, "description",
                "立项依据：会议决定。全年开展监管，项目单位：各养老院。\n负责人：由各院指定。");
    assert_text(project, "basis", "会议纪要");
    jv_destroy(&document);
}

static void test_labels_broken_over_rows_are_whole_again(void **state)
{
    (void)state;
    struct jv *document = read_document(
        HEAD "项目名称\t助餐服务\t\n实施单位\t青禾市民政局\t\n年度资金总额（元）\t100\t\n"
             "保证项目实施的制\t按月\t\n度、措施\t检查。\t\n项目设\t保障\t\n立必要\t基本\t\n性\t"
             "生活。\t\n");
    const struct jv *project = project_at(document, 0);
    assert_text(project, "measures", "按月检查。");
    assert_text(project, "necessity", "保障基本生活。");
    jv_destroy(&document);
}

static void test_ids_stay_the_same_and_differ(void **state)
{
    (void)state;
    const char *text =
        "甲市民政局\n2026年度单位预算\n项目名称：服务\n年度预算（元）：10\n项目概况：一。\n"
        "项目绩效目标表\n项目名称：服务\n年度预算（元）：20\n项目概况：二。\n";
    struct jv *document = read_document(text), *again = read_document(text);
    /* One name twice in a row is one table going on; the second has its own title and amount. */
    const char *id = jv_get_text(project_at(document, 0), "id");
    assert_string_equal(id, jv_get_text(project_at(again, 0), "id"));
    assert_int_equal(strlen(id), 18);
    jv_destroy(&document);
    jv_destroy(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_well_formed_table_is_read_in_full),
        cmocka_unit_test(test_shifted_head_values_find_their_place),
        cmocka_unit_test(test_labels_in_another_order_and_numbers_over_cells),
        cmocka_unit_test(test_tables_in_ten_thousands_of_yuan),
        cmocka_unit_test(test_a_markdown_table_is_read),
        cmocka_unit_test(test_an_html_table_is_read),
        cmocka_unit_test(test_columns_made_of_spaces_with_labels_at_half_height),
        cmocka_unit_test(test_a_table_goes_on_after_a_page_break),
        cmocka_unit_test(test_tables_without_titles_or_signatures_are_told_apart),
        cmocka_unit_test(test_the_budget_table_gives_what_the_goals_table_lost),
        cmocka_unit_test(test_a_document_without_goals_tables_gives_its_budget_rows),
        cmocka_unit_test(test_words_of_labels_inside_texts_stay_texts),
        cmocka_unit_test(test_labels_broken_over_rows_are_whole_again),
        cmocka_unit_test(test_ids_stay_the_same_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
