#ifndef JINMU_SIGNALS_H
#define JINMU_SIGNALS_H

#include "common/fault.h"

/* SIGTERM and SIGINT as something to poll on: blocked for every thread, so call this before the
 * first socket makes threads. Keeps czmq from handling them, and ignores SIGPIPE. Returns the
 * descriptor (readable when the process shall end) or -1 with a fault. */
int signals_open(struct fault *fault);
/* The same of SIGHUP: readable when the configuration shall be read again. */
int signals_open_reload(struct fault *fault);
/* Takes what has come; nothing comes twice. */
void signals_take(int descriptor);
/* Undoes the blocking, in a child before it becomes another program. */
void signals_restore(void);

/* What a service does when the configuration shall be read again: calls `run` when `descriptor` is
 * readable. {0}: nothing. */
struct reload {
    int descriptor;
    void (*run)(void *argument);
    void *argument;
};

#endif
