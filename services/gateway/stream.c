#include "services/gateway/stream.h"

#include "common/guard.h"
#include "common/log.h"
#include "services/cli/running.h"
#include "services/gateway/backend.h"
#include "services/gateway/response.h"

#include <czmq.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    STREAMS_MAX = 1000,
    STREAMS_EACH = 20,       /* of one user or token */
    BUFFER_MAX = 256 * 1024, /* then a slow reader gets no more until it has read */
    ROWS = 200,              /* events asked for at once */
    LOOK_MS = 1000,          /* without news the collector is asked all the same */
    HEARTBEAT_MS = 15000,
    BLOCK_BYTES = 16 * 1024,
};

struct stream {
    struct feed *feed;
    struct exchange *exchange;
    struct strbuf buffer; /* to be sent, from `sent` on */
    size_t sent;
    int64_t last; /* event; -1: not known yet */
    bool asked;   /* the question on its way was put with `last` in mind */
    int64_t beat_at;
    bool suspended, ending;
    struct stream *next;
};

struct feed {
    struct gateway *gateway;
    pthread_mutex_t mutex; /* over the streams */
    struct stream *streams;
    int count;
    pthread_t thread;
    zsock_t *wake, *woken; /* a pipe to the thread */
    _Atomic bool ending;
};

/* With the mutex. */
static void resume(struct stream *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    MHD_resume_connection(stream->exchange->connection);
}

static void add_event(struct stream *stream, const struct jv *event)
{
    const char *unit = jv_get_text(event, "unit"), *type = jv_get_text(event, "type");
    int64_t number = (int64_t)jv_get_number(event, "number", 0);
    stream->last = number;
    if (!principal_has_unit(&stream->exchange->principal, unit ? unit : ""))
        return;
    strbuf_printf(&stream->buffer, "id: %lld\nevent: %s\ndata: ", (long long)number,
                  type ? type : "result");
    jv_append(event, &stream->buffer);
    strbuf_puts(&stream->buffer, "\n\n");
    stream->exchange->gateway->counts.streamed_events++;
}

static bool is_hungry(const struct stream *stream)
{
    return !stream->ending && stream->buffer.length - stream->sent < BUFFER_MAX;
}

/* The number from which most is to be asked for: that of the stream that is furthest behind. */
static int64_t furthest_behind(struct feed *feed, bool *any)
{
    int64_t least = INT64_MAX;
    pthread_mutex_lock(&feed->mutex);
    *any = false;
    for (struct stream *stream = feed->streams; stream; stream = stream->next) {
        stream->asked = true;
        if (is_hungry(stream)) {
            *any = true;
            if (stream->last >= 0 && stream->last < least)
                least = stream->last;
        }
    }
    pthread_mutex_unlock(&feed->mutex);
    return least;
}

static struct jv *ask(struct backend *backend, int64_t since, struct fault *fault)
{
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "feed");
    jv_set_number(question, "since", (double)since);
    jv_set_number(question, "limit", ROWS);
    struct jv *answer = backend_ask_json(backend, question, fault);
    jv_destroy(&question);
    return answer;
}

/* A client has seen an event that there is not (an older backup was restored): its numbers are given
 * again, and waiting for them to pass it would miss some. It is told, and gets what comes from now on. */
static void add_reset(struct stream *stream, int64_t last)
{
    strbuf_printf(&stream->buffer,
                  "id: %lld\nevent: reset\ndata: {\"since\":%lld,\"last\":%lld}\n\n",
                  (long long)last, (long long)stream->last, (long long)last);
    stream->last = last;
}

/* Gives the events that came to every stream that waits for the next of them. */
static void deal_out(struct feed *feed, const struct jv *answer)
{
    const struct jv *events = jv_get(answer, "events");
    int64_t last = (int64_t)jv_get_number(answer, "last", 0), now = zclock_mono();
    pthread_mutex_lock(&feed->mutex);
    for (struct stream *stream = feed->streams; stream; stream = stream->next) {
        if (stream->last < 0)
            stream->last = last;
        if (!is_hungry(stream))
            continue;
        if (stream->asked && stream->last > last)
            add_reset(stream, last);
        for (size_t i = 0; i < jv_count(events); i++)
            if ((int64_t)jv_get_number(jv_at(events, i), "number", 0) > stream->last)
                add_event(stream, jv_at(events, i));
        if (now >= stream->beat_at && stream->buffer.length == stream->sent)
            strbuf_puts(&stream->buffer, ": still here\n\n");
        if (stream->buffer.length > stream->sent) {
            stream->beat_at = now + HEARTBEAT_MS;
            resume(stream);
        }
    }
    pthread_mutex_unlock(&feed->mutex);
}

