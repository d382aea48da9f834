/* Correspondences that keepers decide, the reviews that follow them, and the revision in use. */
#include "catalog/catalog.h"
#include "catalog/engine/reviews.h"
#include "catalog/revision/correspondence.h"
#include "catalog/revision/in_use.h"
#include "common/strbuf.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CIVIL ",\"unit\":\"某县民政局\""
#define TEXT                                                                                                                \
    "\"name\":\"2022年老年餐配送服务\",\"description\":\"委托餐饮企业为全县七十周岁以上独居老人" \
    "每日配送午餐，共1200人，由社区志愿者送餐上门并登记签收，每季度开展满意度回访。\""
#define UNDER_OLD "{" TEXT CIVIL ",\"catalog\":\"" REVISION_OLD "\"}"
#define UNDER_NEW "{" TEXT CIVIL ",\"catalog\":\"" REVISION_NEW "\"}"

static void remember(struct fixture *fixture, const char *project, const char *code)
{
    struct strbuf text = {0};
    struct fault fault = {0};
    struct store *store = fixture_store(fixture);
    strbuf_printf(&text,
                  "{\"id\":\"r1\",\"time\":\"2023-01-05\",\"reviewer\":\"审核员\",\"project\":%s,"
                  "\"decision\":\"correct\",\"department\":\"民政\",\"code\":\"%s\"}",
                  project, code);
    struct jv *review = jv_read(text.text, text.length, &fault);
    if (!review || reviews_add(store, review, &fault) != REVIEW_ADDED)
        fail_msg("%s: %s", text.text, fault.message);
    jv_destroy(&review);
    strbuf_free(&text);
    store_close(&store);
    fixture_load(fixture);
}

static size_t propose(struct store *store)
{
    struct fault fault = {0};
    size_t proposed = 0;
    struct diff *diff = diff_revisions(store, REVISION_OLD, REVISION_NEW, &fault);
    assert_non_null(diff);
    assert_int_equal(correspondence_propose(store, diff, &proposed, &fault), 0);
    diff_destroy(&diff);
    return proposed;
}

/* What a visit looks for, and what it found. */
struct wanted {
    const char *old_code, *new_code; /* NULL: any */
    int64_t id;
    char relation[16], state[16], by[32];
    size_t count;
};

static int look(const struct correspondence *row, void *argument)
{
    struct wanted *wanted = argument;
    wanted->count++;
    if ((wanted->old_code && strcmp(row->old.code, wanted->old_code) != 0) ||
        (wanted->new_code && strcmp(row->new.code, wanted->new_code) != 0) || wanted->id)
        return 0;
    wanted->id = row->id;
    snprintf(wanted->relation, sizeof wanted->relation, "%s", row->relation);
    snprintf(wanted->state, sizeof wanted->state, "%s", row->state);
    snprintf(wanted->by, sizeof wanted->by, "%s", row->decided_by);
    return 0;
}

/* The row of a 民政 item. */
static struct wanted row_of(struct store *store, const char *old_code, const char *new_code)
{
    struct wanted wanted = {.old_code = old_code, .new_code = new_code};
    struct correspondence_filter filter = {.department = "民政"};
    assert_int_equal(correspondence_each(store, &filter, look, &wanted, NULL), 0);
    return wanted;
}

static char *first_of(struct fixture *fixture, const char *project, bool *remembered)
{
    struct jv *result = answer_of(fixture, project);
    assert_string_equal(error_code(result), "");
    char *code = xstrdup(first_code(result));
    *remembered = jv_get(result, "remembered") != NULL;
    jv_destroy(&result);
    return code;
}

static void assert_decided_as(struct fixture *fixture, const char *project, const char *code)
{
    bool remembered;
    char *first = first_of(fixture, project, &remembered);
    assert_true(remembered);
    assert_string_equal(first, code);
    free(first);
}

static void assert_not_remembered(struct fixture *fixture, const char *project)
{
    bool remembered;
    free(first_of(fixture, project, &remembered));
    assert_false(remembered);
}

