/* /catalog/proposals: items that a revision lacks, by the services that none of its items fits. */
#include "services/gateway/catalog_json.h"
#include "services/gateway/question.h"
#include "services/gateway/route.h"

#include "catalog/revision/proposal_table.h"

#include <errno.h>
#include <stdlib.h>

enum {
    LEAST_MAX = 1000000,
    AT_ONCE = 2, /* each takes a hand for seconds when hundreds of thousands are looked at */
};

static bool read_below(struct exchange *exchange, double *below)
{
    const char *text = exchange_query(exchange, "below");
    char *end;
    *below = proposal_below;
    if (!text)
        return true;
    errno = 0;
    *below = strtod(text, &end);
    if (!errno && end != text && !*end && *below >= 0 && *below <= 1)
        return true;
    reply_problem(exchange, "query.bad_number", "参数 below 应为 0 至 1 的数");
    return false;
}

static const char *text_of(const struct jv *json, const char *member)
{
    const char *text = jv_get_text(json, member);
    return text ? text : "";
}

static void add_all(struct proposals *proposals, const struct jv *all)
{
    for (size_t i = 0; i < jv_count(all); i++) {
        const struct jv *one = jv_at(all, i);
        struct unfit unfit = {.result = (int64_t)jv_get_number(one, "number", 0),
                              .project = text_of(one, "project"),
                              .department = text_of(one, "department"),
                              .unit = text_of(one, "unit"),
                              .competent = text_of(one, "competent"),
                              .name = text_of(one, "name"),
                              .nearest = text_of(one, "nearest"),
                              .confidence = jv_get_number(one, "confidence", 0),
                              .yuan = jv_get_number(one, "yuan", 0)};
        proposals_add(proposals, &unfit);
    }
}

/* Stride by stride, so that the collector answers others in between. 0, or -1 with a fault. */
static int gather(struct proposals *proposals, struct backend *backend, struct jv *question,
                  size_t *looked_at, struct fault *fault)
{
    for (double next = 0;;) {
        jv_set_number(question, "after", next);
        struct jv *answer = backend_ask_json(backend, question, fault);
        if (!answer)
            return -1;
        add_all(proposals, jv_get(answer, "unfit"));
        *looked_at += (size_t)jv_get_number(answer, "looked_at", 0);
        next = jv_get_number(answer, "next", 0);
        jv_destroy(&answer);
        if (next <= 0)
            return 0;
    }
}

typedef void write_fn(const struct proposal_table *table, struct strbuf *out);

/* Writes the table of what was asked for; false with an answer. */
static bool write_table(struct exchange *exchange, struct backend *backend, write_fn *write,
                        struct strbuf *out)
{
    struct fault fault = {"", ""};
    size_t looked_at = 0;
    struct proposals *proposals = NULL;
    struct jv *question = question_new(exchange, "unfit");
    double below;
    int64_t least, listed;
    bool written = false;
    char *revision = NULL;
    struct store *store = catalog_json_store(exchange, backend);
    if (!store || !read_below(exchange, &below) ||
        !exchange_query_number(exchange, "least", 1, LEAST_MAX, PROPOSAL_LEAST, &least) ||
        !exchange_query_number(exchange, "results", 0, PROPOSAL_LISTED_MAX, 0, &listed) ||
        !(revision = catalog_json_revision(exchange, store, exchange_query(exchange, "revision"))))
        goto done;
    jv_set_text(question, "catalog", revision);
    jv_set_number(question, "below", below);
    proposals = proposals_new(store, revision, exchange_query(exchange, "department"), &fault);
    if (proposals)
        proposals_list(proposals, (size_t)listed);
    if (!proposals || gather(proposals, backend, question, &looked_at, &fault)) {
        reply_fault(exchange, &fault);
        goto done;
    }
    struct proposal_table table =
        proposal_table_make(proposals, revision, looked_at, (size_t)least);
    write(&table, out);
    written = true;
done:
    proposals_destroy(&proposals);
    jv_destroy(&question);
    free(revision);
    return written;
}

/* The same, when not too many are at it. */
static bool write_in_turn(struct exchange *exchange, struct backend *backend, write_fn *write,
                          struct strbuf *out)
{
    _Atomic int64_t *at_it = &exchange->gateway->counts.groupings;
    bool written = false;
    if (++*at_it > AT_ONCE) {
        reply_problem(exchange, "gateway.busy", "正在为别人归并增补建议，请稍后再试");
        reply_header(exchange, "Retry-After", "2");
    } else {
        written = write_table(exchange, backend, write, out);
    }
    --*at_it;
    return written;
}

static void get_proposals(struct exchange *exchange, struct backend *backend)
{
    struct strbuf out = {0};
    if (write_in_turn(exchange, backend, proposal_table_json, &out)) {
        size_t length = out.length;
        reply_bytes(exchange, MHD_HTTP_OK, "application/json", strbuf_take(&out), length);
    }
    strbuf_free(&out);
}

static void export_proposals(struct exchange *exchange, struct backend *backend)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF";
    struct strbuf out = {0};
    strbuf_puts(&out, byte_order_mark);
    if (write_in_turn(exchange, backend, proposal_table_csv, &out)) {
        size_t length = out.length;
        reply_bytes(exchange, MHD_HTTP_OK, "text/csv; charset=utf-8", strbuf_take(&out), length);
        reply_header(exchange, "Content-Disposition", "attachment; filename=\"proposals.csv\"");
    }
    strbuf_free(&out);
}

const struct route proposal_routes[] = {
    {"GET", "/catalog/proposals", get_proposals, ANYBODY, 0},
    {"GET", "/catalog/proposals.csv", export_proposals, ANYBODY, 0},
    {0}};
