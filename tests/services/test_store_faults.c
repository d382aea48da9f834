/* Whatever goes wrong at whatever write or sync, spool.db and results.db keep their promises: what was
 * acknowledged is there once, and what was not is there whole or not at all. Each case runs a story in
 * a process of its own that a fault may end, then opens what that left. */
#include "common/json.h"
#include "common/state.h"
#include "common/store.h"
#include "common/strbuf.h"
#include "services/broker/batch.h"
#include "services/broker/spool.h"
#include "services/collector/results.h"
#include "tests/services/fault_vfs.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    JOBS = 10,
    BATCH_JOB = 3, /* the one that is cut in halves */
    BATCH_PROJECTS = 4,
    BATCHES = 8, /* of results */
    BATCH_RESULTS = 3,
    TRIES = 8,          /* of a commit, until the disk is well again */
    MOST_FAULTS = 2000, /* places in one story */
    STEP = 4, /* every fourth of them, each kind of fault at others; all: JINMU_ALL_FAULTS=1 */
};

/* What was promised before the end; in memory that outlives the process. */
struct ledger {
    bool accepted[JOBS], finish_tried[JOBS], finished[JOBS], remove_tried[JOBS], removed[JOBS];
    bool stored[BATCHES];
    struct spool_totals totals; /* at an end without a fault */
    char wrong[200];            /* what the story itself met */
    int operations;
};

struct stage {
    char *directory;
    char *path;
    struct ledger *ledger;
};

static _Noreturn void give_up(struct ledger *ledger, const char *what)
{
    snprintf(ledger->wrong, sizeof ledger->wrong, "%s", what);
    _exit(1);
}

/* --- The story of a spool ------------------------------------------------------------------- */

struct teller {
    struct spool *spool;
    struct ledger *ledger;
    zlist_t *changes;
};

static void name_job(int number, char uuid[UUID_DIGITS + 1])
{
    snprintf(uuid, UUID_DIGITS + 1, "%032x", number);
}

static char *request_of(int job)
{
    struct strbuf text = {0};
    if (job != BATCH_JOB) {
        strbuf_printf(&text, "request %d ", job);
        for (int i = 0; i < 200 * job; i++)
            strbuf_puts(&text, "filling ");
        return strbuf_take(&text);
    }
    strbuf_puts(&text, "{\"projects\":[");
    for (int i = 0; i < BATCH_PROJECTS; i++)
        strbuf_printf(&text, "%s{\"id\":\"p%d\"}", i ? "," : "", i);
    strbuf_puts(&text, "]}");
    return strbuf_take(&text);
}

static void note_accept(zlist_t *changes, int job)
{
    char service[] = "classify", key[16];
    char *body = request_of(job);
    struct record record = {.service = service,
                            .priority = PRIORITY_BULK,
                            .due = 1,
                            .accepted = 1,
                            .bytes = (int64_t)strlen(body)};
    name_job(job, record.uuid);
    struct change *change = change_new(CHANGE_ACCEPT, &record);
    change->body = zmsg_new();
    zmsg_addstr(change->body, body);
    snprintf(key, sizeof key, "key %d", job);
    change->key = xstrdup(key);
    change->answer = xcalloc(1, sizeof *change->answer); /* somebody waits: it must be durable */
    zlist_append(changes, change);
    free(body);
}

static struct change *note(struct teller *teller, enum change_kind kind, const char *uuid)
{
    struct record record = {0};
    if (spool_find(teller->spool, uuid, &record) == SPOOL_UNKNOWN)
        give_up(teller->ledger, "a job that was accepted is not found");
    struct change *change = change_new(kind, &record);
    record_clear(&record);
    zlist_append(teller->changes, change);
    return change;
}

static struct change *note_job(struct teller *teller, enum change_kind kind, int job)
{
    char uuid[UUID_DIGITS + 1];
    name_job(job, uuid);
    return note(teller, kind, uuid);
}

static void note_finish(struct teller *teller, int job)
{
    struct change *change = note_job(teller, CHANGE_FINISH, job);
    change->body = zmsg_new();
    zmsg_addstrf(change->body, "reply %d", job);
    teller->ledger->finish_tried[job] = true;
}

