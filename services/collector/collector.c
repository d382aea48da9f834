#include "services/collector/collector_parts.h"

#include "common/lock.h"
#include "common/log.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/collector/lists.h"
#include "services/collector/notices.h"
#include "services/collector/outbox.h"
#include "services/collector/question.h"

#include <assert.h>
#include <czmq.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WAITING_BATCHES = 256, /* received and not begun; more are left in the socket */
    EVENTS_HWM = 20000,    /* events kept for a slow subscriber; then it misses some and asks */
    BACKLOG = 1024,
    MESSAGE_BYTES_MAX = 64 << 20,
    LINGER_MS = 1000,       /* for the last acknowledgements to leave */
    EVENTS_LINGER_MS = 300, /* for the last events */
};

static int bind_socket(struct collector *collector, zsock_t *socket, const char *roles,
                       const char *endpoint, struct fault *fault)
{
    if (collector->guard)
        return guard_bind(collector->guard, socket, roles, endpoint, fault);
    if (zsock_bind(socket, "%s", endpoint) < 0)
        return fault_set(fault, "collector.bind", "%s: %s", endpoint, zmq_strerror(errno));
    return 0;
}

static int bind_sockets(struct collector *collector, const char *endpoint, const char *events,
                        struct fault *fault)
{
    collector->router = zsock_new(ZMQ_ROUTER);
    collector->publisher = zsock_new(ZMQ_XPUB);
    assert(collector->router && collector->publisher);
    zsock_set_backlog(collector->router, BACKLOG);
    zsock_set_router_mandatory(collector->router, 1);
    zsock_set_maxmsgsize(collector->router, MESSAGE_BYTES_MAX);
    zsock_set_linger(collector->router, LINGER_MS);
    zsock_set_sndhwm(collector->publisher, EVENTS_HWM);
    zsock_set_maxmsgsize(collector->publisher, 1024); /* subscriptions only */
    /* Without linger libzmq 4.3.4 aborts (session_base.cpp) when a subscriber leaves in the same
     * moment as this socket is closed, in the middle of a message of several frames. */
    zsock_set_linger(collector->publisher, EVENTS_LINGER_MS);
    if (bind_socket(collector, collector->router, "client,worker,admin", endpoint, fault))
        return -1;
    return bind_socket(collector, collector->publisher, "client,admin", events, fault);
}

struct collector *collector_new(const char *state, const char *endpoint, const char *events,
                                struct guard *guard, struct fault *fault)
{
    struct collector *collector = xcalloc(1, sizeof *collector);
    collector->guard = guard;
    collector->complaints = complaints_new();
    collector->judged_by = judged_by_new();
    collector->losses_seen = guard ? guard_losses(guard) : 0;
    char *database = state_path(state, "results.db");
    char *lock = state_path(state, "results.lock");
    collector->started_ms = zclock_mono();
    collector->waiting = zlist_new();
    collector->lock = lock_take(lock, fault);
    if (collector->lock < 0 || !(collector->results = results_open(database, fault)) ||
        !(collector->listing = listing_open(collector->results, fault)) ||
        !(collector->readers[READER_SHORT] = reader_new(database, fault)) ||
        !(collector->readers[READER_LONG] = reader_new(database, fault)) ||
        !(collector->remembering = remembering_new(state, database, fault)) ||
        bind_sockets(collector, endpoint, events, fault))
        collector_destroy(&collector);
    free(lock);
    free(database);
    return collector;
}

static void parcel_destroy(struct parcel **parcel)
{
    zframe_destroy(&(*parcel)->peer);
    zmsg_destroy(&(*parcel)->frames);
    free(*parcel);
    *parcel = NULL;
}

void collector_destroy(struct collector **collector)
{
    if (!*collector)
        return;
    struct parcel *parcel;
    while ((parcel = zlist_pop((*collector)->waiting)))
        parcel_destroy(&parcel);
    zlist_destroy(&(*collector)->waiting);
    collector_forget_batches(*collector);
    guard_close(&(*collector)->router);
    guard_close(&(*collector)->publisher);
    for (int r = 0; r < COLLECTOR_READERS; r++)
        reader_destroy(&(*collector)->readers[r]);
    remembering_destroy(&(*collector)->remembering);
    listing_close(&(*collector)->listing);
    results_close(&(*collector)->results);
    if ((*collector)->lock >= 0)
        close((*collector)->lock);
    complaints_destroy(&(*collector)->complaints);
    judged_by_destroy(&(*collector)->judged_by);
    free((*collector)->batches);
    free(*collector);
    *collector = NULL;
}

