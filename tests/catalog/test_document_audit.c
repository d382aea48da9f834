/* A whole document whose declaration refers to its 政府购买服务预算表, of a department whose pages of the
 * revision in force are not held. */
#include "catalog/audit/audit.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"
#include "tests/catalog/documents.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture *fixture;
static struct jv *audited;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_of(JINMU_DATA_DIR);
    struct audit *audit = audit_new(fixture->engine);
    char *text = fixture_read("disclosure-table.txt");
    audited = audit_document(audit, read_document(text));
    free(text);
    audit_destroy(&audit);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    jv_destroy(&audited);
    fixture_destroy(&fixture);
    return 0;
}

static const struct jv *result_at(size_t index)
{
    return jv_get(jv_at(jv_get(audited, "projects"), index), "result");
}

/* The rules that fired, each with its severity, in the order found (free()). */
static char *fired(const struct jv *findings)
{
    struct strbuf text = {0};
    strbuf_puts(&text, "");
    for (size_t i = 0; i < jv_count(findings); i++)
        strbuf_printf(&text, "%s%s %s", i ? ", " : "", jv_get_text(jv_at(findings, i), "rule"),
                      jv_get_text(jv_at(findings, i), "severity"));
    return strbuf_take(&text);
}

static void assert_fired(const struct jv *findings, const char *expected)
{
    char *text = fired(findings);
    assert_string_equal(text, expected);
    free(text);
}

static void test_each_project_has_the_findings_that_its_text_deserves_and_no_others(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "",
        "basis.missing warning, declaration.amount_mismatch warning",
        "amount.total_mismatch warning, code.wrong_department error",
        "indicators.missing warning, scope.goods error",
        "amount.unit_suspect warning, declaration.missing warning",
    };
    size_t count = sizeof expected / sizeof *expected;
    assert_int_equal(jv_count(jv_get(audited, "projects")), count);
    for (size_t i = 0; i < count; i++)
        assert_fired(jv_get(result_at(i), "findings"), expected[i]);
}

static void test_a_section_that_refers_to_the_table_omits_nothing_and_cites_nothing_repealed(
    void **state)
{
    (void)state;
    assert_fired(jv_get(audited, "findings"), "");
    const struct jv *declaration = jv_get(jv_get(audited, "document"), "declaration");
    assert_true(jv_get_bool(declaration, "table", false));
    assert_int_equal(jv_count(jv_get(declaration, "references")), 1);
}

static void test_an_item_of_the_revision_before_is_provisional_and_left_to_a_person(void **state)
{
    (void)state;
    const struct jv *result = result_at(0);
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    assert_string_equal(jv_get_text(result, "catalog"), "晋财综〔2025〕28号");
    assert_string_equal(jv_get_text(first, "code"), "A121211");
    assert_string_equal(jv_get_text(first, "department"), "水利");
    assert_true(jv_get_bool(first, "provisional", false));
    assert_string_equal(jv_get_text(result, "decision"), "review");
    assert_true(jv_get_number(result, "confidence", 0) > 0.9);
}

static void test_a_department_whose_pages_are_held_has_its_own_items_only(void **state)
{
    (void)state;
    struct jv *result = answer_of(
        fixture,
        "{\"name\":\"综合窗口受理服务\",\"unit\":\"青溪县行政审批服务管理局\",\"year\":2026,"
        "\"description\":\"委托专业机构承担政务大厅综合窗口收件受理出件服务。\"}");
    const struct jv *candidates = jv_get(result, "candidates");
    assert_string_equal(first_code(result), "A180601");
    for (size_t i = 0; i < jv_count(candidates); i++)
        assert_false(jv_get_bool(jv_at(candidates, i), "provisional", true));
    jv_destroy(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_project_has_the_findings_that_its_text_deserves_and_no_others),
        cmocka_unit_test(
            test_a_section_that_refers_to_the_table_omits_nothing_and_cites_nothing_repealed),
        cmocka_unit_test(test_an_item_of_the_revision_before_is_provisional_and_left_to_a_person),
        cmocka_unit_test(test_a_department_whose_pages_are_held_has_its_own_items_only),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
