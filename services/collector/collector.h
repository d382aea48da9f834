#ifndef JINMU_COLLECTOR_H
#define JINMU_COLLECTOR_H

#include "common/guard.h"
#include "common/signals.h"

/* The collector: takes batches of results from workers (wire.h), stores what has arrived in one
 * commit, acknowledges all of it, then publishes the events. */
struct collector;

/* Opens STATE/results.db and binds both endpoints: `endpoint` for workers and questions, `events`
 * for subscribers. NULL with a fault, also when another collector runs on this state.
 *
 * With a guard (the caller's; NULL: none) both have keys: a worker may send results, a client or an
 * admin may ask and subscribe. When keys are revoked all subscribers are cut off, for those that may
 * to come again: they ask the store for the events between. */
struct collector *collector_new(const char *state, const char *endpoint, const char *events,
                                struct guard *guard, struct fault *fault);
void collector_destroy(struct collector **collector);

/* Where it listens: a port that was left open with an asterisk has a number here. Borrowed. */
const char *collector_endpoint(const struct collector *collector);
const char *collector_events(const struct collector *collector);
/* What is done when the configuration shall be read again. */
void collector_set_reload(struct collector *collector, const struct reload *reload);
/* Serves until `ending` (a descriptor) is readable; what has arrived by then is stored and
 * acknowledged. 0, or -1 when it cannot go on. */
int collector_run(struct collector *collector, int ending);

#endif