/* Sends header and body to a peer; one that is gone or full will ask again. */
void collector_answer(struct collector *collector, zframe_t *peer, enum wire_command command,
                      uint64_t number, zmsg_t *body)
{
    struct wire_header header = {.command = command, .number = number};
    zframe_t *frame = wire_header_frame(&header);
    zmsg_prepend(body, &frame);
    zframe_t *to = zframe_dup(peer);
    zmsg_prepend(body, &to);
    void *socket = zsock_resolve(collector->router);
    size_t left = zmsg_size(body);
    for (zframe_t *part = zmsg_first(body); part; part = zmsg_next(body)) {
        int flags = ZMQ_DONTWAIT | (--left ? ZMQ_SNDMORE : 0);
        if (zmq_send(socket, zframe_data(part), zframe_size(part), flags) < 0) {
            log_debug("answer_dropped", "reason=\"%s\"", zmq_strerror(errno));
            break;
        }
    }
    zmsg_destroy(&body);
}

void collector_refuse(struct collector *collector, zframe_t *peer, uint64_t number,
                      const struct fault *fault)
{
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, fault->code);
    zmsg_addstr(body, fault->message);
    collector_answer(collector, peer, WIRE_REFUSED, number, body);
}

static struct jv *describe_deliveries(const struct collector *collector)
{
    struct jv *deliveries = jv_object();
    double silent_s = (double)(zclock_mono() - collector->postman_at) / 1000;
    jv_set_number(deliveries, "delivered", (double)collector->deliveries.delivered);
    jv_set_number(deliveries, "retries", (double)collector->deliveries.retries);
    jv_set_number(deliveries, "given_up", (double)collector->deliveries.given_up);
    jv_set(deliveries, "postman_silent_s",
           collector->postman_at ? jv_of_number(silent_s) : jv_of_text(NULL));
    return deliveries;
}

static struct jv *describe(struct collector *collector)
{
    struct jv *status = jv_object();
    int64_t now = zclock_mono();
    jv_set_text(status, "version", JINMU_VERSION);
    jv_set_number(status, "pid", getpid());
    jv_set_number(status, "uptime_ms", (double)(now - collector->started_ms));
    jv_set_number(status, "batches", (double)collector->batches_stored);
    jv_set(status, "writable", jv_of_bool(!collector->unwritable));
    jv_set_number(status, "store_failures", (double)collector->store_failures);
    jv_set_number(status, "duplicates", (double)collector->duplicates);
    jv_set_number(status, "results_per_second", meter_per_second(&collector->stored_rate, now));
    jv_set_number(status, "commits", (double)collector->commits.count);
    jv_set(status, "commit_durations", meter_describe(&collector->commits));
    jv_set(status, "judging_durations", meter_describe(&collector->judged));
    jv_set_number(status, "commit_us_p50", (double)meter_quantile(&collector->commits, 0.5));
    jv_set_number(status, "commit_us_p99", (double)meter_quantile(&collector->commits, 0.99));
    jv_set_number(status, "commit_us_max", (double)collector->commits.longest_us);
    jv_set(status, "deliveries", describe_deliveries(collector));
    jv_set(status, "judged_by", judged_by_describe(collector->judged_by, now));
    return status;
}

/* Answers from what is committed: the open transaction is ended first. */
static void answer_asked(struct collector *collector, zframe_t *peer, uint64_t number,
                         zframe_t *question, const struct jv *asked)
{
    const char *ask = jv_get_text(asked, "ask");
    collector_commit(collector);
    if (lists_find(ask)) {
        collector_list_for_asker(collector, ask);
        reader_ask(collector->readers[lists_is_short(ask) ? READER_SHORT : READER_LONG], peer,
                   number, question);
    } else if (ask && strcmp(ask, "reviews") == 0) {
        collector_answer_reviews(collector, peer, number, asked);
    } else if (notices_is_one(ask)) {
        collector_answer_notice(collector, peer, number, asked);
    } else if (outbox_changes(ask)) {
        collector_answer_outbox(collector, peer, number, asked);
    } else {
        struct jv *status = describe(collector);
        collector_answer(collector, peer, WIRE_ANSWER, number,
                         question_answer(collector->results, status, question));
        jv_destroy(&status);
    }
}

