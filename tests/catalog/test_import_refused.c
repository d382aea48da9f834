/* What is refused: the database stays as it was and the fault says why, with the line. */
#include "tests/catalog/catalog_case.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADER "代码\t一级目录\t二级目录\t三级目录\t四级目录\n"
#define TABLE  HEADER "水利\nA\t公共服务\nA11\t\t城乡维护服务\n"

static int setup(void **state)
{
    struct fault fault = {0};
    struct catalog_case *self = catalog_case_new();
    *state = self;
    return case_import(self, TABLE, "held", &fault) == IMPORT_DONE ? 0 : -1;
}

static int teardown(void **state)
{
    catalog_case_destroy((struct catalog_case **)state);
    return 0;
}

static void assert_refused(struct catalog_case *self, const char *text, size_t length,
                           const char *number, const char *code, const char *part)
{
    struct fault fault = {0};
    struct import_options options = {.number = number, .complete = -1};
    char *before = case_digest(self);
    assert_int_equal(import_bytes(self->store, "test", text, length, &options, NULL, NULL, &fault),
                     IMPORT_FAILED);
    assert_string_equal(fault.code, code);
    if (!strstr(fault.message, part))
        fail_msg("'%s' does not say '%s'", fault.message, part);
    char *after = case_digest(self);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void refuse(struct catalog_case *self, const char *text, const char *code, const char *part)
{
    assert_refused(self, text, strlen(text), "new", code, part);
}

static void test_text_without_a_catalog_is_refused(void **state)
{
    refuse(*state, "一份普通的文件。\n没有目录。\n", "import.not_catalog", "不是目录");
    refuse(*state, "", "import.not_catalog", "不是目录");
}

static void test_prose_that_quotes_rows_is_refused(void **state)
{
    refuse(*state,
           "水利\nA 公共服务\nA11 城乡维护服务\nA1101 水利设施维护服务\n"
           "以上是目录中的三行。\n本文说明怎样查找条目。\n先看部门。\n再看代码。\n"
           "A1102 河道维护服务\n",
           "import.not_catalog", "不是目录");
}

static void test_header_without_rows_is_refused_with_its_line(void **state)
{
    refuse(*state, "通知\n\n" HEADER "\n信息公开选项：主动公开\n", "import.no_rows", "第 3 行");
}

static void test_bytes_that_are_not_utf8_are_refused_with_their_line(void **state)
{
    refuse(*state, HEADER "水利\nA\t\xB9\xAB\xB9\xB2\n", "input.not_utf8", "第 3 行");
    refuse(*state, "department,code,name\n水利,A,\xB9\xAB\n", "input.not_utf8", "第 2 行");
    assert_refused(*state, HEADER "A\0B\n", sizeof HEADER + 3, "new", "input.not_utf8", "第 2 行");
}

static void test_csv_faults_name_the_line(void **state)
{
    refuse(*state, "department,code,name\n水利,A,公共服务\n水利,X9,什么\n", "import.bad_code",
           "第 3 行");
    refuse(*state, "department,code,name\n水利,A,公共服务\n水利,,没有代码的服务\n",
           "import.bad_code", "第 3 行");
    refuse(*state, "department,code,name\n水利,A,\"公共\n", "input.not_csv", "CSV");
    refuse(*state, "department,code\n水利,A\n", "import.not_catalog", "第 1 行");
    refuse(*state, "department,code,name\n", "import.no_rows", "没有带代码的行");
}

static void test_revision_with_other_content_is_refused(void **state)
{
    const char *other = HEADER "水利\nA\t公共服务\nA11\t\t城乡养护服务\n";
    assert_refused(*state, other, strlen(other), "held", "import.exists", "held");
}

static void test_bad_options_are_refused(void **state)
{
    struct catalog_case *self = *state;
    static const char *const dates[] = {"2025-13-01", "2025/07/15", "昨天",
                                        "20250715",   "2025-7-15",  "2025-02-30"};
    assert_refused(self, TABLE, strlen(TABLE), "", "import.bad_option", "--revision");
    assert_refused(self, TABLE, strlen(TABLE), "甲 〔2026〕1号", "import.bad_option", "空格");
    assert_int_equal(case_import(self, TABLE, "甲〔2026〕1号", &(struct fault){0}), IMPORT_DONE);
    assert_refused(self, TABLE, strlen(TABLE), "甲[2026]1号", "import.exists", "“甲〔2026〕1号”");
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        struct fault fault = {0};
        struct import_options options = {.number = "new", .issued = dates[i], .complete = -1};
        assert_int_equal(
            import_bytes(self->store, "test", TABLE, strlen(TABLE), &options, NULL, NULL, &fault),
            IMPORT_FAILED);
        assert_string_equal(fault.code, "import.bad_option");
    }
}

