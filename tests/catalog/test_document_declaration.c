#include "tests/catalog/documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A document with one project whose 其他说明（一） says `text`. */
static struct jv *declare(const char *text)
{
    char document[8192];
    snprintf(document, sizeof document,
             "青禾市民政局\n2026年度单位预算公开\n目录\n（一）政府购买服务指导性目录.....\t36\n\n"
             "项目名称：助餐服务\n年度预算（元）：100\n项目概况：助餐。\n\n十二、其他说明\n\n%s\n\n"
             "（二）其他\n\n无\n",
             text);
    return read_document(document);
}

static const struct jv *declaration_of(const struct jv *document)
{
    const struct jv *declaration = jv_get(document, "declaration");
    assert_true(jv_get_bool(declaration, "found", false));
    return declaration;
}

static void assert_item(const struct jv *items, size_t index, const char *code, const char *name,
                        double amount)
{
    const struct jv *item = jv_at(items, index);
    assert_non_null(item);
    assert_string_equal(jv_get_text(item, "code"), code);
    assert_string_equal(jv_get_text(item, "name"), name);
    assert_true(jv_get_number(item, "amount_yuan", -1) == amount);
}

#define SECTION "（一）政府购买服务指导性目录\n\n"

static void test_codes_with_names_and_amounts(void **state)
{
    (void)state;
    struct jv *document = declare(
        SECTION
        "根据晋财综〔2025〕28号，我单位政府购买服务为A160603政务服务事项标准化服务，金额50万元"
        "；Ａ180603帮办代办服务12.5万元、A18 0701 12345 政务服务热线便民服务、A18070212345政务"
        "服务便民热线系统运维服务。");
    const struct jv *items = jv_get(declaration_of(document), "items");
    assert_int_equal(jv_count(items), 4);
    assert_item(items, 0, "A160603", "政务服务事项标准化服务", 500000);
    assert_item(items, 1, "A180603", "帮办代办服务", 125000);
    assert_item(items, 2, "A180701", "12345政务服务热线便民服务", -1);
    assert_item(items, 3, "A180702", "12345政务服务便民热线系统运维服务", -1);
    assert_false(jv_get_bool(declaration_of(document), "none", true));
    assert_int_equal(jv_count(jv_get(project_at(document, 0), "declared")), 4);
    jv_destroy(&document);
}

static void test_names_before_codes_in_brackets(void **state)
{
    (void)state;
    struct jv *document =
        declare("（一）政府购买服务指导性目录：我单位2026年政府购买服务为法律顾问服务"
                "（B0101）3万元，审计服务（仅限非审计部门）（代码B0302）。");
    const struct jv *items = jv_get(declaration_of(document), "items");
    assert_int_equal(jv_count(items), 2);
    assert_item(items, 0, "B0101", "法律顾问服务", 30000);
    assert_string_equal(jv_get_text(jv_at(items, 1), "code"), "B0302");
    jv_destroy(&document);
}

static void test_a_table_of_codes_with_its_unit_in_the_heading(void **state)
{
    (void)state;
    struct jv *document = declare(
        SECTION "序号\t代码\t目录名称\t金额（万元）\n1\tA160603\t政务服务事项标准化服务\t50.5\n2\t"
                "B0302\t审计服务（仅限非审计部门）\t3\n");
    const struct jv *items = jv_get(declaration_of(document), "items");
    assert_int_equal(jv_count(items), 2);
    assert_item(items, 0, "A160603", "政务服务事项标准化服务", 505000);
    assert_item(items, 1, "B0302", "审计服务（仅限非审计部门）", 30000);
    jv_destroy(&document);
}

static void test_nothing_declared_is_none(void **state)
{
    (void)state;
    const char *const texts[] = {"无",
                                 "无。",
                                 "本单位不涉及政府购买服务事项。",
                                 "2026年本单位未安排政府购买服务预算。",
                                 "我局没有政府购买服务项目。",
                                 "2026年无政府购买服务。",
                                 "政府购买服务预算为0万元。"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[512];
        snprintf(text, sizeof text, SECTION "%s", texts[i]);
        struct jv *document = declare(text);
        assert_true(jv_get_bool(declaration_of(document), "none", false));
        assert_true(jv_get_bool(jv_get(project_at(document, 0), "declaration"), "none", false));
        assert_null(jv_get(project_at(document, 0), "declared"));
        jv_destroy(&document);
    }
}

