/* /results: what is stored, as the collector gives it. */
#include "services/gateway/route.h"

#include "common/strbuf.h"
#include "services/gateway/question.h"

#include <stdlib.h>
#include <string.h>

enum { EXPORT_ROWS_MAX = 20000, EXPORT_PAGE = 500 };

static void list_results(struct exchange *exchange, struct backend *backend)
{
    struct jv *question = question_new(exchange, "results");
    int64_t limit, since;
    if (question_take_filter(exchange, question) &&
        exchange_query_number(exchange, "limit", 1, 500, 50, &limit) &&
        exchange_query_number(exchange, "since", 0, (int64_t)9e15, -1, &since)) {
        jv_set_number(question, "limit", (double)limit);
        if (since >= 0)
            jv_set_number(question, "since", (double)since);
        question_take_text(exchange, question, "order");
        question_take_text(exchange, question, "cursor");
        question_answer_with(exchange, backend, question);
    }
    jv_destroy(&question);
}

static bool read_number(struct exchange *exchange, int64_t *number)
{
    char *end;
    *number = strtoll(exchange->captures[0], &end, 10);
    if (!*end && *number > 0 && *number < (int64_t)9e15)
        return true;
    reply_problem(exchange, "result.unknown", "没有编号为 %.40s 的结果", exchange->captures[0]);
    return false;
}

static void get_result(struct exchange *exchange, struct backend *backend)
{
    int64_t number;
    if (!read_number(exchange, &number))
        return;
    struct jv *question = question_new(exchange, "result");
    jv_set_number(question, "number", (double)number);
    if (question_answer_with(exchange, backend, question))
        question_version_etag(exchange);
    jv_destroy(&question);
}

/* --- CSV --- */

static void add_cell(struct strbuf *out, const struct jv *value)
{
    struct strbuf text = {0};
    if (jv_is_text(value))
        strbuf_puts(&text, jv_text(value));
    else if (jv_is_number(value))
        strbuf_printf(&text, "%.15g", jv_number(value, 0));
    question_add_csv(out, text.text ? text.text : "");
    strbuf_free(&text);
}

static const struct {
    const char *member, *heading;
} columns[] = {{"number", "结果编号"}, {"project", "项目编号"},  {"name", "项目名称"},
               {"unit", "单位"},       {"year", "年度"},         {"amount_yuan", "金额（元）"},
               {"catalog", "目录"},    {"department", "部门"},   {"decision", "结论"},
               {"kind", "资金类别"},   {"code", "代码"},         {"item", "条目"},
               {"confidence", "把握"}, {"findings", "问题数"},   {"severity", "最重问题"},
               {"state", "审核状态"},  {"stored_at", "入库时间"}};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void add_rows(struct strbuf *out, const struct jv *rows)
{
    for (size_t i = 0; i < jv_count(rows); i++) {
        for (size_t c = 0; c < COLUMNS; c++) {
            if (c)
                strbuf_puts(out, ",");
            add_cell(out, jv_get(jv_at(rows, i), columns[c].member));
        }
        strbuf_puts(out, "\r\n");
    }
}

static bool add_pages(struct strbuf *out, struct backend *backend, struct jv *question,
                      struct fault *fault)
{
    for (int rows = 0; rows < EXPORT_ROWS_MAX; rows += EXPORT_PAGE) {
        struct jv *page = backend_ask_json(backend, question, fault);
        if (!page)
            return false;
        add_rows(out, jv_get(page, "results"));
        const char *next = jv_get_text(page, "next");
        bool more = next != NULL;
        if (more)
            jv_set_text(question, "cursor", next);
        jv_destroy(&page);
        if (!more)
            break;
    }
    return true;
}

static void export_results(struct exchange *exchange, struct backend *backend)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct fault fault;
    struct strbuf out = {0};
    struct jv *question = question_new(exchange, "results");
    if (!question_take_filter(exchange, question))
        goto done;
    jv_set_number(question, "limit", EXPORT_PAGE);
    strbuf_puts(&out, byte_order_mark);
    for (size_t c = 0; c < COLUMNS; c++)
        strbuf_printf(&out, "%s%s", c ? "," : "", columns[c].heading);
    strbuf_puts(&out, "\r\n");
    if (!add_pages(&out, backend, question, &fault)) {
        reply_fault(exchange, &fault);
        goto done;
    }
    size_t length = out.length;
    reply_bytes(exchange, MHD_HTTP_OK, "text/csv; charset=utf-8", strbuf_take(&out), length);
    reply_header(exchange, "Content-Disposition", "attachment; filename=\"results.csv\"");
    access_note(exchange, "result.export", "", "");
done:
    strbuf_free(&out);
    jv_destroy(&question);
}

/* --- counts --- */

static struct jv *split_by(const char *text)
{
    struct jv *by = jv_array();
    char *copy = xstrdup(text), *rest = copy, *part;
    while ((part = strsep(&rest, ",")))
        jv_push(by, jv_of_text(part));
    free(copy);
    return by;
}

static void get_stats(struct exchange *exchange, struct backend *backend)
{
    const char *by = exchange_query(exchange, "by");
    if (!by) {
        reply_problem(exchange, "query.missing", "请说明按什么统计（by）");
        return;
    }
    struct jv *question = question_new(exchange, "stats");
    jv_set(question, "by", split_by(by));
    if (question_take_filter(exchange, question))
        question_answer_with(exchange, backend, question);
    jv_destroy(&question);
}

const struct route result_routes[] = {{"GET", "/results", list_results, ANYBODY, 0},
                                      {"GET", "/results.csv", export_results, REVIEWERS, 0},
                                      {"GET", "/results/{}", get_result, ANYBODY, 0},
                                      {"GET", "/stats", get_stats, ANYBODY, 0},
                                      {0}};
