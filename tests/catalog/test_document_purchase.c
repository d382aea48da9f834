/* The table of 政府购买服务 that some units publish beside the declaration. */
#include "tests/catalog/documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A document with one project and `table`. */
static struct jv *read_with(const char *table)
{
    char document[8192];
    snprintf(
        document, sizeof document,
        "青禾市民政局2024年度单位预算公开\n目录\n表十四 2024年政府购买服务支出预算表.....16\n\n"
        "项目名称：助餐服务\n年度预算（元）：100\n项目概况：助餐。\n负责人：\n\n%s\n\n"
        "第三部分 2024年度单位预算情况说明\n\n无\n",
        table);
    return read_document(document);
}

static const struct jv *purchase_of(const struct jv *document)
{
    return jv_get(jv_get(document, "tables"), "purchase");
}

static void assert_row(const struct jv *document, size_t index, const char *code, const char *name,
                       double amount)
{
    const struct jv *row = jv_at(jv_get(purchase_of(document), "rows"), index);
    assert_non_null(row);
    if (code)
        assert_string_equal(jv_get_text(row, "code"), code);
    else
        assert_null(jv_get_text(row, "code"));
    assert_string_equal(jv_get_text(row, "name"), name);
    assert_true(jv_get_number(row, "amount_yuan", -1) == amount);
}

static void test_rows_have_code_name_and_total(void **state)
{
    (void)state;
    struct jv *document =
        read_with("预算公开表14\n\n2024年政府购买服务支出预算表\n\n单位名称：青禾市民政"
                  "局\n\n单位：万元\n\n"
                  "单位名称\t项目名称\t目录代码\t目录名称\t合计\t一般公共预算\n"
                  "合计\t\t\t\t102.50\t102.50\n"
                  "青禾市民政局\t大楼物业\tB1102\t物业管理服务\t90.00\t90.00\n"
                  "青禾市民政局\t档案整理\tB1104\t印刷和出版服务\t12.50\t12.50\n");
    assert_int_equal(jv_count(jv_get(purchase_of(document), "rows")), 2);
    assert_row(document, 0, "B1102", "物业管理服务", 900000);
    assert_row(document, 1, "B1104", "印刷和出版服务", 125000);
    assert_true(jv_get_number(purchase_of(document), "total_yuan", 0) == 1025000);
    jv_destroy(&document);
}

static void test_code_and_name_may_share_a_cell_and_yuan_may_be_the_unit(void **state)
{
    (void)state;
    struct jv *document =
        read_with("2024年政府购买服务预算表\n\n| 项目 | 金额（元） |\n| --- | --- |\n"
                  "| B1102 物业管理服务 | 900,000 |\n| 合计 | 900,000 |\n");
    assert_int_equal(jv_count(jv_get(purchase_of(document), "rows")), 1);
    assert_row(document, 0, "B1102", "物业管理服务", 900000);
    jv_destroy(&document);
}

static void test_a_row_without_a_code_has_its_name(void **state)
{
    (void)state;
    struct jv *document = read_with("政府购买服务项目表\n\n单位：万元\n\n项目名称\t预算数\n"
                                    "社会救助入户核查\t15.00\n");
    assert_row(document, 0, NULL, "社会救助入户核查", 150000);
    jv_destroy(&document);
}

static void test_an_empty_table_is_there_and_empty(void **state)
{
    (void)state;
    struct jv *document = read_with("2024年政府购买服务支出预算表\n\n单位：万元\n\n"
                                    "项目名称\t合计\n\n注：本表无数据\n");
    assert_non_null(purchase_of(document));
    assert_int_equal(jv_count(jv_get(purchase_of(document), "rows")), 0);
    jv_destroy(&document);
}

static void test_the_table_of_contents_is_no_table(void **state)
{
    (void)state;
    struct jv *document = read_with("本单位没有其他表。");
    assert_null(purchase_of(document));
    jv_destroy(&document);
}

static void test_the_tables_that_follow_are_not_read(void **state)
{
    (void)state;
    struct jv *document = read_with("2024年政府购买服务支出预算表\n\n单位：万元\n\n项目名称\t合计\n"
                                    "大楼物业\t90.00\n\n2024年政府采购预算表\n\n品目\t合计\n"
                                    "办公设备\t30.00\n");
    assert_int_equal(jv_count(jv_get(purchase_of(document), "rows")), 1);
    jv_destroy(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_have_code_name_and_total),
        cmocka_unit_test(test_code_and_name_may_share_a_cell_and_yuan_may_be_the_unit),
        cmocka_unit_test(test_a_row_without_a_code_has_its_name),
        cmocka_unit_test(test_an_empty_table_is_there_and_empty),
        cmocka_unit_test(test_the_table_of_contents_is_no_table),
        cmocka_unit_test(test_the_tables_that_follow_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
