#ifndef JINMU_BENCH_FIGURES_H
#define JINMU_BENCH_FIGURES_H

#include <stddef.h>

/* Measured values of one kind: `{0}` holds none. */
struct figures {
    double *all;
    size_t count;
};
void figures_add(struct figures *figures, double value);
/* The value below which that share of them lies; 0.5 is the median. Sorts them. */
double figures_at(struct figures *figures, double share);
double figures_median(struct figures *figures);
void figures_free(struct figures *figures);

/* Prints "  what  median unit  (least … most)  note". */
void figures_print(struct figures *figures, const char *what, int decimals, const char *unit,
                   const char *note);

double seconds_now(void); /* monotonic */

#endif
