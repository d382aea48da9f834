#ifndef JINMU_SUCCESSORS_H
#define JINMU_SUCCESSORS_H

#include "catalog/revision/diff.h"

#include <stdbool.h>

/* What became of the items of older revisions in a new one, for a reclassification: the links that
 * keepers confirmed or have yet to decide, else those of a comparison made on the spot. */
struct successors;

/* NULL with a fault. The store is read now and when another old revision comes up. */
struct successors *successors_new(struct store *store, const char *new_revision,
                                  struct fault *fault);
void successors_destroy(struct successors **successors);

/* An item as results name it. */
struct item_name {
    const char *department, *code, *name;
};

/* How one item became the other; RELATIONS when it did not. */
enum relation successors_relation(struct successors *successors, const char *old_revision,
                                  const struct item_name *old, const struct item_name *new);
/* Whether the item goes on unchanged and its department gained none that could take its place. */
bool successors_unaffected(struct successors *successors, const char *old_revision,
                           const struct item_name *old);
/* Whether the new revision is an excerpt that lacks the department. */
bool successors_unseen(struct successors *successors, const char *old_revision,
                       const char *department);

#endif