/* The keeper says that 未成年人关爱保护服务 goes on as the new A040104. */
static void correct_by_keeper(struct fixture *fixture, const char *relation)
{
    struct fault fault = {0};
    struct store *store = fixture_store(fixture);
    propose(store);
    int64_t id = row_of(store, "A040102", NULL).id;
    assert_true(id > 0);
    if (correspondence_correct(store, id, "民政", "A040104", relation, "王", "上级批复", &fault))
        fail_msg("%s", fault.message);
    store_close(&store);
    fixture_load(fixture);
}

static int make_fixture(void **state)
{
    *state = fixture_new();
    return 0;
}

static int destroy_fixture(void **state)
{
    struct fixture *fixture = *state;
    fixture_destroy(&fixture);
    return 0;
}

static void test_proposals_say_what_became_of_each_item(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_store(fixture);
    assert_true(propose(store) > 0);
    assert_string_equal(row_of(store, "A040101", NULL).relation, "recoded");
    assert_string_equal(row_of(store, "A040102", NULL).relation, "removed");
    assert_string_equal(row_of(store, "", "A040104").relation, "added");
    assert_string_equal(row_of(store, "A040101", NULL).state, "proposed");
    store_close(&store);
}

static void test_decisions_stand_when_proposals_are_made_again(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_store(fixture);
    struct fault fault = {0};
    size_t first = propose(store);
    struct wanted recoded = row_of(store, "A040101", NULL);
    assert_int_equal(correspondence_decide(store, &recoded.id, 1, true, "李", "", &fault), 0);
    int64_t removed = row_of(store, "A040102", NULL).id;
    assert_int_equal(correspondence_decide(store, &removed, 1, false, "李", "有误", &fault), 0);
    assert_int_equal(propose(store), first - 2);
    assert_string_equal(row_of(store, "A040101", NULL).state, "confirmed");
    assert_string_equal(row_of(store, "A040101", NULL).by, "李");
    assert_string_equal(row_of(store, "A040102", NULL).state, "rejected");
    assert_int_equal(
        correspondence_decide(store, (int64_t[]){removed, 9999}, 2, true, "李", "", &fault), -1);
    assert_string_equal(fault.code, "correspondence.unknown");
    assert_string_equal(row_of(store, "A040102", NULL).state, "rejected"); /* all or none */
    assert_int_equal(store_number(store, "SELECT count(*) FROM keeping", -1), 2);
    store_close(&store);
}

static void test_a_review_follows_its_item_to_the_confirmed_successor(void **state)
{
    struct fixture *fixture = *state;
    remember(fixture, UNDER_OLD, "A040102");
    assert_decided_as(fixture, UNDER_OLD, "A040102");
    assert_not_remembered(fixture, UNDER_NEW);
    char *before = xstrdup(engine_model(fixture->engine));
    correct_by_keeper(fixture, "renamed");
    assert_decided_as(fixture, UNDER_OLD, "A040102");
    assert_decided_as(fixture, UNDER_NEW, "A040104");
    assert_string_not_equal(before, engine_model(fixture->engine));
    free(before);
    struct jv *result = answer_of(fixture, UNDER_NEW);
    const struct jv *evidence =
        jv_at(jv_get(jv_at(jv_get(result, "candidates"), 0), "evidence"), 0);
    assert_string_equal(jv_get_text(result, "decision"), "auto");
    assert_string_equal(jv_get_text(jv_get(result, "remembered"), "catalog"), REVISION_OLD);
    assert_string_equal(jv_get_text(jv_get(result, "remembered"), "code"), "A040102");
    assert_non_null(strstr(jv_get_text(evidence, "label"), "A040102"));
    jv_destroy(&result);
}

static void test_a_review_under_the_new_revision_serves_the_old_one(void **state)
{
    struct fixture *fixture = *state;
    correct_by_keeper(fixture, "exact");
    remember(fixture, UNDER_NEW, "A040104");
    assert_decided_as(fixture, UNDER_OLD, "A040102");
}

static void test_parts_of_a_split_need_a_new_review(void **state)
{
    struct fixture *fixture = *state;
    remember(fixture, UNDER_OLD, "A040102");
    correct_by_keeper(fixture, "split");
    assert_not_remembered(fixture, UNDER_NEW);
}

