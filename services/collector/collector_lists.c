/* Lists, reviews, notices and webhooks, which stand between the results and those who read them. */
#include "services/collector/collector_parts.h"

#include "common/log.h"
#include "common/strbuf.h"
#include "services/collector/decisions.h"
#include "services/collector/notices.h"
#include "services/collector/outbox.h"

#include <stdlib.h>
#include <string.h>

enum {
    LISTED_AT_REST = 128,   /* results taken into the lists between two looks at the socket */
    LISTED_BESIDE = 32,     /* … while others arrive */
    LISTED_FOR_ASKER = 512, /* before a question about them, if these are all that are missing */
    LIST_REST_MS = 20,      /* so long nothing may arrive before lists are brought up to date */
    LIST_WAIT_MS = 2000,    /* but they wait no longer than this … */
    LIST_TURN_MS = 50,      /* … and then come on so often: results that arrive go before */
    LIST_AGAIN_MS = 5000,   /* after a fault: a full disk is not freed sooner for being asked */
};

void collector_expect_listing(struct collector *collector)
{
    int64_t now = zclock_mono();
    if (!collector->listing_behind)
        collector->list_by = now + LIST_WAIT_MS;
    collector->listing_behind = true;
    collector->list_at = now + LIST_REST_MS;
}

void collector_advance_listing(struct collector *collector, int limit)
{
    struct fault fault;
    int64_t now = zclock_mono();
    if (now < collector->list_not_before)
        return;
    if (listing_advance(collector->listing, limit, &fault)) {
        log_error("listing_failed", "code=%s reason=\"%s\" again_in_ms=%d", fault.code,
                  fault.message, LIST_AGAIN_MS);
        collector->list_not_before = now + LIST_AGAIN_MS;
    }
    collector->listing_behind = listing_behind(collector->listing) > 0;
    results_tidy(collector->results);
}

/* When nothing else is to be done, or it has waited for long. */
void collector_list_when_due(struct collector *collector)
{
    int64_t now = zclock_mono();
    bool waited_long = now >= collector->list_by;
    bool due = now >= collector->list_at || waited_long;
    if (!collector->listing_behind || !due || collector->in_transaction) /* it has one of its own */
        return;
    if (waited_long)
        collector->list_by = now + LIST_TURN_MS;
    collector_advance_listing(collector,
                              now >= collector->list_at ? LISTED_AT_REST : LISTED_BESIDE);
}

long collector_list_wait_ms(const struct collector *collector)
{
    if (!collector->listing_behind || collector->in_transaction)
        return -1;
    int64_t at = collector->list_at > collector->list_not_before ? collector->list_at
                                                                 : collector->list_not_before;
    int64_t left = at - zclock_mono();
    return left < 0 ? 0 : (long)left;
}

static void gather_event(const char *topic, int64_t event, const char *json, void *argument)
{
    zmsg_t *events = argument;
    zmsg_addstr(events, topic);
    zmsg_addstrf(events, "%lld", (long long)event);
    zmsg_addstr(events, json);
}

/* Sends what gather_event has gathered: three frames an event. */
static void send_events(struct collector *collector, zmsg_t *events)
{
    void *socket = zsock_resolve(collector->publisher);
    int place = 0;
    for (zframe_t *frame = zmsg_first(events); frame; frame = zmsg_next(events))
        zmq_send(socket, zframe_data(frame), zframe_size(frame),
                 ZMQ_DONTWAIT | (++place % 3 ? ZMQ_SNDMORE : 0));
}

/* Stores reviews in a commit of their own and tells of them. */
void collector_answer_reviews(struct collector *collector, zframe_t *peer, uint64_t number,
                              const struct jv *question)
{
    struct fault fault = {"", ""};
    struct strbuf text = {0};
    zmsg_t *events = zmsg_new(), *body = zmsg_new();
    int failed = results_begin(collector->results, &fault);
    if (!failed) {
        failed =
            decisions_store(collector->results, question, gather_event, events, &text, &fault) ||
            results_commit(collector->results, &fault);
        if (failed)
            results_rollback(collector->results);
    }
    if (failed) {
        collector_refuse(collector, peer, number, &fault);
        zmsg_destroy(&body);
    } else {
        zmsg_addmem(body, text.text, text.length);
        collector_answer(collector, peer, WIRE_ANSWER, number, body);
        send_events(collector, events);
        remembering_wake(collector->remembering);
    }
    zmsg_destroy(&events);
    strbuf_free(&text);
}

void collector_answer_notice(struct collector *collector, zframe_t *peer, uint64_t number,
                             const struct jv *question)
{
    struct fault fault = {"", ""};
    char topic[NOTICE_TOPIC_BYTES], *json = NULL;
    int64_t event = -1;
    if (results_begin(collector->results, &fault) == 0 &&
        ((event = notices_store(collector->results, question, topic, &json, &fault)) < 0 ||
         results_commit(collector->results, &fault))) {
        results_rollback(collector->results);
        event = -1;
    }
    if (event < 0) {
        collector_refuse(collector, peer, number, &fault);
    } else {
        zmsg_t *body = zmsg_new(), *events = zmsg_new();
        zmsg_addstrf(body, "{\"event\":%lld}", (long long)event);
        collector_answer(collector, peer, WIRE_ANSWER, number, body);
        gather_event(topic, event, json, events);
        send_events(collector, events);
        zmsg_destroy(&events);
    }
    free(json);
}

static void pass_answers_on(struct collector *collector, struct reader *reader)
{
    zframe_t *peer, *frame;
    uint64_t number;
    while ((frame = reader_take(reader, &peer, &number))) {
        zmsg_t *body = zmsg_new();
        zmsg_append(body, &frame);
        collector_answer(collector, peer, WIRE_ANSWER, number, body);
        zframe_destroy(&peer);
    }
}

void collector_pass_answers_on(struct collector *collector)
{
    for (int r = 0; r < COLLECTOR_READERS; r++)
        pass_answers_on(collector, collector->readers[r]);
}

void collector_list_for_asker(struct collector *collector, const char *ask)
{
    struct fault fault;
    if (collector->listing_behind && !outbox_is_about(ask))
        collector_advance_listing(collector, listing_behind(collector->listing) > LISTED_FOR_ASKER
                                                 ? LISTED_BESIDE
                                                 : LISTED_FOR_ASKER);
    if (strcmp(ask, "webhook_due") != 0)
        return;
    collector->postman_at = zclock_mono();
    if (outbox_advance(collector->results, &fault))
        log_error("outbox_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
}

void collector_answer_outbox(struct collector *collector, zframe_t *peer, uint64_t number,
                             const struct jv *question)
{
    struct fault fault = {"", ""};
    struct strbuf text = {0};
    struct delivery_tally tally = collector->deliveries;
    int failed = results_begin(collector->results, &fault);
    if (!failed && (outbox_change(collector->results, question, &text, &tally, &fault) ||
                    results_commit(collector->results, &fault))) {
        results_rollback(collector->results);
        failed = -1;
    }
    if (failed) {
        collector_refuse(collector, peer, number, &fault);
    } else {
        zmsg_t *body = zmsg_new();
        zmsg_addmem(body, text.text, text.length);
        collector_answer(collector, peer, WIRE_ANSWER, number, body);
        collector->deliveries = tally;
    }
    strbuf_free(&text);
}