static void commit(struct teller *teller)
{
    struct fault fault = {0};
    int tries = 0;
    while (spool_commit(teller->spool, teller->changes, &fault))
        if (++tries == TRIES)
            give_up(teller->ledger, fault.message);
    struct change *change;
    while ((change = zlist_pop(teller->changes)))
        change_destroy(&change);
}

static void accept_jobs(struct teller *teller, int first, int end)
{
    for (int job = first; job < end; job++)
        note_accept(teller->changes, job);
    commit(teller);
    for (int job = first; job < end; job++)
        teller->ledger->accepted[job] = true;
}

static void finish_jobs(struct teller *teller, int first, int end)
{
    for (int job = first; job < end; job++)
        note_finish(teller, job);
    commit(teller);
    for (int job = first; job < end; job++)
        teller->ledger->finished[job] = true;
}

static void remove_job(struct teller *teller, int job)
{
    struct change *change = note_job(teller, CHANGE_REMOVE, job);
    change->answer = xcalloc(1, sizeof *change->answer);
    teller->ledger->remove_tried[job] = true;
    commit(teller);
    teller->ledger->removed[job] = true;
}

/* Cuts the batch in halves with the UUIDs a… and b…. */
static void split_batch(struct teller *teller)
{
    struct change *change = note_job(teller, CHANGE_SPLIT, BATCH_JOB);
    zmsg_t *body = spool_body(teller->spool, change->record.id, NULL);
    zmsg_t *halves[2];
    if (!body)
        give_up(teller->ledger, "the batch has no body");
    change->middle = batch_halve(body, halves);
    zmsg_destroy(&body);
    for (int i = 0; i < 2; i++) {
        struct half *half = &change->halves[i];
        half->record = record_copy(&change->record);
        half->record.bytes = (int64_t)zmsg_content_size(halves[i]);
        memset(half->record.uuid, i ? 'b' : 'a', UUID_DIGITS);
        half->body = halves[i];
    }
    commit(teller);
}

static void finish_half(struct teller *teller, char letter, const char *reply)
{
    char uuid[UUID_DIGITS + 1] = {0};
    memset(uuid, letter, UUID_DIGITS);
    struct change *change = note(teller, CHANGE_FINISH, uuid);
    change->body = zmsg_new();
    zmsg_addstr(change->body, reply);
    commit(teller);
}

static struct spool *open_spool(const char *path, struct ledger *ledger)
{
    struct spool *spool = NULL;
    struct fault fault = {0};
    for (int tries = 0; !spool && tries < TRIES; tries++)
        spool = spool_open(path, &fault);
    if (!spool)
        give_up(ledger, fault.message);
    return spool;
}

static void tell_spool(const char *path, struct ledger *ledger)
{
    struct teller teller = {
        .spool = open_spool(path, ledger), .ledger = ledger, .changes = zlist_new()};
    accept_jobs(&teller, 0, 5);
    finish_jobs(&teller, 0, 2);
    note_job(&teller, CHANGE_RETRY, 2)->record.attempts = 1;
    note_job(&teller, CHANGE_BURY, 4);
    commit(&teller);
    split_batch(&teller);
    accept_jobs(&teller, 5, 8);
    remove_job(&teller, 0);
    finish_half(&teller, 'b', "{\"results\":[{\"id\":\"p2\"},{\"id\":\"p3\"}]}");
    spool_close(&teller.spool); /* brings the log into the file */
    teller.spool = open_spool(path, ledger);
    note_job(&teller, CHANGE_REVIVE, 4);
    finish_half(&teller, 'a', "{\"results\":[{\"id\":\"p0\"},{\"id\":\"p1\"}]}");
    accept_jobs(&teller, 8, JOBS);
    finish_jobs(&teller, 5, JOBS);
    remove_job(&teller, 5);
    ledger->totals = spool_totals(teller.spool);
    spool_close(&teller.spool);
    zlist_destroy(&teller.changes);
}

/* --- What must be true of it afterwards ----------------------------------------------------- */

static void assert_sound(const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *check;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(check), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(check, 0), "ok");
    sqlite3_finalize(check);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA foreign_key_check", -1, &check, NULL), 0);
    assert_int_equal(sqlite3_step(check), SQLITE_DONE);
    sqlite3_finalize(check);
    sqlite3_close(db);
}