static void test_same_content_again_changes_nothing(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    char *before = case_digest(self);
    long changes = sqlite3_total_changes(self->store->db);
    assert_int_equal(case_import(self, TABLE, "held", &fault), IMPORT_UNCHANGED);
    /* Other breaks and columns of the same text are the same content. */
    assert_int_equal(case_import(self,
                                 HEADER "水利\n|A|公共服务|\n\n- 2 -\n" HEADER
                                        "A11\t\t\t\t城乡 维护服务\n",
                                 "held", &fault),
                     IMPORT_UNCHANGED);
    assert_int_equal(sqlite3_total_changes(self->store->db), changes);
    char *after = case_digest(self);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void test_dry_run_says_what_would_happen_and_writes_nothing(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    struct import_result *result = NULL;
    struct import_options options = {.number = "new", .dry_run = true, .complete = -1};
    char *before = case_digest(self);
    assert_int_equal(
        import_bytes(self->store, "test", TABLE, strlen(TABLE), &options, NULL, &result, &fault),
        IMPORT_WOULD);
    assert_int_equal(result->coded_rows, 2);
    char *after = case_digest(self);
    assert_string_equal(before, after);
    import_result_destroy(&result);
    free(before);
    free(after);
}

static void test_strict_refuses_any_finding_and_takes_a_clean_text(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    const char *doubtful = HEADER "水利\nA\t公共服务\nA11\t\t\n";
    struct import_options options = {.number = "strict", .strict = true, .complete = -1};
    char *before = case_digest(self);
    assert_int_equal(
        import_bytes(self->store, "test", doubtful, strlen(doubtful), &options, NULL, NULL, &fault),
        IMPORT_REFUSED);
    char *after = case_digest(self);
    assert_string_equal(before, after);
    assert_int_equal(
        import_bytes(self->store, "test", TABLE, strlen(TABLE), &options, NULL, NULL, &fault),
        IMPORT_DONE);
    free(before);
    free(after);
}

static void test_repealed_revision_ends_when_its_successor_begins(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    struct import_options options = {.number = "new",
                                     .issued = "2099-07-15",
                                     .effective = "2099-08-01",
                                     .repeals = "held",
                                     .complete = -1};
    assert_int_equal(
        import_bytes(self->store, "test", TABLE, strlen(TABLE), &options, NULL, NULL, &fault),
        IMPORT_DONE);
    char *ended = case_text(self, "SELECT ended FROM revision WHERE number = 'held'");
    assert_string_equal(ended, "2099-08-01");
    free(ended);
}

/* Imports once more, with a date or what else is said of it. */
static enum import_outcome say(struct catalog_case *self, const char *effective,
                               const char *repeals, struct fault *fault)
{
    struct import_options options = {
        .number = "later", .effective = effective, .repeals = repeals, .complete = -1};
    return import_bytes(self->store, "test", TABLE, strlen(TABLE), &options, NULL, NULL, fault);
}

static void assert_text(struct catalog_case *self, const char *sql, const char *expected)
{
    char *text = case_text(self, sql);
    assert_string_equal(text, expected);
    free(text);
}

static void test_a_wrong_date_is_put_right_by_importing_again(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    static const char ended[] = "SELECT ended FROM revision WHERE number = 'held'",
                      effective[] = "SELECT effective FROM revision WHERE number = 'later'";
    assert_int_equal(say(self, "2062-01-01", "held", &fault), IMPORT_DONE);
    assert_text(self, ended, "2062-01-01");
    assert_int_equal(say(self, "2026-01-01", NULL, &fault), IMPORT_AMENDED);
    assert_text(self, effective, "2026-01-01");
    assert_text(self, ended, "2026-01-01");
    assert_int_equal(say(self, NULL, NULL, &fault), IMPORT_UNCHANGED); /* what is not said stays */
    assert_text(self, effective, "2026-01-01");
    assert_int_equal(store_exec(self->store,
                                "UPDATE revision SET origin = 'data' WHERE number = 'later'",
                                &fault),
                     0);
    assert_int_equal(say(self, "2027-01-01", NULL, &fault), IMPORT_FAILED);
    assert_non_null(strstr(fault.message, "revisions.csv"));
    assert_text(self, effective, "2026-01-01");
    assert_text(self, ended, "2026-01-01");
}

static void test_csv_with_chinese_header_gives_the_same_as_the_text(void **state)
{
    struct catalog_case *self = *state;
    struct fault fault = {0};
    assert_int_equal(case_import(self,
                                 "\xEF\xBB\xBF部门,代码,名称\r\n水利,A,公共服务\r\n"
                                 "水利,Ａ１１,\"城乡 维护服务\"\r\n",
                                 "held", &fault),
                     IMPORT_UNCHANGED);
}

static void test_sheet_written_as_csv_reads_back_with_its_findings(void **state)
{
    struct catalog_case *self = *state;
    static const char *const fixtures[] = {"catalog-scan.txt", "catalog-excerpt.txt"};
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        struct fault fault = {0};
        struct known_names none = {0};
        struct folder *folder = folder_new();
        char *text = fixture_read(fixtures[i]);
        struct sheet *sheet = sheet_from_text(text, strlen(text), &none, folder, &fault);
        char *csv = sheet_to_csv(sheet);
        while (sheet->note_count) /* CSV has no place for lines that are no rows */
            free(sheet->notes[--sheet->note_count].text);
        struct import_result *from_text = import_check(sheet, &none, folder), *from_csv = NULL;
        struct import_options options = {.number = fixtures[i], .complete = -1};
        assert_int_equal(
            import_bytes(self->store, "test", csv, strlen(csv), &options, NULL, &from_csv, &fault),
            IMPORT_DONE);
        assert_string_equal(from_text->content, from_csv->content);
        assert_int_equal(from_text->finding_count, from_csv->finding_count);
        for (size_t f = 0; f < from_csv->finding_count; f++) {
            assert_int_equal(from_text->findings[f].line, from_csv->findings[f].line);
            assert_string_equal(from_text->findings[f].message, from_csv->findings[f].message);
        }
        import_result_destroy(&from_text);
        import_result_destroy(&from_csv);
        sheet_destroy(&sheet);
        folder_destroy(&folder);
        free(csv);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_text_without_a_catalog_is_refused),
        TEST(test_prose_that_quotes_rows_is_refused),
        TEST(test_header_without_rows_is_refused_with_its_line),
        TEST(test_bytes_that_are_not_utf8_are_refused_with_their_line),
        TEST(test_csv_faults_name_the_line),
        TEST(test_revision_with_other_content_is_refused),
        TEST(test_bad_options_are_refused),
        TEST(test_same_content_again_changes_nothing),
        TEST(test_dry_run_says_what_would_happen_and_writes_nothing),
        TEST(test_strict_refuses_any_finding_and_takes_a_clean_text),
        TEST(test_repealed_revision_ends_when_its_successor_begins),
        TEST(test_a_wrong_date_is_put_right_by_importing_again),
        TEST(test_csv_with_chinese_header_gives_the_same_as_the_text),
        TEST(test_sheet_written_as_csv_reads_back_with_its_findings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
