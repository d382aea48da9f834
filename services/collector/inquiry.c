#include "services/collector/inquiry.h"

#include "common/guard.h"
#include "common/strbuf.h"
#include "services/collector/wire.h"

#include <stdlib.h>
#include <string.h>

/* Not 0: see delivery.c of the worker. */
enum { LINGER_MS = 100 };

struct inquiry {
    char *endpoint;
    zsock_t *socket;
    uint64_t number; /* of the last question */
};

struct inquiry *inquiry_new(const char *endpoint, struct fault *fault)
{
    return inquiry_new_as(NULL, endpoint, fault);
}

struct inquiry *inquiry_new_as(const struct identity *identity, const char *endpoint,
                               struct fault *fault)
{
    struct inquiry *inquiry = xcalloc(1, sizeof *inquiry);
    inquiry->endpoint = xstrdup(endpoint);
    inquiry->socket = zsock_new(ZMQ_DEALER);
    if (inquiry->socket)
        zsock_set_linger(inquiry->socket, LINGER_MS);
    if (inquiry->socket)
        guard_identify(inquiry->socket, identity);
    if (inquiry->socket && zsock_connect(inquiry->socket, "%s", endpoint) == 0)
        return inquiry;
    fault_set(fault, "inquiry.connect", "%s: %s", endpoint, zmq_strerror(zmq_errno()));
    inquiry_destroy(&inquiry);
    return NULL;
}

void inquiry_destroy(struct inquiry **inquiry)
{
    if (!*inquiry)
        return;
    zsock_destroy(&(*inquiry)->socket);
    free((*inquiry)->endpoint);
    free(*inquiry);
    *inquiry = NULL;
}

static int send_question(struct inquiry *inquiry, const struct jv *question, struct fault *fault)
{
    struct wire_header header = {.command = WIRE_ASK, .number = ++inquiry->number};
    zmsg_t *message = zmsg_new();
    zframe_t *head = wire_header_frame(&header);
    zmsg_append(message, &head);
    char *text = jv_write(question);
    zmsg_addstr(message, text);
    free(text);
    zsock_set_sndtimeo(inquiry->socket, 0);
    if (zmsg_send(&message, inquiry->socket) == 0)
        return 0;
    zmsg_destroy(&message);
    return fault_set(fault, "inquiry.timeout", "%s: cannot send", inquiry->endpoint);
}

/* The body of the answer to the last question when `message` is that; its header is taken off. */
static bool is_answer(struct inquiry *inquiry, zmsg_t *message, enum wire_command *command)
{
    struct wire_header header;
    zframe_t *head = zmsg_pop(message);
    bool fits = wire_read_header(head, &header, NULL) == 0 && header.number == inquiry->number &&
                (header.command == WIRE_ANSWER || header.command == WIRE_REFUSED) &&
                zmsg_size(message) > 0;
    zframe_destroy(&head);
    if (fits)
        *command = header.command;
    return fits;
}

static void read_refusal(zmsg_t *message, struct fault *fault)
{
    char *code = zmsg_popstr(message), *text = zmsg_popstr(message);
    fault_set(fault, code, "%s", text ? text : "");
    free(code);
    free(text);
}

static zmsg_t *wait_for_answer(struct inquiry *inquiry, int timeout_ms, struct fault *fault)
{
    int64_t deadline = zclock_mono() + timeout_ms;
    for (;;) {
        int64_t left = deadline - zclock_mono();
        zmq_pollitem_t item = {zsock_resolve(inquiry->socket), 0, ZMQ_POLLIN, 0};
        if (left < 0 || zmq_poll(&item, 1, left) == 0) {
            fault_set(fault, "inquiry.timeout", "%s: no answer in time", inquiry->endpoint);
            return NULL;
        }
        zmsg_t *message = item.revents & ZMQ_POLLIN ? zmsg_recv(inquiry->socket) : NULL;
        enum wire_command command = WIRE_ANSWER;
        if (message && is_answer(inquiry, message, &command)) {
            if (command == WIRE_ANSWER)
                return message;
            read_refusal(message, fault);
            zmsg_destroy(&message);
            return NULL;
        }
        zmsg_destroy(&message);
    }
}