/* Asks and deals out until nobody lacks anything. */
static void serve_streams(struct feed *feed, struct backend *backend)
{
    struct fault fault;
    bool any, more = true;
    while (more && !feed->ending) {
        int64_t since = furthest_behind(feed, &any);
        if (!any)
            return;
        struct jv *answer = ask(backend, since == INT64_MAX ? (int64_t)9e15 : since, &fault);
        if (!answer) {
            log_warning("feed_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
            return;
        }
        deal_out(feed, answer);
        more = jv_count(jv_get(answer, "events")) == ROWS;
        jv_destroy(&answer);
    }
}

static void drain(zsock_t *socket)
{
    while (zsock_events(socket) & ZMQ_POLLIN) {
        zmsg_t *message = zmsg_recv(socket);
        zmsg_destroy(&message);
    }
}

static void *run(void *argument)
{
    struct feed *feed = argument;
    const struct running *running = feed->gateway->options.running;
    struct backend *backend = backend_new(feed->gateway);
    zsock_t *events = zsock_new(ZMQ_SUB);
    if (events) {
        zsock_set_rcvhwm(events, 1000);
        zsock_set_subscribe(events, "");
        guard_identify(events, running->to_collector);
        if (zsock_connect(events, "%s", running->events))
            log_warning("feed_connect_failed", "endpoint=%s", running->events);
    }
    zmq_pollitem_t items[] = {{zsock_resolve(feed->woken), 0, ZMQ_POLLIN, 0},
                              {events ? zsock_resolve(events) : NULL, 0, ZMQ_POLLIN, 0}};
    while (!feed->ending) {
        zmq_poll(items, events ? 2 : 1, LOOK_MS);
        drain(feed->woken);
        if (events)
            drain(events);
        serve_streams(feed, backend);
    }
    zsock_destroy(&events);
    backend_destroy(&backend);
    return NULL;
}

struct feed *feed_new(struct gateway *gateway, struct fault *fault)
{
    struct feed *feed = xcalloc(1, sizeof *feed);
    feed->gateway = gateway;
    pthread_mutex_init(&feed->mutex, NULL);
    feed->wake = zsys_create_pipe(&feed->woken);
    if (feed->wake && pthread_create(&feed->thread, NULL, run, feed) == 0)
        return feed;
    fault_set(fault, "gateway.feed", "cannot start the feed's thread");
    zsock_destroy(&feed->wake);
    zsock_destroy(&feed->woken);
    free(feed);
    return NULL;
}

static void wake(struct feed *feed)
{
    zsock_signal(feed->wake, 0);
}

void feed_stop(struct feed *feed)
{
    if (!feed)
        return;
    pthread_mutex_lock(&feed->mutex);
    feed->ending = true;
    for (struct stream *stream = feed->streams; stream; stream = stream->next) {
        stream->ending = true;
        resume(stream);
    }
    wake(feed);
    pthread_mutex_unlock(&feed->mutex);
    pthread_join(feed->thread, NULL);
}

void feed_destroy(struct feed **feed)
{
    if (!*feed)
        return;
    zsock_destroy(&(*feed)->wake);
    zsock_destroy(&(*feed)->woken);
    pthread_mutex_destroy(&(*feed)->mutex);
    free(*feed);
    *feed = NULL;
}

bool feed_join(struct feed *feed, struct exchange *exchange, int64_t since)
{
    int same = 0;
    pthread_mutex_lock(&feed->mutex);
    for (const struct stream *stream = feed->streams; stream; stream = stream->next)
        same += strcmp(stream->exchange->principal.who, exchange->principal.who) == 0;
    bool room = feed->count < STREAMS_MAX && same < STREAMS_EACH && !feed->ending;
    if (room) {
        struct stream *stream = xcalloc(1, sizeof *stream);
        stream->feed = feed;
        stream->exchange = exchange;
        stream->last = since;
        strbuf_puts(&stream->buffer, "retry: 3000\n\n");
        stream->next = feed->streams;
        feed->streams = stream;
        feed->count++;
        exchange->stream = stream;
        exchange->gateway->counts.streams++;
        wake(feed);
    }
    pthread_mutex_unlock(&feed->mutex);
    return room;
}

/* Called by the library when it can send: at most `room` bytes. */
static ssize_t read_stream(void *argument, uint64_t position, char *out, size_t room)
{
    struct stream *stream = argument;
    (void)position;
    pthread_mutex_lock(&stream->feed->mutex);
    size_t left = stream->buffer.length - stream->sent;
    size_t count = left < room ? left : room;
    ssize_t given = (ssize_t)count;
    if (count > 0) {
        memcpy(out, stream->buffer.text + stream->sent, count);
        stream->sent += count;
        if (stream->sent == stream->buffer.length) {
            strbuf_reset(&stream->buffer);
            stream->sent = 0;
        }
    } else if (stream->ending) {
        given = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->suspended = true;
        MHD_suspend_connection(stream->exchange->connection);
    }
    pthread_mutex_unlock(&stream->feed->mutex);
    return given;
}

enum MHD_Result stream_send(struct exchange *exchange)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, exchange->stream, NULL);
    if (!response)
        return MHD_NO;
    exchange->answer.type = "text/event-stream; charset=utf-8";
    response_add_headers(exchange, response);
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    enum MHD_Result queued = MHD_queue_response(exchange->connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

void stream_closed(struct exchange *exchange)
{
    struct stream *stream = exchange->stream;
    if (!stream)
        return;
    struct feed *feed = stream->feed;
    pthread_mutex_lock(&feed->mutex);
    struct stream **link = &feed->streams;
    while (*link != stream)
        link = &(*link)->next;
    *link = stream->next;
    feed->count--;
    pthread_mutex_unlock(&feed->mutex);
    exchange->gateway->counts.streams--;
    exchange->stream = NULL;
    strbuf_free(&stream->buffer);
    free(stream);
}
