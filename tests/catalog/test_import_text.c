/* Official texts: what the importer makes of tables as scanners give them. */
#include "tests/catalog/catalog_case.h"

#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADER "代码\t一级目录\t二级目录\t三级目录\t四级目录\n"

static int setup(void **state)
{
    *state = catalog_case_new();
    return 0;
}

static int teardown(void **state)
{
    catalog_case_destroy((struct catalog_case **)state);
    return 0;
}

static void import_fixture(struct catalog_case *self, const char *name, const char *number)
{
    struct fault fault = {0};
    char *text = fixture_read(name);
    assert_int_equal(case_import(self, text, number, &fault), IMPORT_DONE);
    free(text);
}

static void import_text(struct catalog_case *self, const char *text)
{
    struct fault fault = {0};
    enum import_outcome outcome = case_import(self, text, "T", &fault);
    if (outcome != IMPORT_DONE)
        fail_msg("%s", fault.message);
}

static void assert_text(struct catalog_case *self, const char *sql, const char *expected)
{
    char *text = case_text(self, sql);
    assert_string_equal(text, expected);
    free(text);
}

static void test_every_doubt_of_a_scan_is_a_finding_with_its_line(void **state)
{
    struct catalog_case *self = *state;
    import_fixture(self, "catalog-scan.txt", "T");
    assert_finding(self, "T", "import.upper_name_differs", "农业农村", "A14", 42);
    assert_finding(self, "T", "import.parent_missing", "疾病预防控制", "A030204", 66);
    assert_finding(self, "T", "import.ancestor_completed", "疾病预防控制", "A03", 67);
    assert_finding(self, "T", "import.name_missing", "就业服务", "A030202", 74);
    assert_finding(self, "T", "import.prefix_contradicts_parent", "就业服务", "B150201", 80);
    assert_finding(self, "T", "import.department_truncated", "微企业培育", "", 81);
    assert_finding(self, "T", "import.duplicate_key", "微企业培育", "A150101", 92);
    assert_finding(self, "T", "import.duplicate_key", "微企业培育", "A150101", 93);
    assert_finding(self, "T", "import.duplicate_key", "标准化", "A16", 102);
    assert_finding(self, "T", "import.heading_missing", "标准化", "A150201", 109);
    assert_finding(self, "T", "import.code_unreadable", "知识产权", "A17010", 114);
    assert_finding(self, "T", "import.line_not_understood", "", "", 117);
    assert_int_equal(case_number(self, "SELECT count(*) FROM finding"), 15);
}

static void test_doubtful_leaves_are_kept_in_quarantine_and_no_others(void **state)
{
    struct catalog_case *self = *state;
    import_fixture(self, "catalog-scan.txt", "T");
    assert_text(self,
                "SELECT group_concat(code, ' ') FROM (SELECT code FROM item WHERE state ="
                " 'quarantine' ORDER BY position)",
                "A030204 A030202 B150201 A150101 A150101 A15 A1502 A150201 A17010");
    assert_int_equal(case_number(self, "SELECT count(*) FROM item WHERE line > 0"), 65);
}

static void test_completed_ancestor_has_the_name_of_the_other_departments(void **state)
{
    struct catalog_case *self = *state;
    import_fixture(self, "catalog-scan.txt", "T");
    assert_text(self,
                "SELECT name || state || parent || line FROM item WHERE department ="
                " '疾病预防控制' AND code = 'A03'",
                "就业公共服务completedA0");
    assert_text(self,
                "SELECT state FROM item WHERE department = '疾病预防控制' AND code = 'A030301'",
                "offered");
}

static void test_names_are_joined_over_lines_cells_and_spaces(void **state)
{
    struct catalog_case *self = *state;
    import_fixture(self, "catalog-scan.txt", "T");
    assert_text(self, "SELECT name FROM item WHERE code = 'A140101' ORDER BY position",
                "农作物病虫害监测预报服务");
    assert_text(self, "SELECT name FROM item WHERE code = 'A1806'",
                "政务服务窗口受理服务(仅限集中受理事项)");
    assert_text(self, "SELECT name FROM item WHERE code = 'A180601'", "12316三农服务热线窗口服务");
    assert_text(self, "SELECT name FROM item WHERE code = 'A170103'", "专利导航服务");
}

