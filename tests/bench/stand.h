#ifndef JINMU_BENCH_STAND_H
#define JINMU_BENCH_STAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Programs that are measured, each in a temporary directory of its own and ended with us. */
struct stand {
    char directory[32];
    pid_t pid;
};

/* Starts a program (an argument list that ends in NULL; "DIR" stands for the directory). With
 * `ready` it is waited for a first line on its output. Ends this program when that fails. */
void stand_start(struct stand *stand, const char *const *arguments, bool ready);
/* Ends it and removes the directory. */
void stand_stop(struct stand *stand);

int64_t stand_bytes(const struct stand *stand); /* of all files in the directory, on disk */

/* Of the program and its children whose name is that (NULL: of all): processor time since their
 * start, and the largest resident memory among them. */
double stand_cpu_seconds(const struct stand *stand, const char *name);
double stand_most_megabytes(const struct stand *stand, const char *name);

#endif
