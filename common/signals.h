#ifndef JINMU_SIGNALS_H
#define JINMU_SIGNALS_H

#include "common/fault.h"

/* SIGTERM and SIGINT as something to poll on: blocked for every thread, so call this before the
 * first socket makes threads. Keeps czmq from handling them, and ignores SIGPIPE. Returns the
 * descriptor (readable when the process shall end) or -1 with a fault. */
int signals_open(struct fault *fault);
/* Undoes the blocking, in a child before it becomes another program. */
void signals_restore(void);

#endif
