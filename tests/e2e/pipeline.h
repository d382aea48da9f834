#ifndef JINMU_TESTS_PIPELINE_H
#define JINMU_TESTS_PIPELINE_H

#include "services/collector/inquiry.h"
#include "tests/services/process.h"

/* `jinmu serve` on a directory of its own, and the command line against it. */
struct pipeline {
    char *directory;
    struct process *serve;
    struct inquiry *inquiry;
};

/* Starts it with two workers, and waits until all are ready. */
void pipeline_open(struct pipeline *pipeline);
/* Starts serve again on the same directory. */
void pipeline_restart(struct pipeline *pipeline);
/* SIGTERM; fails the test unless it ends with 0 and leaves nothing running. */
void pipeline_stop(struct pipeline *pipeline);
void pipeline_close(struct pipeline *pipeline);

/* The process id of a running program of it ("jinmu-broker"); 0 when there is none. */
pid_t pipeline_program(const struct pipeline *pipeline, const char *name);
/* Writes projects p0 … p<count - 1>, one a line; the file's path (free()). */
char *pipeline_projects(const struct pipeline *pipeline, int count);

/* Runs a shell command in which $JINMU is the program and the state directory is this one. What it
 * writes to stdout (free()), and its exit status. */
char *pipeline_run(const struct pipeline *pipeline, int *status, const char *command);
/* Starts one in the background. */
pid_t pipeline_start(const struct pipeline *pipeline, const char *command);
/* The exit status of one; fails the test when it takes too long. */
int pipeline_await(pid_t started, int timeout_ms);

/* Results stored now; -1 when the collector does not answer. */
int pipeline_stored(struct pipeline *pipeline);
/* Waits until so many are stored; fails the test when it takes too long. */
void pipeline_await_stored(struct pipeline *pipeline, int count, int timeout_ms);
/* Fails the test unless exactly the projects p0 … p<count - 1> have one result each, and events are
 * numbered from 1 to count. */
void pipeline_check_all_stored_once(struct pipeline *pipeline, int count);

#endif
