#include "services/gateway/question.h"

#include "catalog/revision/csv_line.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEARCH_CHARACTERS = 100, NUMBERS_MAX = 500 };

struct jv *question_new(const struct exchange *exchange, const char *ask)
{
    struct jv *question = jv_object();
    jv_set_text(question, "ask", ask);
    if (exchange->principal.role == ROLE_SUBMITTER)
        jv_set(question, "units", jv_copy(exchange->principal.units));
    return question;
}

void question_take_text(const struct exchange *exchange, struct jv *question, const char *name)
{
    const char *value = exchange_query(exchange, name);
    if (value)
        jv_set_text(question, name, value);
}

static bool take_number(struct exchange *exchange, struct jv *question, const char *name)
{
    const char *text = exchange_query(exchange, name);
    char *end;
    if (!text)
        return true;
    errno = 0;
    double number = strtod(text, &end);
    if (!errno && end != text && !*end && number >= 0 && number < 1e9) {
        jv_set_number(question, name, number);
        return true;
    }
    reply_problem(exchange, "query.bad_number", "参数 %s 应为不小于 0 的数", name);
    return false;
}

/* "12,15": results. */
static bool take_numbers(struct exchange *exchange, struct jv *question, const char *name)
{
    const char *text = exchange_query(exchange, name);
    if (!text)
        return true;
    struct jv *numbers = jv_array();
    bool good = true;
    for (char *end; good; text = end + 1) {
        errno = 0;
        long long number = strtoll(text, &end, 10);
        good = !errno && end != text && number > 0 && (*end == ',' || !*end) &&
               jv_count(numbers) < NUMBERS_MAX;
        jv_push(numbers, jv_of_number((double)number));
        if (!*end)
            break;
    }
    jv_set(question, name, numbers);
    if (!good)
        reply_problem(exchange, "query.bad_number", "参数 %s 应为结果编号，以逗号分隔，最多 %d 个",
                      name, NUMBERS_MAX);
    return good;
}

bool question_take_filter(struct exchange *exchange, struct jv *question)
{
    static const char *const texts[] = {"department", "decision", "state",   "kind", "finding",
                                        "severity",   "unit",     "catalog", "code", "from",
                                        "to",         "q",        "reviewer"};
    static const char *const numbers[] = {"confidence_min", "confidence_max", "age_min_hours",
                                          "age_max_hours"};
    const char *q = exchange_query(exchange, "q");
    const char *superseded = exchange_query(exchange, "superseded");
    if (q && text_length(q) > SEARCH_CHARACTERS) {
        reply_problem(exchange, "query.too_long", "查找的内容最多 %d 个字", SEARCH_CHARACTERS);
        return false;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        question_take_text(exchange, question, texts[i]);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (!take_number(exchange, question, numbers[i]))
            return false;
    if (!take_numbers(exchange, question, "numbers"))
        return false;
    if (superseded)
        jv_set(question, "superseded", jv_of_bool(strcmp(superseded, "true") == 0));
    return true;
}

bool question_answer_with(struct exchange *exchange, struct backend *backend,
                          const struct jv *question)
{
    struct fault fault;
    size_t length;
    char *json = backend_ask(backend, question, &length, &fault);
    if (json)
        reply_bytes(exchange, MHD_HTTP_OK, "application/json", json, length);
    else
        reply_fault(exchange, &fault);
    return json != NULL;
}

/* The collector writes a ResultFull's members in a fixed order, "version" before any text of the
 * project's. */
void question_version_etag(struct exchange *exchange)
{
    static const char member[] = "\"version\":";
    const char *at = exchange->answer.body ? strstr(exchange->answer.body, member) : NULL;
    char etag[40];
    if (!at)
        return;
    snprintf(etag, sizeof etag, "\"v%lld\"", strtoll(at + sizeof member - 1, NULL, 10));
    reply_etag(exchange, etag);
}

bool question_read_version(const char *etag, int64_t *version)
{
    char *end;
    if (strncmp(etag, "W/", 2) == 0)
        etag += 2;
    if (strncmp(etag, "\"v", 2) != 0)
        return false;
    *version = strtoll(etag + 2, &end, 10);
    return end != etag + 2 && strcmp(end, "\"") == 0;
}

void question_add_csv(struct strbuf *out, const char *text)
{
    strbuf_puts(out, csv_is_formula(text) ? "\"'" : "\"");
    for (; *text; text++) {
        if (*text == '"')
            strbuf_puts(out, "\"");
        strbuf_add(out, text, 1);
    }
    strbuf_puts(out, "\"");
}