/* Asks and gives the answer's frames behind its JSON, which goes to `head` (jv_destroy). */
static zmsg_t *ask(struct inquiry *inquiry, const struct jv *question, int timeout_ms,
                   struct jv **head, struct fault *fault)
{
    if (send_question(inquiry, question, fault))
        return NULL;
    zmsg_t *answer = wait_for_answer(inquiry, timeout_ms, fault);
    if (!answer)
        return NULL;
    zframe_t *frame = zmsg_pop(answer);
    *head = jv_read((const char *)zframe_data(frame), zframe_size(frame), fault);
    zframe_destroy(&frame);
    const struct jv *error = jv_get(*head, "error");
    if (*head && !error)
        return answer;
    if (error) {
        const char *code = jv_get_text(error, "code"), *message = jv_get_text(error, "message");
        fault_set(fault, code ? code : "inquiry.refused", "%s", message ? message : "refused");
    }
    jv_destroy(head);
    zmsg_destroy(&answer);
    return NULL;
}

/* What a collector that cannot answer says in place of the answer. */
static bool is_error(const char *json, struct fault *fault)
{
    static const char beginning[] = "{\"error\":";
    if (strncmp(json, beginning, sizeof beginning - 1) != 0)
        return false;
    struct jv *body = jv_read(json, strlen(json), NULL);
    const struct jv *error = jv_get(body, "error");
    const char *code = jv_get_text(error, "code"), *message = jv_get_text(error, "message");
    fault_set(fault, code ? code : "inquiry.refused", "%s", message ? message : "refused");
    jv_destroy(&body);
    return true;
}

char *inquiry_ask(struct inquiry *inquiry, const struct jv *question, int timeout_ms,
                  size_t *length, struct fault *fault)
{
    if (send_question(inquiry, question, fault))
        return NULL;
    zmsg_t *answer = wait_for_answer(inquiry, timeout_ms, fault);
    if (!answer)
        return NULL;
    zframe_t *frame = zmsg_first(answer);
    *length = zframe_size(frame);
    char *json = xstrndup((const char *)zframe_data(frame), *length);
    zmsg_destroy(&answer);
    if (!is_error(json, fault))
        return json;
    free(json);
    return NULL;
}

struct jv *inquiry_status(struct inquiry *inquiry, int timeout_ms, struct fault *fault)
{
    struct jv *question = jv_object(), *status = NULL;
    jv_set_text(question, "ask", "status");
    zmsg_t *answer = ask(inquiry, question, timeout_ms, &status, fault);
    zmsg_destroy(&answer);
    jv_destroy(&question);
    return status;
}

static int give_rows(zmsg_t *answer, inquiry_row_fn *each, void *argument)
{
    int rows = 0;
    while (zmsg_size(answer) >= 3) {
        char *event = zmsg_popstr(answer), *topic = zmsg_popstr(answer),
             *json = zmsg_popstr(answer);
        struct inquiry_row row = {strtoll(event, NULL, 10), topic, json};
        each(&row, argument);
        rows++;
        free(event);
        free(topic);
        free(json);
    }
    return rows;
}

static int ask_rows(struct inquiry *inquiry, struct jv *question, int timeout_ms,
                    inquiry_row_fn *each, void *argument, int64_t *last, struct fault *fault)
{
    struct jv *head = NULL;
    int rows = -1;
    zmsg_t *answer = ask(inquiry, question, timeout_ms, &head, fault);
    if (answer) {
        rows = give_rows(answer, each, argument);
        if (last)
            *last = (int64_t)jv_get_number(head, "last", 0);
    }
    jv_destroy(&head);
    zmsg_destroy(&answer);
    jv_destroy(&question);
    return rows;
}

int inquiry_events(struct inquiry *inquiry, int64_t since, int64_t limit, int timeout_ms,
                   inquiry_row_fn *each, void *argument, int64_t *last, struct fault *fault)
{
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "events");
    jv_set_number(question, "since", (double)since);
    jv_set_number(question, "limit", (double)limit);
    return ask_rows(inquiry, question, timeout_ms, each, argument, last, fault);
}

int inquiry_project(struct inquiry *inquiry, const char *id, int timeout_ms, inquiry_row_fn *each,
                    void *argument, struct fault *fault)
{
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "project");
    jv_set_text(question, "id", id);
    return ask_rows(inquiry, question, timeout_ms, each, argument, NULL, fault);
}
