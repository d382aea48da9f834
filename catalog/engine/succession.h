#ifndef JINMU_SUCCESSION_H
#define JINMU_SUCCESSION_H

#include "catalog/engine/thesaurus.h"

#include <sodium.h>

/* Which item of one revision is which of another, by the correspondences that keepers confirmed: those
 * of one item to one (exact, renamed, recoded, moved), either way in time. An item of which no keeper
 * said anything is the one with the same department and name. Read-only once loaded. */
struct succession;

/* NULL with a fault. */
struct succession *succession_load(struct store *store, const struct thesaurus *thesaurus,
                                   struct fault *fault);
void succession_destroy(struct succession **succession);
size_t succession_count(const struct succession *succession); /* links */
/* What the links say goes into the state of a hash. */
void succession_hash(const struct succession *succession, crypto_hash_sha256_state *state);

/* The concept as which one of `from` is on offer in `to`, or NO_NUMBER. `from` may be NULL: a revision
 * that is not held; then only the name counts. */
uint32_t succession_find(const struct succession *succession, const struct revision *from,
                         uint32_t concept, const struct revision *to);

#endif
