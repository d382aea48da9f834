/* Reviews: what people decide about results. The collector stores them; the catalog says whether a
 * code is one. */
#include "services/gateway/catalog_json.h"
#include "services/gateway/question.h"
#include "services/gateway/route.h"

#include "catalog/engine/reviews.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REASON_BYTES_MAX = 8000, BULK_MAX = 500 };

/* A wish about one result, on its way to the collector. */
struct wish {
    const struct jv *json; /* ReviewRequest */
    int64_t result, version;
    struct jv *full;    /* the result as it is, ResultFull */
    struct jv *decided; /* for the collector */
};

static struct jv *ask_result(struct exchange *exchange, struct backend *backend, int64_t number,
                             struct fault *fault)
{
    struct jv *question = question_new(exchange, "result");
    jv_set_number(question, "number", (double)number);
    struct jv *full = backend_ask_json(backend, question, fault);
    jv_destroy(&question);
    return full;
}

static void copy_text(struct jv *to, const struct jv *from, const char *name)
{
    const char *text = jv_get_text(from, name);
    if (text && *text)
        jv_set_text(to, name, text);
}

/* What accepting means: the first candidate, or the kind that the money is for. */
static void add_accepted(struct jv *review, const struct jv *result)
{
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    const char *kind = jv_get_text(result, "kind"), *decision = jv_get_text(result, "decision");
    bool is_service =
        kind && strcmp(kind, "service") == 0 && decision && strcmp(decision, "none") != 0 && first;
    if (is_service) {
        copy_text(review, first, "department");
        copy_text(review, first, "code");
    }
    if (kind)
        jv_set_text(review, "kind", is_service || strcmp(kind, "service") != 0 ? kind : "");
}

/* The review in the words of catalog/engine/reviews.h. */
static struct jv *review_of(const struct exchange *exchange, const struct wish *wish)
{
    const struct jv *result = jv_get(wish->full, "result");
    const char *decision = jv_get_text(wish->json, "decision");
    struct jv *review = jv_object();
    jv_set(review, "project", jv_copy(jv_get(wish->full, "project")));
    copy_text(review, wish->json, "decision");
    copy_text(review, wish->json, "reason");
    jv_set_text(review, "reviewer", exchange->principal.who);
    copy_text(review, result, "catalog");
    if (decision && strcmp(decision, "accept") == 0) {
        add_accepted(review, result);
    } else {
        copy_text(review, wish->json, "department");
        copy_text(review, wish->json, "code");
        copy_text(review, wish->json, "kind");
    }
    return review;
}

/* Takes over what the catalog made of it: the department as printed, the item's name. */
static int note_decided(const struct review *review, void *argument)
{
    struct jv *decided = argument;
    jv_set_text(decided, "decision", review->decision);
    jv_set_text(decided, "department", review->department);
    jv_set_text(decided, "code", review->code);
    jv_set_text(decided, "name", review->item);
    jv_set_text(decided, "kind", review->kind);
    jv_set_text(decided, "reason", review->reason);
    jv_set_text(decided, "reviewer", review->reviewer);
    return 0;
}

/* Fills `decided`. 0, or -1 with a fault. */
static int settle(struct exchange *exchange, struct backend *backend, struct wish *wish,
                  struct fault *fault)
{
    const char *reason = jv_get_text(wish->json, "reason");
    struct store *catalog = backend_catalog(backend, fault);
    if (!catalog)
        return -1;
    if (reason && strlen(reason) > REASON_BYTES_MAX)
        return fault_set(fault, "review.reason_too_long", "理由太长");
    if (!jv_is_null(jv_get(jv_get(wish->full, "result"), "error")))
        return fault_set(fault, "review.error_result", "这条结果是错误信息，不能审核");
    struct jv *review = review_of(exchange, wish);
    wish->decided = jv_object();
    jv_set_number(wish->decided, "result", (double)wish->result);
    jv_set_number(wish->decided, "version", (double)wish->version);
    jv_set_text(wish->decided, "address", exchange->address);
    int status = reviews_check(catalog, review, note_decided, wish->decided, fault);
    jv_destroy(&review);
    return status;
}

