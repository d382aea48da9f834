#ifndef JINMU_BENCH_LOAD_H
#define JINMU_BENCH_LOAD_H

#include "services/cli/batches.h"

#include <stddef.h>

/* Projects to measure with: those of the cases in the data folder, their descriptions as they are or
 * brought to a length by what the cases behind them say. */
struct load {
    char **projects; /* JSON without an id */
    size_t count;
};

/* `code_points` of description; 0: as the cases have them. Ends the program when there are none. */
struct load load_read(size_t code_points);
/* So many different projects, with names that begin as one case's does and end as another's: many are
 * services that no item fits. */
struct load load_mix(size_t projects);
void load_free(struct load *load);

/* The JSON of a project, with the id "series-number" (free()). */
char *load_project(const struct load *load, const char *series, size_t number);
/* So many projects from number `first` on, in batches of `size`; batches_clear. */
struct batches load_batches(const struct load *load, const char *series, size_t first,
                            size_t projects, size_t size);

#endif
