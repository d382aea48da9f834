#ifndef JINMU_CLI_SUPERVISOR_H
#define JINMU_CLI_SUPERVISOR_H

#include "common/fault.h"

#include <stdbool.h>

/* Keeps programs running: starts them, starts those again that end (at once, then with growing
 * pauses), stops them in order. They die when this process does. */
struct supervisor;

/* Before the first socket of the process. NULL with a fault. */
struct supervisor *supervisor_new(struct fault *fault);
/* Kills what still runs. */
void supervisor_destroy(struct supervisor **supervisor);

/* Adds a program of the folder that this executable is in, to be started by supervisor_run;
 * `arguments` ends with NULL and is copied, arguments[0] is the program's name. */
void supervisor_add(struct supervisor *supervisor, const char *const arguments[]);

/* Starts what is to be started. Waits at most `timeout_ms` (-1: as long as it takes) for something to
 * happen and handles it. Whether this process was told to end (SIGTERM, SIGINT). */
bool supervisor_step(struct supervisor *supervisor, int timeout_ms);

/* -1 with a fault when a program has ended again and again with a fault of its own, which no further
 * start will mend. */
int supervisor_check(const struct supervisor *supervisor, struct fault *fault);

/* Whether all programs run; one that ended a moment ago may do so again. */
bool supervisor_all_run(const struct supervisor *supervisor);

/* Stops all programs of that name: SIGTERM, and SIGKILL after `timeout_ms`. 0 when all of them
 * ended by themselves with status 0. */
int supervisor_stop(struct supervisor *supervisor, const char *program, int timeout_ms);

#endif
