#ifndef JINMU_WORKER_H
#define JINMU_WORKER_H

#include "catalog/project.h"
#include "common/fault.h"
#include "common/keys.h"
#include "common/signals.h"
#include "services/worker/assignment.h"

/* A worker of the service "classify" (18/MDP): judges the projects of a request, sends their results
 * to the collector and answers the request when all are stored. While it waits for that it judges the
 * next request. Requests for which nobody waits are judged in another thread, one at a time: those for
 * which someone waits are not behind them.
 *
 * Request: JSON (a project, or {"projects":[…]}), then optionally a frame of options, JSON:
 * {"reply":"summary","store":false}: numbers only; nothing stored. Answer: the result, or {"results":[…]}, or the summary
 * {"stored":…,"duplicates":…,"errors":…,"first_event":…,"last_event":…}, or {"error":{…}} for a body
 * of which nothing could be judged. A project that came alone and is wrong is answered, not stored;
 * one of a batch is stored with the decision "error", so that a batch's results are complete. */
struct worker;

struct worker_options {
    const char *catalog;                 /* path of catalog.db */
    const char *broker;                  /* endpoint */
    const char *collector;               /* endpoint */
    const struct identity *to_broker;    /* over an endpoint with keys, else NULL */
    const struct identity *to_collector; /* the same */
    struct project_limits limits;
    assignment_judge_fn *judge; /* how a request is judged: assignment_judge */
    /* At one project the judging takes longer than that only if it will never end: the process is ended
     * then, by SIGABRT, or by SIGALRM when somebody waited for the request. */
    int64_t standstill_ms;
    /* When the collector has stored nothing for so long, the broker gets the requests back: it is not
     * their fault, and they are not to be dead for it. Less than the broker's max_lease_ms. */
    int64_t stall_ms;
};
enum { WORKER_STANDSTILL_MS = 60000, WORKER_STALL_MS = 120000 };
struct worker *worker_new(const struct worker_options *options, struct fault *fault);
void worker_destroy(struct worker **worker); /* leaves the broker */

/* What is done when the configuration shall be read again. */
void worker_set_reload(struct worker *worker, const struct reload *reload);
/* From the next request on. */
void worker_set_limits(struct worker *worker, const struct project_limits *limits);
/* Works until `ending` (a descriptor) is readable, then finishes what it has begun. */
void worker_run(struct worker *worker, int ending);

#endif
