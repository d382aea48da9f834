/* One result, one project, its history, the feed of events. */
#include "services/collector/lists.h"

#include "common/json_writer.h"

#include <stdlib.h>
#include <string.h>

/* Adds "name": and a text as JSON. */
static void add_text(struct strbuf *out, const char *name, const char *text)
{
    struct jv *value = jv_of_text(text);
    strbuf_printf(out, "\"%s\":", name);
    jv_append(value, out);
    jv_destroy(&value);
}

/* The units that the asker may see; NULL: all. */
static char *units_of(const struct jv *question)
{
    const struct jv *units = jv_get(question, "units");
    return jv_is_array(units) ? jv_write(units) : NULL;
}

#define FULL_COLUMNS                                                                               \
    "SELECT l.result, l.event, l.stored_at, l.state, l.version, l.superseded, (SELECT n.result"    \
    " FROM listed n WHERE n.id = l.id AND n.unit = l.unit ORDER BY n.event DESC LIMIT 1), l.unit," \
    " lower(hex(p.content_hash)),"                                                                 \
    " unpacked(p.json), unpacked(r.json), (SELECT group_concat(json, ',') FROM (SELECT json FROM " \
    "review"                                                                                       \
    " WHERE review.result = l.result ORDER BY version)) FROM listed l JOIN project p"              \
    " ON p.number = l.project JOIN result r ON r.number = l.result"

static void add_full(struct strbuf *out, sqlite3_stmt *row)
{
    char stored_at[LIST_TIME_BYTES];
    lists_time(sqlite3_column_int64(row, 2), stored_at);
    strbuf_printf(out,
                  "{\"number\":%lld,\"event\":%lld,\"stored_at\":\"%s\",\"state\":\"%s\","
                  "\"version\":%lld,\"superseded\":%s,\"newest\":%lld,",
                  (long long)sqlite3_column_int64(row, 0), (long long)sqlite3_column_int64(row, 1),
                  stored_at, store_text(row, 3), (long long)sqlite3_column_int64(row, 4),
                  sqlite3_column_int(row, 5) ? "true" : "false",
                  (long long)sqlite3_column_int64(row, 6));
    add_text(out, "unit", store_text(row, 7));
    strbuf_printf(out, ",\"content_hash\":\"%s\",\"project\":", store_text(row, 8));
    strbuf_puts(out, store_text(row, 9));
    strbuf_puts(out, ",\"result\":");
    strbuf_puts(out, store_text(row, 10));
    strbuf_puts(out, ",\"reviews\":[");
    strbuf_puts(out, store_text(row, 11));
    strbuf_puts(out, "]}");
}

int lists_result(struct store *store, const struct jv *question, struct strbuf *answer,
                 struct fault *fault)
{
    int64_t number = (int64_t)jv_get_number(question, "number", 0);
    char *units = units_of(question);
    sqlite3_stmt *row =
        store_prepare(store,
                      FULL_COLUMNS " WHERE l.result = ?1 AND (?2 IS NULL OR l.unit IN"
                                   " (SELECT value FROM json_each(?2)))",
                      fault);
    int got = row ? store_next(store, store_bind(row, "it", number, units), fault) : -1;
    if (got == 1)
        add_full(answer, row);
    else if (got == 0)
        fault_set(fault, "result.unknown", "没有编号为 %lld 的结果", (long long)number);
    sqlite3_finalize(row);
    free(units);
    return got == 1 ? 0 : -1;
}

/* How many different texts came in under this id. */
static int64_t count_texts(struct store *store, const char *id, const char *units)
{
    int64_t count = 0;
    sqlite3_stmt *row = store_prepare(store,
                                      "SELECT count(*) FROM project WHERE id = ?1 AND (?2 IS NULL"
                                      " OR unit IN (SELECT value FROM json_each(?2)))",
                                      NULL);
    if (row && store_next(store, store_bind(row, "tt", id, units), NULL) == 1)
        count = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    return count;
}

