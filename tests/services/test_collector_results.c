/* results.db: once is once, and what was not committed was never there. */
#include "services/collector/results.h"

#include "common/state.h"
#include "common/store.h"
#include "services/collector/decisions.h"
#include "services/collector/delivery_index.sql.h"
#include "services/collector/listing.h"
#include "services/collector/listing.sql.h"
#include "services/collector/notice.sql.h"
#include "services/collector/schema.sql.h"
#include "services/collector/schema_2.sql.h"
#include "services/collector/webhooks.sql.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char *directory;
    char *file;
    struct results *results;
};

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    place->directory = scratch_new();
    place->file = state_path(place->directory, "results.db");
    place->results = results_open(place->file, NULL);
    assert_non_null(place->results);
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    results_close(&place->results);
    scratch_destroy(&place->directory);
    free(place->file);
    free(place);
    return 0;
}

/* How a text came: judged again, or with a request of that number (0: of none). */
struct way {
    bool again;
    int64_t submitted;
};

static struct results_added add_by(struct results *results, const char *id, char text,
                                   const char *model, struct way way)
{
    char hash[65];
    memset(hash, text, 64);
    hash[64] = 0;
    struct wire_record record = {.again = way.again,
                                 .submitted = way.submitted,
                                 .confidence = 0.5,
                                 .id = wire_text_of(id),
                                 .content_hash = wire_text_of(hash),
                                 .revision = wire_text_of("晋财综〔2025〕28号"),
                                 .department = wire_text_of("民政"),
                                 .decision = wire_text_of("auto"),
                                 .kind = wire_text_of("service"),
                                 .unit = wire_text_of("某局"),
                                 .project = wire_text_of("{\"name\":\"x\"}"),
                                 .result = wire_text_of("{\"decision\":\"auto\"}")};
    struct results_added added = {0};
    int64_t origin =
        results_origin(results, record.revision, wire_text_of("0.1.0"), wire_text_of(model), NULL);
    assert_true(origin > 0);
    assert_int_equal(results_add(results, origin, &record, &added, NULL), 0);
    return added;
}

static struct results_added add_as(struct results *results, const char *id, char text,
                                   const char *model, bool again)
{
    return add_by(results, id, text, model, (struct way){.again = again});
}

static struct results_added add(struct results *results, const char *id, char text,
                                const char *model)
{
    return add_as(results, id, text, model, false);
}

/* With the request of that number. */
static struct results_added submit(struct results *results, int64_t number, char text,
                                   const char *model)
{
    return add_by(results, "p1", text, model, (struct way){.submitted = number});
}

static void collect_row(const struct results_row *row, void *argument)
{
    char *seen = argument;
    sprintf(seen + strlen(seen), "%lld %s %s;", (long long)row->event, row->topic, row->json);
}

static void count_project(const char *json, void *argument)
{
    assert_string_equal(json, "{\"name\":\"x\"}");
    ++*(int *)argument;
}

static void test_projects_are_read_beside_the_writer_once_an_id(void **state)
{
    struct place *place = *state;
    int count = 0;
    results_begin(place->results, NULL);
    add(place->results, "p1", 'a', "m");
    add(place->results, "p1", 'b', "m");
    add(place->results, "p2", 'a', "m");
    results_commit(place->results, NULL);
    assert_int_equal(results_each_project(place->file, 10, count_project, &count, NULL), 0);
    assert_int_equal(count, 2);
    count = 0;
    assert_int_equal(results_each_project(place->file, 1, count_project, &count, NULL), 0);
    assert_int_equal(count, 1);
}

static void test_second_delivery_stores_nothing_and_names_the_first_event(void **state)
{
    struct place *place = *state;
    results_begin(place->results, NULL);
    struct results_added first = add(place->results, "p1", 'a', "m");
    assert_false(first.duplicate);
    assert_int_equal(first.event, 1);
    assert_int_equal(add(place->results, "p2", 'a', "m").event, 2);
    results_commit(place->results, NULL);

    results_begin(place->results, NULL);
    struct results_added again = add(place->results, "p1", 'a', "m");
    results_commit(place->results, NULL);
    assert_true(again.duplicate);
    assert_int_equal(again.event, 1);
    assert_int_equal(results_last_event(place->results), 2);
}