static char *text_of_job(struct spool *spool, int64_t id)
{
    zmsg_t *body = spool_body(spool, id, NULL);
    assert_non_null(body);
    char *text = zmsg_popstr(body);
    zmsg_destroy(&body);
    return text;
}

/* Counts the projects of the batch, in whichever form they are. */
static void count_projects(const char *text, int seen[BATCH_PROJECTS])
{
    for (int i = 0; i < BATCH_PROJECTS; i++) {
        char id[16];
        snprintf(id, sizeof id, "\"p%d\"", i);
        for (const char *at = strstr(text, id); at; at = strstr(at + 1, id))
            seen[i]++;
    }
}

static void check_batch(struct spool *spool, enum spool_state state, int64_t id)
{
    int seen[BATCH_PROJECTS] = {0};
    if (state != SPOOL_SPLIT) {
        char *text = text_of_job(spool, id);
        count_projects(text, seen);
        free(text);
    }
    for (char letter = 'a'; letter <= 'b'; letter++) {
        char uuid[UUID_DIGITS + 1] = {0};
        struct record part = {0};
        memset(uuid, letter, UUID_DIGITS);
        bool found = spool_find(spool, uuid, &part) != SPOOL_UNKNOWN;
        assert_int_equal(found, state == SPOOL_SPLIT);
        if (found) {
            char *text = text_of_job(spool, part.id);
            count_projects(text, seen);
            free(text);
            record_clear(&part);
        }
    }
    for (int i = 0; i < BATCH_PROJECTS; i++)
        assert_int_equal(seen[i], 1);
}

static void check_body(struct spool *spool, enum spool_state state, int64_t id, int job)
{
    char *text = text_of_job(spool, id), *request = request_of(job), reply[32];
    snprintf(reply, sizeof reply, "reply %d", job);
    assert_string_equal(text, state == SPOOL_DONE ? reply : request);
    free(request);
    free(text);
}

static void check_job(struct spool *spool, const struct ledger *ledger, bool power, int job)
{
    char uuid[UUID_DIGITS + 1];
    struct record record = {0};
    name_job(job, uuid);
    enum spool_state state = spool_find(spool, uuid, &record);
    if (ledger->accepted[job] && !ledger->remove_tried[job])
        assert_int_not_equal(state, SPOOL_UNKNOWN);
    if (ledger->removed[job])
        assert_int_equal(state, SPOOL_UNKNOWN);
    if (ledger->finished[job] && !power && !ledger->remove_tried[job])
        assert_int_equal(state, SPOOL_DONE);
    if (!ledger->finish_tried[job] && job != BATCH_JOB)
        assert_int_not_equal(state, SPOOL_DONE);
    if (state != SPOOL_UNKNOWN && job == BATCH_JOB)
        check_batch(spool, state, record.id);
    else if (state != SPOOL_UNKNOWN)
        check_body(spool, state, record.id, job);
    record_clear(&record);
}

/* Submitting all again accepts only what was not accepted before. */
static void check_keys(struct spool *spool, const struct ledger *ledger)
{
    zlist_t *changes = zlist_new();
    for (int job = 0; job < JOBS; job++)
        note_accept(changes, job);
    assert_int_equal(spool_commit(spool, changes, NULL), 0);
    for (int job = 0; job < JOBS; job++) {
        struct change *change = zlist_pop(changes);
        if (ledger->accepted[job] && !ledger->remove_tried[job])
            assert_true(change->duplicate);
        change_destroy(&change);
    }
    zlist_destroy(&changes);
}

static void check_spool(const char *path, const struct ledger *ledger, bool power, bool ended)
{
    struct fault fault = {0};
    struct spool *spool = spool_open(path, &fault);
    if (!spool)
        fail_msg("%s", fault.message);
    if (ended) {
        struct spool_totals totals = spool_totals(spool);
        assert_memory_equal(&totals, &ledger->totals, sizeof totals);
    }
    for (int job = 0; job < JOBS; job++)
        check_job(spool, ledger, power, job);
    check_keys(spool, ledger);
    spool_close(&spool);
    assert_sound(path);
}

/* --- The story of the results --------------------------------------------------------------- */

