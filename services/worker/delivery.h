#ifndef JINMU_WORKER_DELIVERY_H
#define JINMU_WORKER_DELIVERY_H

#include "common/fault.h"
#include "common/keys.h"
#include "common/strbuf.h"
#include "services/collector/wire.h"

#include <czmq.h>

/* Batches of results on their way to the collector: each is kept and sent again, on a new
 * connection, until the collector has acknowledged it. */
struct delivery;

/* Called once a batch, when it is stored (`fault` NULL) or when the collector will never take it
 * (`fault` says why). */
typedef void delivery_done_fn(void *owner, const struct wire_tally *tally,
                              const struct fault *fault, void *argument);

/* `identity`: over an endpoint with keys, else NULL; copied. */
struct delivery *delivery_new(const struct identity *identity, const char *endpoint,
                              delivery_done_fn *done, void *argument);
void delivery_destroy(struct delivery **delivery);

/* Sends a batch; its records are taken over. `owner` comes back with `done`. `submitted`: the broker's
 * number of their request, 0 without one. */
void delivery_send(struct delivery *delivery, void *owner, const char *engine, const char *model,
                   int64_t submitted, struct strbuf *records, bool urgent);
/* Handles acknowledgements that have arrived and sends again what is due. Never blocks. */
void delivery_handle(struct delivery *delivery);

size_t delivery_open(const struct delivery *delivery); /* batches not yet acknowledged */
/* For how long the collector has stored nothing though something waits for it; 0: nothing waits. */
int64_t delivery_stalled_ms(const struct delivery *delivery);
/* Drops all that is not acknowledged, without `done`. */
void delivery_forget(struct delivery *delivery);
zsock_t *delivery_socket(struct delivery *delivery);   /* to poll on; may change */
int delivery_wait_ms(const struct delivery *delivery); /* until something is due; -1: nothing */

#endif
