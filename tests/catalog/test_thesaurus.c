/* Departments, concepts, labels and revisions, as they are read from catalog.db. */
#include "catalog/catalog.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture *fixture;
static const struct thesaurus *thesaurus;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    thesaurus = fixture_mind(fixture)->thesaurus;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_destroy(&fixture);
    return 0;
}

static const struct leaf *leaf_of(const struct revision *revision, const char *department,
                                  const char *code)
{
    for (size_t i = 0; i < revision->leaf_count; i++)
        if (strcmp(revision->leaves[i].department, department) == 0 &&
            strcmp(revision->leaves[i].code, code) == 0)
            return &revision->leaves[i];
    return NULL;
}

static size_t labels_of(uint32_t concept, enum label_kind kind)
{
    size_t count = 0;
    const struct concept *one = &thesaurus->concepts[concept];
    for (uint32_t i = 0; i < one->label_count; i++)
        count += thesaurus->labels[one->first_label + i].kind == kind;
    return count;
}

static void test_revisions_with_class_a_items_are_held_oldest_first(void **state)
{
    (void)state;
    assert_int_equal(thesaurus->revision_count, 2);
    assert_string_equal(thesaurus->revisions[0].number, REVISION_OLD);
    assert_string_equal(thesaurus->revisions[1].number, REVISION_NEW);
    assert_int_equal(thesaurus->revisions[0].leaf_count, 6 + 3);
    assert_int_equal(thesaurus->revisions[1].leaf_count, 2 + 3);
}

static void test_b_items_are_offered_by_every_revision(void **state)
{
    (void)state;
    for (size_t r = 0; r < 2; r++) {
        const struct leaf *leaf = leaf_of(&thesaurus->revisions[r], "B", "B0302");
        assert_non_null(leaf);
        assert_string_equal(leaf->restriction, "not:审计");
        assert_string_equal(leaf_of(&thesaurus->revisions[r], "B", "B0703")->restriction, "");
    }
}

static void assert_members(const struct leaf *leaf, const char *members)
{
    assert_string_equal(leaf->members, members);
    assert_int_equal(leaf->members_bytes, strlen(members));
}

static void test_one_code_is_another_item_in_another_department(void **state)
{
    (void)state;
    const struct leaf *one = leaf_of(&thesaurus->revisions[0], "民政", "A040101");
    const struct leaf *other = leaf_of(&thesaurus->revisions[0], "信访", "A040101");
    assert_string_equal(one->name, "居家老年人照护服务");
    assert_string_equal(other->name, "信访人法律政策咨询服务");
    assert_int_not_equal(one->concept, other->concept);
    assert_members(one,
                   "\"department\":\"民政\",\"code\":\"A040101\",\"name\":\"居家老年人照护服务\","
                   "\"path\":[\"公共服务\",\"社会治理服务\",\"养老服务\",\"居家老年人照护服务\"]");
    assert_members(
        other,
        "\"department\":\"信访\",\"code\":\"A040101\",\"name\":\"信访人法律政策咨询服务\","
        "\"path\":[\"公共服务\",\"社会治理服务\",\"信访法律服务\",\"信访人法律政策咨询服务\"]");
}

static void test_an_item_that_changed_its_code_is_the_same_concept(void **state)
{
    (void)state;
    const struct leaf *before = leaf_of(&thesaurus->revisions[0], "民政", "A040101");
    const struct leaf *after = leaf_of(&thesaurus->revisions[1], "民政", "A040103");
    assert_int_equal(before->concept, after->concept);
    assert_ptr_equal(
        &thesaurus->revisions[0].leaves[thesaurus->revisions[0].leaf_of_concept[before->concept]],
        before);
    assert_ptr_equal(
        &thesaurus->revisions[1].leaves[thesaurus->revisions[1].leaf_of_concept[before->concept]],
        after);
    const struct leaf *gone = leaf_of(&thesaurus->revisions[0], "民政", "A040102");
    assert_int_equal(thesaurus->revisions[1].leaf_of_concept[gone->concept], NO_NUMBER);
}