int lists_project(struct store *store, const struct jv *question, struct strbuf *answer,
                  struct fault *fault)
{
    const char *id = jv_get_text(question, "id");
    char *units = units_of(question);
    struct strbuf results = {0};
    int got = -1;
    sqlite3_stmt *row =
        store_prepare(store,
                      FULL_COLUMNS " WHERE l.id = ?1 AND (?2 IS NULL OR l.unit IN"
                                   " (SELECT value FROM json_each(?2))) ORDER BY l.event DESC",
                      fault);
    if (row)
        store_bind(row, "tt", id ? id : "", units);
    while (row && (got = store_next(store, row, fault)) == 1) {
        if (!results.length) {
            strbuf_puts(answer, "{");
            add_text(answer, "id", id);
            strbuf_puts(answer, ",");
            add_text(answer, "unit", store_text(row, 7));
            strbuf_puts(answer, ",\"project\":");
            strbuf_puts(answer, store_text(row, 9));
        } else {
            strbuf_puts(&results, ",");
        }
        add_full(&results, row);
    }
    bool found = results.length > 0;
    if (found) {
        strbuf_printf(answer, ",\"submissions\":%lld,\"results\":[",
                      (long long)count_texts(store, id, units));
        strbuf_puts(answer, results.text);
        strbuf_puts(answer, "]}");
    } else if (row && got == 0) {
        fault_set(fault, "project.unknown", "没有编号为“%.100s”的项目", id ? id : "");
    }
    sqlite3_finalize(row);
    strbuf_free(&results);
    free(units);
    return found ? 0 : -1;
}

/* --- history --- */

static void write_entry(struct jw *writer, sqlite3_stmt *row)
{
    static const char *const texts[] = {"what", "who",  "decision", "department", "code",
                                        "name", "kind", "reason",   "model",      "catalog"};
    char at[LIST_TIME_BYTES];
    lists_time(sqlite3_column_int64(row, 0), at);
    jw_object(writer);
    jw_set_text(writer, "time", at);
    jw_set_integer(writer, "result", sqlite3_column_int64(row, 1));
    jw_set_integer(writer, "event", sqlite3_column_int64(row, 2));
    for (int i = 0; i < 10; i++)
        jw_set_text(writer, texts[i], store_text(row, 3 + i));
    if (sqlite3_column_type(row, 13) != SQLITE_NULL)
        jw_set_probability(writer, "confidence", sqlite3_column_double(row, 13));
    jw_end_object(writer);
}

static const char history_sql[] =
    "SELECT l.stored_at AS at, l.result, l.event AS event, 'judged', o.engine, l.decision,"
    " l.department, l.code, l.item, l.kind, '', o.model, l.catalog, l.confidence FROM listed l"
    " JOIN result r ON r.number = l.result JOIN origin o ON o.number = r.origin WHERE l.id = ?1"
    " AND (?2 IS NULL OR l.unit IN (SELECT value FROM json_each(?2)))"
    " UNION ALL SELECT v.reviewed_at, v.result, e.number, 'reviewed', v.reviewer, v.decision,"
    " v.department, v.code, ifnull(json_extract(v.json, '$.name'), ''), v.kind,"
    " ifnull(json_extract(v.json, '$.reason'), ''), '', l.catalog, NULL FROM listed l JOIN review v"
    " ON v.result = l.result JOIN event e ON e.review = v.number WHERE l.id = ?1"
    " AND (?2 IS NULL OR l.unit IN (SELECT value FROM json_each(?2))) ORDER BY event DESC";

int lists_history(struct store *store, const struct jv *question, struct strbuf *answer,
                  struct fault *fault)
{
    const char *id = jv_get_text(question, "id");
    char *units = units_of(question);
    struct jw *writer = jw_new();
    int got = -1, count = 0;
    sqlite3_stmt *row = store_prepare(store, history_sql, fault);
    if (row)
        store_bind(row, "tt", id ? id : "", units);
    jw_begin(writer, answer);
    jw_object(writer);
    jw_key(writer, "entries");
    jw_array(writer);
    while (row && (got = store_next(store, row, fault)) == 1) {
        write_entry(writer, row);
        count++;
    }
    jw_end_array(writer);
    jw_end_object(writer);
    if (got == 0 && count == 0)
        got = fault_set(fault, "project.unknown", "没有编号为“%.100s”的项目", id ? id : "");
    jw_destroy(&writer);
    sqlite3_finalize(row);
    free(units);
    return got;
}

