/* Counts over the listed results. */
#include "services/collector/lists.h"

#include "common/json_writer.h"
#include "services/collector/filter.h"

#include <stdlib.h>
#include <string.h>

enum { DIMENSIONS_MAX = 2, ROWS_MAX = 5000 };

/* What can be counted by; days and months are those of Chinese time. */
static const struct dimension {
    const char *name, *column;
} dimensions[] = {
    {"department", "l.department"},
    {"month", "strftime('%Y-%m', l.stored_at, 'unixepoch', '+8 hours')"},
    {"day", "strftime('%Y-%m-%d', l.stored_at, 'unixepoch', '+8 hours')"},
    {"decision", "l.decision"},
    {"state", "l.state"},
    {"kind", "l.kind"},
    {"unit", "l.unit"},
    {"catalog", "l.catalog"},
    {"code", "l.code"},
    {"reviewer", "(SELECT reviewer FROM review WHERE review.result = l.result"
                 " ORDER BY version DESC LIMIT 1)"},
};

#define COUNTS                                                                                     \
    " count(*), sum(l.decision = 'auto'), sum(l.decision = 'review'), sum(l.decision = 'none'),"   \
    " sum(l.decision = 'error'), sum(l.state <> 'open'), sum(l.state = 'accepted'),"               \
    " sum(l.state = 'corrected'), sum(l.state = 'rejected'), avg(l.confidence)"
enum { COUNT_COLUMNS = 9 };

static const struct dimension *find_dimension(const char *name)
{
    for (size_t i = 0; name && i < sizeof dimensions / sizeof *dimensions; i++)
        if (strcmp(dimensions[i].name, name) == 0)
            return &dimensions[i];
    return NULL;
}

static void write_counts(struct jw *writer, sqlite3_stmt *row, int first)
{
    static const char *const names[COUNT_COLUMNS] = {"results",  "auto",      "review",
                                                     "none",     "error",     "reviewed",
                                                     "accepted", "corrected", "rejected"};
    double reviewed = sqlite3_column_double(row, first + 5);
    double accepted = sqlite3_column_double(row, first + 6);
    for (int i = 0; i < COUNT_COLUMNS; i++)
        jw_set_integer(writer, names[i], sqlite3_column_int64(row, first + i));
    jw_key(writer, "agreement");
    if (reviewed > 0)
        jw_probability(writer, accepted / reviewed);
    else
        jw_text(writer, NULL);
    jw_key(writer, "confidence");
    if (sqlite3_column_type(row, first + COUNT_COLUMNS) == SQLITE_NULL)
        jw_text(writer, NULL);
    else
        jw_probability(writer, sqlite3_column_double(row, first + COUNT_COLUMNS));
}

static void write_stat_row(struct jw *writer, sqlite3_stmt *row, int keys)
{
    jw_object(writer);
    jw_key(writer, "key");
    jw_array(writer);
    for (int i = 0; i < keys; i++)
        jw_text(writer, store_text(row, i));
    jw_end_array(writer);
    write_counts(writer, row, keys);
    jw_end_object(writer);
}

static void write_rule_row(struct jw *writer, sqlite3_stmt *row)
{
    static const char *const severities[] = {"", "info", "warning", "error"};
    int severity = sqlite3_column_int(row, 1);
    jw_object(writer);
    jw_key(writer, "key");
    jw_array(writer);
    jw_text(writer, store_text(row, 0));
    jw_text(writer, severities[severity < 0 || severity > 3 ? 0 : severity]);
    jw_end_array(writer);
    jw_set_integer(writer, "findings", sqlite3_column_int64(row, 2));
    jw_set_integer(writer, "results", sqlite3_column_int64(row, 3));
    jw_end_object(writer);
}

static sqlite3_stmt *prepare_rules(struct store *store, const struct filter *filter,
                                   struct fault *fault)
{
    struct strbuf sql = {0};
    strbuf_printf(&sql,
                  "SELECT f.rule, f.severity, sum(f.count), count(DISTINCT f.result) FROM"
                  " listed_finding f JOIN listed l ON l.result = f.result%s"
                  " GROUP BY f.rule, f.severity ORDER BY 4 DESC, 1 LIMIT %d",
                  filter->where.text ? filter->where.text : "", ROWS_MAX);
    sqlite3_stmt *statement = filter_prepare(filter, store, sql.text, fault);
    strbuf_free(&sql);
    return statement;
}

static sqlite3_stmt *prepare_counts(struct store *store, const struct filter *filter,
                                    const struct dimension *const by[], int keys,
                                    struct fault *fault)
{
    struct strbuf sql = {0};
    strbuf_puts(&sql, "SELECT ");
    for (int i = 0; i < keys; i++)
        strbuf_printf(&sql, "ifnull(%s, ''),", by[i]->column);
    strbuf_printf(&sql, COUNTS " FROM listed l%s", filter->where.text ? filter->where.text : "");
    if (keys > 0)
        strbuf_printf(&sql, " GROUP BY %s ORDER BY %s LIMIT %d", keys == 2 ? "1, 2" : "1",
                      keys == 2 ? "1, 2" : "1", ROWS_MAX);
    sqlite3_stmt *statement = filter_prepare(filter, store, sql.text, fault);
    strbuf_free(&sql);
    return statement;
}

