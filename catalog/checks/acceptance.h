#ifndef JINMU_ACCEPTANCE_H
#define JINMU_ACCEPTANCE_H

#include "common/fault.h"
#include "common/store.h"

#include <stdbool.h>
#include <stddef.h>

/* Findings that a unit has accepted with a reason: table acceptance of catalog.db. A finding that is
 * accepted is shown with the reason and counts no more. */

struct acceptance {
    const char *target; /* id of a project or a document */
    const char *rule;
    const char *field; /* "" for every finding of that rule */
    const char *reason, *by, *at;
    const char *withdrawn_at, *withdrawn_by, *withdrawn_reason; /* "" while in use */
};

/* Those in use, in memory, only read. */
struct acceptances;
struct acceptances *acceptances_load(struct store *catalog, struct fault *fault);
void acceptances_destroy(struct acceptances **acceptances);

/* The acceptance of a finding, or NULL. */
const struct acceptance *acceptances_find(const struct acceptances *acceptances, const char *target,
                                          const char *rule, const char *field);
/* The name (free()) of a model whose results these acceptances change: `model` itself when there are
 * none, so that what was stored before an acceptance is told from what is judged after it. */
char *acceptances_model(const struct acceptances *acceptances, const char *model);

/* Writing needs the store opened to write, under catalog_lock. Adding the same again replaces its
 * reason. 0, or -1 with a fault: "acceptance.incomplete" (no reason, or by nobody). */
int acceptance_add(struct store *store, const struct acceptance *acceptance, struct fault *fault);
/* 0, or -1 with a fault: "acceptance.unknown" when none of target, rule and field is in use. */
int acceptance_withdraw(struct store *store, const struct acceptance *which, const char *by,
                        const char *reason, struct fault *fault);
/* Visits all, the newest first; withdrawn ones too when `all`. 0, or -1 with a fault. */
typedef void acceptance_fn(const struct acceptance *acceptance, void *argument);
int acceptances_each(struct store *store, bool all, acceptance_fn *visit, void *argument,
                     struct fault *fault);

#endif