static void test_other_text_or_other_model_is_another_result(void **state)
{
    struct place *place = *state;
    results_begin(place->results, NULL);
    assert_false(add(place->results, "p1", 'a', "m").duplicate);
    assert_false(add(place->results, "p1", 'b', "m").duplicate);
    assert_false(add(place->results, "p1", 'a', "m2").duplicate);
    results_commit(place->results, NULL);
    char seen[512] = "";
    assert_int_equal(results_of_project(place->results, "p1", collect_row, seen, NULL), 0);
    assert_string_equal(seen, "1 result.民政 {\"decision\":\"auto\"};"
                              "2 result.民政 {\"decision\":\"auto\"};"
                              "3 result.民政 {\"decision\":\"auto\"};");
}

/* The results that count, as lists show them: "number:event". */
static void assert_listed(struct results *results, const char *expected)
{
    sqlite3_stmt *row = store_prepare(
        results_store(results),
        "SELECT group_concat(result || ':' || event, ' ') FROM listed WHERE NOT superseded", NULL);
    assert_int_equal(store_next(results_store(results), row, NULL), 1);
    assert_string_equal(store_text(row, 0), expected);
    sqlite3_finalize(row);
}

/* Lists are made later than results: what counts may have changed when they come to it. */
static void test_a_superseded_result_counts_again_when_it_comes_again(void **state)
{
    for (int behind = 0; behind < 3;
         behind++) { /* when the list was made: before each, or after all */
        char id[8];
        struct place *place = *state;
        struct results *results = place->results;
        struct listing *listing = listing_open(results, NULL);
        snprintf(id, sizeof id, "p%d", behind);
        results_begin(results, NULL);
        int64_t before = results_last_event(results);
        add(results, id, 'a', "m");
        results_commit(results, NULL);
        if (behind < 2)
            assert_int_equal(listing_advance(listing, 10, NULL), 0);
        results_begin(results, NULL);
        add(results, id, 'b', "m");
        results_commit(results, NULL);
        if (behind < 1)
            assert_int_equal(listing_advance(listing, 10, NULL), 0);
        results_begin(results, NULL);
        struct results_added again = add(results, id, 'a', "m");
        assert_false(again.duplicate);
        assert_int_equal(again.event, before + 3);
        again = add(results, id, 'a', "m");
        assert_true(again.duplicate);
        assert_int_equal(again.event, before + 3);
        results_commit(results, NULL);
        assert_int_equal(listing_advance(listing, 10, NULL), 0);
        listing_close(&listing);
    }
    assert_listed(((struct place *)*state)->results, "1:3 3:6 5:9");
}

static void test_what_is_judged_again_does_not_override_a_later_text(void **state)
{
    struct results *results = ((struct place *)*state)->results;
    results_begin(results, NULL);
    add(results, "p1", 'a', "m");
    add(results, "p1", 'b', "m"); /* handed in while the other was judged again */
    struct results_added late = add_as(results, "p1", 'a', "n", true);
    assert_true(late.duplicate);
    assert_int_equal(late.event, 0);
    assert_int_equal(add_as(results, "p1", 'b', "n", true).event, 3);
    assert_int_equal(add_as(results, "p1", 'b', "m", true).event, 4); /* the way back */
    assert_int_equal(add(results, "p1", 'a', "n").event, 5);
    results_commit(results, NULL);
}

static void list_all(struct results *results)
{
    struct listing *listing = listing_open(results, NULL);
    assert_int_equal(listing_advance(listing, 100, NULL), 0);
    listing_close(&listing);
}

/* As a bulk request that an interactive one has overtaken. */
static void test_a_text_that_is_judged_late_does_not_override_one_handed_in_after_it(void **state)
{
    for (int listed = 0; listed < 2; listed++) { /* the newer one, before the older comes */
        struct results *results = ((struct place *)*state)->results;
        results_begin(results, NULL);
        struct results_added newer = submit(results, 20 * (listed + 1), 'b', listed ? "n" : "m");
        results_commit(results, NULL);
        if (listed)
            list_all(results);
        results_begin(results, NULL);
        struct results_added older = submit(results, 20 * listed + 10, 'a', listed ? "n" : "m");
        results_commit(results, NULL);
        assert_false(older.duplicate); /* what was accepted is stored */
        assert_int_equal(older.event, newer.event + 1);
        assert_int_equal(older.newer_event, newer.event + 2);
        assert_int_equal(results_last_event(results), newer.event + 2);
        list_all(results);
        assert_listed(results, listed ? "3:6" : "1:3");
    }
}