/* Whether the key that a question came with may ask it: webhooks have secrets, and a notice is
 * believed. */
static bool may_ask(struct collector *collector, zframe_t *head, const char *ask)
{
    const struct key *key = collector->guard ? guard_sender(collector->guard, head) : NULL;
    bool for_admins = outbox_is_about(ask) || notices_is_one(ask);
    return !for_admins || !collector->guard || (key && key->role == KEY_ADMIN);
}

static void answer_question(struct collector *collector, zframe_t *peer, uint64_t number,
                            zframe_t *head, zmsg_t *frames)
{
    struct fault fault = {"", ""};
    zframe_t *question = zmsg_first(frames);
    struct jv *asked =
        question ? jv_read((const char *)zframe_data(question), zframe_size(question), NULL) : NULL;
    if (!question)
        fault_set(&fault, "wire.malformed", "ASK has a question");
    else if (!may_ask(collector, head, jv_get_text(asked, "ask")))
        fault_set(&fault, "access.refused", "only an admin's key may ask that");
    if (*fault.code)
        collector_refuse(collector, peer, number, &fault);
    else
        answer_asked(collector, peer, number, question, asked);
    jv_destroy(&asked);
}

/* Whether the key that a message came with may say that: see collector.h. */
static bool may_say(struct collector *collector, zframe_t *head, enum wire_command command)
{
    const struct key *key = collector->guard ? guard_sender(collector->guard, head) : NULL;
    bool allowed =
        !collector->guard ||
        (key && (command == WIRE_STORE ? key->role == KEY_WORKER
                                       : key->role == KEY_CLIENT || key->role == KEY_ADMIN));
    if (!allowed)
        complain_of(collector->complaints, key ? key->name : "(unknown)",
                    key ? "this key's role does not allow the message"
                        : "message of a key that was revoked");
    return allowed;
}

static void put_aside(struct collector *collector, zframe_t **peer, uint64_t number,
                      zmsg_t **frames)
{
    struct parcel *parcel = xcalloc(1, sizeof *parcel);
    *parcel = (struct parcel){*peer, number, *frames};
    *peer = NULL;
    *frames = NULL;
    zlist_append(collector->waiting, parcel);
}

/* Takes one message off the socket; a batch that nobody waits for is put aside. Whether somebody
 * waits for it. */
static bool handle_message(struct collector *collector)
{
    zmsg_t *frames = zmsg_recv(collector->router);
    if (!frames)
        return false;
    struct wire_header header = {0};
    struct fault fault;
    zframe_t *peer = zmsg_pop(frames), *head = zmsg_pop(frames);
    if (wire_read_header(head, &header, &fault)) {
        complain(collector->complaints, peer, fault.message);
        collector_refuse(collector, peer, 0, &fault);
    } else if (!may_say(collector, head, header.command)) {
        fault_set(&fault, "access.refused", "the role of this key does not allow that");
        collector_refuse(collector, peer, header.number, &fault);
        header.urgent = false;
    } else if (header.command == WIRE_STORE && !header.urgent) {
        put_aside(collector, &peer, header.number, &frames);
    } else if (header.command == WIRE_STORE) {
        collector_store(collector, &peer, header.number, frames);
    } else if (header.command == WIRE_ASK) {
        answer_question(collector, peer, header.number, head, frames);
    }
    zframe_destroy(&head);
    zframe_destroy(&peer);
    zmsg_destroy(&frames);
    return header.urgent;
}

static bool has_room(const struct collector *collector)
{
    return collector->event_count + RECORD_EVENTS * BATCH_RECORDS <= DRAIN_EVENTS;
}

/* Takes in what has arrived, until something has that somebody waits for. */
static bool receive_all(struct collector *collector)
{
    while (has_room(collector) && zlist_size(collector->waiting) < WAITING_BATCHES &&
           (zsock_events(collector->router) & ZMQ_POLLIN))
        if (handle_message(collector))
            return true;
    return false;
}

static void store_waiting(struct collector *collector)
{
    struct parcel *parcel = zlist_pop(collector->waiting);
    if (!parcel)
        return;
    collector_store(collector, &parcel->peer, parcel->number, parcel->frames);
    parcel_destroy(&parcel);
}

static bool commit_is_due(const struct collector *collector)
{
    return collector->in_transaction &&
           (!has_room(collector) || zclock_usecs() >= collector->commit_at);
}

