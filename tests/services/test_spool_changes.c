/* The spool: what is committed stands, what failed has left no trace. */
#include "services/broker/spool.h"
#include "tests/services/process.h"

#include "common/state.h"
#include "common/store.h"
#include "common/strbuf.h"
#include "services/broker/schema.sql.h"
#include "services/broker/schema_2.sql.h"
#include "services/broker/schema_3.sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct place {
    char *directory;
    char *path;
    struct spool *spool;
    zlist_t *changes;
};

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    place->directory = scratch_new();
    place->path = state_path(place->directory, "spool.db");
    place->spool = spool_open(place->path, NULL);
    place->changes = zlist_new();
    *state = place;
    return place->spool ? 0 : -1;
}

static int close_place(void **state)
{
    struct place *place = *state;
    spool_close(&place->spool);
    zlist_destroy(&place->changes);
    free(place->path);
    scratch_destroy(&place->directory);
    free(place);
    return 0;
}

static void forget_changes(struct place *place)
{
    struct change *change;
    while ((change = zlist_pop(place->changes)))
        change_destroy(&change);
}

static void reopen(struct place *place)
{
    spool_close(&place->spool);
    place->spool = spool_open(place->path, NULL);
    assert_non_null(place->spool);
}

static struct change *note_accept(struct place *place, const char *uuid, const char *body)
{
    char service[] = "echo";
    struct record record = {.service = service,
                            .priority = PRIORITY_BULK,
                            .due = 1000,
                            .accepted = 1000,
                            .bytes = (int64_t)strlen(body)};
    snprintf(record.uuid, sizeof record.uuid, "%s", uuid);
    struct change *change = change_new(CHANGE_ACCEPT, &record);
    change->body = zmsg_new();
    zmsg_addstr(change->body, body);
    zlist_append(place->changes, change);
    return change;
}

static struct change *note(struct place *place, enum change_kind kind, const char *uuid)
{
    struct record record = {0};
    assert_int_not_equal(spool_find(place->spool, uuid, &record), SPOOL_UNKNOWN);
    struct change *change = change_new(kind, &record);
    record_clear(&record);
    zlist_append(place->changes, change);
    return change;
}

static void commit(struct place *place)
{
    struct fault fault;
    if (spool_commit(place->spool, place->changes, &fault))
        fail_msg("%s", fault.message);
    forget_changes(place);
}

static enum spool_state state_of(struct place *place, const char *uuid)
{
    struct record record = {0};
    enum spool_state state = spool_find(place->spool, uuid, &record);
    record_clear(&record);
    return state;
}

static void assert_body(struct place *place, const char *uuid, const char *expected)
{
    struct record record = {0};
    spool_find(place->spool, uuid, &record);
    zmsg_t *body = spool_body(place->spool, record.id, NULL);
    assert_non_null(body);
    char *text = zmsg_popstr(body);
    assert_string_equal(text, expected);
    free(text);
    zmsg_destroy(&body);
    record_clear(&record);
}

static void assert_totals(struct place *place, int64_t ready, int64_t done, int64_t dead,
                          int64_t bytes)
{
    struct spool_totals totals = spool_totals(place->spool);
    assert_int_equal(totals.ready, ready);
    assert_int_equal(totals.done, done);
    assert_int_equal(totals.dead, dead);
    assert_int_equal(totals.bytes, bytes);
}

static const char *const A = "0123456789abcdef0123456789abcdef";
static const char *const B = "fedcba9876543210fedcba9876543210";

static void test_a_jobs_life_is_counted_the_same_after_opening_again(void **state)
{
    struct place *place = *state;
    note_accept(place, A, "four");
    note_accept(place, B, "sixsix");
    commit(place);
    assert_totals(place, 2, 0, 0, 10);
    struct change *finish = note(place, CHANGE_FINISH, A);
    finish->body = zmsg_new();
    zmsg_addstr(finish->body, "reply");
    note(place, CHANGE_BURY, B)->reason = xstrdup("a reason");
    commit(place);
    for (int again = 0; again < 2; again++, reopen(place)) {
        assert_totals(place, 0, 1, 1, 11);
        assert_int_equal(state_of(place, A), SPOOL_DONE);
        assert_int_equal(state_of(place, B), SPOOL_DEAD);
        assert_body(place, A, "reply");
        assert_body(place, B, "sixsix");
    }
    note(place, CHANGE_REVIVE, B);
    note(place, CHANGE_REMOVE, A);
    commit(place);
    for (int again = 0; again < 2; again++, reopen(place)) {
        assert_totals(place, 1, 0, 0, 6);
        assert_int_equal(state_of(place, A), SPOOL_UNKNOWN);
        assert_int_equal(state_of(place, B), SPOOL_READY);
    }
}

