#ifndef JINMU_REVIEWS_H
#define JINMU_REVIEWS_H

#include "common/fault.h"
#include "common/json.h"
#include "common/store.h"

#include <stdbool.h>

/* The reviews that catalog.db remembers: table memory. Adding and withdrawing need the store opened to
 * write, under catalog_lock. */

/* A row; texts are valid during the call that gets it, and never NULL. */
struct review {
    const char *id, *project, *revision, *decision;
    const char *department, *code, *item, *kind; /* the answer; "" what it lacks */
    const char *unit, *unit_department, *name, *description;
    const char *rest;
    const char *reviewer, *reviewed_at, *reason;
    const char *withdrawn_at, *withdrawn_by, *withdrawn_reason; /* "" while in use */
};

enum review_outcome { REVIEW_ADDED, REVIEW_KNOWN, REVIEW_REFUSED };

/* Takes in {"id":…,"project":{…},"decision":"accept|correct|reject","department":…,"code":…|null,
 * "kind":…,"reviewer":…,"time":…,"reason":…,"catalog":…}. The item must be on offer in the review's
 * catalog, else the project's, else that of its year. A code means a service; without one `kind` says
 * what the money is for, and a `reject` may leave that open too. Without an id it gets one made from
 * its content. The same review again is REVIEW_KNOWN, also when withdrawn since. A fault (Chinese)
 * with REVIEW_REFUSED. */
enum review_outcome reviews_add(struct store *store, const struct jv *review, struct fault *fault);

/* Whether reviews_add would take such a review: 0, with `visit` called once with the row that it would
 * add, or -1 with a fault. The store may be read-only. */
typedef int review_fn(const struct review *review, void *argument);
int reviews_check(struct store *store, const struct jv *review, review_fn *visit, void *argument,
                  struct fault *fault);

/* Takes a review out of use; it stays in the table. 0, or -1 with a fault when there is none of that
 * id in use. */
int reviews_withdraw(struct store *store, const char *id, const char *by, const char *reason,
                     struct fault *fault);

/* Visits reviews, the newest first; those withdrawn too when `all`. `visit` ends it with other than 0.
 * 0, -1 with a fault, or what `visit` gave. */
int reviews_each(struct store *store, bool all, review_fn *visit, void *argument,
                 struct fault *fault);

/* Visits those in use that came after row `*row` of the table, in the order in which they came; `*row`
 * becomes that of the last one visited. As reviews_each otherwise. */
int reviews_since(struct store *store, int64_t *row, review_fn *visit, void *argument,
                  struct fault *fault);
int64_t reviews_last_row(struct store *store);

/* The review as a labelled case (jv_destroy; catalog/learn/cases.h), or NULL when it gives no answer. */
struct jv *review_case(const struct review *review);

#endif
