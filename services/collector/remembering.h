#ifndef JINMU_COLLECTOR_REMEMBERING_H
#define JINMU_COLLECTOR_REMEMBERING_H

#include "common/fault.h"
#include "services/collector/results.h"

#include <czmq.h>

/* Brings stored reviews into the memory of catalog.db (catalog/engine/reviews.h), by which workers
 * decide projects nearly the same. In a thread of its own: it may have to wait for another writer of
 * catalog.db. How far it has come is kept in results.db, so that none is left out. */
struct remembering;
/* `database` is results.db, made already. NULL with a fault. */
struct remembering *remembering_new(const char *state, const char *database, struct fault *fault);
void remembering_destroy(struct remembering **remembering);

/* There are new reviews. */
void remembering_wake(struct remembering *remembering);
zsock_t *remembering_socket(struct remembering *remembering); /* readable when it has got further */
/* Writes down how far it has come, in a transaction of its own. */
void remembering_note(struct remembering *remembering, struct results *results);

#endif