static void collect(struct record *record, enum spool_state state, void *argument)
{
    assert_int_equal(state, SPOOL_READY);
    zlist_t *uuids = argument;
    zlist_append(uuids, xstrdup(record->uuid));
    record_clear(record);
}

static void test_ready_jobs_come_back_in_the_order_of_their_arrival(void **state)
{
    struct place *place = *state;
    note_accept(place, B, "first");
    note_accept(place, A, "second");
    commit(place);
    struct change *retry = note(place, CHANGE_RETRY, B);
    retry->record.attempts = 3;
    retry->record.due = 123456;
    commit(place);
    reopen(place);
    zlist_t *uuids = zlist_new();
    assert_int_equal(spool_each_open(place->spool, collect, uuids, NULL), 0);
    const char *expected[] = {B, A};
    for (int i = 0; i < 2; i++) {
        char *uuid = zlist_pop(uuids);
        assert_string_equal(uuid, expected[i]);
        free(uuid);
    }
    assert_null(zlist_pop(uuids));
    zlist_destroy(&uuids);
    struct record record;
    spool_find(place->spool, B, &record);
    assert_int_equal(record.attempts, 3);
    assert_int_equal(record.due, 123456);
    assert_int_equal(record.priority, PRIORITY_BULK);
    record_clear(&record);
}

static void test_a_failed_commit_changes_nothing_and_the_next_one_works(void **state)
{
    struct place *place = *state;
    note_accept(place, A, "one");
    commit(place);
    note(place, CHANGE_REMOVE, A);
    note_accept(place, B, "two");
    note_accept(place, B, "the same UUID again cannot be stored");
    struct fault fault = {0};
    assert_int_equal(spool_commit(place->spool, place->changes, &fault), -1);
    assert_true(strlen(fault.message) > 0);
    forget_changes(place);
    assert_totals(place, 1, 0, 0, 3);
    assert_int_equal(state_of(place, A), SPOOL_READY);
    assert_int_equal(state_of(place, B), SPOOL_UNKNOWN);
    note_accept(place, B, "two");
    commit(place);
    assert_totals(place, 2, 0, 0, 6);
}

static void test_a_known_key_gives_the_first_job(void **state)
{
    struct place *place = *state;
    note_accept(place, A, "one")->key = xstrdup("key");
    struct change *second = note_accept(place, B, "two");
    second->key = xstrdup("key");
    assert_int_equal(spool_commit(place->spool, place->changes, NULL), 0);
    assert_true(second->duplicate);
    assert_string_equal(second->record.uuid, A);
    forget_changes(place);
    assert_totals(place, 1, 0, 0, 3);
}

static void test_changes_to_a_job_that_is_gone_are_no_error(void **state)
{
    struct place *place = *state;
    note_accept(place, A, "one");
    commit(place);
    note(place, CHANGE_REMOVE, A);
    struct change *finish = note(place, CHANGE_FINISH, A);
    finish->body = zmsg_new();
    zmsg_addstr(finish->body, "reply");
    note(place, CHANGE_RETRY, A);
    commit(place);
    assert_totals(place, 0, 0, 0, 0);
}

static void remove_it(const struct record *record, void *place)
{
    zlist_append(((struct place *)place)->changes, change_new(CHANGE_REMOVE, record));
}

static void test_only_old_replies_expire(void **state)
{
    struct place *place = *state;
    note_accept(place, A, "one");
    note_accept(place, B, "two");
    commit(place);
    struct change *finish = note(place, CHANGE_FINISH, A);
    finish->body = zmsg_new();
    zmsg_addstr(finish->body, "reply");
    commit(place);
    int64_t now = zclock_time();
    assert_int_equal(spool_each_expired(place->spool, now - 60000, 9, remove_it, place, NULL), 0);
    assert_int_equal(spool_each_expired(place->spool, now + 60000, 9, remove_it, place, NULL), 1);
    commit(place);
    assert_totals(place, 1, 0, 0, 3);
}

static int64_t file_bytes(const struct place *place)
{
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    return status.st_size;
}

static void test_file_is_small_again_when_the_queue_is_worked_off(void **state)
{
    enum { LARGE = 32 << 20 };
    struct place *place = *state;
    char *large = calloc(LARGE + 1, 1);
    memset(large, 'x', LARGE);
    note_accept(place, A, large);
    note_accept(place, B, "two");
    commit(place);
    spool_tidy(place->spool);
    assert_true(file_bytes(place) > LARGE);
    note(place, CHANGE_REMOVE, A);
    commit(place);
    spool_tidy(place->spool);
    assert_true(file_bytes(place) > LARGE); /* B is still to do */
    note(place, CHANGE_FINISH, B)->body = zmsg_new();
    commit(place);
    spool_tidy(place->spool);
    assert_true(file_bytes(place) < LARGE / 32);
    assert_totals(place, 0, 1, 0, 0);
    free(large);
}

