/* What a keeper does with rows in quarantine. */
#include "tests/catalog/catalog_case.h"

#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    struct fault fault = {0};
    struct catalog_case *self = catalog_case_new();
    *state = self;
    char *scan = fixture_read("catalog-scan.txt"), *excerpt = fixture_read("catalog-excerpt.txt");
    bool done = case_import(self, scan, "scan", &fault) == IMPORT_DONE &&
                case_import(self, excerpt, "excerpt", &fault) == IMPORT_DONE;
    free(scan);
    free(excerpt);
    return done ? 0 : -1;
}

static int teardown(void **state)
{
    catalog_case_destroy((struct catalog_case **)state);
    return 0;
}

static void assert_text(struct catalog_case *self, const char *sql, const char *expected)
{
    char *text = case_text(self, sql);
    assert_string_equal(text, expected);
    free(text);
}

static void settle(struct catalog_case *self, const char *revision, struct settlement settlement)
{
    struct fault fault = {0};
    if (settle_item(self->store, revision, &settlement, &fault))
        fail_msg("%s", fault.message);
}

static void refuse(struct catalog_case *self, struct settlement settlement, const char *code)
{
    struct fault fault = {0};
    char *before = case_digest(self);
    assert_int_equal(settle_item(self->store, "scan", &settlement, &fault), -1);
    assert_string_equal(fault.code, code);
    char *after = case_digest(self);
    assert_string_equal(before, after);
    assert_int_equal(case_number(self, "SELECT count(*) FROM settlement"), 0);
    free(before);
    free(after);
}

static void test_released_leaf_is_offered_with_its_path(void **state)
{
    struct catalog_case *self = *state;
    settle(self, "scan", (struct settlement){.department = "疾病预防控制", .code = "A030204"});
    assert_text(self, "SELECT state FROM item WHERE code = 'A030204'", "offered");
    assert_text(self,
                "SELECT group_concat(code || name || state, ' ') FROM (SELECT * FROM item WHERE"
                " department = '疾病预防控制' AND code IN ('A03', 'A0302') ORDER BY code)",
                "A03就业公共服务completed A0302职业技能培训服务completed");
    assert_text(self, "SELECT settled FROM finding WHERE code = 'A030204'", "released");
}

static void test_assigned_leaf_moves_with_its_ancestors(void **state)
{
    struct catalog_case *self = *state;
    /* 行政审批 as the excerpt's own heading spells it, whatever the keeper's spelling. */
    settle(
        self, "excerpt",
        (struct settlement){.department = "老龄事业", .code = "A170301", .new_department = "气象"});
    assert_text(self,
                "SELECT department || state FROM item WHERE revision = 'excerpt' AND code ="
                " 'A170301' AND line = 39",
                "气象offered");
    assert_text(self,
                "SELECT group_concat(code, ' ') FROM (SELECT code FROM item WHERE department ="
                " '气象' AND revision = 'excerpt' ORDER BY code)",
                "A A17 A1703 A170301");
    assert_text(self, "SELECT settled FROM finding WHERE code = 'A170301'", "assigned:气象");
}

static void test_slip_in_a_code_is_put_right_on_release(void **state)
{
    struct catalog_case *self = *state;
    settle(self, "scan",
           (struct settlement){.department = "就业服务", .code = "B150201", .new_code = "A150201"});
    assert_text(self,
                "SELECT state || level || parent FROM item WHERE department = '就业服务' AND"
                " code = 'A150201'",
                "offered4A1502");
}

static void test_leaf_without_a_name_needs_one(void **state)
{
    struct catalog_case *self = *state;
    struct settlement settlement = {.department = "就业服务", .code = "A030202"};
    refuse(self, settlement, "catalog.name_missing");
    settlement.new_name = "残疾人技能培训服务";
    settle(self, "scan", settlement);
    assert_text(self, "SELECT name || state FROM item WHERE code = 'A030202'",
                "残疾人技能培训服务offered");
}

static void test_two_rows_of_one_key_are_told_apart_by_their_line(void **state)
{
    struct catalog_case *self = *state;
    struct settlement settlement = {.department = "微企业培育", .code = "A150101"};
    refuse(self, settlement, "catalog.ambiguous");
    settlement.line = 93;
    settle(self, "scan", settlement);
    assert_text(self,
                "SELECT name FROM item WHERE code = 'A150101' AND state = 'offered' AND"
                " department = '微企业培育'",
                "小微企业融资信息服务");
    struct fault fault = {0};
    settlement.line = 92;
    assert_int_equal(settle_item(self->store, "scan", &settlement, &fault), -1);
    assert_string_equal(fault.code, "catalog.key_taken");
}

static void test_wrong_settlements_change_nothing(void **state)
{
    struct catalog_case *self = *state;
    refuse(self, (struct settlement){.department = "气象", .code = "A150201"},
           "catalog.not_quarantined");
    refuse(self,
           (struct settlement){
               .department = "疾病预防控制", .code = "A030204", .new_department = "无此部门"},
           "catalog.unknown_department");
    refuse(self, (struct settlement){.department = "知识产权", .code = "A17010"},
           "catalog.bad_code");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_released_leaf_is_offered_with_its_path),
        TEST(test_assigned_leaf_moves_with_its_ancestors),
        TEST(test_slip_in_a_code_is_put_right_on_release),
        TEST(test_leaf_without_a_name_needs_one),
        TEST(test_two_rows_of_one_key_are_told_apart_by_their_line),
        TEST(test_wrong_settlements_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