static void test_labels_belong_to_the_concept_by_kind(void **state)
{
    (void)state;
    uint32_t care = leaf_of(&thesaurus->revisions[0], "民政", "A040101")->concept;
    assert_int_equal(labels_of(care, LABEL_PREF), 1);
    assert_int_equal(labels_of(care, LABEL_ALT), 4);
    assert_int_equal(labels_of(care, LABEL_HIDDEN), 1);
    assert_int_equal(labels_of(care, LABEL_NOT), 1);
    assert_int_equal(labels_of(care, LABEL_PARENT), 2);
    uint32_t audit = leaf_of(&thesaurus->revisions[0], "B", "B0302")->concept;
    assert_int_equal(labels_of(audit, LABEL_ALT), 2);
    assert_int_equal(labels_of(audit, LABEL_PARENT), 0);
}

static void test_a_parents_phrase_serves_every_department_with_that_code(void **state)
{
    (void)state;
    uint32_t letters = leaf_of(&thesaurus->revisions[0], "信访", "A040101")->concept;
    uint32_t social = leaf_of(&thesaurus->revisions[0], "民政", "A040201")->concept;
    assert_int_equal(labels_of(letters, LABEL_PARENT), 2);
    assert_int_equal(labels_of(social, LABEL_PARENT), 0);
}

static void test_departments_and_concepts_are_found_by_any_spelling(void **state)
{
    (void)state;
    uint32_t civil = thesaurus_department(thesaurus, "民政");
    assert_int_not_equal(civil, NO_NUMBER);
    assert_int_equal(thesaurus_department(thesaurus, " 民 政 "), civil);
    assert_int_equal(thesaurus_department(thesaurus, "交通運輸"),
                     thesaurus_department(thesaurus, "交通运输"));
    assert_int_equal(thesaurus_department(thesaurus, "ｂ"), thesaurus->department_b);
    assert_int_equal(thesaurus_department(thesaurus, "审计"), NO_NUMBER);
    assert_int_equal(thesaurus_department(thesaurus, ""), NO_NUMBER);
    assert_int_not_equal(thesaurus_concept(thesaurus, civil, "居家老年人照護 服務"), NO_NUMBER);
    assert_int_equal(thesaurus_concept(thesaurus, thesaurus->department_b, "居家老年人照护服务"),
                     NO_NUMBER);
}