/* --- the feed --- */

static const char *state_of(const char *decision)
{
    return strcmp(decision, "accept") == 0    ? "accepted"
           : strcmp(decision, "correct") == 0 ? "corrected"
           : strcmp(decision, "reject") == 0  ? "rejected"
                                              : "open";
}

/* An event that tells of no single result. */
static void write_notice(struct jw *writer, sqlite3_stmt *row)
{
    const char *text = store_text(row, 10), *topic = store_text(row, 1);
    char *type = xstrndup(topic, strcspn(topic, "."));
    struct jv *notice = jv_read(text, strlen(text), NULL);
    jw_object(writer);
    jw_set_integer(writer, "number", sqlite3_column_int64(row, 0));
    jw_set_text(writer, "type", type);
    jw_set_text(writer, "topic", topic);
    jw_set_text(writer, "time", jv_get_text(notice, "time"));
    jw_key(writer, "notice");
    jw_value(writer, notice);
    jw_end_object(writer);
    jv_destroy(&notice);
    free(type);
}

static void write_event(struct jw *writer, sqlite3_stmt *row)
{
    bool is_review = sqlite3_column_type(row, 8) != SQLITE_NULL;
    char at[LIST_TIME_BYTES];
    lists_time(sqlite3_column_int64(row, 7), at);
    jw_object(writer);
    jw_set_integer(writer, "number", sqlite3_column_int64(row, 0));
    jw_set_text(writer, "type", is_review ? "review" : "result");
    jw_set_text(writer, "topic", store_text(row, 1));
    jw_set_text(writer, "time", at);
    jw_set_integer(writer, "result", sqlite3_column_int64(row, 2));
    jw_set_text(writer, "project", store_text(row, 3));
    jw_set_text(writer, "unit", store_text(row, 4));
    jw_set_text(writer, "department", store_text(row, 5));
    jw_set_text(writer, "decision", store_text(row, 6));
    jw_set_text(writer, "state", state_of(store_text(row, 8)));
    jw_set_integer(writer, "version", sqlite3_column_int64(row, 9));
    jw_end_object(writer);
}

int lists_feed(struct store *store, const struct jv *question, struct strbuf *answer,
               struct fault *fault)
{
    int64_t since = (int64_t)jv_get_number(question, "since", 0);
    int64_t limit = (int64_t)jv_get_number(question, "limit", 100);
    struct jw *writer = jw_new();
    int got = -1;
    sqlite3_stmt *row = store_prepare(
        store,
        "SELECT e.number, topic, r.number, p.id, p.unit, r.department, r.decision,"
        " ifnull(v.reviewed_at, r.stored_at), v.decision, ifnull(v.version, 0), e.notice FROM"
        " event e LEFT JOIN result r ON r.number = e.result LEFT JOIN project p ON p.number ="
        " r.project LEFT JOIN"
        " review v ON v.number = e.review WHERE e.number > ? ORDER BY e.number LIMIT ?",
        fault);
    if (row)
        store_bind(row, "ii", since, limit);
    jw_begin(writer, answer);
    jw_object(writer);
    jw_set_integer(writer, "last", store_number(store, "SELECT max(number) FROM event", 0));
    jw_key(writer, "events");
    jw_array(writer);
    while (row && (got = store_next(store, row, fault)) == 1)
        if (sqlite3_column_type(row, 10) == SQLITE_NULL)
            write_event(writer, row);
        else
            write_notice(writer, row);
    jw_end_array(writer);
    jw_end_object(writer);
    jw_destroy(&writer);
    sqlite3_finalize(row);
    return got;
}
