/* The real documents, when they are there: the counts that were verified by hand. */
#include "tests/catalog/catalog_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DOCUMENT_2021 "seeds/001_18b53201dfcda966.txt"
#define DOCUMENT_2025 "seeds/000_a3ba8bce9b5d5600.txt"

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

static char *document(const char *name)
{
    char *text = shared_read(name);
    if (!text) {
        print_message("../shared/%s is not here\n", name);
        skip();
    }
    return text;
}

static struct import_result *read_document(struct catalog_case *self, const char *name,
                                           const char *number)
{
    struct fault fault = {0};
    struct import_result *result = NULL;
    char *text = document(name);
    struct import_options options = {.number = number, .issued = "2021", .complete = -1};
    assert_int_equal(
        import_bytes(self->store, name, text, strlen(text), &options, NULL, &result, &fault),
        IMPORT_DONE);
    free(text);
    return result;
}

static void test_document_of_2021_has_its_counts(void **state)
{
    struct import_result *result = read_document(*state, DOCUMENT_2021, "2021");
    assert_int_equal(result->department_count, 32);
    assert_int_equal(result->coded_rows, 1027);
    assert_int_equal(result->named_rows, 1026);
    assert_int_equal(result->leaves, 551);
    assert_int_equal(result->leaf_codes, 283);
    assert_true(result->complete);
    import_result_destroy(&result);
}

static void test_findings_of_2021_are_these(void **state)
{
    struct catalog_case *self = *state;
    struct import_result *result = read_document(self, DOCUMENT_2021, "2021");
    import_result_destroy(&result);
    assert_finding(self, "2021", "import.name_missing", "小企业发展促进", "A150102", 1808);
    assert_finding(self, "2021", "import.prefix_contradicts_parent", "信访", "B150201", 1747);
    assert_finding(self, "2021", "import.parent_missing", "共青团", "A030204", 2009);
    assert_finding(self, "2021", "import.ancestor_completed", "人力资源和社会保障", "A16", 1394);
    assert_finding(self, "2021", "import.ancestor_completed", "共青团", "A03", 2010);
    assert_finding(self, "2021", "import.upper_name_differs", "自然资源", "A1801", 1405);
    assert_finding(self, "2021", "import.upper_name_differs", "交通运输", "A14", 1494);
    assert_finding(self, "2021", "import.department_truncated", "小企业发展促进", "", 1794);
    assert_int_equal(case_number(self, "SELECT count(*) FROM item WHERE state = 'quarantine'"), 3);
    assert_int_equal(case_number(self, "SELECT count(*) FROM item WHERE department = '自然资源'"
                                       " AND level = 4 AND state = 'offered'"),
                     2);
}

static void test_excerpt_of_2025_has_its_counts_and_its_gap(void **state)
{
    struct catalog_case *self = *state;
    struct import_result *result = read_document(self, DOCUMENT_2025, "2025");
    assert_int_equal(result->coded_rows, 101);
    assert_int_equal(result->leaves, 61);
    assert_int_equal(result->department_count, 6);
    assert_false(result->complete);
    import_result_destroy(&result);
    assert_finding(self, "2025", "import.parent_missing", "纪律检查委员会监察委员会", "A160401",
                   673);
    assert_finding(self, "2025", "import.parent_missing", "纪律检查委员会监察委员会", "A160402",
                   674);
    assert_finding(self, "2025", "import.department_name_differs",
                   "人民政协协商会议委员会办公厅（室）", "", 655);
    assert_int_equal(case_number(self, "SELECT count(*) FROM item WHERE state <> 'quarantine' AND"
                                       " department LIKE '纪律%' AND level = 4"),
                     0);
}

static void test_another_scan_of_2021_gives_the_same_keys(void **state)
{
    struct catalog_case *self = *state;
    struct import_result *result = read_document(self, DOCUMENT_2021, "first");
    import_result_destroy(&result);
    char *text = document(DOCUMENT_2021);
    for (unsigned seed = 1; seed <= 5; seed++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_document_of_2021_has_its_counts),
        TEST(test_findings_of_2021_are_these),
        TEST(test_excerpt_of_2025_has_its_counts_and_its_gap),
        TEST(test_another_scan_of_2021_gives_the_same_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
