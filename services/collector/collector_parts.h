#ifndef JINMU_COLLECTOR_PARTS_H
#define JINMU_COLLECTOR_PARTS_H

#include "common/complaints.h"
#include "common/json.h"
#include "common/meter.h"
#include "services/collector/collector.h"
#include "services/collector/deliveries.h"
#include "services/collector/judged_by.h"
#include "services/collector/listing.h"
#include "services/collector/reader.h"
#include "services/collector/remembering.h"
#include "services/collector/results.h"
#include "services/collector/wire.h"

#include <czmq.h>

/* The collector from inside, for collector.c, collector_store.c and collector_lists.c. */
enum {
    DRAIN_EVENTS = 4096,  /* events of one commit, at most */
    BATCH_RECORDS = 1024, /* of one STORE, at most */
    RECORD_EVENTS = 2,    /* of one record, at most */
};

/* Short questions have a reader of their own, so that none waits behind one that counts everything. */
enum { READER_SHORT, READER_LONG, COLLECTOR_READERS };

/* A batch that is in the open transaction, to be acknowledged after its commit. */
struct batch {
    zframe_t *peer;
    int64_t submitted; /* number of its request, or 0 */
    zframe_t *records; /* what the events to publish point into */
    uint64_t number;
    struct wire_tally tally;
};

/* A batch that nobody waits for, received and not begun. */
struct parcel {
    zframe_t *peer;
    uint64_t number;
    zmsg_t *frames;
};

/* An event of the open transaction, to be published after its commit: of a record of a batch, or,
 * without a text, of what was stored before. */
struct pending_event {
    int64_t number;
    struct wire_text department;
    struct wire_text json;
};

struct collector {
    struct results *results;
    struct listing *listing;
    struct reader *readers[COLLECTOR_READERS];
    struct remembering *remembering;
    bool listing_behind;
    int64_t list_not_before;  /* after a fault */
    int64_t list_at, list_by; /* when lists are brought up to date: after a rest, at the latest */
    zsock_t *router;
    zsock_t *publisher;
    struct guard *guard;
    uint64_t losses_seen; /* of the guard's keys */
    struct complaints *complaints;
    struct reload reload;
    int lock;

    zlist_t *waiting; /* of struct parcel */
    bool in_transaction;
    int64_t commit_at; /* of the open transaction, monotonic µs */
    struct batch *batches;
    size_t batch_count, batch_capacity;
    struct pending_event events[DRAIN_EVENTS];
    size_t event_count;

    struct judged_by *judged_by;
    struct meter_durations commits, judged;
    struct meter_rate stored_rate;
    uint64_t batches_stored;
    uint64_t duplicates;
    uint64_t store_failures;
    bool unwritable;        /* the last try to store failed */
    int64_t failure_log_at; /* the next line about one is not written before, monotonic ms */
    int64_t started_ms;
    struct delivery_tally deliveries;
    int64_t postman_at; /* monotonic ms: when it last asked what is due; 0 never */
};

/* collector.c: sends header and body to a peer; one that is gone or full will ask again. */
void collector_answer(struct collector *collector, zframe_t *peer, enum wire_command command,
                      uint64_t number, zmsg_t *body);
void collector_refuse(struct collector *collector, zframe_t *peer, uint64_t number,
                      const struct fault *fault);

/* collector_store.c: adds a batch to the open transaction, or refuses it. Takes `peer` over when it is
 * added; `frames` holds engine, model, records and perhaps the number of the
 * request. */
void collector_store(struct collector *collector, zframe_t **peer, uint64_t number, zmsg_t *frames);
void collector_forget_batches(struct collector *collector);

/* Commits the open transaction, if there is one, then acknowledges its batches and publishes. */
void collector_commit(struct collector *collector);

/* collector_lists.c: lists follow the results when nothing else is to be done. */

/* Notes that results were stored which the lists lack. */
void collector_expect_listing(struct collector *collector);
void collector_advance_listing(struct collector *collector, int limit);
/* Before a question about lists: what was stored a moment ago shall be in them. */
void collector_list_for_asker(struct collector *collector, const char *ask);
/* Changes webhooks, or notes what became of deliveries, in a commit of its own, and answers. */
void collector_answer_outbox(struct collector *collector, zframe_t *peer, uint64_t number,
                             const struct jv *question);
void collector_list_when_due(struct collector *collector);
long collector_list_wait_ms(const struct collector *collector); /* -1: nothing to list */
/* Stores reviews in a commit of their own, answers, and tells of them. */
void collector_answer_reviews(struct collector *collector, zframe_t *peer, uint64_t number,
                              const struct jv *question);
/* Stores a notice in a commit of its own, answers, and tells of it. */
void collector_answer_notice(struct collector *collector, zframe_t *peer, uint64_t number,
                             const struct jv *question);
/* Sends what the reader has found. */
void collector_pass_answers_on(struct collector *collector);

#endif
