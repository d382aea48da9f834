#ifndef JINMU_COLLECTOR_QUESTION_H
#define JINMU_COLLECTOR_QUESTION_H

#include "common/json.h"
#include "services/collector/results.h"

#include <czmq.h>

/* Questions to the collector, a JSON object each; the answer is frames of wire.h's ANSWER, without
 * its header:
 *
 *   {"ask":"status"}                          → the service's numbers
 *   {"ask":"events","since":N,"limit":L}      → {"last":the newest number} and rows, at most 1,000
 *   {"ask":"project","id":"…"}                → {"last":…} and all results of the project
 *
 * Events since a number that was not given yet are refused ("events.ahead"): after an older backup was
 * restored the numbers behind it are given again, and who waited for them to pass would miss events.
 *
 *   {"ask":"reviews","reviews":[…]}           → what became of each: decisions.h
 *   {"ask":"notice",…}                        → its event's number: notices.h
 *   and what lists.h says                     → one frame, answered by the reader's thread
 *
 * What cannot be answered gives {"error":{"code":…,"message":…}} and no rows. `own_status` (borrowed)
 * holds what only the running service knows. */
zmsg_t *question_answer(struct results *results, const struct jv *own_status, zframe_t *question);

#endif
