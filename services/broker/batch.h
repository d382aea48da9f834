#ifndef JINMU_BROKER_BATCH_H
#define JINMU_BROKER_BATCH_H

#include <czmq.h>
#include <stdbool.h>
#include <stdint.h>

/* What the broker knows of the bodies of the service "classify": a batch is {"projects":[…]} with
 * frames of options behind it, and can be cut in two; answers to its parts can be joined to what the
 * whole batch would have been answered. */

/* Whether requests to this service may be batches. */
bool batch_is_known(const char *service);
/* Cuts a batch of two or more projects into halves of the same options (each zmsg_destroy'd by the
 * caller). How many projects the first half holds; 0 when the body is no such batch. */
int64_t batch_halve(zmsg_t *body, zmsg_t *halves[2]);

/* The answers of the parts of one batch, to be added in their order. */
struct batch_answers;
struct batch_answers *batch_answers_new(void);
void batch_answers_destroy(struct batch_answers **answers);
/* The answer to a part: {"results":[…]}, a summary or {"error":…}. */
void batch_answers_add(struct batch_answers *answers, zmsg_t *reply);
/* A part that died: each of its projects gets an error. */
void batch_answers_add_dead(struct batch_answers *answers, zmsg_t *request);
/* The body of the answer to the whole batch (zmsg_destroy). */
zmsg_t *batch_answers_join(const struct batch_answers *answers);

#endif
