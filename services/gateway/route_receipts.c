/* /receipts: how far a submission is. */
#include "services/gateway/parking.h"
#include "services/gateway/receipt.h"
#include "services/gateway/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BROKER_MS = 3000 };

static struct jv *rfc3339(int64_t seconds)
{
    char text[32];
    time_t when = (time_t)seconds;
    struct tm utc;
    gmtime_r(&when, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return jv_of_text(text);
}

static struct jv *receipt_json(const struct submission_row *row, const char *state)
{
    struct jv *receipt = jv_object();
    jv_set_text(receipt, "receipt", row->receipt);
    jv_set_text(receipt, "state", state);
    jv_set(receipt, "accepted_at", rfc3339(row->accepted_at));
    jv_set_number(receipt, "count", (double)row->count);
    jv_set(receipt, "ids", row->ids ? jv_copy(row->ids) : jv_array());
    return receipt;
}

/* What the worker answered: {"results":[…]}, one result, or {"error":…} without an id for a body of
 * which nothing could be judged. */
static struct jv *done_json(const struct submission_row *row, struct jv *reply)
{
    const struct jv *error = jv_get(reply, "error"), *results = jv_get(reply, "results");
    bool is_whole = error && jv_get(reply, "id") == NULL;
    struct jv *receipt = receipt_json(row, is_whole ? "dead" : "done");
    if (is_whole) {
        jv_set(receipt, "error", jv_copy(error));
    } else if (jv_is_array(results)) {
        jv_set(receipt, "results", jv_copy(results));
    } else {
        struct jv *list = jv_array();
        jv_push(list, jv_copy(reply));
        jv_set(receipt, "results", list);
    }
    return receipt;
}

/* What the broker says it gave up; NULL with a fault when it says something else. */
static struct jv *dead_json(const struct submission_row *row, const struct jv *reply,
                            struct fault *fault)
{
    const struct jv *said = jv_get(reply, "error");
    const char *code = jv_get_text(said, "code"), *message = jv_get_text(said, "message");
    if (!code || strcmp(code, "job.dead") != 0) {
        fault_set(fault, "service.failed", "任务服务（broker）没有给出结果：%.300s",
                  message ? message
                  : code  ? code
                          : "");
        return NULL;
    }
    struct jv *receipt = receipt_json(row, "dead"), *error = jv_object();
    jv_set_text(error, "code", code);
    jv_set_text(error, "message", message ? message : "");
    jv_set(receipt, "error", error);
    return receipt;
}

struct jv *receipt_read(const struct submission_row *row, zmsg_t *answer, bool *is_pending,
                        struct fault *fault)
{
    char *status = zmsg_popstr(answer);
    long code = status ? strtol(status, NULL, 10) : 0;
    zframe_t *frame = zmsg_first(answer);
    struct jv *reply =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
    struct jv *receipt = NULL;
    *is_pending = code == 300;
    if (code == 200 && reply)
        receipt = done_json(row, reply);
    else if (code == 300)
        receipt = receipt_json(row, "accepted");
    else if (code == 400)
        receipt = receipt_json(row, "expired");
    else if (code == 403)
        backend_refused(fault);
    else if (code == 503)
        fault_set(fault, "service.silent", "任务服务（broker）暂时不能应答，请稍后再试");
    else if (code == 500)
        receipt = dead_json(row, reply, fault);
    else
        fault_set(fault, "service.failed", "任务服务（broker）的应答无法读懂（%ld）", code);
    jv_destroy(&reply);
    free(status);
    return receipt;
}

/* The Receipt as it is now, or NULL with a fault. */
static struct jv *look_up(struct backend *backend, const struct submission_row *row,
                          bool *is_pending, struct fault *fault)
{
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, row->receipt);
    zmsg_t *answer = backend_call(backend, "titanic.reply", &body, BROKER_MS, fault);
    if (!answer)
        return NULL;
    struct jv *receipt = receipt_read(row, answer, is_pending, fault);
    zmsg_destroy(&answer);
    return receipt;
}

/* With `last` false the answer is given only when the work is over. */
static void look(struct exchange *exchange, struct backend *backend, bool last, const char *receipt,
                 unsigned status)
{
    struct fault fault;
    struct submission_row row;
    bool is_pending = false;
    if (!accounts_submission(exchange->gateway->accounts, receipt, &row)) {
        reply_problem(exchange, "receipt.unknown", "没有这张回执");
        return;
    }
    struct jv *body = look_up(backend, &row, &is_pending, &fault);
    if (!body && last)
        reply_fault(exchange, &fault);
    else if (body && (last || !is_pending))
        reply_json(exchange, is_pending ? status : MHD_HTTP_OK, body);
    else
        jv_destroy(&body);
    submission_row_clear(&row);
}

static const char *receipt_of(const struct exchange *exchange)
{
    if (exchange->captures[0])
        return exchange->captures[0];
    for (size_t i = 0; i < exchange->answer.header_count; i++)
        if (strcmp(exchange->answer.headers[i].name, "Location") == 0)
            return strrchr(exchange->answer.headers[i].value, '/') + 1;
    return "";
}

static void look_parked(struct exchange *exchange, struct backend *backend, bool last)
{
    look(exchange, backend, last, receipt_of(exchange),
         exchange->captures[0] ? MHD_HTTP_OK : MHD_HTTP_ACCEPTED);
}

void receipt_answer_or_wait(struct exchange *exchange, struct backend *backend, const char *receipt,
                            unsigned status)
{
    int seconds = exchange_wait_s(exchange);
    char applied[24];
    if (seconds == 0) {
        look(exchange, backend, true, receipt, status);
        return;
    }
    snprintf(applied, sizeof applied, "wait=%d", seconds);
    reply_header(exchange, "Preference-Applied", applied);
    parking_take(exchange->gateway->parking, backend, exchange, seconds, look_parked);
}

static void get_receipt(struct exchange *exchange, struct backend *backend)
{
    const char *receipt = exchange->captures[0];
    struct submission_row row;
    bool known = accounts_submission(exchange->gateway->accounts, receipt, &row);
    bool allowed = known && (exchange->principal.role != ROLE_SUBMITTER ||
                             strcmp(row.who, exchange->principal.who) == 0);
    submission_row_clear(&row);
    if (allowed)
        receipt_answer_or_wait(exchange, backend, receipt, MHD_HTTP_OK);
    else
        reply_problem(exchange, "receipt.unknown", "没有这张回执");
}

const struct route receipt_routes[] = {{"GET", "/receipts/{}", get_receipt, ANYBODY, 0}, {0}};