static void test_a_year_is_judged_by_the_newest_revision_that_began_in_it(void **state)
{
    (void)state;
    static const struct {
        int year;
        const char *number;
    } wanted[] = {{2020, REVISION_OLD}, {2022, REVISION_OLD}, {2024, REVISION_OLD},
                  {2025, REVISION_NEW}, {2026, REVISION_NEW}, {0, REVISION_NEW},
                  {9999, REVISION_NEW}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_string_equal(thesaurus_in_force(thesaurus, wanted[i].year)->number,
                            wanted[i].number);
}

static void test_a_revision_still_to_come_applies_to_its_own_years_alone(void **state)
{
    (void)state;
    struct revision revisions[] = {{.number = "now", .effective = "2022-01-01"},
                                   {.number = "then", .effective = "2990-01-01"}};
    const struct thesaurus two = {
        .revisions = revisions, .revision_count = 2, .revision_in_use = 1};
    assert_string_equal(thesaurus_in_force(&two, 2989)->number, "now");
    assert_string_equal(thesaurus_in_force(&two, 2990)->number, "then");
    assert_string_equal(thesaurus_in_force(&two, 0)->number, "now");
}

static void test_rows_in_quarantine_are_not_offered(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct fixture *other = fixture_new();
    struct store *store = catalog_open(other->path, STORE_WRITE, &fault);
    assert_int_equal(
        store_exec(store, "UPDATE item SET state = 'quarantine' WHERE code = 'A040102'", &fault),
        0);
    struct thesaurus *loaded = thesaurus_load(store, &fault);
    assert_non_null(loaded);
    assert_null(leaf_of(&loaded->revisions[0], "民政", "A040102"));
    assert_non_null(leaf_of(&loaded->revisions[0], "民政", "A040101"));
    thesaurus_destroy(&loaded);
    store_close(&store);
    fixture_destroy(&other);
}

/* Inserts a row of the old revision, 民政. */
static void add_row(struct store *store, const char *code, int level, const char *name,
                    const char *parent, int position, const char *row_state)
{
    struct strbuf sql = {0};
    strbuf_printf(&sql,
                  "INSERT INTO item (revision, department, code, level, name, parent, position, "
                  "line, state) VALUES ('%s', '民政', '%s', %d, '%s', '%s', %d, 0, '%s')",
                  REVISION_OLD, code, level, name, parent, position, row_state);
    assert_int_equal(store_exec(store, sql.text, &(struct fault){0}), 0);
    strbuf_free(&sql);
}

/* Before the real row and behind it: a doubtful 养老服务 of another name must not become the parent. */
static void test_a_row_in_quarantine_never_stands_for_a_real_one_in_a_path(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct fixture *other = fixture_new();
    struct store *store = catalog_open(other->path, STORE_WRITE, &fault);
    assert_non_null(store);
    add_row(store, "A0401", 3, "存疑甲", "A99", 0, "quarantine");
    add_row(store, "A0401", 3, "存疑乙", "A99", 9999, "quarantine");
    add_row(store, "A0499", 3, "存疑丙", "A04", 9999, "quarantine");
    add_row(store, "A049901", 4, "无主的服务", "A0499", 9999, "offered");
    struct thesaurus *read = thesaurus_load(store, &fault);
    assert_non_null(read);
    const struct leaf *leaf = leaf_of(&read->revisions[0], "民政", "A040101");
    assert_non_null(strstr(leaf->members, "[\"公共服务\",\"社会治理服务\",\"养老服务\","));
    /* where no real row has the key, the doubtful one is the only name there is */
    leaf = leaf_of(&read->revisions[0], "民政", "A049901");
    assert_non_null(strstr(leaf->members, ",\"存疑丙\",\"无主的服务\"]"));
    thesaurus_destroy(&read);
    store_close(&store);
    fixture_destroy(&other);
}

/* What ranking relies on: a department's concepts are one stretch of the table. */
static void test_the_concepts_of_a_department_stand_side_by_side(void **state)
{
    (void)state;
    for (uint32_t d = 0; d < thesaurus->department_count; d++)
        for (uint32_t c = thesaurus->first_concept[d]; c < thesaurus->first_concept[d + 1]; c++)
            assert_int_equal(thesaurus->concepts[c].department, d);
    assert_int_equal(thesaurus->first_concept[thesaurus->department_count],
                     thesaurus->concept_count);
}

static void test_an_empty_catalog_is_refused(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct catalog_case *empty = catalog_case_new();
    assert_null(thesaurus_load(empty->store, &fault));
    assert_string_equal(fault.code, "catalog.empty");
    assert_null(engine_load(empty->path, &fault));
    assert_string_equal(fault.code, "catalog.empty");
    catalog_case_destroy(&empty);
    assert_null(engine_load("/nonexistent/catalog.db", &fault));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_revisions_with_class_a_items_are_held_oldest_first),
        cmocka_unit_test(test_b_items_are_offered_by_every_revision),
        cmocka_unit_test(test_one_code_is_another_item_in_another_department),
        cmocka_unit_test(test_an_item_that_changed_its_code_is_the_same_concept),
        cmocka_unit_test(test_labels_belong_to_the_concept_by_kind),
        cmocka_unit_test(test_a_parents_phrase_serves_every_department_with_that_code),
        cmocka_unit_test(test_departments_and_concepts_are_found_by_any_spelling),
        cmocka_unit_test(test_a_year_is_judged_by_the_newest_revision_that_began_in_it),
        cmocka_unit_test(test_a_revision_still_to_come_applies_to_its_own_years_alone),
        cmocka_unit_test(test_rows_in_quarantine_are_not_offered),
        cmocka_unit_test(test_a_row_in_quarantine_never_stands_for_a_real_one_in_a_path),
        cmocka_unit_test(test_the_concepts_of_a_department_stand_side_by_side),
        cmocka_unit_test(test_an_empty_catalog_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
