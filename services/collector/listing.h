#ifndef JINMU_COLLECTOR_LISTING_H
#define JINMU_COLLECTOR_LISTING_H

#include "common/fault.h"
#include "common/store.h"
#include "services/collector/results.h"

#include <stdbool.h>

/* The tables that lists are made from (listed, listed_finding): they follow the results, so that
 * storing a result costs nothing more. */
struct listing;
/* NULL with a fault. */
struct listing *listing_open(struct results *results, struct fault *fault);
void listing_close(struct listing **listing);

/* How many results wait to be taken up. */
int64_t listing_behind(const struct listing *listing);
/* Takes up to `limit` results up, in a transaction of its own. 0, or -1 with a fault. */
int listing_advance(struct listing *listing, int limit, struct fault *fault);
/* What a review ("accept", "correct" or "reject") makes of a result that is listed already; one that is
 * not gets it when it is taken up. In the caller's transaction. 0, or -1 with a fault. */
int listing_review(struct store *store, int64_t result, const char *decision, int64_t version,
                   struct fault *fault);

#endif
