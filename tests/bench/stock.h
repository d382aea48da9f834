#ifndef JINMU_BENCH_STOCK_H
#define JINMU_BENCH_STOCK_H

#include "services/cli/running.h"
#include "services/collector/inquiry.h"
#include "tests/bench/load.h"
#include "tests/bench/stand.h"

/* Services with stored projects, to measure what is done with many. */
struct stock {
    struct stand stand;
    struct running running;
    struct inquiry *inquiry;
    struct load load;
    char *jinmu; /* the command line's program */
};

enum { STOCK_BATCH = 256 };

/* Starts the services with the programs of a folder; takes the load over. */
void stock_start(struct stock *stock, const char *programs, struct load load);
void stock_stop(struct stock *stock);
/* Stores so many projects, whole batches; gives how many a second. */
double stock_fill(struct stock *stock, size_t projects);
double stock_stored(struct stock *stock); /* results */
/* Runs the command line; it must succeed. */
void stock_run(const struct stock *stock, const char *arguments);
double stock_file_bytes(const struct stock *stock, const char *name);

/* Says what failed, and ends the program. */
void bench_die(const char *what, const struct fault *fault) __attribute__((noreturn));

#endif