static int add_batch(struct results *results, int batch, struct fault *fault)
{
    char hash[65] = {0}, id[16];
    memset(hash, 'a', 64);
    int64_t origin = results_origin(results, wire_text_of("晋财综〔2025〕28号"),
                                    wire_text_of("0.1.0"), wire_text_of("m"), fault);
    for (int i = 0; i < BATCH_RESULTS && origin > 0; i++) {
        snprintf(id, sizeof id, "p%d", batch * BATCH_RESULTS + i);
        struct wire_record record = {.confidence = 0.5,
                                     .id = wire_text_of(id),
                                     .content_hash = wire_text_of(hash),
                                     .revision = wire_text_of("晋财综〔2025〕28号"),
                                     .department = wire_text_of("民政"),
                                     .decision = wire_text_of("auto"),
                                     .kind = wire_text_of("service"),
                                     .unit = wire_text_of("某局"),
                                     .project = wire_text_of("{\"name\":\"x\"}"),
                                     .result = wire_text_of("{\"decision\":\"auto\"}")};
        struct results_added added;
        if (results_add(results, origin, &record, &added, fault))
            return -1;
    }
    return origin > 0 ? 0 : -1;
}

/* Stores a batch as the collector does: rolled back and sent again when it cannot be. */
static void store_batch(struct results *results, struct ledger *ledger, int batch)
{
    struct fault fault = {0};
    for (int tries = 0; tries < TRIES; tries++) {
        if (!results_begin(results, &fault) && !add_batch(results, batch, &fault) &&
            !results_commit(results, &fault)) {
            ledger->stored[batch] = true;
            return;
        }
        results_rollback(results);
    }
    give_up(ledger, fault.message);
}

static struct results *open_results(const char *path, struct ledger *ledger)
{
    struct results *results = NULL;
    struct fault fault = {0};
    for (int tries = 0; !results && tries < TRIES; tries++)
        results = results_open(path, &fault);
    if (!results)
        give_up(ledger, fault.message);
    return results;
}

static void tell_results(const char *path, struct ledger *ledger)
{
    struct results *results = open_results(path, ledger);
    for (int batch = 0; batch < BATCHES / 2; batch++)
        store_batch(results, ledger, batch);
    results_close(&results); /* brings the log into the file */
    results = open_results(path, ledger);
    for (int batch = BATCHES / 2; batch < BATCHES; batch++)
        store_batch(results, ledger, batch);
    results_close(&results);
}

static void check_next_number(const struct results_row *row, void *argument)
{
    assert_int_equal(row->event, ++*(int64_t *)argument);
}

static void count_row(const struct results_row *row, void *argument)
{
    (void)row;
    ++*(int *)argument;
}

static void check_projects(struct results *results, const struct ledger *ledger)
{
    for (int i = 0; i < BATCHES * BATCH_RESULTS; i++) {
        char id[16];
        int rows = 0;
        snprintf(id, sizeof id, "p%d", i);
        assert_int_equal(results_of_project(results, id, count_row, &rows, NULL), 0);
        if (!ledger || ledger->stored[i / BATCH_RESULTS])
            assert_int_equal(rows, 1);
        else
            assert_true(rows <= 1);
    }
}

static void check_results(const char *path, const struct ledger *ledger, bool power, bool ended)
{
    (void)power, (void)ended;
    struct fault fault = {0};
    struct results *results = results_open(path, &fault);
    if (!results)
        fail_msg("%s", fault.message);
    check_projects(results, ledger);
    int64_t last = 0;
    assert_int_equal(results_since(results, 0, 1000, check_next_number, &last, NULL), 0);
    assert_int_equal(last % BATCH_RESULTS, 0);      /* batches are there whole or not at all */
    for (int batch = 0; batch < BATCHES; batch++) { /* their workers send all of them again */
        assert_int_equal(results_begin(results, NULL), 0);
        assert_int_equal(add_batch(results, batch, NULL), 0);
        assert_int_equal(results_commit(results, NULL), 0);
    }
    check_projects(results, NULL);
    last = 0;
    assert_int_equal(results_since(results, 0, 1000, check_next_number, &last, NULL), 0);
    assert_int_equal(last, BATCHES * BATCH_RESULTS);
    results_close(&results);
    assert_sound(path);
}

/* --- Every fault at every place ------------------------------------------------------------- */

struct story {
    void (*tell)(const char *path, struct ledger *ledger);
    void (*check)(const char *path, const struct ledger *ledger, bool power, bool ended);
};

