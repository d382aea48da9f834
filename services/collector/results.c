#include "services/collector/results_inside.h"

#include "common/strbuf.h"
#include "services/collector/delivery_index.sql.h"
#include "services/collector/listing.sql.h"
#include "services/collector/notice.sql.h"
#include "services/collector/schema.sql.h"
#include "services/collector/schema_2.sql.h"
#include "services/collector/submitted.sql.h"
#include "services/collector/webhooks.sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CHECKPOINT_PAGES = 500, /* a moment's work: requests wait behind it */
    RESTART_PAGES = 16384,  /* a write-ahead log as long as this is begun anew */
    RESTART_WAIT_MS = 25,   /* … when its readers let go of it so soon */
    BUSY_MS = 5000,
};

/* SQL that is kept prepared. */
enum statement { EVENTS_SINCE, RESULTS_OF_PROJECT, COUNT_DECISIONS, STATEMENTS };
static const char *const statement_sql[STATEMENTS] = {
    [EVENTS_SINCE] =
        "SELECT event.number, topic, coalesce(notice, review.json, unpacked(result.json)) FROM"
        " event LEFT JOIN result ON result.number = event.result LEFT JOIN review"
        " ON review.number = event.review WHERE event.number > ?"
        " ORDER BY event.number LIMIT ?",
    [RESULTS_OF_PROJECT] =
        "SELECT event.number, topic, unpacked(result.json) FROM project JOIN result"
        " ON result.project = project.number JOIN event"
        " ON event.number = result.event WHERE project.id = ?"
        " ORDER BY event.number",
    [COUNT_DECISIONS] = "SELECT decision, count(*), max(number) FROM result NOT INDEXED"
                        " WHERE number > ? GROUP BY decision",
};

static const struct store_schema schema = {
    .name = "results",
    .migrations = (const char *const[]){schema_sql, schema_2_sql, listing_sql, webhooks_sql,
                                        notice_sql, delivery_index_sql, submitted_sql},
    .version = 7};

/* Checkpoints are made between commits (results_tidy), so that no acknowledgement waits for
 * one. */
static const char tuning[] = "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536";

static int note_log_pages(void *argument, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    ((struct results *)argument)->log_pages = pages;
    return SQLITE_OK;
}

int results_schema_version(void)
{
    return schema.version;
}

struct results *results_open(const char *path, struct fault *fault)
{
    struct results *results = xcalloc(1, sizeof *results);
    results->store = store_open(path, STORE_WRITE_DURABLE, &schema, fault);
    if (!results->store || store_exec(results->store, tuning, fault) ||
        !(results->packer = packer_new(results->store, fault)))
        goto failed;
    sqlite3_wal_hook(results->store->db, note_log_pages, results);
    results->reading = store_prepare_all(results->store, statement_sql, STATEMENTS, fault);
    if (!results->reading || results_prepare_adding(results, fault))
        goto failed;
    results->last_event = store_number(results->store, "SELECT max(number) FROM event", 0);
    results->committed_event = results->last_event;
    results->decisions = jv_object();
    results->restart_at = RESTART_PAGES;
    return results;
failed:
    results_close(&results);
    return NULL;
}

struct store *results_open_to_read(const char *path, struct fault *fault)
{
    return store_open(path, STORE_READ_ONLY, &schema, fault);
}

int results_view_open(struct results_view *view, const char *path, struct fault *fault)
{
    *view = (struct results_view){0};
    view->store = store_open(path, STORE_READ_ONLY, &schema, fault);
    if (view->store && (view->packer = packer_new(view->store, fault)))
        return 0;
    results_view_close(view);
    return -1;
}

void results_view_close(struct results_view *view)
{
    store_close(&view->store); /* which calls unpacked() no more */
    packer_destroy(&view->packer);
}

void results_close(struct results **results)
{
    if (!*results)
        return;
    store_finalize_all(&(*results)->reading, STATEMENTS);
    results_finalize_adding(*results);
    jv_destroy(&(*results)->decisions);
    store_close(&(*results)->store); /* which calls unpacked() no more */
    packer_destroy(&(*results)->packer);
    free(*results);
    *results = NULL;
}

