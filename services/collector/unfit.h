#ifndef JINMU_COLLECTOR_UNFIT_H
#define JINMU_COLLECTOR_UNFIT_H

#include "catalog/revision/proposal.h"
#include "common/fault.h"
#include "common/store.h"

#include <stddef.h>
#include <stdint.h>

/* The services in results.db that no item of a revision fits: those that a person shall look at and
 * whose best item is unlikely, and those that a person rejected without saying what else the money is
 * for. A project counts by its newest result under that revision. */
struct unfit_search {
    const char *revision;
    double below;      /* an item that is right with less than this does not fit */
    const char *units; /* JSON array of those that are looked at; NULL: all */
};
enum { UNFIT_STRIDE = 2000 }; /* results that one call looks at: four milliseconds */

typedef void unfit_fn(const struct unfit *unfit, void *argument);

/* Visits those among the results behind number `after`, adds to `looked_at` how many projects of the
 * revision it saw, and gives the number behind which to go on: 0 at the end, -1 with a fault. `store`
 * is results.db with unpacked() (pack.h). */
int64_t unfit_each(struct store *store, const struct unfit_search *search, int64_t after,
                   size_t *looked_at, unfit_fn *visit, void *argument, struct fault *fault);

/* How many results the lists do not show yet: the collector takes them up when it runs. */
int64_t unfit_unlisted(struct store *store);

#endif