static void test_a_citation_alone_is_neither_none_nor_an_item(void **state)
{
    (void)state;
    struct jv *document = declare(
        SECTION
        "严格执行晋财综(2023)43号、《通知》（晋财综【2023】 47 号）和青市财综［2021］58号，无特殊"
        "情况。按（晋财综〔2023〕43号）办理。");
    const struct jv *declaration = declaration_of(document);
    const struct jv *references = jv_get(declaration, "references");
    assert_false(jv_get_bool(declaration, "none", true));
    assert_int_equal(jv_count(jv_get(declaration, "items")), 0);
    assert_int_equal(jv_count(references), 3);
    assert_string_equal(jv_text(jv_at(references, 0)), "晋财综〔2023〕43号");
    assert_string_equal(jv_text(jv_at(references, 1)), "晋财综〔2023〕47号");
    jv_destroy(&document);
}

static void test_the_section_ends_where_a_catalog_is_bound_in(void **state)
{
    (void)state;
    struct jv *document =
        declare(SECTION "A160603政务服务事项标准化服务\n\n山西省财政厅文件\n\n晋财综〔20"
                        "25〕28号\n\nA180601\t\t\t\t综合窗口服务\n");
    const struct jv *declaration = declaration_of(document);
    assert_int_equal(jv_count(jv_get(declaration, "items")), 1);
    assert_int_equal(jv_count(jv_get(declaration, "references")), 0);
    assert_string_equal(jv_get_text(declaration, "text"), "A160603政务服务事项标准化服务");
    jv_destroy(&document);
}

static void test_the_span_points_into_the_document(void **state)
{
    (void)state;
    struct jv *document = declare(SECTION "A160603政务服务事项标准化服务");
    const struct jv *declaration = declaration_of(document);
    const struct jv *span = jv_get(declaration, "text_span");
    double length = jv_get_number(span, "end", 0) - jv_get_number(span, "start", 0);
    assert_true(length >= 18 && length <= 20);
    assert_true(jv_get_number(declaration, "line", 0) == 14);
    jv_destroy(&document);
}

static void test_no_section_is_not_none(void **state)
{
    (void)state;
    struct jv *document =
        read_document("项目名称：助餐服务\n年度预算（元）：100\n项目概况：助餐。\n");
    assert_false(jv_get_bool(jv_get(document, "declaration"), "found", true));
    assert_false(jv_get_bool(jv_get(document, "declaration"), "none", true));
    assert_null(jv_get(project_at(document, 0), "declaration"));
    jv_destroy(&document);
}

static void test_procurement_totals(void **state)
{
    (void)state;
    struct jv *document =
        declare(SECTION "无\n九、政府采购情况\n2026年青禾市民政局政府采购预算总额42.50万"
                        "元。其中：政府采购货物预算2.5万元、政府采购工程预算0万元、"
                        "政府采购服务预算40.00万元。");
    const struct jv *procurement = jv_get(jv_get(document, "tables"), "procurement");
    assert_true(jv_get_number(procurement, "total_yuan", -1) == 425000);
    assert_true(jv_get_number(procurement, "goods_yuan", -1) == 25000);
    assert_true(jv_get_number(procurement, "works_yuan", -1) == 0);
    assert_true(jv_get_number(procurement, "services_yuan", -1) == 400000);
    jv_destroy(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_with_names_and_amounts),
        cmocka_unit_test(test_names_before_codes_in_brackets),
        cmocka_unit_test(test_a_table_of_codes_with_its_unit_in_the_heading),
        cmocka_unit_test(test_nothing_declared_is_none),
        cmocka_unit_test(test_a_citation_alone_is_neither_none_nor_an_item),
        cmocka_unit_test(test_the_section_ends_where_a_catalog_is_bound_in),
        cmocka_unit_test(test_the_span_points_into_the_document),
        cmocka_unit_test(test_no_section_is_not_none),
        cmocka_unit_test(test_procurement_totals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
