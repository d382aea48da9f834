/* Batches on their way into results.db: added to the open transaction, acknowledged after its commit. */
#include "services/collector/collector_parts.h"

#include "common/log.h"
#include "services/collector/results.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    GATHER_US = 10000, /* how long batches are gathered for one commit */
    FAILURE_LOG_MS = 60000,
};

void collector_forget_batches(struct collector *collector)
{
    for (size_t i = 0; i < collector->batch_count; i++) {
        zframe_destroy(&collector->batches[i].peer);
        zframe_destroy(&collector->batches[i].records);
    }
    collector->batch_count = 0;
    collector->event_count = 0;
}

static struct batch *new_batch(struct collector *collector)
{
    if (collector->batch_count == collector->batch_capacity) {
        collector->batch_capacity = collector->batch_capacity ? 2 * collector->batch_capacity : 64;
        collector->batches =
            xrealloc(collector->batches, collector->batch_capacity * sizeof *collector->batches);
    }
    struct batch *batch = &collector->batches[collector->batch_count++];
    *batch = (struct batch){0};
    return batch;
}

/* How many records the frame holds, all of them well formed; -1 with a fault. */
static int count_records(zframe_t *records, struct fault *fault)
{
    struct wire_record record;
    size_t offset = 0;
    int count = 0, more;
    while ((more = wire_read_record(zframe_data(records), zframe_size(records), &offset, &record,
                                    fault)) == 1)
        count++;
    if (more < 0)
        return -1;
    if (count > BATCH_RECORDS)
        return fault_set(fault, "wire.too_many", "%d records in a batch, at most %d", count,
                         BATCH_RECORDS);
    return count;
}

static struct wire_text text_of(zframe_t *frame)
{
    return (struct wire_text){(const char *)zframe_data(frame), zframe_size(frame)};
}

