#include "services/worker/delivery.h"

#include "common/guard.h"
#include "common/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    SILENCE_MS = 2000,      /* without an answer: connect anew and send again */
    SILENCE_MAX_MS = 10000, /* it doubles up to this while nobody answers */
    REFUSED_MS = 1000,      /* pause after the collector could not store */
    /* What is unacknowledged is the broker's to give out again. But without any linger libzmq 4.3.4
     * aborts (session_base.cpp) when the collector dies in the moment in which a socket is closed
     * that has sent a part of a message. */
    LINGER_MS = 100,
    RECONNECT_MAX_MS = 200,
    LOG_MS = 60000, /* between two lines about the same trouble */
};

struct batch {
    uint64_t number;
    void *owner;
    zframe_t *head, *engine, *model, *records, *submitted; /* the last one may be NULL */
};

struct delivery {
    char *endpoint;
    struct identity *identity; /* or NULL */
    zsock_t *socket;
    delivery_done_fn *done;
    void *argument;
    zlistx_t *batches; /* in the order in which they were sent */
    uint64_t last_number;
    int64_t due;    /* when silence has lasted too long; meaningless without batches */
    int64_t pause;  /* nothing is sent before this time */
    int silence_ms; /* how long is too long now */
    int64_t refusal_log_at, silence_log_at; /* no further line about it before */
    int64_t stored; /* when a batch was stored, or the first that is waiting was sent */
};

static void destroy_batch(void **item)
{
    struct batch *batch = *item;
    zframe_destroy(&batch->head);
    zframe_destroy(&batch->engine);
    zframe_destroy(&batch->model);
    zframe_destroy(&batch->records);
    zframe_destroy(&batch->submitted);
    free(batch);
    *item = NULL;
}

static void connect_collector(struct delivery *delivery)
{
    zsock_destroy(&delivery->socket);
    delivery->socket = zsock_new(ZMQ_DEALER);
    assert(delivery->socket);
    zsock_set_linger(delivery->socket, LINGER_MS);
    zsock_set_reconnect_ivl_max(delivery->socket, RECONNECT_MAX_MS);
    guard_identify(delivery->socket, delivery->identity);
    if (zsock_connect(delivery->socket, "%s", delivery->endpoint))
        log_error("collector_connect_failed", "endpoint=%s reason=\"%s\"", delivery->endpoint,
                  zmq_strerror(zmq_errno()));
}

struct delivery *delivery_new(const struct identity *identity, const char *endpoint,
                              delivery_done_fn *done, void *argument)
{
    struct delivery *delivery = xcalloc(1, sizeof *delivery);
    delivery->identity = identity_copy(identity);
    delivery->endpoint = xstrdup(endpoint);
    delivery->done = done;
    delivery->argument = argument;
    delivery->silence_ms = SILENCE_MS;
    delivery->batches = zlistx_new();
    zlistx_set_destructor(delivery->batches, destroy_batch);
    connect_collector(delivery);
    return delivery;
}

void delivery_destroy(struct delivery **delivery)
{
    if (!*delivery)
        return;
    zlistx_destroy(&(*delivery)->batches);
    zsock_destroy(&(*delivery)->socket);
    identity_destroy(&(*delivery)->identity);
    free((*delivery)->endpoint);
    free(*delivery);
    *delivery = NULL;
}

/* Frames are shared with the socket, not copied. A full queue drops the batch here: it is sent
 * again when silence has lasted too long. */
static void send_batch(struct delivery *delivery, struct batch *batch)
{
    zframe_t *frames[] = {batch->head, batch->engine, batch->model, batch->records,
                          batch->submitted};
    int last = batch->submitted ? 4 : 3;
    for (int i = 0; i <= last; i++) {
        int flags = ZFRAME_REUSE | ZFRAME_DONTWAIT | (i < last ? ZFRAME_MORE : 0);
        if (zframe_send(&frames[i], delivery->socket, flags))
            return;
    }
}

void delivery_send(struct delivery *delivery, void *owner, const char *engine, const char *model,
                   int64_t submitted, struct strbuf *records, bool urgent)
{
    struct batch *batch = xcalloc(1, sizeof *batch);
    batch->number = ++delivery->last_number;
    batch->owner = owner;
    batch->head = wire_header_frame(
        &(struct wire_header){.command = WIRE_STORE, .urgent = urgent, .number = batch->number});
    batch->engine = zframe_from(engine);
    batch->model = zframe_from(model);
    batch->records = zframe_new(records->text, records->length);
    batch->submitted = submitted ? wire_submitted_frame(submitted) : NULL;
    strbuf_reset(records);
    int64_t now = zclock_mono();
    if (zlistx_size(delivery->batches) == 0) {
        delivery->due = now + delivery->silence_ms;
        delivery->stored = now;
    }
    zlistx_add_end(delivery->batches, batch);
    if (now >= delivery->pause)
        send_batch(delivery, batch);
}

