#ifndef JINMU_THESAURUS_LABELS_H
#define JINMU_THESAURUS_LABELS_H

#include "catalog/engine/thesaurus.h"

/* Reads the labels of all concepts, which are there, into the thesaurus. They go along into a department that
 * took the items of another over (heirs.h), and from an old item to the new one that a keeper confirmed as
 * its successor, which is called by the old name too. 0, or -1 with a fault. */
int thesaurus_load_labels(struct thesaurus *thesaurus, struct store *store, struct fault *fault);

#endif