static void test_contents_show_what_lost_pages_glue_together(void **state)
{
    struct catalog_case *self = *state;
    import_fixture(self, "catalog-excerpt.txt", "T");
    assert_finding(self, "T", "import.department_name_differs",
                   "人民政洽协商会议委员会办公厅（室）", "", 25);
    assert_finding(self, "T", "import.parent_missing", "老龄事业", "A160401", 36);
    assert_finding(self, "T", "import.page_missing", "老龄事业", "A17", 37);
    assert_finding(self, "T", "import.page_missing", "行政审批", "", 49);
    assert_text(self, "SELECT message LIKE '%“统计”%' FROM finding WHERE code = 'A160401'", "1");
    assert_int_equal(case_number(self, "SELECT count(*) FROM item WHERE department = '老龄事业'"
                                       " AND state <> 'quarantine' AND line > 35"),
                     0);
    assert_int_equal(case_number(self, "SELECT complete FROM revision"), 0);
    /* The same codes behind a page break, but with their parent, belong where they stand. */
    assert_text(self, "SELECT state FROM item WHERE department = '行政审批' AND code = 'A160401'",
                "offered");
}

static void test_another_scan_gives_the_same_keys(void **state)
{
    struct catalog_case *self = *state;
    import_fixture(self, "catalog-scan.txt", "first");
    char *text = fixture_read("catalog-scan.txt");
    for (unsigned seed = 1; seed <= 60; seed++) {
        struct fault fault = {0};
        char number[16];
        char *again = scan_again(text, seed);
        snprintf(number, sizeof number, "scan-%u", seed);
        if (case_import(self, again, number, &fault) != IMPORT_DONE)
            fail_msg("seed %u: %s", seed, fault.message);
        assert_same_keys(self, "first", number);
        free(again);
    }
    free(text);
}

static void test_slip_in_a_known_heading_is_put_right_and_said(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, HEADER "林业和草原\nA\t公共服务\nA15\t\t公共信息与宣传服务\n");
    struct fault fault = {0};
    assert_int_equal(case_import(self,
                                 HEADER "林业和草源\nA\t公共服务\nA15\t\t公共信息与宣传服务\n", "U",
                                 &fault),
                     IMPORT_DONE);
    assert_same_keys(self, "T", "U");
    assert_finding(self, "U", "import.department_name_differs", "林业和草原", "", 2);
}

static void test_level_is_that_of_the_code_wherever_the_name_stands(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, HEADER
                "水利\nA\t\t\t\t公共服务\n\tA11\t\t\t\t城乡维护服务\nA1101\t公共设施管理服务\n"
                "| A110101 | | | 水库维护服务 | |\n");
    assert_text(self,
                "SELECT group_concat(code || level || parent, ' ') FROM (SELECT * FROM item"
                " ORDER BY position)",
                "A1 A112A A11013A11 A1101014A1101");
    assert_int_equal(case_number(self, "SELECT count(*) FROM finding"), 0);
}

static void test_html_and_two_rows_on_a_line_are_read(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, "<tr><td>代码</td><td>一级目录</td><td>二级目录</td></tr>\n"
                      "<h3>水利</h3>\n<tr><td>A</td><td>公共服务</td></tr>\n"
                      "A11\t\t城乡维护服务\tA1101\t公共设施&nbsp;管理服务\n"
                      "<tr><td>A110101</td><td></td><td>水库<br>维护服务</td></tr>\n");
    assert_text(
        self, "SELECT group_concat(code || name, ' ') FROM (SELECT * FROM item ORDER BY position)",
        "A公共服务 A11城乡维护服务 A1101公共设施管理服务 A110101水库维护服务");
}

static void test_rows_outside_the_table_are_not_read(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, "A150201 是本单位的代码。\n" HEADER "水利\nA\t公共服务\nA11\t\t城乡维护服务\n"
                      "信息公开选项：主动公开\nA150202 也不是目录的行\n2099年1月2日印发\n");
    assert_int_equal(case_number(self, "SELECT count(*) FROM item"), 2);
}

