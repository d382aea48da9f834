#ifndef JINMU_GATEWAY_RECONCILE_H
#define JINMU_GATEWAY_RECONCILE_H

#include "common/fault.h"
#include "common/json.h"
#include "services/gateway/backend.h"

enum { RECONCILE_BATCH = 50 };

/* Answers a reconciliation query batch (Reconciliation Service API 0.2, section 4.3): the result batch
 * (jv_destroy), or NULL with a fault. Scores are probabilities in per cent; `match` is what the engine
 * would pass by itself, a code that only one item has, or an official name that only one has. */
struct jv *reconcile_batch(struct backend *backend, struct store *store, const char *revision,
                           const struct jv *queries, struct fault *fault);

/* The members of a project that a query's properties may give: ids and names. */
struct reconcile_property {
    const char *id, *name;
};
extern const struct reconcile_property reconcile_properties[]; /* the last has no id */

#endif
