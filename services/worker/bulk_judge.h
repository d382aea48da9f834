#ifndef JINMU_WORKER_BULK_JUDGE_H
#define JINMU_WORKER_BULK_JUDGE_H

#include "catalog/engine/engine.h"
#include "common/strbuf.h"
#include "services/worker/assignment.h"

#include <czmq.h>

/* Judges requests for which nobody waits, one at a time, in a thread of its own that gives way to
 * everything else: so a request for which somebody waits is not behind it. */
struct bulk_judge;

struct bulk_judge *bulk_judge_new(void);
/* Waits for the end of the request that is being judged; what was not taken is thrown away. */
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
/* How long the thread has been at one project; 0 when it has nothing to do. */
int64_t bulk_judge_stands_ms(const struct bulk_judge *bulk_judge);

#endif
