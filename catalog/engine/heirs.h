#ifndef JINMU_HEIRS_H
#define JINMU_HEIRS_H

#include "catalog/engine/thesaurus.h"

/* Which departments of a revision have the items of one that it does not have: an organ that was renamed,
 * merged into another or divided. Told by the names of the items; some must be the same, and a good part of
 * all. Read-only once made. */
struct heirs;
struct heirs *heirs_new(const struct thesaurus *thesaurus);
void heirs_destroy(struct heirs **heirs);

struct heir {
    uint32_t revision;         /* in thesaurus.revisions */
    uint32_t department, heir; /* in thesaurus.departments: which it lacks, which it has */
};
/* Those of a department in a revision, side by side. */
const struct heir *heirs_find(const struct heirs *heirs, uint32_t revision, uint32_t department,
                              size_t *count);
const struct heir *heirs_all(const struct heirs *heirs, size_t *count);

#endif