/* Stores what has arrived; commits it at once when somebody waits for a part of it, else when enough
 * was gathered. */
static void drain(struct collector *collector, bool ending)
{
    bool urgent;
    while (!(urgent = receive_all(collector)) && zlist_size(collector->waiting) > 0 &&
           !commit_is_due(collector))
        store_waiting(collector);
    if (urgent || ending || commit_is_due(collector))
        collector_commit(collector);
}

/* Until something is due, unless something arrives. */
static long wait_ms(const struct collector *collector)
{
    if (zlist_size(collector->waiting) > 0)
        return 0;
    if (!collector->in_transaction)
        return -1;
    int64_t wait = (collector->commit_at - zclock_usecs() + 999) / 1000;
    return wait < 0 ? 0 : (long)wait;
}

/* Subscriptions need no action; unread they would pile up. */
static void drop_subscriptions(struct collector *collector)
{
    while (zsock_events(collector->publisher) & ZMQ_POLLIN) {
        zframe_t *subscription = zframe_recv(collector->publisher);
        zframe_destroy(&subscription);
    }
}

/* Which subscriber came over which key is not known: all are cut off, for those that may to come
 * again. */
static void refresh_keys(struct collector *collector)
{
    uint64_t losses = guard_losses(collector->guard);
    if (losses == collector->losses_seen)
        return;
    collector->losses_seen = losses;
    log_info("key_revoked", "subscribers=cut");
    guard_cut(collector->guard, collector->publisher);
}

const char *collector_endpoint(const struct collector *collector)
{
    return zsock_endpoint(collector->router);
}

const char *collector_events(const struct collector *collector)
{
    return zsock_endpoint(collector->publisher);
}

void collector_set_reload(struct collector *collector, const struct reload *reload)
{
    collector->reload = *reload;
}

/* The shorter of two times to wait, of which -1 is for ever. */
static long soonest(long one, long other)
{
    return one < 0 || (other >= 0 && other < one) ? other : one;
}

int collector_run(struct collector *collector, int ending)
{
    enum { ROUTER, PUBLISHER, ENDING, KEYS, RELOAD, SHORT, LONG, REMEMBERED, ITEMS };
    struct guard *guard = collector->guard;
    const struct reload *reload = &collector->reload;
    zmq_pollitem_t items[ITEMS] = {
        [ROUTER] = {zsock_resolve(collector->router), 0, ZMQ_POLLIN, 0},
        [PUBLISHER] = {zsock_resolve(collector->publisher), 0, ZMQ_POLLIN, 0},
        [ENDING] = {NULL, ending, ZMQ_POLLIN, 0},
        [KEYS] = {NULL, guard ? guard_descriptor(guard) : -1, ZMQ_POLLIN, 0},
        [RELOAD] = {NULL, reload->run ? reload->descriptor : -1, ZMQ_POLLIN, 0},
        [SHORT] = {zsock_resolve(reader_socket(collector->readers[READER_SHORT])), 0, ZMQ_POLLIN,
                   0},
        [LONG] = {zsock_resolve(reader_socket(collector->readers[READER_LONG])), 0, ZMQ_POLLIN, 0},
        [REMEMBERED] = {zsock_resolve(remembering_socket(collector->remembering)), 0, ZMQ_POLLIN,
                        0}};
    collector->listing_behind = listing_behind(collector->listing) > 0;
    for (;;) {
        if (zmq_poll(items, ITEMS, soonest(wait_ms(collector), collector_list_wait_ms(collector))) <
            0) {
            if (errno == EINTR)
                continue;
            log_error("poll_failed", "reason=\"%s\"", zmq_strerror(errno));
            return -1;
        }
        if (items[RELOAD].revents & ZMQ_POLLIN)
            reload->run(reload->argument);
        if (guard)
            refresh_keys(collector);
        drop_subscriptions(collector);
        drain(collector, items[ENDING].revents & ZMQ_POLLIN);
        collector_pass_answers_on(collector);
        if (items[REMEMBERED].revents & ZMQ_POLLIN) {
            collector_commit(collector);
            remembering_note(collector->remembering, collector->results);
        }
        collector_list_when_due(collector);
        if ((items[ENDING].revents & ZMQ_POLLIN) && zlist_size(collector->waiting) == 0)
            return 0;
    }
}
