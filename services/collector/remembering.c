#include "services/collector/remembering.h"

#include "catalog/catalog.h"
#include "catalog/engine/reviews.h"
#include "common/log.h"
#include "common/state.h"
#include "common/store.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    AT_ONCE = 200,   /* reviews of one transaction */
    GATHER_MS = 500, /* those that come close together are one change of the catalog */
    AGAIN_MS = 30000 /* after a fault */
};

struct remembering {
    zactor_t *actor;
    char *catalog;
    struct results_view results; /* read by the thread alone */
    int64_t done;                /* number of the last review that was brought in; of the thread */
};

static const char unremembered_sql[] =
    "SELECT v.number, v.result, v.version, v.json, unpacked(p.json), o.revision FROM review v"
    " JOIN result r ON r.number = v.result JOIN project p ON p.number = r.project"
    " JOIN origin o ON o.number = r.origin WHERE v.number > ? ORDER BY v.number LIMIT ?";

static void copy_text(struct jv *to, const char *name, const struct jv *from, const char *member)
{
    const char *text = jv_get_text(from, member);
    if (text && *text)
        jv_set_text(to, name, text);
}

/* The review in the words of reviews_add. */
static struct jv *review_of(sqlite3_stmt *row)
{
    const char *stored = store_text(row, 3), *project = store_text(row, 4);
    struct jv *review = jv_object(), *decided = jv_read(stored, strlen(stored), NULL);
    char id[64];
    snprintf(id, sizeof id, "result-%lld-%lld", (long long)sqlite3_column_int64(row, 1),
             (long long)sqlite3_column_int64(row, 2));
    struct jv *submitted = jv_read(project, strlen(project), NULL);
    jv_set_text(review, "id", id);
    jv_set(review, "project", submitted ? submitted : jv_of_text(NULL));
    copy_text(review, "decision", decided, "decision");
    copy_text(review, "department", decided, "department");
    copy_text(review, "code", decided, "code");
    copy_text(review, "kind", decided, "kind");
    copy_text(review, "reviewer", decided, "reviewer");
    copy_text(review, "time", decided, "time");
    copy_text(review, "reason", decided, "reason");
    jv_set_text(review, "catalog", store_text(row, 5));
    jv_destroy(&decided);
    return review;
}

static void add_row(struct store *catalog, sqlite3_stmt *row)
{
    struct fault fault;
    struct jv *review = review_of(row);
    if (reviews_add(catalog, review, &fault) == REVIEW_REFUSED)
        log_warning("review_not_remembered", "review=%lld code=%s reason=\"%s\"",
                    (long long)sqlite3_column_int64(row, 0), fault.code, fault.message);
    jv_destroy(&review);
}

/* Brings in those that follow, in one change of catalog.db. How many, or -1 with a fault. */
static int bring_in(struct remembering *remembering, struct fault *fault)
{
    int lock = -1, count = 0, got = -1;
    int64_t done = remembering->done;
    struct store *catalog = NULL;
    sqlite3_stmt *row = store_prepare(remembering->results.store, unremembered_sql, fault);
    if (!row)
        return -1;
    store_bind(row, "ii", done, (int64_t)AT_ONCE);
    while ((got = store_next(remembering->results.store, row, fault)) == 1) {
        if (!catalog &&
            ((lock = catalog_lock(remembering->catalog, fault)) < 0 ||
             !(catalog = catalog_open(remembering->catalog, STORE_WRITE_DURABLE, fault)) ||
             store_begin(catalog, fault))) {
            got = -1;
            break;
        }
        add_row(catalog, row);
        done = sqlite3_column_int64(row, 0);
        count++;
    }
    if (got == 0 && catalog)
        got = store_commit(catalog, fault);
    if (got == 0)
        remembering->done = done;
    sqlite3_finalize(row);
    store_close(&catalog);
    if (lock >= 0)
        close(lock);
    return got < 0 ? -1 : count;
}