/* As of a job whose worker died between the collector's acknowledgement and its own. */
static void test_a_delivery_after_a_later_text_changes_nothing(void **state)
{
    struct results *results = ((struct place *)*state)->results;
    results_begin(results, NULL);
    submit(results, 10, 'a', "m");
    submit(results, 20, 'b', "m");
    struct results_added again = submit(results, 10, 'a', "m");
    results_commit(results, NULL);
    assert_true(again.duplicate);
    assert_int_equal(again.event, 1);
    assert_int_equal(again.newer_event, 0);
    assert_int_equal(results_last_event(results), 2);
    list_all(results);
    assert_listed(results, "2:2");
}

static void test_a_text_that_is_handed_in_once_more_counts_again(void **state)
{
    struct results *results = ((struct place *)*state)->results;
    results_begin(results, NULL);
    submit(results, 10, 'a', "m");
    submit(results, 20, 'b', "m");
    assert_int_equal(submit(results, 30, 'a', "m").event, 3);
    assert_true(submit(results, 30, 'a', "m").duplicate);
    assert_true(submit(results, 20, 'b', "m").duplicate);
    assert_true(submit(results, 10, 'a', "m").duplicate); /* delivered very late */
    assert_int_equal(submit(results, 40, 'b', "m").event, 4);
    assert_true(submit(results, 30, 'a', "m").duplicate);
    results_commit(results, NULL);
    list_all(results);
    assert_listed(results, "2:4");
}

/* What an older broker gave out has no number: it counts by the order of its coming. */
static void test_what_has_no_number_counts_when_it_comes(void **state)
{
    struct results *results = ((struct place *)*state)->results;
    results_begin(results, NULL);
    submit(results, 10, 'a', "m");
    assert_int_equal(submit(results, 0, 'b', "m").event, 2);
    assert_int_equal(submit(results, 0, 'a', "m").event, 3);
    assert_int_equal(submit(results, 20, 'b', "m").event, 4);
    /* Judging again has none either, and takes none away. */
    assert_int_equal(add_as(results, "p1", 'b', "n", true).event, 5);
    struct results_added late = submit(results, 10, 'a', "m");
    results_commit(results, NULL);
    assert_true(late.duplicate);
    list_all(results);
    assert_listed(results, "3:5");
}

static void test_rolled_back_numbers_are_given_again(void **state)
{
    struct place *place = *state;
    results_begin(place->results, NULL);
    add(place->results, "p1", 'a', "m");
    results_rollback(place->results);
    assert_int_equal(results_last_event(place->results), 0);
    results_begin(place->results, NULL);
    assert_int_equal(add(place->results, "p2", 'a', "m").event, 1);
    results_commit(place->results, NULL);
}

static void test_numbers_go_on_after_reopening(void **state)
{
    struct place *place = *state;
    results_begin(place->results, NULL);
    add(place->results, "p1", 'a', "m");
    results_commit(place->results, NULL);
    results_begin(place->results, NULL);
    add(place->results, "lost", 'a', "m"); /* never committed: as after kill -9 */
    results_close(&place->results);
    place->results = results_open(place->file, NULL);
    assert_int_equal(results_last_event(place->results), 1);
    results_begin(place->results, NULL);
    assert_int_equal(add(place->results, "p2", 'a', "m").event, 2);
    results_commit(place->results, NULL);
}

static void test_events_since_a_number_come_in_order_and_limited(void **state)
{
    struct place *place = *state;
    results_begin(place->results, NULL);
    for (char id[] = "p1"; id[1] <= '5'; id[1]++)
        add(place->results, id, 'a', "m");
    results_commit(place->results, NULL);
    char seen[512] = "";
    assert_int_equal(results_since(place->results, 2, 2, collect_row, seen, NULL), 0);
    assert_string_equal(seen, "3 result.民政 {\"decision\":\"auto\"};"
                              "4 result.民政 {\"decision\":\"auto\"};");
}

static void test_topic_of_a_long_department_is_cut(void **state)
{
    (void)state;
    char name[400], topic[RESULTS_TOPIC_BYTES];
    memset(name, 'd', sizeof name);
    results_topic((struct wire_text){name, sizeof name}, topic);
    assert_true(strlen(topic) < sizeof topic);
    results_topic(wire_text_of(""), topic);
    assert_string_equal(topic, "result.");
}