static void send_all(struct delivery *delivery)
{
    for (struct batch *batch = zlistx_first(delivery->batches); batch;
         batch = zlistx_next(delivery->batches))
        send_batch(delivery, batch);
}

static struct batch *find_batch(struct delivery *delivery, uint64_t number)
{
    struct batch *batch = zlistx_first(delivery->batches);
    while (batch && batch->number != number)
        batch = zlistx_next(delivery->batches);
    return batch; /* it is the list's current one */
}

static void finish(struct delivery *delivery, const struct wire_tally *tally,
                   const struct fault *fault)
{
    struct batch *batch = zlistx_detach_cur(delivery->batches);
    delivery->stored = zclock_mono();
    delivery->refusal_log_at = delivery->silence_log_at = 0;
    delivery->done(batch->owner, tally, fault, delivery->argument);
    destroy_batch((void **)&batch);
}

/* Whether a line may be written again, which then puts the next one off. */
static bool is_time(int64_t *log_at)
{
    int64_t now = zclock_mono();
    if (now < *log_at)
        return false;
    *log_at = now + LOG_MS;
    return true;
}

/* A message that the collector could not read will never be stored, unless it is one of a version that
 * knew no last frame; what its disk could not take now may be taken later. */
static void handle_refusal(struct delivery *delivery, struct batch *batch, zmsg_t *message)
{
    char *code = zmsg_popstr(message), *text = zmsg_popstr(message);
    struct fault fault;
    fault_set(&fault, code ? code : "wire.refused", "%s", text ? text : "");
    free(code);
    free(text);
    bool unread = strncmp(fault.code, "wire.", 5) == 0;
    if (unread || is_time(&delivery->refusal_log_at))
        log_warning("batch_refused", "code=%s reason=\"%s\"", fault.code, fault.message);
    if (unread && batch->submitted) {
        zframe_destroy(&batch->submitted);
        send_batch(delivery, batch);
        return;
    }
    if (unread) {
        finish(delivery, NULL, &fault);
        return;
    }
    delivery->pause = zclock_mono() + REFUSED_MS;
    delivery->due = delivery->pause;
}

static void handle_answer(struct delivery *delivery, zmsg_t *message)
{
    struct wire_header header;
    struct wire_tally tally;
    zframe_t *head = zmsg_pop(message);
    bool fits = wire_read_header(head, &header, NULL) == 0;
    zframe_destroy(&head);
    /* Unknown numbers are answers to a batch that was sent twice. */
    struct batch *batch = fits ? find_batch(delivery, header.number) : NULL;
    if (!batch)
        return;
    delivery->silence_ms = SILENCE_MS;
    delivery->due = zclock_mono() + delivery->silence_ms;
    if (header.command == WIRE_REFUSED)
        handle_refusal(delivery, batch, message);
    else if (header.command == WIRE_STORED &&
             wire_read_tally(zmsg_first(message), &tally, NULL) == 0)
        finish(delivery, &tally, NULL);
}

static void send_again(struct delivery *delivery)
{
    int64_t now = zclock_mono();
    if (is_time(&delivery->silence_log_at))
        log_info("batches_sent_again", "batches=%zu endpoint=%s", zlistx_size(delivery->batches),
                 delivery->endpoint);
    connect_collector(delivery);
    send_all(delivery);
    delivery->due = now + delivery->silence_ms;
    delivery->silence_ms =
        2 * delivery->silence_ms < SILENCE_MAX_MS ? 2 * delivery->silence_ms : SILENCE_MAX_MS;
}

void delivery_handle(struct delivery *delivery)
{
    while (zsock_events(delivery->socket) & ZMQ_POLLIN) {
        zmsg_t *message = zmsg_recv(delivery->socket);
        if (!message)
            break;
        handle_answer(delivery, message);
        zmsg_destroy(&message);
    }
    if (zlistx_size(delivery->batches) > 0 && zclock_mono() >= delivery->due)
        send_again(delivery);
}

size_t delivery_open(const struct delivery *delivery)
{
    return zlistx_size(delivery->batches);
}

int64_t delivery_stalled_ms(const struct delivery *delivery)
{
    return zlistx_size(delivery->batches) == 0 ? 0 : zclock_mono() - delivery->stored;
}

void delivery_forget(struct delivery *delivery)
{
    zlistx_purge(delivery->batches);
}

zsock_t *delivery_socket(struct delivery *delivery)
{
    return delivery->socket;
}

int delivery_wait_ms(const struct delivery *delivery)
{
    if (zlistx_size(delivery->batches) == 0)
        return -1;
    int64_t wait = delivery->due - zclock_mono();
    return wait < 0 ? 0 : (int)wait;
}
