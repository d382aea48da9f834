/* What results are added by, and what then counts of a project. */
#include "services/collector/results_inside.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { HASH_BYTES = 32 };

/* SQL that is kept prepared. */
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
};

int results_prepare_adding(struct results *results, struct fault *fault)
{
    results->adding = store_prepare_all(results->store, statement_sql, STATEMENTS, fault);
    return results->adding ? 0 : -1;
}

void results_finalize_adding(struct results *results)
{
    store_finalize_all(&results->adding, STATEMENTS);
}

/* The hot path binds without copies: the record lives longer than the step. */
static void bind_text(sqlite3_stmt *statement, int place, struct wire_text text)
{
    sqlite3_bind_text64(statement, place, text.bytes, text.length, SQLITE_STATIC, SQLITE_UTF8);
}

/* Runs an INSERT … ON CONFLICT DO NOTHING: 1 inserted, 0 was there, -1 with a fault. */
static int insert(struct results *results, enum statement which, struct fault *fault)
{
    if (store_run(results->store, results->adding[which], fault))
        return -1;
    return sqlite3_changes(results->store->db) > 0;
}

/* A row of one or two numbers, 0 where there are none. 0, or -1 with a fault. */
static int find_pair(struct results *results, enum statement which, int64_t pair[2],
                     struct fault *fault)
{
    sqlite3_stmt *statement = results->adding[which];
    int found = store_next(results->store, statement, fault);
    pair[0] = found > 0 ? sqlite3_column_int64(statement, 0) : 0;
    pair[1] = found > 0 ? sqlite3_column_int64(statement, 1) : 0;
    sqlite3_reset(statement);
    return found < 0 ? -1 : 0;
}

int64_t results_origin(struct results *results, struct wire_text revision, struct wire_text engine,
                       struct wire_text model, struct fault *fault)
{
    static const enum statement both[] = {ADD_ORIGIN, FIND_ORIGIN};
    for (int i = 0; i < 2; i++) {
        bind_text(results->adding[both[i]], 1, revision);
        bind_text(results->adding[both[i]], 2, engine);
        bind_text(results->adding[both[i]], 3, model);
    }
    int64_t found[2];
    if (insert(results, ADD_ORIGIN, fault) < 0 || find_pair(results, FIND_ORIGIN, found, fault))
        return -1;
    return found[0];
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
    sqlite3_stmt *statement = results->adding[FIND_PROJECT];
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
    sqlite3_stmt *statement = results->adding[ADD_PROJECT];
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
    store_bind(results->adding[SUBMIT_AGAIN], "ii", text->submitted, text->number);
    return store_run(results->store, results->adding[SUBMIT_AGAIN], fault);
}

static int add_event(struct results *results, struct wire_text department, int64_t result,
                     struct fault *fault)
{
    char topic[RESULTS_TOPIC_BYTES];
    results_topic(department, topic);
    sqlite3_stmt *statement = results->adding[ADD_EVENT];
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
    sqlite3_stmt *statement = results->adding[ADD_EVENT];
    store_bind(statement, "itii", (int64_t)0, topic, result, review);
    sqlite3_bind_null(statement, 5);
    return number_event(results, statement, fault);
}

int64_t results_add_notice_event(struct results *results, const char *topic, const char *json,
                                 struct fault *fault)
{
    sqlite3_stmt *statement = store_bind(results->adding[ADD_EVENT], "it", (int64_t)0, topic);
    sqlite3_bind_null(statement, 3);
    sqlite3_bind_null(statement, 4);
    sqlite3_bind_text(statement, 5, json, -1, SQLITE_STATIC);
    return number_event(results, statement, fault);
}

/* What was stored before and superseded counts again, and an event tells so: a unit took its change
 * back, a revision was switched back, an older text was judged late. */
static int count_again(struct results *results, int64_t result, const struct wire_record *record,
                       struct wire_text department, struct fault *fault)
{
    sqlite3_stmt *supersede = results->adding[SUPERSEDE_LISTED];
    int64_t event = results->last_event + 1;
    bind_text(supersede, 1, record->id);
    bind_text(supersede, 2, record->unit);
    store_bind(results->adding[RAISE_RESULT], "iii", event, results->now, result);
    store_bind(results->adding[RAISE_LISTED], "iii", event, results->now, result);
    return store_run(results->store, results->adding[RAISE_RESULT], fault) ||
                   store_run(results->store, supersede, fault) ||
                   store_run(results->store, results->adding[RAISE_LISTED], fault) ||
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
    sqlite3_stmt *has = results->adding[HAS_NEWER], *find = results->adding[FIND_NEWER];
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
    store_bind(results->adding[FIND_CURRENT], "i", text->number);
    if (find_pair(results, FIND_CURRENT, pair, fault))
        return -1;
    *current = (struct current){pair[0], pair[1]};
    return 0;
}

/* Adds a result with the next event. 1, 0 when it was there already, -1 with a fault. */
static int insert_result(struct results *results, int64_t text, int64_t origin,
                         const struct wire_record *record, struct fault *fault)
{
    sqlite3_stmt *statement = results->adding[ADD_RESULT];
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
    store_bind(results->adding[FIND_RESULT], "ii", text, origin);
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
