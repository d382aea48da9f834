#ifndef JINMU_STORE_COPY_H
#define JINMU_STORE_COPY_H

#include "common/fault.h"
#include "common/store.h"

#include <stdbool.h>

/* SQLite files as files: copied while others write them, and checked. None of this changes what it reads,
 * nor looks at what the tables mean. */

/* Copies a database as it is at one moment into a new file (mode 0600, no write-ahead log) that is
 * on disk when this returns. 0, or -1 with a fault; then there is no new file. */
int store_copy(const char *from, const char *to, struct fault *fault);

/* Puts what another database holds in the place of all that this one holds, in one transaction: readers
 * see the old or the new. 0, or -1 with a fault; then it is as it was. */
int store_overwrite(struct store *store, const char *from, struct fault *fault);

/* Whether a file is a sound database, and the version of its schema. `thorough` compares indexes with
 * their tables too, and takes longer. 0, or -1 with a fault "store.damaged" or "store.failed". */
int store_check(const char *path, bool thorough, int *version, struct fault *fault);

#endif
