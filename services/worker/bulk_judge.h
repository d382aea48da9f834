#ifndef JINMU_WORKER_BULK_JUDGE_H
#define JINMU_WORKER_BULK_JUDGE_H

#include "catalog/engine/engine.h"
#include "common/strbuf.h"
#include "services/worker/assignment.h"

#include <czmq.h>

/* Judges requests for which nobody waits, one at a time, in a thread of its own that gives way to
 * everything else: so a request for which somebody waits is not behind it. */
struct bulk_judge;

/* `judge`: how a request is judged (assignment_judge). When it is at one project for so many
 * milliseconds (30 at least) it will never end: bulk_judge_watch then ends the process. */
struct bulk_judge *bulk_judge_new(assignment_judge_fn *judge, int64_t standstill_ms);
/* Waits, and watches, until the request that is being judged has ended; what was not taken is thrown
 * away. */
void bulk_judge_destroy(struct bulk_judge **bulk_judge);

/* Begins a request; the one before has ended. Until this one has (bulk_judge_take) the judge is the
 * thread's, and of the assignment all that assignment_stored does not touch. */
void bulk_judge_begin(struct bulk_judge *bulk_judge, struct judge *judge,
                      struct assignment *assignment, size_t project_bytes);
/* The request that has begun and not ended, or NULL. */
struct assignment *bulk_judge_current(const struct bulk_judge *bulk_judge);

/* What comes of a request: batches of records, then its end. */
enum bulk_output { BULK_NOTHING, BULK_RECORDS, BULK_ENDED };
/* The next of it, without waiting; records are swapped for what `records` holds. */
enum bulk_output bulk_judge_take(struct bulk_judge *bulk_judge, struct strbuf *records);

zsock_t *bulk_judge_socket(struct bulk_judge *bulk_judge); /* to poll on */

/* Looks whether the judging goes on; aborts the process when it does not. A thread cannot be ended from
 * outside; a process can, and the broker gives what it held to another, in halves when it happens again.
 * Time in which nobody looked (the process was stopped, the machine slept) is not held against it. */
void bulk_judge_watch(struct bulk_judge *bulk_judge);
/* When that shall be called again, in ms; -1: not before the next request. */
int bulk_judge_wait_ms(const struct bulk_judge *bulk_judge);

#endif
