#include "services/collector/results.h"

#include "common/store.h"
#include "common/strbuf.h"
#include "services/collector/delivery_index.sql.h"
#include "services/collector/listing.sql.h"
#include "services/collector/notice.sql.h"
#include "services/collector/pack.h"
#include "services/collector/schema.sql.h"
#include "services/collector/schema_2.sql.h"
#include "services/collector/submitted.sql.h"
#include "services/collector/webhooks.sql.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    HASH_BYTES = 32,
    CHECKPOINT_PAGES = 500, /* a moment's work: requests wait behind it */
    RESTART_PAGES = 16384,  /* a write-ahead log as long as this is begun anew */
    RESTART_WAIT_MS = 25,   /* … when its readers let go of it so soon */
    BUSY_MS = 5000,
};

/* SQL that is kept prepared, in the order of `statements` below. */
enum statement {
    ADD_PROJECT,
    FIND_PROJECT,
    SUBMIT_AGAIN,
    ADD_ORIGIN,
    FIND_ORIGIN,
    ADD_RESULT,
    FIND_RESULT,
    FIND_CURRENT,
    HAS_NEWER,
    FIND_NEWER,
    RAISE_RESULT,
    SUPERSEDE_LISTED,
    RAISE_LISTED,
    ADD_EVENT,
    EVENTS_SINCE,
    RESULTS_OF_PROJECT,
    COUNT_DECISIONS,
    STATEMENTS
};
static const char *const statement_sql[STATEMENTS] = {
    [ADD_PROJECT] = "INSERT INTO project (id, content_hash, unit, submitted, json)"
                    " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    [FIND_PROJECT] = "SELECT number, submitted FROM project WHERE id = ? AND content_hash = ?",
    [SUBMIT_AGAIN] = "UPDATE project SET submitted = ? WHERE number = ?",
    [ADD_ORIGIN] = "INSERT INTO origin (revision, engine, model) VALUES (?, ?, ?)"
                   " ON CONFLICT DO NOTHING",
    [FIND_ORIGIN] = "SELECT number FROM origin WHERE revision = ? AND engine = ? AND model = ?",
    [ADD_RESULT] = "INSERT INTO result (project, origin, event, department, decision, kind,"
                   " confidence, findings, stored_at, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                   " ON CONFLICT DO NOTHING",
    [FIND_RESULT] = "SELECT number, event FROM result WHERE project = ? AND origin = ?",
    [FIND_CURRENT] = "SELECT result.number, project.number, max(event) FROM project this JOIN "
                     "project ON project.id"
                     " = this.id AND project.unit = this.unit JOIN result ON result.project ="
                     " project.number WHERE this.number = ?",
    [HAS_NEWER] = "SELECT 1 FROM project WHERE id = ? AND submitted > ? LIMIT 1",
    [FIND_NEWER] = "SELECT result.number, department, max(event) FROM project JOIN result"
                   " ON result.project = project.number WHERE project.id = ? AND project.unit = ?"
                   " AND project.submitted > ?",
    [RAISE_RESULT] = "UPDATE result SET event = ?, stored_at = ? WHERE number = ?",
    [SUPERSEDE_LISTED] = "UPDATE listed SET superseded = 1 WHERE id = ? AND unit = ?"
                         " AND NOT superseded",
    [RAISE_LISTED] = "UPDATE listed SET superseded = 0, event = ?, stored_at = ? WHERE result = ?",
    [ADD_EVENT] = "INSERT INTO event (number, topic, result, review, notice)"
                  " VALUES (?, ?, ?, ?, ?)",
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

struct results {
    struct store *store;
    struct packer *packer;
    sqlite3_stmt *statements[STATEMENTS];
    int64_t last_event; /* the last number given, in the open transaction too */
    int64_t committed_event;
    struct jv *decisions; /* how many results have each, of those that were counted: */
    int64_t counted;      /* up to this number */
    int64_t now;          /* of the open transaction */
    int log_pages;        /* in the write-ahead log */
    int checkpointed;     /* of those, in the file too */
    int restart_at;       /* pages of the log at which it is begun anew */
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
    for (int i = 0; i < STATEMENTS; i++) {
        results->statements[i] = store_prepare(results->store, statement_sql[i], fault);
        if (!results->statements[i])
            goto failed;
    }
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
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize((*results)->statements[i]);
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

/* The hot path binds without copies: the record lives longer than the step. */
static void bind_text(sqlite3_stmt *statement, int place, struct wire_text text)
{
    sqlite3_bind_text64(statement, place, text.bytes, text.length, SQLITE_STATIC, SQLITE_UTF8);
}

static int64_t find_number(struct results *results, enum statement which, struct fault *fault)
{
    sqlite3_stmt *statement = results->statements[which];
    int found = store_next(results->store, statement, fault);
    if (found < 0)
        return -1;
    if (found == 0)
        return fault_set(fault, "store.failed", "%s: no row", sqlite3_sql(statement));
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_reset(statement);
    return number;
}

/* Runs an INSERT … ON CONFLICT DO NOTHING: 1 inserted, 0 was there, -1 with a fault. */
static int insert(struct results *results, enum statement which, struct fault *fault)
{
    if (store_run(results->store, results->statements[which], fault))
        return -1;
    return sqlite3_changes(results->store->db) > 0;
}

int64_t results_origin(struct results *results, struct wire_text revision, struct wire_text engine,
                       struct wire_text model, struct fault *fault)
{
    static const enum statement both[] = {ADD_ORIGIN, FIND_ORIGIN};
    for (int i = 0; i < 2; i++) {
        bind_text(results->statements[both[i]], 1, revision);
        bind_text(results->statements[both[i]], 2, engine);
        bind_text(results->statements[both[i]], 3, model);
    }
    if (insert(results, ADD_ORIGIN, fault) < 0)
        return -1;
    return find_number(results, FIND_ORIGIN, fault);
}

/* A row of two numbers, 0 where there are none. 0, or -1 with a fault. */
static int find_pair(struct results *results, enum statement which, int64_t pair[2],
                     struct fault *fault)
{
    sqlite3_stmt *statement = results->statements[which];
    int found = store_next(results->store, statement, fault);
    pair[0] = found > 0 ? sqlite3_column_int64(statement, 0) : 0;
    pair[1] = found > 0 ? sqlite3_column_int64(statement, 1) : 0;
    sqlite3_reset(statement);
    return found < 0 ? -1 : 0;
}

/* A text of a project: that of a record. */
struct text {
    int64_t number;    /* of its row */
    int64_t submitted; /* number of the last request with it; 0: none is known */
};

static int read_hash(const struct wire_record *record, unsigned char hash[HASH_BYTES],
                     struct fault *fault)
{
    if (sodium_hex2bin(hash, HASH_BYTES, record->content_hash.bytes, record->content_hash.length,
                       NULL, NULL, NULL))
        return fault_set(fault, "wire.malformed", "the content hash is no SHA-256 in hex");
    return 0;
}

/* Its number is 0 when it is not there. */
static int find_text(struct results *results, const struct wire_record *record,
                     const unsigned char hash[HASH_BYTES], struct text *text, struct fault *fault)
{
    int64_t known[2];
    sqlite3_stmt *statement = results->statements[FIND_PROJECT];
    bind_text(statement, 1, record->id);
    sqlite3_bind_blob(statement, 2, hash, HASH_BYTES, SQLITE_STATIC);
    if (find_pair(results, FIND_PROJECT, known, fault))
        return -1;
    *text = (struct text){known[0], known[1]};
    return 0;
}

/* 1 when it is there now, 0 when it was there before, -1 with a fault. */
static int insert_text(struct results *results, const struct wire_record *record,
                       const unsigned char hash[HASH_BYTES], struct text *text, struct fault *fault)
{
    sqlite3_stmt *statement = results->statements[ADD_PROJECT];
    bind_text(statement, 1, record->id);
    sqlite3_bind_blob(statement, 2, hash, HASH_BYTES, SQLITE_STATIC);
    bind_text(statement, 3, record->unit);
    sqlite3_bind_int64(statement, 4, record->submitted);
    packer_bind(results->packer, statement, 5, record->project);
    int added = insert(results, ADD_PROJECT, fault);
    if (added > 0)
        *text = (struct text){sqlite3_last_insert_rowid(results->store->db), record->submitted};
    return added;
}

/* What is judged again is there, as a rule: to pack it first, for nothing, would be the dearest part of
 * storing its result. */
static int add_text(struct results *results, const struct wire_record *record, struct text *text,
                    struct fault *fault)
{
    unsigned char hash[HASH_BYTES];
    *text = (struct text){0};
    if (read_hash(record, hash, fault) ||
        (record->again && find_text(results, record, hash, text, fault)))
        return -1;
    if (!text->number) {
        int added = insert_text(results, record, hash, text, fault);
        if (added)
            return added < 0 ? -1 : 0;
        if (find_text(results, record, hash, text, fault))
            return -1;
    }
    if (record->submitted <= text->submitted)
        return 0;
    text->submitted = record->submitted;
    store_bind(results->statements[SUBMIT_AGAIN], "ii", text->submitted, text->number);
    return store_run(results->store, results->statements[SUBMIT_AGAIN], fault);
}

static int add_event(struct results *results, struct wire_text department, int64_t result,
                     struct fault *fault)
{
    char topic[RESULTS_TOPIC_BYTES];
    results_topic(department, topic);
    sqlite3_stmt *statement = results->statements[ADD_EVENT];
    sqlite3_bind_int64(statement, 1, results->last_event + 1);
    sqlite3_bind_text(statement, 2, topic, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, result);
    sqlite3_bind_null(statement, 4);
    sqlite3_bind_null(statement, 5);
    if (store_run(results->store, statement, fault))
        return -1;
    results->last_event++;
    return 0;
}

static int64_t number_event(struct results *results, sqlite3_stmt *statement, struct fault *fault)
{
    sqlite3_bind_int64(statement, 1, results->last_event + 1);
    return store_run(results->store, statement, fault) ? -1 : ++results->last_event;
}

int64_t results_add_review_event(struct results *results, const char *topic, int64_t result,
                                 int64_t review, struct fault *fault)
{
    sqlite3_stmt *statement = results->statements[ADD_EVENT];
    store_bind(statement, "itii", (int64_t)0, topic, result, review);
    sqlite3_bind_null(statement, 5);
    return number_event(results, statement, fault);
}

int64_t results_add_notice_event(struct results *results, const char *topic, const char *json,
                                 struct fault *fault)
{
    sqlite3_stmt *statement = store_bind(results->statements[ADD_EVENT], "it", (int64_t)0, topic);
    sqlite3_bind_null(statement, 3);
    sqlite3_bind_null(statement, 4);
    sqlite3_bind_text(statement, 5, json, -1, SQLITE_STATIC);
    return number_event(results, statement, fault);
}

struct store *results_store(struct results *results)
{
    return results->store;
}

/* What was stored before and superseded counts again, and an event tells so: a unit took its change
 * back, a revision was switched back, an older text was judged late. */
static int count_again(struct results *results, int64_t result, const struct wire_record *record,
                       struct wire_text department, struct fault *fault)
{
    sqlite3_stmt *supersede = results->statements[SUPERSEDE_LISTED];
    int64_t event = results->last_event + 1;
    bind_text(supersede, 1, record->id);
    bind_text(supersede, 2, record->unit);
    store_bind(results->statements[RAISE_RESULT], "iii", event, results->now, result);
    store_bind(results->statements[RAISE_LISTED], "iii", event, results->now, result);
    return store_run(results->store, results->statements[RAISE_RESULT], fault) ||
                   store_run(results->store, supersede, fault) ||
                   store_run(results->store, results->statements[RAISE_LISTED], fault) ||
                   add_event(results, department, result, fault)
               ? -1
               : 0;
}

/* The result that counts of those texts of a unit's project that were handed in after another. */
struct newer {
    int64_t result; /* 0: there is none */
    char department[RESULTS_TOPIC_BYTES];
};

static int find_newer(struct results *results, const struct text *text,
                      const struct wire_record *record, struct newer *newer, struct fault *fault)
{
    newer->result = 0;
    if (!record->submitted)
        return 0;
    sqlite3_stmt *has = results->statements[HAS_NEWER], *find = results->statements[FIND_NEWER];
    bind_text(has, 1, record->id);
    sqlite3_bind_int64(has, 2, text->submitted);
    int any = store_next(results->store, has, fault);
    sqlite3_reset(has);
    if (any <= 0) /* nearly always */
        return any;
    bind_text(find, 1, record->id);
    bind_text(find, 2, record->unit);
    sqlite3_bind_int64(find, 3, text->submitted);
    int found = store_next(results->store, find, fault);
    if (found > 0 && (newer->result = sqlite3_column_int64(find, 0)))
        snprintf(newer->department, sizeof newer->department, "%s", store_text(find, 1));
    sqlite3_reset(find);
    return found < 0 ? -1 : 0;
}

/* What counts of the unit's project of which this is a text. */
struct current {
    int64_t result; /* 0: nothing does */
    int64_t text;
};

static int find_current(struct results *results, const struct text *text, struct current *current,
                        struct fault *fault)
{
    int64_t pair[2];
    store_bind(results->statements[FIND_CURRENT], "i", text->number);
    if (find_pair(results, FIND_CURRENT, pair, fault))
        return -1;
    *current = (struct current){pair[0], pair[1]};
    return 0;
}

/* Adds a result with the next event. 1, 0 when it was there already, -1 with a fault. */
static int insert_result(struct results *results, int64_t text, int64_t origin,
                         const struct wire_record *record, struct fault *fault)
{
    sqlite3_stmt *statement = results->statements[ADD_RESULT];
    sqlite3_bind_int64(statement, 1, text);
    sqlite3_bind_int64(statement, 2, origin);
    sqlite3_bind_int64(statement, 3, results->last_event + 1);
    bind_text(statement, 4, record->department);
    bind_text(statement, 5, record->decision);
    bind_text(statement, 6, record->kind);
    sqlite3_bind_double(statement, 7, record->confidence);
    sqlite3_bind_int64(statement, 8, record->findings);
    sqlite3_bind_int64(statement, 9, results->now);
    packer_bind(results->packer, statement, 10, record->result);
    return insert(results, ADD_RESULT, fault);
}

/* A new result. Its event comes before that of a newer text, which goes on counting. */
static int add_new(struct results *results, const struct wire_record *record,
                   const struct newer *newer, struct results_added *added, struct fault *fault)
{
    int64_t result = sqlite3_last_insert_rowid(results->store->db);
    packer_sample(results->packer, record->project, record->result);
    if (add_event(results, record->department, result, fault))
        return -1;
    *added = (struct results_added){.event = results->last_event};
    if (!newer->result)
        return 0;
    if (count_again(results, newer->result, record, wire_text_of(newer->department), fault))
        return -1;
    added->newer_event = results->last_event;
    return 0;
}

/* A result that was there already: delivered twice, or judged again after another that counts now. */
static int add_known(struct results *results, int64_t text, int64_t origin, int64_t current,
                     const struct wire_record *record, struct results_added *added,
                     struct fault *fault)
{
    enum { RESULT, EVENT };
    int64_t known[2];
    store_bind(results->statements[FIND_RESULT], "ii", text, origin);
    if (find_pair(results, FIND_RESULT, known, fault))
        return -1;
    *added = (struct results_added){.duplicate = true, .event = known[EVENT]};
    if (!current || current == known[RESULT])
        return 0;
    if (count_again(results, known[RESULT], record, record->department, fault))
        return -1;
    *added = (struct results_added){.event = results->last_event};
    return 0;
}

int results_add(struct results *results, int64_t origin, const struct wire_record *record,
                struct results_added *added, struct fault *fault)
{
    struct text text = {0};
    struct newer newer;
    struct current current = {0};
    if (add_text(results, record, &text, fault) ||
        (record->again && find_current(results, &text, &current, fault)))
        return -1;
    if (current.text && current.text != text.number) {
        *added = (struct results_added){.duplicate = true};
        return 0;
    }
    int inserted = insert_result(results, text.number, origin, record, fault);
    if (inserted < 0 || find_newer(results, &text, record, &newer, fault))
        return -1;
    if (inserted)
        return add_new(results, record, &newer, added, fault);
    bool may_count = !newer.result;
    if (may_count && !record->again && find_current(results, &text, &current, fault))
        return -1;
    return add_known(results, text.number, origin, may_count ? current.result : 0, record, added,
                     fault);
}

void results_topic(struct wire_text department, char topic[RESULTS_TOPIC_BYTES])
{
    int room = RESULTS_TOPIC_BYTES - (int)sizeof "result.";
    int length = department.length < (size_t)room ? (int)department.length : room;
    snprintf(topic, RESULTS_TOPIC_BYTES, "result.%.*s", length, department.bytes);
}

int64_t results_last_event(const struct results *results)
{
    return results->committed_event;
}

static int give_rows(struct results *results, enum statement which, results_row_fn *each,
                     void *argument, struct fault *fault)
{
    sqlite3_stmt *statement = results->statements[which];
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
    store_bind(results->statements[EVENTS_SINCE], "ii", since, limit);
    return give_rows(results, EVENTS_SINCE, each, argument, fault);
}

int results_of_project(struct results *results, const char *id, results_row_fn *each,
                       void *argument, struct fault *fault)
{
    store_bind(results->statements[RESULTS_OF_PROJECT], "t", id);
    return give_rows(results, RESULTS_OF_PROJECT, each, argument, fault);
}

/* Counts what came since the last time: all of it would take longer with every result. */
static void count_decisions(struct results *results)
{
    sqlite3_stmt *select = store_bind(results->statements[COUNT_DECISIONS], "i", results->counted);
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