static void wish_clear(struct wish *wish)
{
    jv_destroy(&wish->full);
    jv_destroy(&wish->decided);
}

/* Hands them (taken over) to the collector: its outcomes, or NULL with a fault. */
static struct jv *store(struct backend *backend, struct jv *reviews, struct fault *fault)
{
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "reviews");
    jv_set(question, "reviews", reviews);
    struct jv *answer = backend_ask_json(backend, question, fault);
    jv_destroy(&question);
    return answer;
}

static void note_audit(struct exchange *exchange, const struct jv *decided)
{
    struct jv *detail = jv_object();
    char result[32];
    snprintf(result, sizeof result, "%.0f", jv_get_number(decided, "result", 0));
    copy_text(detail, decided, "decision");
    copy_text(detail, decided, "department");
    copy_text(detail, decided, "code");
    copy_text(detail, decided, "kind");
    char *text = jv_write(detail);
    access_note(exchange, "review.store", result, text);
    free(text);
    jv_destroy(&detail);
}

/* --- one --- */

static bool read_wanted_version(struct exchange *exchange, const struct jv *json, int64_t *version)
{
    const char *etag = exchange_header(exchange, "If-Match");
    const struct jv *member = jv_get(json, "version");
    if (etag && question_read_version(etag, version))
        return true;
    if (etag) {
        reply_problem(exchange, "request.bad", "If-Match 应为结果的 ETag");
        return false;
    }
    if (jv_is_number(member)) {
        *version = (int64_t)jv_number(member, -1);
        return true;
    }
    reply_problem(exchange, "precondition.required",
                  "请用 If-Match（或 version）说明看到的是哪个版本");
    return false;
}

static void answer_conflict(struct exchange *exchange, struct jv *full)
{
    reply_problem_with(exchange, "review.conflict", "别人刚刚审核过这条结果", "current", full);
}

/* Answers with the result as it is after the attempt. */
static void answer_outcome(struct exchange *exchange, struct backend *backend,
                           const struct wish *wish, const struct jv *outcomes)
{
    struct fault fault;
    const char *status = jv_get_text(jv_at(jv_get(outcomes, "outcomes"), 0), "status");
    struct jv *full = ask_result(exchange, backend, wish->result, &fault);
    if (!full) {
        reply_fault(exchange, &fault);
    } else if (status && strcmp(status, "stored") == 0) {
        note_audit(exchange, wish->decided);
        reply_json(exchange, MHD_HTTP_CREATED, full);
        question_version_etag(exchange);
        exchange->answer.cacheable = false;
    } else {
        answer_conflict(exchange, full);
    }
}

static void decide(struct exchange *exchange, struct backend *backend, struct wish *wish)
{
    struct fault fault;
    if (!(wish->full = ask_result(exchange, backend, wish->result, &fault))) {
        reply_fault(exchange, &fault);
        return;
    }
    if ((int64_t)jv_get_number(wish->full, "version", 0) != wish->version) {
        answer_conflict(exchange, wish->full);
        wish->full = NULL;
        return;
    }
    if (settle(exchange, backend, wish, &fault)) {
        reply_fault(exchange, &fault);
        return;
    }
    struct jv *reviews = jv_array();
    jv_push(reviews, jv_copy(wish->decided));
    struct jv *outcomes = store(backend, reviews, &fault);
    if (outcomes)
        answer_outcome(exchange, backend, wish, outcomes);
    else
        reply_fault(exchange, &fault);
    jv_destroy(&outcomes);
}

static void review_one(struct exchange *exchange, struct backend *backend)
{
    char *end;
    struct jv *json = exchange_json(exchange);
    struct wish wish = {.json = json, .result = strtoll(exchange->captures[0], &end, 10)};
    if (!json)
        return;
    if (*end)
        reply_problem(exchange, "result.unknown", "没有这条结果");
    else if (read_wanted_version(exchange, json, &wish.version))
        decide(exchange, backend, &wish);
    wish_clear(&wish);
    jv_destroy(&json);
}

