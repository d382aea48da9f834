#ifndef JINMU_CLI_BULK_H
#define JINMU_CLI_BULK_H

#include "services/cli/running.h"

#include <stdbool.h>
#include <stddef.h>

/* Requests that judge stored projects again, to the broker's queue at bulk priority, a few outstanding
 * at a time, so that interactive requests pass by and a stop loses nothing: what was accepted is done
 * in any case. */
struct bulk;

struct bulk *bulk_new(const struct running *running, struct fault *fault);
/* Is told why nothing is put into the queue for now. */
typedef void bulk_waits_fn(const char *why, void *argument);
void bulk_on_waiting(struct bulk *bulk, bulk_waits_fn *waits, void *argument);
void bulk_destroy(struct bulk **bulk);

/* Submits a request of so many projects; waits while too many are outstanding. 0, or -1 with a
 * fault. */
int bulk_submit(struct bulk *bulk, const char *body, size_t bytes, size_t projects,
                struct fault *fault);
/* Waits until all are done. */
int bulk_finish(struct bulk *bulk, struct fault *fault);
/* Submits one request and gives its full answer (free()), NULL with a fault. */
char *bulk_ask(struct bulk *bulk, const char *body, size_t bytes, struct fault *fault);

/* Projects of requests that are done, and of those that failed as a whole. */
size_t bulk_done(const struct bulk *bulk);
size_t bulk_failed(const struct bulk *bulk);

#endif