static bool same_text(struct wire_text a, struct wire_text b)
{
    return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

static void note_event(struct collector *collector, struct batch *batch,
                       const struct wire_record *record, const struct results_added *added)
{
    uint64_t number = (uint64_t)added->event;
    meter_add(&collector->judged, record->microseconds);
    if (number && (!batch->tally.first_event || number < batch->tally.first_event))
        batch->tally.first_event = number;
    if (number > batch->tally.last_event)
        batch->tally.last_event = number;
    if (added->duplicate) {
        batch->tally.duplicates++;
        return;
    }
    batch->tally.stored++;
    collector->events[collector->event_count++] = (struct pending_event){
        .number = added->event, .department = record->department, .json = record->result};
    if (added->newer_event)
        collector->events[collector->event_count++] =
            (struct pending_event){.number = added->newer_event};
}

static int add_records(struct collector *collector, struct batch *batch, struct wire_text engine,
                       struct wire_text model, struct fault *fault)
{
    struct wire_record record;
    struct wire_text revision = {NULL, 0};
    int64_t origin = -1;
    size_t offset = 0;
    while (wire_read_record(zframe_data(batch->records), zframe_size(batch->records), &offset,
                            &record, fault) == 1) {
        if (origin < 0 || !same_text(record.revision, revision)) {
            revision = record.revision;
            origin = results_origin(collector->results, revision, engine, model, fault);
            if (origin < 0)
                return -1;
        }
        struct results_added added;
        record.submitted = record.again ? 0 : batch->submitted;
        if (results_add(collector->results, origin, &record, &added, fault))
            return -1;
        note_event(collector, batch, &record, &added);
    }
    return 0;
}

/* A full disk stays full for a while: one line a minute says so. */
static void tell_failure(struct collector *collector, const struct fault *fault)
{
    int64_t now = zclock_mono();
    collector->unwritable = true;
    collector->store_failures++;
    if (now < collector->failure_log_at)
        return;
    collector->failure_log_at = now + FAILURE_LOG_MS;
    log_error("store_failed", "code=%s reason=\"%s\" batches=%zu failures=%llu", fault->code,
              fault->message, collector->batch_count,
              (unsigned long long)collector->store_failures);
}

/* Undoes the open transaction; its senders will send again. */
static void give_up(struct collector *collector, const struct fault *fault)
{
    tell_failure(collector, fault);
    results_rollback(collector->results);
    for (size_t i = 0; i < collector->batch_count; i++)
        collector_refuse(collector, collector->batches[i].peer, collector->batches[i].number,
                         fault);
    collector_forget_batches(collector);
    collector->in_transaction = false;
}

/* By what a worker judges. */
static void note_judge(struct collector *collector, zframe_t *peer, zframe_t *engine,
                       zframe_t *model)
{
    const struct key *key = collector->guard ? guard_sender(collector->guard, engine) : NULL;
    judged_by_note(collector->judged_by, peer, key ? key->name : NULL, engine, model,
                   zclock_mono());
}

void collector_store(struct collector *collector, zframe_t **peer, uint64_t number, zmsg_t *frames)
{
    struct fault fault = {"", ""};
    zframe_t *engine = zmsg_pop(frames), *model = zmsg_pop(frames), *records = zmsg_pop(frames);
    int64_t submitted = wire_read_submitted(zmsg_first(frames), &fault);
    if (!records || zmsg_size(frames) > 1)
        fault_set(&fault, "wire.malformed", "STORE has engine, model, records and a number");
    else if (submitted >= 0)
        count_records(records, &fault);
    if (*fault.code) {
        log_warning("batch_refused", "code=%s reason=\"%s\"", fault.code, fault.message);
        collector_refuse(collector, *peer, number, &fault);
        goto done;
    }
    struct batch *batch = new_batch(collector);
    batch->peer = *peer;
    batch->number = number;
    batch->submitted = submitted;
    batch->records = records;
    *peer = NULL;
    records = NULL;
    if (!collector->in_transaction && results_begin(collector->results, &fault)) {
        give_up(collector, &fault);
        goto done;
    }
    if (!collector->in_transaction)
        collector->commit_at = zclock_usecs() + GATHER_US;
    collector->in_transaction = true;
    note_judge(collector, batch->peer, engine, model);
    if (add_records(collector, batch, text_of(engine), text_of(model), &fault))
        give_up(collector, &fault);
done:
    zframe_destroy(&engine);
    zframe_destroy(&model);
    zframe_destroy(&records);
}

static void publish_row(const struct results_row *row, void *socket)
{
    char number[24];
    int digits = snprintf(number, sizeof number, "%lld", (long long)row->event);
    zmq_send(socket, row->topic, strlen(row->topic), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(socket, number, (size_t)digits, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(socket, row->json, strlen(row->json), ZMQ_DONTWAIT);
}

/* A subscriber that misses it because it cannot be read now asks for it. */
static void publish_stored(struct collector *collector, int64_t number, void *socket)
{
    struct fault fault;
    if (results_since(collector->results, number - 1, 1, publish_row, socket, &fault))
        log_warning("event_unpublished", "event=%lld reason=\"%s\"", (long long)number,
                    fault.message);
}

static void publish(struct collector *collector)
{
    void *socket = zsock_resolve(collector->publisher);
    for (size_t i = 0; i < collector->event_count; i++) {
        const struct pending_event *event = &collector->events[i];
        char topic[RESULTS_TOPIC_BYTES], number[24];
        if (!event->json.bytes) {
            publish_stored(collector, event->number, socket);
            continue;
        }
        results_topic(event->department, topic);
        int digits = snprintf(number, sizeof number, "%lld", (long long)event->number);
        zmq_send(socket, topic, strlen(topic), ZMQ_SNDMORE | ZMQ_DONTWAIT);
        zmq_send(socket, number, (size_t)digits, ZMQ_SNDMORE | ZMQ_DONTWAIT);
        zmq_send(socket, event->json.bytes, event->json.length, ZMQ_DONTWAIT);
    }
}

static void count_stored(struct collector *collector, const struct wire_tally *tally)
{
    collector->batches_stored++;
    collector->duplicates += tally->duplicates;
    meter_count(&collector->stored_rate, tally->stored, zclock_mono());
}

static void tell_success(struct collector *collector)
{
    if (!collector->unwritable)
        return;
    collector->unwritable = false;
    collector->failure_log_at = 0;
    log_info("store_works_again", "failures=%llu", (unsigned long long)collector->store_failures);
}

/* Commits the open transaction, then acknowledges its batches and publishes its events. */
void collector_commit(struct collector *collector)
{
    if (!collector->in_transaction)
        return;
    struct fault fault;
    int64_t begun = zclock_usecs();
    if (results_commit(collector->results, &fault)) {
        give_up(collector, &fault);
        return;
    }
    collector->in_transaction = false;
    tell_success(collector);
    meter_add(&collector->commits, zclock_usecs() - begun);
    for (size_t i = 0; i < collector->batch_count; i++) {
        struct batch *batch = &collector->batches[i];
        zmsg_t *body = zmsg_new();
        zframe_t *tally = wire_tally_frame(&batch->tally);
        zmsg_append(body, &tally);
        collector_answer(collector, batch->peer, WIRE_STORED, batch->number, body);
        count_stored(collector, &batch->tally);
    }
    publish(collector);
    if (collector->event_count > 0)
        collector_expect_listing(collector);
    collector_forget_batches(collector);
    results_tidy(collector->results);
}