/* Tells the story with one fault and checks what it left. Whether the fault's place was reached. */
static bool survive(struct stage *stage, const struct story *story, enum fault_kind kind, int at)
{
    *stage->ledger = (struct ledger){0};
    pid_t teller = fork();
    assert_true(teller >= 0);
    if (teller == 0) {
        fault_vfs_arm(kind, at);
        story->tell(stage->path, stage->ledger);
        stage->ledger->operations = fault_vfs_operations();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(teller, &status, 0), teller);
    if (!WIFEXITED(status) || (WEXITSTATUS(status) && WEXITSTATUS(status) != FAULT_EXIT))
        fail_msg("%s at %d: status %x: %s", fault_kind_names[kind], at, status,
                 stage->ledger->wrong);
    bool ended = WEXITSTATUS(status) == 0;
    story->check(stage->path, stage->ledger, kind == FAULT_POWER || kind == FAULT_POWER_SOME,
                 ended);
    for (int i = 0; i < 3; i++) {
        static const char *const endings[] = {"", "-wal", "-shm"};
        struct strbuf file = {0};
        strbuf_printf(&file, "%s%s", stage->path, endings[i]);
        unlink(file.text);
        strbuf_free(&file);
    }
    return !ended || stage->ledger->operations >= at;
}

static void survive_everywhere(struct stage *stage, const struct story *story, enum fault_kind kind)
{
    int usual = getenv("JINMU_BRIEF") ? 4 * STEP : STEP;
    int step = getenv("JINMU_ALL_FAULTS") ? 1 : usual, at = 1 + (int)kind % step;
    while (survive(stage, story, kind, at)) {
        at += step;
        assert_true(at < MOST_FAULTS);
    }
    assert_true(at > 50); /* there are that many places, or the layer is not under SQLite */
    print_message("%s at one place in %d of %d\n", fault_kind_names[kind], step, at - step);
}

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    fault_vfs_install();
    stage->directory = scratch_new();
    stage->path = state_path(stage->directory, "store.db");
    stage->ledger = mmap(NULL, sizeof *stage->ledger, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *state = stage;
    return stage->ledger == MAP_FAILED ? -1 : 0;
}

static int close_stage(void **state)
{
    struct stage *stage = *state;
    munmap(stage->ledger, sizeof *stage->ledger);
    scratch_destroy(&stage->directory);
    free(stage->path);
    free(stage);
    return 0;
}

static const struct story of_spool = {tell_spool, check_spool};
static const struct story of_results = {tell_results, check_results};

static void test_spool_keeps_its_promises_when_a_write_fails(void **state)
{
    survive_everywhere(*state, &of_spool, FAULT_ERROR);
    survive_everywhere(*state, &of_spool, FAULT_FULL);
}

static void test_spool_keeps_its_promises_when_the_process_is_killed_anywhere(void **state)
{
    survive_everywhere(*state, &of_spool, FAULT_KILL);
    survive_everywhere(*state, &of_spool, FAULT_TORN);
}

static void test_spool_keeps_its_promises_when_the_power_fails(void **state)
{
    survive_everywhere(*state, &of_spool, FAULT_POWER);
    survive_everywhere(*state, &of_spool, FAULT_POWER_SOME);
}

static void test_results_keep_their_promises_when_a_write_fails(void **state)
{
    survive_everywhere(*state, &of_results, FAULT_ERROR);
    survive_everywhere(*state, &of_results, FAULT_FULL);
}

static void test_results_keep_their_promises_when_the_process_is_killed_anywhere(void **state)
{
    survive_everywhere(*state, &of_results, FAULT_KILL);
    survive_everywhere(*state, &of_results, FAULT_TORN);
}

static void test_results_keep_their_promises_when_the_power_fails(void **state)
{
    survive_everywhere(*state, &of_results, FAULT_POWER);
    survive_everywhere(*state, &of_results, FAULT_POWER_SOME);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_spool_keeps_its_promises_when_a_write_fails),
        STAGED(test_spool_keeps_its_promises_when_the_process_is_killed_anywhere),
        STAGED(test_spool_keeps_its_promises_when_the_power_fails),
        STAGED(test_results_keep_their_promises_when_a_write_fails),
        STAGED(test_results_keep_their_promises_when_the_process_is_killed_anywhere),
        STAGED(test_results_keep_their_promises_when_the_power_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
