/* Results, filtered, page by page. */
#include "services/collector/lists.h"

#include "common/json_writer.h"
#include "services/collector/filter.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIMIT_MAX = 500, LIMIT = 50 };

enum order { NEWEST, OLDEST, CONFIDENCE };

#define COLUMNS                                                                                    \
    "SELECT l.result, l.event, l.id, l.name, l.unit, l.year, l.amount, l.catalog, l.department,"   \
    " l.decision, l.kind, l.confidence, l.code, l.item, l.findings, l.severity, l.stored_at,"      \
    " l.state, l.version, l.superseded FROM listed l"

void lists_time(int64_t seconds, char text[LIST_TIME_BYTES])
{
    time_t when = (time_t)seconds;
    struct tm utc;
    gmtime_r(&when, &utc);
    strftime(text, LIST_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void write_number_or_null(struct jw *writer, const char *name, sqlite3_stmt *row, int column)
{
    jw_key(writer, name);
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        jw_text(writer, NULL);
    else
        jw_number(writer, sqlite3_column_double(row, column));
}

static void write_row(struct jw *writer, sqlite3_stmt *row)
{
    static const char *const severities[] = {"", "info", "warning", "error"};
    char stored_at[LIST_TIME_BYTES];
    int severity = sqlite3_column_int(row, 15);
    lists_time(sqlite3_column_int64(row, 16), stored_at);
    jw_object(writer);
    jw_set_integer(writer, "number", sqlite3_column_int64(row, 0));
    jw_set_integer(writer, "event", sqlite3_column_int64(row, 1));
    jw_set_text(writer, "project", store_text(row, 2));
    jw_set_text(writer, "name", store_text(row, 3));
    jw_set_text(writer, "unit", store_text(row, 4));
    write_number_or_null(writer, "year", row, 5);
    write_number_or_null(writer, "amount_yuan", row, 6);
    jw_set_text(writer, "catalog", store_text(row, 7));
    jw_set_text(writer, "department", store_text(row, 8));
    jw_set_text(writer, "decision", store_text(row, 9));
    jw_set_text(writer, "kind", store_text(row, 10));
    jw_set_probability(writer, "confidence", sqlite3_column_double(row, 11));
    jw_set_text(writer, "code", store_text(row, 12));
    jw_set_text(writer, "item", store_text(row, 13));
    jw_set_integer(writer, "findings", sqlite3_column_int64(row, 14));
    jw_set_text(writer, "severity", severities[severity < 0 || severity > 3 ? 0 : severity]);
    jw_set_text(writer, "stored_at", stored_at);
    jw_set_text(writer, "state", store_text(row, 17));
    jw_set_integer(writer, "version", sqlite3_column_int64(row, 18));
    jw_key(writer, "superseded");
    jw_bool(writer, sqlite3_column_int(row, 19));
    jw_end_object(writer);
}

static int read_order(const struct jv *question, enum order *order, struct fault *fault)
{
    const char *word = jv_get_text(question, "order");
    *order = jv_is_number(jv_get(question, "since")) ? OLDEST : NEWEST;
    if (!word)
        return 0;
    if (strcmp(word, "oldest") == 0)
        *order = OLDEST;
    else if (strcmp(word, "confidence") == 0)
        *order = CONFIDENCE;
    else if (strcmp(word, "newest") == 0)
        *order = NEWEST;
    else
        return fault_set(fault, "question.bad", "“order”应为 newest、oldest 或 confidence");
    return 0;
}

/* Goes on behind the last row of the page before: "<result>" or "<confidence>~<result>". */
static int read_cursor(struct filter *filter, enum order order, const char *cursor,
                       struct fault *fault)
{
    char *end;
    double confidence = order == CONFIDENCE ? strtod(cursor, &end) : 0;
    if (order == CONFIDENCE && *end++ != '~')
        return fault_set(fault, "question.bad", "游标（cursor）无效");
    const char *number = order == CONFIDENCE ? end : cursor;
    long long result = strtoll(number, &end, 10);
    if (end == number || *end)
        return fault_set(fault, "question.bad", "游标（cursor）无效");
    if (order == CONFIDENCE) {
        filter_add_real(filter, "(l.confidence, l.result) > (?", confidence);
        strbuf_puts(&filter->where, ", ");
        struct filter_value *value = &filter->values[filter->count++];
        *value = (struct filter_value){.type = VALUE_INTEGER, .integer = result};
        strbuf_puts(&filter->where, "?)");
    } else {
        filter_add_integer(filter, order == NEWEST ? "l.result < ?" : "l.result > ?", result);
    }
    return 0;
}

/* What the next page goes on behind. */
static void note_cursor(struct strbuf *cursor, sqlite3_stmt *row, enum order order)
{
    if (order == CONFIDENCE)
        strbuf_printf(cursor, "%.17g~", sqlite3_column_double(row, 11));
    strbuf_printf(cursor, "%lld", (long long)sqlite3_column_int64(row, 0));
}

static int write_page(struct store *store, sqlite3_stmt *rows, int64_t limit, enum order order,
                      struct strbuf *answer, struct fault *fault)
{
    struct jw *writer = jw_new();
    struct strbuf cursor = {0};
    int64_t count = 0;
    int more;
    jw_begin(writer, answer);
    jw_object(writer);
    jw_key(writer, "results");
    jw_array(writer);
    /* One row more than the page has is asked for, to know whether there is a next page. */
    while ((more = store_next(store, rows, fault)) == 1 && ++count <= limit) {
        write_row(writer, rows);
        if (count == limit)
            note_cursor(&cursor, rows, order);
    }
    jw_end_array(writer);
    jw_set_text(writer, "next", count > limit ? cursor.text : NULL);
    jw_set_integer(writer, "last_event", store_number(store, "SELECT max(event) FROM listed", 0));
    jw_end_object(writer);
    strbuf_free(&cursor);
    jw_destroy(&writer);
    return more < 0 ? -1 : 0;
}

int lists_results(struct store *store, const struct jv *question, struct strbuf *answer,
                  struct fault *fault)
{
    static const char *const orders[] = {[NEWEST] = " ORDER BY l.result DESC LIMIT ?",
                                         [OLDEST] = " ORDER BY l.result LIMIT ?",
                                         [CONFIDENCE] = " ORDER BY l.confidence, l.result LIMIT ?"};
    struct filter filter;
    struct strbuf sql = {0};
    enum order order;
    sqlite3_stmt *rows = NULL;
    const char *cursor = jv_get_text(question, "cursor");
    int64_t limit = (int64_t)jv_get_number(question, "limit", LIMIT);
    int status = -1;
    if (limit < 1 || limit > LIMIT_MAX)
        limit = LIMIT_MAX;
    if (filter_read(&filter, question, fault) || read_order(question, &order, fault) ||
        (cursor && read_cursor(&filter, order, cursor, fault)))
        goto done;
    if (jv_is_number(jv_get(question, "since")))
        filter_add_integer(&filter, "l.event > ?", (int64_t)jv_get_number(question, "since", 0));
    strbuf_puts(&sql, COLUMNS);
    if (filter.needs_project)
        strbuf_puts(&sql, " JOIN project p ON p.number = l.project");
    if (filter.where.length)
        strbuf_puts(&sql, filter.where.text);
    strbuf_puts(&sql, orders[order]);
    if (!(rows = filter_prepare(&filter, store, sql.text, fault)))
        goto done;
    sqlite3_bind_int64(rows, (int)filter.count + 1, limit + 1);
    status = write_page(store, rows, limit, order, answer, fault);
done:
    sqlite3_finalize(rows);
    strbuf_free(&sql);
    filter_clear(&filter);
    return status;
}