/* The same name in both: it follows without anybody's word, and stops when a keeper says otherwise. */
static void test_an_item_that_a_keeper_called_removed_is_not_its_namesake(void **state)
{
    struct fixture *fixture = *state;
    struct fault fault = {0};
    remember(fixture, UNDER_OLD, "A040101");
    assert_decided_as(fixture, UNDER_NEW, "A040103");
    struct store *store = fixture_store(fixture);
    propose(store);
    int64_t id = row_of(store, "A040101", NULL).id;
    assert_int_equal(correspondence_correct(store, id, "", "", "removed", "王", "", &fault), 0);
    store_close(&store);
    fixture_load(fixture);
    assert_not_remembered(fixture, UNDER_NEW);
}

static void test_what_a_decision_contradicts_is_rejected_with_it(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_store(fixture);
    struct fault fault = {0};
    propose(store);
    int64_t removed = row_of(store, "A040102", NULL).id;
    int64_t added = row_of(store, "", "A040104").id;
    assert_int_equal(correspondence_decide(store, &added, 1, true, "李", "", &fault), 0);
    assert_int_equal(
        correspondence_correct(store, removed, "民政", "A040104", "", "王", "", &fault), 0);
    struct wanted corrected = row_of(store, "A040102", "A040104");
    assert_string_equal(corrected.state, "confirmed");
    assert_string_equal(corrected.relation, "renamed"); /* as the two items show */
    assert_string_equal(row_of(store, "", "A040104").state, "rejected");
    assert_string_equal(row_of(store, "", "A040104").by, "王");
    /* once more, otherwise: an old item has one successor */
    assert_int_equal(
        correspondence_correct(store, corrected.id, "民政", "A040103", "merged", "赵", "", &fault),
        0);
    assert_string_equal(row_of(store, "A040102", "A040104").state, "rejected");
    assert_string_equal(row_of(store, "A040102", "A040103").state, "confirmed");
    assert_int_equal(correspondence_decide(store, &removed, 1, true, "赵", "", &fault), 0);
    assert_string_equal(row_of(store, "A040102", "A040103").state, "rejected");
    assert_int_equal(correspondence_correct(store, added, "民政", "A040103", "", "赵", "", &fault),
                     -1);
    assert_string_equal(fault.code, "correspondence.no_old");
    assert_string_equal(row_of(store, "", "A040104").state, "rejected");
    store_close(&store);
}

/* Two parts of a split, of which a keeper has confirmed one. */
static void test_a_confirmed_part_leaves_the_other_to_be_confirmed(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_store(fixture);
    struct fault fault = {0};
    propose(store);
    int64_t removed = row_of(store, "A040102", NULL).id;
    assert_int_equal(
        correspondence_correct(store, removed, "民政", "A040104", "split", "王", "", &fault), 0);
    assert_int_equal(
        correspondence_correct(store, removed, "民政", "A040103", "split", "王", "", &fault), 0);
    assert_string_equal(row_of(store, "A040102", "A040104").state, "confirmed");
    assert_string_equal(row_of(store, "A040102", "A040103").state, "confirmed");
    store_close(&store);
}

static void test_a_correction_must_name_an_item_of_the_new_revision(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_store(fixture);
    struct fault fault = {0};
    propose(store);
    int64_t id = row_of(store, "A040102", NULL).id;
    assert_int_equal(
        correspondence_correct(store, id, "民政", "A040199", "exact", "王", "", &fault), -1);
    assert_string_equal(fault.code, "correspondence.no_item");
    assert_string_equal(row_of(store, "A040102", NULL).state, "proposed");
    store_close(&store);
}

static void test_confirmed_links_are_exported(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = fixture_store(fixture);
    struct strbuf out = {0};
    struct correspondence_filter filter = {.old_revision = REVISION_OLD,
                                           .new_revision = REVISION_NEW};
    size_t confirmed;
    propose(store);
    assert_int_equal(correspondence_confirm_sure(store, &filter, 0.9, "李", &confirmed, NULL), 0);
    assert_true(confirmed > 0);
    filter.state = "confirmed";
    assert_int_equal(correspondence_write_csv(store, &filter, &out, NULL), 0);
    assert_non_null(strstr(out.text, "居家老年人照护服务,recoded,"));
    strbuf_reset(&out);
    assert_int_equal(correspondence_write_turtle(store, &filter, &out, NULL), 0);
    assert_non_null(strstr(out.text,
                           "<urn:jinmu:catalog:测综〔2021〕1号:民政:A040101> skos:exactMatch "
                           "<urn:jinmu:catalog:测综〔2025〕2号:民政:A040103> ."));
    assert_non_null(strstr(out.text, "xkos:ConceptAssociation"));
    strbuf_free(&out);
    store_close(&store);
}