/* --- many --- */

static void set_error(struct jv *outcome, const struct fault *fault)
{
    struct jv *error = jv_object();
    jv_set_text(error, "code", fault->code);
    jv_set_text(error, "message", fault->message);
    jv_set_text(outcome, "status",
                strcmp(fault->code, "result.unknown") == 0 ? "unknown" : "refused");
    jv_set(outcome, "error", error);
}

/* Prepares one of many: its outcome so far, without a status when it goes to the collector. */
static struct jv *prepare(struct exchange *exchange, struct backend *backend, const struct jv *json,
                          struct jv *reviews)
{
    struct fault fault = {"", ""};
    struct jv *outcome = jv_object();
    struct wish wish = {.json = json,
                        .result = (int64_t)jv_get_number(json, "result", 0),
                        .version = (int64_t)jv_get_number(json, "version", -1)};
    jv_set_number(outcome, "result", (double)wish.result);
    if (!(wish.full = ask_result(exchange, backend, wish.result, &fault)) ||
        settle(exchange, backend, &wish, &fault)) {
        set_error(outcome, &fault);
    } else {
        jv_set(wish.decided, "bulk", jv_of_bool(true));
        jv_push(reviews, jv_copy(wish.decided));
    }
    wish_clear(&wish);
    return outcome;
}

/* Puts the collector's outcomes where there is none yet: they are in the same order. */
static void merge(struct exchange *exchange, struct jv *outcomes, const struct jv *reviews,
                  const struct jv *stored)
{
    const struct jv *theirs = jv_get(stored, "outcomes");
    size_t next = 0;
    for (size_t i = 0; i < jv_count(outcomes); i++) {
        struct jv *outcome = jv_at(outcomes, i);
        const struct jv *their = jv_at(theirs, next);
        if (jv_get_text(outcome, "status") || !their)
            continue;
        const char *status = jv_get_text(their, "status");
        jv_set_text(outcome, "status", status ? status : "refused");
        jv_set_number(outcome, "version", jv_get_number(their, "version", 0));
        if (status && strcmp(status, "stored") == 0)
            note_audit(exchange, jv_at(reviews, next));
        next++;
    }
}

static void review_all(struct exchange *exchange, struct backend *backend, const struct jv *wishes)
{
    struct fault fault = {"", ""};
    struct jv *outcomes = jv_array(), *reviews = jv_array(), *stored = NULL;
    for (size_t i = 0; i < jv_count(wishes); i++)
        jv_push(outcomes, prepare(exchange, backend, jv_at(wishes, i), reviews));
    if (jv_count(reviews) > 0)
        stored = store(backend, jv_copy(reviews), &fault);
    if (*fault.code) {
        reply_fault(exchange, &fault);
        jv_destroy(&outcomes);
    } else {
        struct jv *body = jv_object();
        merge(exchange, outcomes, reviews, stored);
        jv_set(body, "outcomes", outcomes);
        jv_set_number(body, "stored", jv_get_number(stored, "stored", 0));
        reply_json(exchange, MHD_HTTP_OK, body);
    }
    jv_destroy(&reviews);
    jv_destroy(&stored);
}

static void review_many(struct exchange *exchange, struct backend *backend)
{
    struct jv *json = exchange_json(exchange);
    const struct jv *wishes = jv_get(json, "reviews");
    if (json && (!jv_is_array(wishes) || jv_count(wishes) < 1 || jv_count(wishes) > BULK_MAX))
        reply_problem(exchange, "review.bad_list", "“reviews”应为 1 至 %d 条", BULK_MAX);
    else if (json)
        review_all(exchange, backend, wishes);
    jv_destroy(&json);
}

const struct route review_routes[] = {
    {"POST", "/results/{}/reviews", review_one, REVIEWERS, ROUTE_BODY},
    {"POST", "/reviews", review_many, REVIEWERS, ROUTE_BODY},
    {0}};