static void test_table_without_a_header_is_found_by_its_codes(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, "某市文件\n\n水利\nA 公共服务\nA11 城乡维护服务\nA1101 公共设施管理服务\n"
                      "A110101 12314热线维护服务\n");
    assert_text(self, "SELECT DISTINCT department FROM item", "水利");
    assert_text(self, "SELECT name FROM item WHERE code = 'A110101'", "12314热线维护服务");
}

static void test_misread_letter_of_a_code_is_found_and_not_glued_to_a_name(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, HEADER "水利\nA\t公共服务\nA11\t\t城乡维护服务\nA1101\t\t\t公共设施管理服务\n"
                             "4110101\t\t\t\t水库维护服务\nA110102\t\t\t\t堤防维护服务\n");
    assert_finding(self, "T", "import.code_unreadable", "水利", "4110101", 6);
    assert_text(self, "SELECT name FROM item WHERE code = 'A1101'", "公共设施管理服务");
}

static void test_class_b_rows_without_a_heading_serve_all_departments(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, HEADER "B\t政府履职辅助性服务\nB01\t\t法律服务\nB0101\t\t\t法律顾问服务\n");
    assert_text(self, "SELECT DISTINCT department || state FROM item", "Boffered");
    assert_int_equal(case_number(self, "SELECT count(*) FROM finding"), 0);
}

static void test_class_a_rows_without_a_heading_are_in_no_department(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, HEADER "A\t公共服务\nA11\t\t城乡维护服务\n水利\nA\t公共服务\n");
    assert_finding(self, "T", "import.heading_missing", "", "A11", 3);
    assert_int_equal(case_number(self, "SELECT count(*) FROM item WHERE state = 'offered'"), 1);
}

static void test_code_under_another_branch_of_its_department_contradicts_it(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, HEADER "水利\nA\t公共服务\nA11\t\t城乡维护服务\nA1101\t\t\t公共设施管理服务\n"
                             "A110101\t\t\t\t水库维护服务\nA1102\t\t\t园林服务\n"
                             "A110201\t\t\t\t绿地服务\nA110102\t\t\t\t苗木服务\n"
                             "A110203\t\t\t\t花卉服务\n");
    assert_finding(self, "T", "import.prefix_contradicts_parent", "水利", "A110102", 9);
}

static void test_page_break_tells_a_lost_page_from_a_slip_in_the_code(void **state)
{
    struct catalog_case *self = *state;
    import_text(self, HEADER "水利\nA\t公共服务\nA11\t\t城乡维护服务\nA1101\t\t\t公共设施管理服务\n"
                             "A110101\t\t\t\t水库维护服务\nA110201\t\t\t\t堤防维护服务\n"
                             "\n" HEADER "A110301\t\t\t\t灌区维护服务\nA1105\t\t\t绿化服务\n"
                             "\n" HEADER "B110501\t\t\t\t苗木服务\n");
    assert_finding(self, "T", "import.prefix_contradicts_parent", "水利", "A110201", 7);
    assert_finding(self, "T", "import.parent_missing", "水利", "A110301", 10);
    assert_finding(self, "T", "import.prefix_contradicts_parent", "水利", "B110501", 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_every_doubt_of_a_scan_is_a_finding_with_its_line),
        TEST(test_doubtful_leaves_are_kept_in_quarantine_and_no_others),
        TEST(test_completed_ancestor_has_the_name_of_the_other_departments),
        TEST(test_names_are_joined_over_lines_cells_and_spaces),
        TEST(test_contents_show_what_lost_pages_glue_together),
        TEST(test_another_scan_gives_the_same_keys),
        TEST(test_slip_in_a_known_heading_is_put_right_and_said),
        TEST(test_level_is_that_of_the_code_wherever_the_name_stands),
        TEST(test_html_and_two_rows_on_a_line_are_read),
        TEST(test_rows_outside_the_table_are_not_read),
        TEST(test_table_without_a_header_is_found_by_its_codes),
        TEST(test_misread_letter_of_a_code_is_found_and_not_glued_to_a_name),
        TEST(test_class_b_rows_without_a_heading_serve_all_departments),
        TEST(test_class_a_rows_without_a_heading_are_in_no_department),
        TEST(test_code_under_another_branch_of_its_department_contradicts_it),
        TEST(test_page_break_tells_a_lost_page_from_a_slip_in_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