static int read_by(const struct jv *question, const struct dimension *by[DIMENSIONS_MAX],
                   bool *by_rule, struct fault *fault)
{
    const struct jv *names = jv_get(question, "by");
    size_t count = jv_count(names);
    const char *first = jv_text(jv_at(names, 0));
    *by_rule = count == 1 && first && strcmp(first, "rule") == 0;
    if (*by_rule)
        return 1;
    if (count < 1 || count > DIMENSIONS_MAX)
        return fault_set(fault, "question.bad", "“by”应为一个或两个统计项");
    for (size_t i = 0; i < count; i++)
        if (!(by[i] = find_dimension(jv_text(jv_at(names, i)))))
            return fault_set(fault, "question.bad", "不能按“%.40s”统计",
                             jv_text(jv_at(names, i)) ? jv_text(jv_at(names, i)) : "");
    return (int)count;
}

int lists_stats(struct store *store, const struct jv *question, struct strbuf *answer,
                struct fault *fault)
{
    const struct dimension *by[DIMENSIONS_MAX];
    struct filter filter = {0};
    struct jw *writer = jw_new();
    sqlite3_stmt *rows = NULL, *total = NULL;
    bool by_rule;
    int got = -1, keys = read_by(question, by, &by_rule, fault);
    if (keys < 0 || filter_read(&filter, question, fault))
        goto done;
    rows = by_rule ? prepare_rules(store, &filter, fault)
                   : prepare_counts(store, &filter, by, keys, fault);
    total = by_rule ? NULL : prepare_counts(store, &filter, by, 0, fault);
    jw_begin(writer, answer);
    jw_object(writer);
    jw_key(writer, "by");
    jw_value(writer, jv_get(question, "by"));
    jw_key(writer, "rows");
    jw_array(writer);
    while (rows && (got = store_next(store, rows, fault)) == 1) {
        if (by_rule)
            write_rule_row(writer, rows);
        else
            write_stat_row(writer, rows, keys);
    }
    jw_end_array(writer);
    if (got == 0 && total && (got = store_next(store, total, fault)) == 1) {
        jw_key(writer, "total");
        write_stat_row(writer, total, 0);
        got = 0;
    }
    jw_end_object(writer);
done:
    sqlite3_finalize(rows);
    sqlite3_finalize(total);
    filter_clear(&filter);
    jw_destroy(&writer);
    return got;
}

int lists_usage(struct store *store, const struct jv *question, struct strbuf *answer,
                struct fault *fault)
{
    const char *catalog = jv_get_text(question, "catalog");
    struct jw *writer = jw_new();
    int got = -1;
    sqlite3_stmt *row = store_prepare(
        store,
        "SELECT department, code, sum(results), sum(reviewed) FROM (SELECT department, code, 1 AS"
        " results, 0 AS reviewed FROM listed WHERE catalog = ?1 AND code <> '' AND NOT superseded"
        " AND (?2 IS NULL OR stored_at >= unixepoch(?2, '-8 hours'))"
        " AND (?3 IS NULL OR stored_at < unixepoch(?3, '+1 day', '-8 hours'))"
        " UNION ALL SELECT review.department, review.code, 0, 1 FROM review JOIN listed l"
        " ON l.result = review.result WHERE l.catalog = ?1 AND review.code <> ''"
        " AND review.version = l.version AND (?2 IS NULL OR reviewed_at >= unixepoch(?2, '-8"
        " hours')) AND (?3 IS NULL OR reviewed_at < unixepoch(?3, '+1 day', '-8 hours')))"
        " GROUP BY department, code ORDER BY 3 DESC, 1, 2",
        fault);
    if (row)
        store_bind(row, "ttt", catalog ? catalog : "", jv_get_text(question, "from"),
                   jv_get_text(question, "to"));
    jw_begin(writer, answer);
    jw_object(writer);
    jw_key(writer, "items");
    jw_array(writer);
    while (row && (got = store_next(store, row, fault)) == 1) {
        jw_object(writer);
        jw_set_text(writer, "department", store_text(row, 0));
        jw_set_text(writer, "code", store_text(row, 1));
        jw_set_integer(writer, "results", sqlite3_column_int64(row, 2));
        jw_set_integer(writer, "reviewed", sqlite3_column_int64(row, 3));
        jw_end_object(writer);
    }
    jw_end_array(writer);
    jw_end_object(writer);
    jw_destroy(&writer);
    sqlite3_finalize(row);
    return got;
}
