#ifndef JINMU_COLLECTOR_FILTER_H
#define JINMU_COLLECTOR_FILTER_H

#include "common/fault.h"
#include "common/json.h"
#include "common/store.h"
#include "common/strbuf.h"

/* Which rows of `listed l` (JOIN project p when needs_project) a question is about, as SQL in which
 * every value is bound. Members of a question, all optional:
 *   department, decision, state (or "reviewed"), kind, unit, catalog, reviewer: equal
 *   code: begins with        finding: a rule, or all that begin with "amount."
 *   severity: at least       confidence_min, confidence_max
 *   from, to: days, in Chinese time, both included      age_min_hours, age_max_hours
 *   q: a text in the project, or a code      units: array, one of them
 *   numbers: array, one of them (results)
 *   superseded: true for older results of a project too */
enum { FILTER_VALUES = 40 };
struct filter_value {
    enum { VALUE_TEXT, VALUE_INTEGER, VALUE_REAL } type;
    char *text;
    int64_t integer;
    double real;
};
struct filter {
    struct strbuf where; /* " WHERE …", or more of it */
    struct filter_value values[FILTER_VALUES];
    size_t count;
    bool needs_project;
};

/* 0, or -1 with a fault "question.bad". Clear it either way. */
int filter_read(struct filter *filter, const struct jv *question, struct fault *fault);
void filter_clear(struct filter *filter);

/* Further conditions, each with the value for its one '?'. */
void filter_add_text(struct filter *filter, const char *condition, const char *value);
void filter_add_integer(struct filter *filter, const char *condition, int64_t value);
void filter_add_real(struct filter *filter, const char *condition, double value);

/* Prepares SQL with the filter's values bound from its first '?' on (sqlite3_finalize). NULL with a
 * fault. */
sqlite3_stmt *filter_prepare(const struct filter *filter, struct store *store, const char *sql,
                             struct fault *fault);

#endif