static void assert_judged_by(struct fixture *fixture, int year, const char *revision)
{
    char project[256];
    snprintf(project, sizeof project, "{\"name\":\"居家养老服务\",\"year\":%d" CIVIL "}", year);
    struct jv *result = answer_of(fixture, project);
    assert_string_equal(jv_get_text(result, "catalog"), revision);
    jv_destroy(&result);
}

static void use(struct fixture *fixture, const char *revision)
{
    struct fault fault = {0};
    struct store *store = fixture_store(fixture);
    if (in_use_set(store, revision, "王", &fault))
        fail_msg("%s", fault.message);
    store_close(&store);
    fixture_load(fixture);
}

static void test_a_year_is_judged_by_the_revision_in_force_then(void **state)
{
    struct fixture *fixture = *state;
    assert_judged_by(fixture, 2024, REVISION_OLD);
    assert_judged_by(fixture, 2026, REVISION_NEW);
    use(fixture, REVISION_OLD);
    assert_judged_by(fixture, 2024, REVISION_OLD);
    assert_judged_by(fixture, 2026, REVISION_OLD);
    use(fixture, REVISION_NEW);
    assert_judged_by(fixture, 2024, REVISION_OLD);
    assert_judged_by(fixture, 2026, REVISION_NEW);
}

static void test_the_revision_in_use_also_counts_for_reviews(void **state)
{
    struct fixture *fixture = *state;
    use(fixture, REVISION_OLD);
    struct store *store = fixture_store(fixture);
    char *number = catalog_revision_of_year(store, 2026, NULL);
    assert_string_equal(number, REVISION_OLD);
    free(number);
    struct fault fault = {0};
    assert_int_equal(in_use_set(store, "测综〔2023〕3号", "王", &fault), -1); /* B items alone */
    assert_int_equal(in_use_set(store, "无〔1999〕1号", "王", &fault), -1);
    number = in_use_number(store, NULL);
    assert_string_equal(number, REVISION_OLD);
    free(number);
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_proposals_say_what_became_of_each_item, make_fixture,
                                        destroy_fixture),
        cmocka_unit_test_setup_teardown(test_decisions_stand_when_proposals_are_made_again,
                                        make_fixture, destroy_fixture),
        cmocka_unit_test_setup_teardown(test_a_review_follows_its_item_to_the_confirmed_successor,
                                        make_fixture, destroy_fixture),
        cmocka_unit_test_setup_teardown(test_a_review_under_the_new_revision_serves_the_old_one,
                                        make_fixture, destroy_fixture),
        cmocka_unit_test_setup_teardown(test_parts_of_a_split_need_a_new_review, make_fixture,
                                        destroy_fixture),
        cmocka_unit_test_setup_teardown(
            test_an_item_that_a_keeper_called_removed_is_not_its_namesake, make_fixture,
            destroy_fixture),
        cmocka_unit_test_setup_teardown(test_what_a_decision_contradicts_is_rejected_with_it,
                                        make_fixture, destroy_fixture),
        cmocka_unit_test_setup_teardown(test_a_confirmed_part_leaves_the_other_to_be_confirmed,
                                        make_fixture, destroy_fixture),
        cmocka_unit_test_setup_teardown(test_a_correction_must_name_an_item_of_the_new_revision,
                                        make_fixture, destroy_fixture),
        cmocka_unit_test_setup_teardown(test_confirmed_links_are_exported, make_fixture,
                                        destroy_fixture),
        cmocka_unit_test_setup_teardown(test_a_year_is_judged_by_the_revision_in_force_then,
                                        make_fixture, destroy_fixture),
        cmocka_unit_test_setup_teardown(test_the_revision_in_use_also_counts_for_reviews,
                                        make_fixture, destroy_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
