#ifndef JINMU_IN_USE_H
#define JINMU_IN_USE_H

#include "common/fault.h"
#include "common/store.h"

/* Which revision is current. A project is judged by the newest revision in force in its year, but by
 * none newer than the current one: a revision that arrives changes nothing until it is put into use,
 * and putting an older one into use is the way back. */

/* The number (free()) of the revision that was put into use; NULL without a fault when none was: then
 * the newest one held is. */
char *in_use_number(struct store *store, struct fault *fault);
/* Puts a revision into use, in one transaction with the note of who did it (table keeping). The store
 * is opened to write, under catalog_lock. "catalog.unknown_revision" when it is not held or offers no
 * items of class A. */
int in_use_set(struct store *store, const char *number, const char *who, struct fault *fault);

#endif
