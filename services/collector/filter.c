#include "services/collector/filter.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct filter_value *next_value(struct filter *filter, const char *condition)
{
    if (filter->count == FILTER_VALUES)
        abort(); /* a question has fewer members */
    strbuf_puts(&filter->where, filter->where.length ? " AND " : " WHERE ");
    strbuf_puts(&filter->where, condition);
    return &filter->values[filter->count++];
}

void filter_add_text(struct filter *filter, const char *condition, const char *value)
{
    struct filter_value *next = next_value(filter, condition);
    next->type = VALUE_TEXT;
    next->text = xstrdup(value);
}

void filter_add_integer(struct filter *filter, const char *condition, int64_t value)
{
    struct filter_value *next = next_value(filter, condition);
    next->type = VALUE_INTEGER;
    next->integer = value;
}

void filter_add_real(struct filter *filter, const char *condition, double value)
{
    struct filter_value *next = next_value(filter, condition);
    next->type = VALUE_REAL;
    next->real = value;
}

void filter_clear(struct filter *filter)
{
    for (size_t i = 0; i < filter->count; i++)
        free(filter->values[i].text);
    strbuf_free(&filter->where);
    *filter = (struct filter){0};
}

/* Members that are compared as they are. */
static const struct {
    const char *member, *condition;
} equal_texts[] = {
    {"department", "l.department = ?"},
    {"decision", "l.decision = ?"},
    {"kind", "l.kind = ?"},
    {"unit", "l.unit = ?"},
    {"catalog", "l.catalog = ?"},
    {"reviewer", "EXISTS (SELECT 1 FROM review r WHERE r.result = l.result AND r.reviewer = ?)"},
    {"code", "instr(l.code, ?) = 1"},
    {"from", "l.stored_at >= unixepoch(?, '-8 hours')"},
    {"to", "l.stored_at < unixepoch(?, '+1 day', '-8 hours')"},
};

static const struct {
    const char *member, *condition;
} numbers[] = {
    {"confidence_min", "l.confidence >= ?"},
    {"confidence_max", "l.confidence <= ?"},
    {"age_min_hours", "l.stored_at <= unixepoch() - 3600 * ?"},
    {"age_max_hours", "l.stored_at >= unixepoch() - 3600 * ?"},
};

static int severity_number(const char *word)
{
    static const char *const words[] = {"", "info", "warning", "error"};
    for (int i = 1; i < 4; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return 0;
}

static void add_state(struct filter *filter, const char *state)
{
    if (strcmp(state, "reviewed") == 0)
        filter_add_text(filter, "l.state <> ?", "open");
    else
        filter_add_text(filter, "l.state = ?", state);
}

static void add_finding(struct filter *filter, const char *rule)
{
    size_t length = strlen(rule);
    bool is_prefix = length > 0 && rule[length - 1] == '.';
    filter_add_text(filter,
                    is_prefix ? "l.result IN (SELECT result FROM listed_finding"
                                " WHERE instr(rule, ?) = 1)"
                              : "l.result IN (SELECT result FROM listed_finding WHERE rule = ?)",
                    rule);
}

/* The project is kept as JSON: what is looked for has to be written as it is there. */
static void add_search(struct filter *filter, const char *wanted)
{
    struct jv *text = jv_of_text(wanted);
    char *json = jv_write(text);
    json[strlen(json) - 1] = 0;
    bool is_code = (wanted[0] == 'A' || wanted[0] == 'B' || wanted[0] == 'a' || wanted[0] == 'b') &&
                   strlen(wanted) <= 7 && strspn(wanted + 1, "0123456789") == strlen(wanted + 1);
    if (is_code) {
        filter_add_text(filter, "instr(l.code, upper(?)) = 1", wanted);
    } else {
        filter->needs_project = true;
        filter_add_text(filter, "instr(unpacked(p.json), ?)", json + 1);
    }
    free(json);
    jv_destroy(&text);
}

static void add_one_of(struct filter *filter, const char *condition, const struct jv *values)
{
    if (!jv_is_array(values))
        return;
    char *list = jv_write(values);
    filter_add_text(filter, condition, list);
    free(list);
}

static bool is_day(const char *text)
{
    return strlen(text) == 10 && text[4] == '-' && text[7] == '-' && isdigit(text[0]) &&
           strspn(text, "0123456789-") == 10;
}

int filter_read(struct filter *filter, const struct jv *question, struct fault *fault)
{
    *filter = (struct filter){0};
    const char *state = jv_get_text(question, "state"), *q = jv_get_text(question, "q");
    const char *finding = jv_get_text(question, "finding");
    const char *severity = jv_get_text(question, "severity");
    if (!jv_get_bool(question, "superseded", false))
        filter_add_integer(filter, "l.superseded = ?", 0);
    for (size_t i = 0; i < sizeof equal_texts / sizeof *equal_texts; i++) {
        const char *member = equal_texts[i].member, *value = jv_get_text(question, member);
        bool is_date = strcmp(member, "from") == 0 || strcmp(member, "to") == 0;
        if (value && is_date && !is_day(value))
            return fault_set(fault, "question.bad", "“%s”应为日期，如 2026-03-01", member);
        if (value)
            filter_add_text(filter, equal_texts[i].condition, value);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (jv_is_number(jv_get(question, numbers[i].member)))
            filter_add_real(filter, numbers[i].condition,
                            jv_get_number(question, numbers[i].member, 0));
    if (severity && !severity_number(severity))
        return fault_set(fault, "question.bad", "“severity”应为 error、warning 或 info");
    if (severity)
        filter_add_integer(filter, "l.severity >= ?", severity_number(severity));
    if (state)
        add_state(filter, state);
    if (finding)
        add_finding(filter, finding);
    add_one_of(filter, "l.unit IN (SELECT value FROM json_each(?))", jv_get(question, "units"));
    add_one_of(filter, "l.result IN (SELECT value FROM json_each(?))", jv_get(question, "numbers"));
    if (q)
        add_search(filter, q);
    return 0;
}

sqlite3_stmt *filter_prepare(const struct filter *filter, struct store *store, const char *sql,
                             struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(store, sql, fault);
    for (size_t i = 0; statement && i < filter->count; i++) {
        const struct filter_value *value = &filter->values[i];
        int place = (int)i + 1;
        if (value->type == VALUE_TEXT)
            sqlite3_bind_text(statement, place, value->text, -1, SQLITE_STATIC);
        else if (value->type == VALUE_INTEGER)
            sqlite3_bind_int64(statement, place, value->integer);
        else
            sqlite3_bind_double(statement, place, value->real);
    }
    return statement;
}
