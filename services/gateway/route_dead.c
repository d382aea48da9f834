/* /dead-letters: jobs that the broker gave up. */
#include "services/gateway/route.h"

#include "common/text.h"

#include <stdlib.h>
#include <string.h>

enum { BROKER_MS = 3000, SHOWN_BYTES = 64 * 1024 };

static void reply_refusal(struct exchange *exchange)
{
    struct fault fault;
    backend_refused(&fault);
    reply_fault(exchange, &fault);
}

/* Asks jinmu.dead. The answer's frames behind the status 200, or NULL with an answer. */
static zmsg_t *ask(struct exchange *exchange, struct backend *backend, const char *what,
                   const char *uuid)
{
    struct fault fault;
    struct jv *question = jv_object();
    zmsg_t *body = zmsg_new();
    jv_set_text(question, "do", what);
    if (uuid)
        jv_set_text(question, "uuid", uuid);
    char *text = jv_write(question);
    zmsg_addstr(body, text);
    free(text);
    jv_destroy(&question);
    zmsg_t *answer = backend_call(backend, "jinmu.dead", &body, BROKER_MS, &fault);
    if (!answer) {
        reply_fault(exchange, &fault);
        return NULL;
    }
    char *status = zmsg_popstr(answer);
    bool done = status && strcmp(status, "200") == 0;
    if (!done && status && strcmp(status, "400") == 0)
        reply_problem(exchange, "dead.unknown", "没有这个失败任务");
    else if (!done && status && strcmp(status, "403") == 0)
        reply_refusal(exchange);
    else if (!done)
        reply_problem(exchange, "service.failed", "任务服务（broker）没有给出失败任务");
    free(status);
    if (!done)
        zmsg_destroy(&answer);
    return answer;
}

static struct jv *pop_json(zmsg_t *answer)
{
    zframe_t *frame = zmsg_pop(answer);
    struct jv *value =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
    zframe_destroy(&frame);
    return value;
}

static void list_dead(struct exchange *exchange, struct backend *backend)
{
    zmsg_t *answer = ask(exchange, backend, "list", NULL);
    if (!answer)
        return;
    struct jv *jobs = pop_json(answer), *body = jv_object();
    jv_set(body, "jobs", jobs ? jobs : jv_array());
    reply_json(exchange, MHD_HTTP_OK, body);
    zmsg_destroy(&answer);
}

/* The job with what it was asked to do, as text. */
static struct jv *job_with_body(zmsg_t *answer)
{
    struct jv *job = pop_json(answer);
    zframe_t *frame = zmsg_first(answer);
    size_t length = frame ? zframe_size(frame) : 0;
    const char *bytes = frame ? (const char *)zframe_data(frame) : "";
    if (length > SHOWN_BYTES)
        length = SHOWN_BYTES;
    while (length > 0 && (bytes[length - 1] & 0xC0) == 0x80)
        length--; /* no half characters */
    if (length > 0 && (unsigned char)bytes[length - 1] >= 0xC0)
        length--;
    char *text = text_is_utf8(bytes, length) ? xstrndup(bytes, length) : xstrdup("");
    if (job)
        jv_set_text(job, "body", text);
    free(text);
    return job;
}

static void get_dead(struct exchange *exchange, struct backend *backend)
{
    zmsg_t *answer = ask(exchange, backend, "show", exchange->captures[0]);
    struct jv *job = answer ? job_with_body(answer) : NULL;
    if (job)
        reply_json(exchange, MHD_HTTP_OK, job);
    else if (answer)
        reply_problem(exchange, "dead.unknown", "没有这个失败任务");
    zmsg_destroy(&answer);
}

/* retry and drop answer with the number of jobs that they changed. */
static void change_dead(struct exchange *exchange, struct backend *backend, const char *what,
                        const char *action)
{
    zmsg_t *answer = ask(exchange, backend, what, exchange->captures[0]);
    char *count = answer ? zmsg_popstr(answer) : NULL;
    zmsg_destroy(&answer);
    if (count && strcmp(count, "0") != 0) {
        access_note(exchange, action, exchange->captures[0], "");
        reply_nothing(exchange);
    } else if (count) {
        reply_problem(exchange, "dead.unknown", "没有这个失败任务");
    }
    free(count);
}

static void retry_dead(struct exchange *exchange, struct backend *backend)
{
    change_dead(exchange, backend, "retry", "dead.retry");
}

static void drop_dead(struct exchange *exchange, struct backend *backend)
{
    change_dead(exchange, backend, "drop", "dead.drop");
}

const struct route dead_routes[] = {{"GET", "/dead-letters", list_dead, KEEPERS, 0},
                                    {"GET", "/dead-letters/{}", get_dead, KEEPERS, 0},
                                    {"POST", "/dead-letters/{}/retry", retry_dead, KEEPERS, 0},
                                    {"DELETE", "/dead-letters/{}", drop_dead, ADMINS, 0},
                                    {0}};