static void test_description_counts_by_decision(void **state)
{
    struct place *place = *state;
    results_begin(place->results, NULL);
    add(place->results, "p1", 'a', "m");
    add(place->results, "p2", 'a', "m");
    results_commit(place->results, NULL);
    struct jv *status = jv_object();
    results_describe(place->results, status);
    assert_true(jv_get_number(status, "results", 0) == 2);
    assert_true(jv_get_number(jv_get(status, "decisions"), "auto", 0) == 2);
    assert_true(jv_get_number(status, "events", 0) == 2);
    jv_destroy(&status);
}

/* A file as version 1 of the schema left it, with two results. */
static void make_version_1(const char *path)
{
    static const char *const migrations[] = {schema_sql};
    static const struct store_schema old = {"results", migrations, 1};
    struct fault fault = {0};
    struct store *store = store_open(path, STORE_WRITE, &old, &fault);
    assert_non_null(store);
#define HASH "x'" A16 A16 A16 A16 "'"
#define A16  "aaaaaaaaaaaaaaaa"
    const char *rows =
        "INSERT INTO project VALUES (1, 'p1', " HASH ", 'u', '{}'), (2, 'p2', " HASH ", 'u', '{}');"
        "INSERT INTO origin VALUES (1, '晋财综〔2025〕28号', '0.1.0', 'm');"
        "INSERT INTO result VALUES"
        " (1, 1, 1, 1, '民政', 'auto', 'service', 0.5, 0, 1, '{\"id\":\"p1\"}'),"
        " (2, 2, 1, 2, '民政', 'none', '', 0.5, 0, 1, '{\"id\":\"p2\"}');"
        "INSERT INTO event VALUES (1, 'result.民政', 1), (2, 'result.民政', 2);";
    if (store_exec(store, rows, &fault))
        fail_msg("%s", fault.message);
    store_close(&store);
}

/* The same as a later version had it, with what came in with each: a review, a webhook, a notice. */
static void make_version(const char *path, int version)
{
    static const char *const migrations[] = {schema_sql,   schema_2_sql, listing_sql,
                                             webhooks_sql, notice_sql,   delivery_index_sql};
    static const char *const rows[] = {
        "",
        "",
        "", /* by number of the version, from 0 */
        "INSERT INTO review VALUES (1, 1, 1, 'accept', '', '', '', '张', '', 1, '{}');"
        "INSERT INTO event (number, topic, result, review) VALUES (3, 'review.民政', 1, 1);"
        "INSERT INTO listed VALUES (1, 1, 1, 'p1', '', 'u', NULL, NULL, 'r', '民政', 'auto',"
        " 'service', 0.5, '', '', 0, 0, 1, 'accepted', 1, 0)",
        "INSERT INTO webhook (id, url, events, departments, created_at, cursor)"
        " VALUES ('w', 'https://x', '[]', '[]', 1, 3);"
        "INSERT INTO delivery (webhook, event, project, type, state, made_at)"
        " VALUES (1, 3, 'p1', 'review.stored', 'failed', 1)",
        "INSERT INTO event (number, topic, notice) VALUES (4, 'reclassify.r', '{}')",
        ""};
    make_version_1(path);
    for (int next = 2; next <= version; next++) {
        struct fault fault = {0};
        struct store_schema schema = {"results", migrations, next};
        struct store *store = store_open(path, STORE_WRITE, &schema, &fault);
        if (!store || (*rows[next] && store_exec(store, rows[next], &fault)))
            fail_msg("version %d: %s", next, fault.message);
        store_close(&store);
    }
}

static void check_old_row(const struct results_row *row, void *argument)
{
    char expected[32];
    snprintf(expected, sizeof expected, "{\"id\":\"p%lld\"}", (long long)++*(int64_t *)argument);
    assert_int_equal(row->event, *(int64_t *)argument);
    assert_string_equal(row->topic, "result.民政");
    assert_string_equal(row->json, expected);
}

