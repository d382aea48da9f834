#ifndef JINMU_POSTMAN_H
#define JINMU_POSTMAN_H

#include "common/fault.h"
#include "common/signals.h"
#include "services/cli/running.h"

#include <stdint.h>

/* Sends webhooks (Standard Webhooks 1.0): asks the collector what is due, sends it, tells it what
 * became of it. It has no state of its own: what was sent and not told is sent again under the same
 * webhook-id. A process of its own, because it connects to others' machines: what befalls it there
 * befalls neither results nor reviewers. */
struct postman;

struct postman_options {
    const struct running *running;
    const char *clock; /* a file that the time is read from, for tests; NULL: the system's */
};
/* NULL with a fault. The options' texts are borrowed. */
struct postman *postman_new(const struct postman_options *options, struct fault *fault);
void postman_destroy(struct postman **postman);
/* Takes webhooks/allow, ca and timeout_ms from the configuration. 0, or -1 with a fault: they stay as
 * they were. */
int postman_configure(struct postman *postman, const struct config *config, struct fault *fault);
/* Until `ending` (a descriptor) is readable; `reload` is run at its descriptor. */
void postman_run(struct postman *postman, int ending, const struct reload *reload);

#endif