static int begin(struct results *results, bool durable, struct fault *fault)
{
    results->now = (int64_t)time(NULL);
    return store_set_durable(results->store, durable, fault) ? -1
                                                             : store_begin(results->store, fault);
}

int results_begin(struct results *results, struct fault *fault)
{
    return begin(results, true, fault);
}

int results_begin_derived(struct results *results, struct fault *fault)
{
    return begin(results, false, fault);
}

int results_commit(struct results *results, struct fault *fault)
{
    if (store_commit(results->store, fault))
        return -1;
    results->committed_event = results->last_event;
    return 0;
}

/* Readers that follow each other without a pause keep the log from being begun anew, and the longer
 * it is the longer each page is looked for: the next reader is made to wait, for a moment. */
static void restart_log(struct results *results)
{
    sqlite3 *db = results->store->db;
    sqlite3_busy_timeout(db, RESTART_WAIT_MS);
    int busy = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    sqlite3_busy_timeout(db, BUSY_MS);
    results->restart_at = busy ? results->log_pages + RESTART_PAGES : RESTART_PAGES;
}

void results_tidy(struct results *results)
{
    packer_learn(results->packer);
    if (results->log_pages < results->checkpointed) { /* it was begun anew */
        results->checkpointed = 0;
        results->restart_at = RESTART_PAGES;
    }
    if (results->log_pages - results->checkpointed < CHECKPOINT_PAGES)
        return;
    sqlite3_wal_checkpoint_v2(results->store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    results->checkpointed = results->log_pages;
    if (results->log_pages >= results->restart_at)
        restart_log(results);
}

void results_rollback(struct results *results)
{
    store_rollback(results->store);
    results->last_event = results->committed_event;
}

struct store *results_store(struct results *results)
{
    return results->store;
}

int64_t results_last_event(const struct results *results)
{
    return results->committed_event;
}

static int give_rows(struct results *results, enum statement which, results_row_fn *each,
                     void *argument, struct fault *fault)
{
    sqlite3_stmt *statement = results->reading[which];
    int more;
    while ((more = store_next(results->store, statement, fault)) == 1) {
        struct results_row row = {sqlite3_column_int64(statement, 0), store_text(statement, 1),
                                  store_text(statement, 2)};
        each(&row, argument);
    }
    return more;
}

int results_since(struct results *results, int64_t since, int64_t limit, results_row_fn *each,
                  void *argument, struct fault *fault)
{
    store_bind(results->reading[EVENTS_SINCE], "ii", since, limit);
    return give_rows(results, EVENTS_SINCE, each, argument, fault);
}

int results_of_project(struct results *results, const char *id, results_row_fn *each,
                       void *argument, struct fault *fault)
{
    store_bind(results->reading[RESULTS_OF_PROJECT], "t", id);
    return give_rows(results, RESULTS_OF_PROJECT, each, argument, fault);
}

/* Counts what came since the last time: all of it would take longer with every result. */
static void count_decisions(struct results *results)
{
    sqlite3_stmt *select = store_bind(results->reading[COUNT_DECISIONS], "i", results->counted);
    int64_t last = results->counted;
    while (store_next(results->store, select, NULL) == 1) {
        const char *decision = store_text(select, 0);
        double before = jv_get_number(results->decisions, decision, 0);
        jv_set_number(results->decisions, decision,
                      before + (double)sqlite3_column_int64(select, 1));
        if (sqlite3_column_int64(select, 2) > last)
            last = sqlite3_column_int64(select, 2);
    }
    results->counted = last;
}

static void add_count(const char *name, struct jv *count, void *total)
{
    (void)name;
    *(double *)total += jv_number(count, 0);
}

void results_describe(struct results *results, struct jv *status)
{
    double total = 0;
    count_decisions(results);
    jv_each(results->decisions, add_count, &total);
    jv_set_number(status, "events", (double)results->last_event);
    jv_set_number(status, "results", total);
    jv_set(status, "decisions", jv_copy(results->decisions));
    jv_set_number(status, "db_bytes",
                  (double)(store_number(results->store, "PRAGMA page_count", 0) *
                           store_number(results->store, "PRAGMA page_size", 0)));
}