static void take_over(struct place *place, int version)
{
    char name[32];
    snprintf(name, sizeof name, "old%d.db", version);
    char *path = state_path(place->directory, name);
    make_version(path, version);
    results_close(&place->results);
    place->results = results_open(path, NULL);
    assert_non_null(place->results);
    int64_t last = 0, events = version < 3 ? 2 : version < 5 ? 3 : 4;
    assert_int_equal(results_since(place->results, 0, 2, check_old_row, &last, NULL), 0);
    assert_int_equal(last, 2);
    assert_int_equal(results_last_event(place->results), events);
    struct store *store = results_store(place->results);
    assert_int_equal(store_number(store, "SELECT count(*) FROM review", -1), version >= 3);
    assert_int_equal(store_number(store, "SELECT count(*) FROM delivery", -1), version >= 4);
    assert_int_equal(store_number(store, "SELECT count(*) FROM pragma_foreign_key_check", -1), 0);
    assert_int_equal(results_begin(place->results, NULL), 0);
    struct results_added again = add(place->results, "p1", 'a', "m");
    assert_true(again.duplicate);
    assert_int_equal(again.event, 1);
    assert_false(submit(place->results, 1, 'b', "m").duplicate); /* p1, which had no number */
    assert_int_equal(add(place->results, "p3", 'a', "m").event, events + 2);
    assert_int_equal(results_commit(place->results, NULL), 0);
    free(path);
}

static void test_results_of_every_version_are_taken_over_and_known_again(void **state)
{
    for (int version = 1; version < results_schema_version(); version++)
        take_over(*state, version);
}

static void note_event(const char *topic, int64_t event, const char *json, void *argument)
{
    (void)topic, (void)event, (void)json;
    ++*(int *)argument;
}

/* How many of the two reviews were stored: both of the same version of a result. */
static int review_twice(struct place *place, int result, const char *decision)
{
    struct strbuf question = {0}, answer = {0};
    strbuf_printf(&question,
                  "{\"reviews\":[{\"result\":%d,\"version\":0,\"decision\":\"%s\"},"
                  "{\"result\":%d,\"version\":0,\"decision\":\"%s\"}]}",
                  result, decision, result, decision);
    struct jv *json = jv_read(question.text, question.length, NULL);
    int stored = 0;
    assert_int_equal(results_begin(place->results, NULL), 0);
    assert_int_equal(decisions_store(place->results, json, note_event, &stored, &answer, NULL), 0);
    assert_int_equal(results_commit(place->results, NULL), 0);
    assert_non_null(strstr(answer.text, stored ? "conflict" : "unknown"));
    jv_destroy(&json);
    strbuf_free(&question);
    strbuf_free(&answer);
    return stored;
}

static int64_t listed_as(struct place *place, const char *condition)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM listed WHERE %s", condition);
    return store_number(results_store(place->results), sql, -1);
}

/* With a million results waiting to be listed nobody can wait for all of them. */
static void test_a_result_is_reviewed_before_it_is_listed(void **state)
{
    struct place *place = *state;
    assert_int_equal(results_begin(place->results, NULL), 0);
    add(place->results, "p1", 'a', "m");
    add(place->results, "p2", 'b', "m");
    assert_int_equal(results_commit(place->results, NULL), 0);
    assert_int_equal(review_twice(place, 2, "accept"), 1);
    assert_int_equal(review_twice(place, 3, "accept"), 0);
    struct listing *listing = listing_open(place->results, NULL);
    assert_non_null(listing);
    assert_int_equal(listed_as(place, "1"), 0);
    assert_int_equal(listing_advance(listing, 10, NULL), 0);
    assert_int_equal(listed_as(place, "result = 2 AND state = 'accepted' AND version = 1"), 1);
    assert_int_equal(listed_as(place, "result = 1 AND state = 'open' AND version = 0"), 1);
    assert_int_equal(review_twice(place, 1, "reject"), 1);
    assert_int_equal(listed_as(place, "result = 1 AND state = 'rejected' AND version = 1"), 1);
    listing_close(&listing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_projects_are_read_beside_the_writer_once_an_id,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(
            test_second_delivery_stores_nothing_and_names_the_first_event, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_other_text_or_other_model_is_another_result,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_a_superseded_result_counts_again_when_it_comes_again,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_what_is_judged_again_does_not_override_a_later_text,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(
            test_a_text_that_is_judged_late_does_not_override_one_handed_in_after_it, open_place,
            close_place),
        cmocka_unit_test_setup_teardown(test_a_delivery_after_a_later_text_changes_nothing,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_a_text_that_is_handed_in_once_more_counts_again,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_what_has_no_number_counts_when_it_comes, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_rolled_back_numbers_are_given_again, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_numbers_go_on_after_reopening, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_events_since_a_number_come_in_order_and_limited,
                                        open_place, close_place),
        cmocka_unit_test(test_topic_of_a_long_department_is_cut),
        cmocka_unit_test_setup_teardown(test_description_counts_by_decision, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(
            test_results_of_every_version_are_taken_over_and_known_again, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_a_result_is_reviewed_before_it_is_listed, open_place,
                                        close_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
