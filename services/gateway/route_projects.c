/* /projects: submitting them, and what became of them. */
#include "services/gateway/parking.h"
#include "services/gateway/question.h"
#include "services/gateway/receipt.h"
#include "services/gateway/route.h"

#include <stdlib.h>
#include <string.h>

enum { BROKER_MS = 5000, KEY_BYTES_MAX = 200, INTERACTIVE_PROJECTS = 16, BATCH_MAX = 1024 };

/* Whether the asker may send that project; its id goes to `ids`. false with an answer. */
static bool check_project(struct exchange *exchange, const struct jv *project, struct jv *ids)
{
    const char *id = jv_get_text(project, "id"), *unit = jv_get_text(project, "unit");
    if (!jv_is_object(project)) {
        reply_problem(exchange, "project.not_an_object", "项目应当是一个 JSON 对象");
        return false;
    }
    if (!principal_has_unit(&exchange->principal, unit ? unit : "")) {
        reply_problem(exchange, "project.other_unit",
                      unit ? "您不能填报这个单位的项目：%.200s" : "请写明项目的单位（unit）%s",
                      unit ? unit : "");
        return false;
    }
    jv_push(ids, jv_of_text(id && *id ? id : NULL));
    return true;
}

/* The ids of what is submitted, or NULL with an answer. */
static struct jv *check_body(struct exchange *exchange, const struct jv *body)
{
    const struct jv *list = jv_get(body, "projects");
    struct jv *ids = jv_array();
    bool fine = true;
    if (!list) {
        fine = check_project(exchange, body, ids);
    } else if (!jv_is_array(list) || jv_count(list) < 1 || jv_count(list) > BATCH_MAX) {
        reply_problem(exchange, "batch.size", "“projects”应为 1 至 %d 个项目", BATCH_MAX);
        fine = false;
    }
    for (size_t i = 0; fine && i < jv_count(list); i++)
        fine = check_project(exchange, jv_at(list, i), ids);
    if (!fine)
        jv_destroy(&ids);
    return ids;
}

static char *options_json(const struct exchange *exchange, size_t projects, const char *key)
{
    const char *wanted = exchange_query(exchange, "priority");
    bool bulk = wanted ? strcmp(wanted, "bulk") == 0 : projects > INTERACTIVE_PROJECTS;
    struct jv *options = jv_object();
    jv_set_text(options, "priority", bulk ? "bulk" : "interactive");
    jv_set_text(options, "idempotency_key", key);
    char *text = jv_write(options);
    jv_destroy(&options);
    return text;
}

/* Says why the broker did not take it. */
static void answer_refusal(struct exchange *exchange, zmsg_t *answer)
{
    zframe_t *frame = zmsg_first(answer);
    struct jv *body =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
    const struct jv *error = jv_get(body, "error");
    const char *code = jv_get_text(error, "code"), *message = jv_get_text(error, "message");
    char seconds[16];
    double retry = jv_get_number(error, "retry_after_s", 0);
    reply_problem(exchange, code ? code : "service.failed", "任务服务没有接收：%.300s",
                  message ? message : "");
    if (problem_status(code ? code : "service.failed") == 503) {
        snprintf(seconds, sizeof seconds, "%.0f", retry >= 1 ? retry : 5);
        reply_header(exchange, "Retry-After", seconds);
    }
    jv_destroy(&body);
}

/* Hands it to the broker; `receipt` (33 bytes) is "" when it was not taken, with an answer. */
static void submit(struct exchange *exchange, struct backend *backend, size_t projects,
                   const char *key, char receipt[33])
{
    struct fault fault;
    zmsg_t *body = zmsg_new();
    char *options = options_json(exchange, projects, key);
    *receipt = 0;
    zmsg_addstr(body, options);
    zmsg_addstr(body, "classify");
    zmsg_addmem(body, exchange->body.text, exchange->body.length);
    free(options);
    zmsg_t *answer = backend_call(backend, "jinmu.submit", &body, BROKER_MS, &fault);
    if (!answer) {
        reply_fault(exchange, &fault);
        return;
    }
    char *status = zmsg_popstr(answer);
    char *uuid = status && strcmp(status, "200") == 0 ? zmsg_popstr(answer) : NULL;
    if (uuid && strlen(uuid) == 32) {
        snprintf(receipt, 33, "%s", uuid);
    } else if (status && strcmp(status, "403") == 0) {
        backend_refused(&fault);
        reply_fault(exchange, &fault);
    } else {
        answer_refusal(exchange, answer);
    }
    free(uuid);
    free(status);
    zmsg_destroy(&answer);
}

