#ifndef JINMU_PROCESS_H
#define JINMU_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

/* One of our programs, run by a test. Its stderr goes to a file that the test can wait on. It dies
 * with the test. */
struct process;

/* Starts "<$JINMU_BIN or build/bin>/<argv[0]>" (argv ends with NULL) and waits until its log has a
 * line with `ready` (NULL: does not wait). NULL, with the log on stderr, when it ended or did not
 * get ready within `timeout_ms`. */
struct process *process_start(const char *const argv[], const char *ready, int timeout_ms);
/* Kills what still runs, reaps it, removes the log. */
void process_destroy(struct process **process);

pid_t process_id(const struct process *process);
int process_signal(struct process *process, int signal_number);
/* Waits for the end: the exit status, 128 + signal when it was killed, -1 at the time-out. */
int process_wait(struct process *process, int timeout_ms);
/* SIGTERM and process_wait, its log on stderr when the status is not 0; then destroys. */
int process_stop(struct process **process, int timeout_ms);
/* Waits until its log holds `text`. */
bool process_logged(struct process *process, const char *text, int timeout_ms);
/* How often its log holds `text` now. */
int process_log_count(struct process *process, const char *text);

/* What stands behind the first `name` (as "endpoint=") in its log, up to a space (free()); NULL when
 * there is none. */
char *process_log_value(struct process *process, const char *name);

/* A new private directory under $TMPDIR or /tmp (free()), short enough for sockets. */
char *scratch_new(void);
/* One with a catalog.db in it, built from the data. NULL, with the fault on stderr. */
char *scratch_with_catalog(void);
/* Removes it with all that is in it, and frees the name. */
void scratch_destroy(char **directory);

#endif
