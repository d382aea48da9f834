#ifndef JINMU_LOCK_H
#define JINMU_LOCK_H

#include "common/fault.h"

/* Takes a file for this process alone, for as long as it lives: the kernel lets go of it at its end,
 * however it ends. Returns the descriptor, to be closed to let go, or -1 with a fault: "lock.taken"
 * when another process has it. */
int lock_take(const char *path, struct fault *fault);
/* The same together with others that share it: none of them has it alone then. */
int lock_share(const char *path, struct fault *fault);
/* As lock_take, waiting for the other process. -1 with a fault "lock.open". */
int lock_wait(const char *path, struct fault *fault);

#endif