/* Answers with the receipt, now or when the results are there. */
static void answer_receipt(struct exchange *exchange, struct backend *backend, const char *receipt,
                           bool replayed)
{
    struct strbuf place = {0};
    strbuf_printf(&place, "/api/v1/receipts/%s", receipt);
    reply_header(exchange, "Location", place.text);
    if (replayed)
        reply_header(exchange, "Idempotency-Replayed", "true");
    strbuf_free(&place);
    receipt_answer_or_wait(exchange, backend, receipt, MHD_HTTP_ACCEPTED);
}

static void submit_noted(struct exchange *exchange, struct backend *backend, const struct jv *ids)
{
    struct accounts *accounts = exchange->gateway->accounts;
    struct fault fault;
    struct submission_row row;
    char broker_key[SECRET_TEXT_BYTES], receipt[33];
    const char *key = exchange_header(exchange, "Idempotency-Key");
    switch (accounts_submission_begin(accounts, exchange->principal.who, key, exchange->body.text,
                                      exchange->body.length, ids, &row, broker_key, &fault)) {
    case SUBMISSION_NEW:
        submit(exchange, backend, jv_count(ids), broker_key, receipt);
        if (accounts_submission_end(accounts, row.number, *receipt ? receipt : NULL, &fault))
            reply_fault(exchange, &fault);
        else if (*receipt)
            answer_receipt(exchange, backend, receipt, false);
        break;
    case SUBMISSION_KNOWN:
        answer_receipt(exchange, backend, row.receipt, true);
        break;
    case SUBMISSION_IN_FLIGHT:
        reply_problem(exchange, "idempotency.in_flight", "同一个请求正在处理");
        break;
    case SUBMISSION_OTHER:
        reply_problem(exchange, "idempotency.other_body", "这个 Idempotency-Key 已用于另一份内容");
        break;
    case SUBMISSION_FAILED:
        reply_fault(exchange, &fault);
        break;
    }
    submission_row_clear(&row);
}

static void submit_projects(struct exchange *exchange, struct backend *backend)
{
    const char *key = exchange_header(exchange, "Idempotency-Key");
    struct jv *body = exchange_json(exchange);
    struct jv *ids = body ? check_body(exchange, body) : NULL;
    if (ids && key && (!*key || strlen(key) > KEY_BYTES_MAX))
        reply_problem(exchange, "request.bad", "Idempotency-Key 为 1 至 %d 字节", KEY_BYTES_MAX);
    else if (ids)
        submit_noted(exchange, backend, ids);
    jv_destroy(&ids);
    jv_destroy(&body);
}

/* --- what became of them --- */

static void ask_about(struct exchange *exchange, struct backend *backend, const char *ask)
{
    struct jv *question = question_new(exchange, ask);
    jv_set_text(question, "id", exchange->captures[0]);
    question_answer_with(exchange, backend, question);
    jv_destroy(&question);
}

static void get_project(struct exchange *exchange, struct backend *backend)
{
    ask_about(exchange, backend, "project_view");
    if (exchange->answer.status == MHD_HTTP_OK)
        reply_etag_of_body(exchange);
}

static void get_history(struct exchange *exchange, struct backend *backend)
{
    ask_about(exchange, backend, "history");
}

const struct route project_routes[] = {{"POST", "/projects", submit_projects, ANYBODY, ROUTE_BODY},
                                       {"GET", "/projects/{}", get_project, ANYBODY, 0},
                                       {"GET", "/projects/{}/history", get_history, ANYBODY, 0},
                                       {0}};
