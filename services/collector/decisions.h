#ifndef JINMU_COLLECTOR_DECISIONS_H
#define JINMU_COLLECTOR_DECISIONS_H

#include "common/fault.h"
#include "common/json.h"
#include "common/strbuf.h"
#include "services/collector/results.h"

/* What people decide about results. A question
 *
 *   {"ask":"reviews","reviews":[{"result":N,"version":V,"decision":"accept|correct|reject",
 *     "department","code","name","kind","reason","reviewer","address","bulk"},…]}
 *
 * is answered with {"outcomes":[{"result","status":"stored|conflict|unknown","version","event"},…],
 * "stored":N}: a review is stored when `version` is the number of reviews that the result has, so
 * that nobody overwrites what they did not see. That the answer (department, code, kind) is one of
 * the catalog has been seen to by the asker. */

/* Called for each stored review, to be published after the commit. */
typedef void decision_fn(const char *topic, int64_t event, const char *json, void *argument);

/* Stores them between results_begin and results_commit. 0, or -1 with a fault. */
int decisions_store(struct results *results, const struct jv *question, decision_fn *stored,
                    void *argument, struct strbuf *answer, struct fault *fault);

#endif
