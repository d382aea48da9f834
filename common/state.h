#ifndef JINMU_STATE_H
#define JINMU_STATE_H

#include "common/fault.h"

/* Where a running jinmu keeps its files: --state, else $JINMU_STATE, else $XDG_STATE_HOME/jinmu,
 * else ~/.local/state/jinmu. Holds catalog.db, spool.db, results.db, the ipc sockets and
 * jinmu.zpl. */

/* The directory (free()), made with mode 0700 when missing; `given` (may be NULL) comes first.
 * NULL with a fault when it cannot be made, belongs to somebody else or can be written by others;
 * also when they could put another one in its place, because they can write a directory above, and when
 * a restore has not finished there (state_check_restored). */
char *state_directory(const char *given, struct fault *fault);
/* The same, whether or not a restore has finished there: for those who finish it, or tell of it. */
char *state_find(const char *given, struct fault *fault);
/* 0 unless a file in it belongs to somebody else or can be written by others: -1 with a fault
 * "state.unsafe". */
int state_check_files(const char *directory, struct fault *fault);
/* 0 unless a backup is being put back there, or that was interrupted: -1 with a fault "state.restoring"
 * that says what to do. The file of that name in the directory says so. */
int state_check_restored(const char *directory, struct fault *fault);
extern const char state_restoring[];
/* What every daemon shares as long as it works in a directory, and a restore has alone (lock.h). */
extern const char state_lock[];
/* "<directory>/<name>" (free()). */
char *state_path(const char *directory, const char *name);
/* "ipc://<directory>/<name>" (free()). A path over the 107 bytes that a socket name can hold gives
 * NULL with a fault. */
char *state_endpoint(const char *directory, const char *name, struct fault *fault);

#endif