static void test_bodies_leave_with_their_job(void **state)
{
    struct place *place = *state;
    note_accept(place, A, "one");
    commit(place);
    note(place, CHANGE_REMOVE, A);
    commit(place);
    spool_close(&place->spool);
    sqlite3 *db;
    sqlite3_stmt *count;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM body", -1, &count, NULL), 0);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(count, 0), 0);
    sqlite3_finalize(count);
    sqlite3_close(db);
}

#define SPOOL(test) cmocka_unit_test_setup_teardown(test, open_place, close_place)
/* A spool as version 1 of the schema left it, with a job in each state. */
static void make_version(const char *path, int version)
{
    static const char *const migrations[] = {schema_sql};
    static const struct store_schema old = {"spool", migrations, 1};
    struct store *store = store_open(path, STORE_WRITE, &old, NULL);
    assert_non_null(store);
    const char *rows =
        "INSERT INTO job VALUES"
        " (1, '0123456789abcdef0123456789abcdef', 'k', 'echo', 'bulk', 'ready', 2, 5, 6, NULL, 3, "
        "''),"
        " (2, 'fedcba9876543210fedcba9876543210', NULL, 'echo', 'interactive', 'done', 0, 5, 6, 7, "
        "4,"
        " ''),"
        " (3, '00000000000000000000000000000003', NULL, 'echo', 'bulk', 'dead', 5, 5, 6, 8, 1, "
        "'why');"
        "INSERT INTO body (job, part, content) VALUES (1, 0, x'6f6e65'), (2, 0, x'74776f21'),"
        " (3, 0, x'33')";
    assert_int_equal(store_exec(store, rows, NULL), 0);
    store_close(&store);
    static const char *const later[] = {schema_sql, schema_2_sql, schema_3_sql};
    store = store_open(path, STORE_WRITE, &(struct store_schema){"spool", later, version}, NULL);
    assert_non_null(store);
    store_close(&store);
}

static void check_dead(const struct record *record, const char *reason, void *argument)
{
    ++*(int *)argument;
    assert_int_equal(record->attempts, 5);
    assert_string_equal(reason, "why");
}

static void take_over(struct place *place, int version)
{
    char name[32];
    snprintf(name, sizeof name, "old%d.db", version);
    char *path = state_path(place->directory, name);
    make_version(path, version);
    spool_close(&place->spool);
    place->spool = spool_open(path, NULL);
    assert_non_null(place->spool);
    assert_totals(place, 1, 1, 1, 8);
    assert_body(place, A, "one");
    assert_body(place, B, "two!");
    assert_body(place, "00000000000000000000000000000003", "3");
    int dead = 0;
    spool_each_dead(place->spool, -1, check_dead, &dead, NULL);
    assert_int_equal(dead, 1);
    struct record record;
    assert_int_equal(spool_find(place->spool, A, &record), SPOOL_READY);
    assert_int_equal(record.attempts, 2);
    assert_int_equal(record.due, 5);
    assert_int_equal(record.accepted, 6);
    assert_int_equal(record.deadline, 0);
    assert_int_equal(record.submitted, 6000);
    record_clear(&record);
    struct change *again = note_accept(place, "00000000000000000000000000000004", "x");
    again->key = xstrdup("k"); /* known to the old spool */
    assert_int_equal(spool_commit(place->spool, place->changes, NULL), 0);
    assert_true(again->duplicate);
    assert_string_equal(again->record.uuid, A);
    assert_false(again->other); /* nobody knows any more what it was used for */
    forget_changes(place);
    free(path);
}

static void test_a_spool_of_every_version_is_taken_over_with_its_jobs(void **state)
{
    for (int version = 1; version < spool_schema_version(); version++)
        take_over(*state, version);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SPOOL(test_a_jobs_life_is_counted_the_same_after_opening_again),
        SPOOL(test_ready_jobs_come_back_in_the_order_of_their_arrival),
        SPOOL(test_a_failed_commit_changes_nothing_and_the_next_one_works),
        SPOOL(test_a_known_key_gives_the_first_job),
        SPOOL(test_changes_to_a_job_that_is_gone_are_no_error),
        SPOOL(test_only_old_replies_expire),
        SPOOL(test_file_is_small_again_when_the_queue_is_worked_off),
        SPOOL(test_bodies_leave_with_their_job),
        SPOOL(test_a_spool_of_every_version_is_taken_over_with_its_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