/* Works off all there are, telling how far it has come. 0, or -1 when it has to try again later. */
static int catch_up(struct remembering *remembering, zsock_t *pipe)
{
    struct fault fault;
    int count;
    if (access(remembering->catalog, R_OK) != 0)
        return 0; /* a collector on a machine of its own: reviews stay in results.db */
    while ((count = bring_in(remembering, &fault)) > 0) {
        log_info("reviews_remembered", "count=%d last=%lld", count, (long long)remembering->done);
        zsock_send(pipe, "8", (uint64_t)remembering->done);
    }
    if (count < 0)
        log_error("remembering_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    return count;
}

/* Whether the owner wants the thread to end; takes what it said off the pipe. */
static bool is_told_to_end(zsock_t *pipe)
{
    char *word = zstr_recv(pipe);
    bool ending = word && strcmp(word, "$TERM") == 0;
    zstr_free(&word);
    return ending;
}

/* Until then, from now on; -1 is never. */
static int wait_ms(int64_t due)
{
    int64_t left = due - zclock_mono();
    return due < 0 ? -1 : left < 0 ? 0 : (int)left;
}

/* The first review begins the gathering: those that follow it do not put it off. */
static void run(zsock_t *pipe, void *argument)
{
    struct remembering *remembering = argument;
    zpoller_t *poller = zpoller_new(pipe, NULL);
    int64_t due = zclock_mono();
    zsock_signal(pipe, 0);
    for (;;) {
        if (zpoller_wait(poller, wait_ms(due))) {
            if (is_told_to_end(pipe))
                break;
            if (due < 0)
                due = zclock_mono() + GATHER_MS;
        }
        if (due >= 0 && zclock_mono() >= due) {
            due = catch_up(remembering, pipe) < 0 ? zclock_mono() + AGAIN_MS : -1;
        }
    }
    zpoller_destroy(&poller);
}

struct remembering *remembering_new(const char *state, const char *database, struct fault *fault)
{
    struct remembering *remembering = xcalloc(1, sizeof *remembering);
    remembering->catalog = state_path(state, "catalog.db");
    if (results_view_open(&remembering->results, database, fault)) {
        remembering_destroy(&remembering);
        return NULL;
    }
    remembering->done = store_number(remembering->results.store,
                                     "SELECT number FROM progress WHERE what = 'remembered'", 0);
    remembering->actor = zactor_new(run, remembering);
    return remembering;
}

void remembering_destroy(struct remembering **remembering)
{
    if (!*remembering)
        return;
    zactor_destroy(&(*remembering)->actor);
    results_view_close(&(*remembering)->results);
    free((*remembering)->catalog);
    free(*remembering);
    *remembering = NULL;
}

void remembering_wake(struct remembering *remembering)
{
    zstr_send(remembering->actor, "reviews");
}

zsock_t *remembering_socket(struct remembering *remembering)
{
    return zactor_sock(remembering->actor);
}

void remembering_note(struct remembering *remembering, struct results *results)
{
    struct fault fault;
    uint64_t done = 0;
    zsock_t *socket = zactor_sock(remembering->actor);
    while (zsock_events(socket) & ZMQ_POLLIN)
        zsock_recv(socket, "8", &done);
    if (!done || results_begin(results, &fault))
        return;
    struct store *store = results_store(results);
    sqlite3_stmt *note =
        store_prepare(store,
                      "INSERT INTO progress (what, number) VALUES ('remembered', ?)"
                      " ON CONFLICT DO UPDATE SET number = excluded.number",
                      &fault);
    int failed = !note || store_run(store, store_bind(note, "i", (int64_t)done), &fault);
    sqlite3_finalize(note);
    if (failed || results_commit(results, &fault)) {
        results_rollback(results); /* they will be brought in again, which changes nothing */
        log_warning("progress_not_noted", "reason=\"%s\"", fault.message);
    }
}
