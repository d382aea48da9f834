#include "tests/bench/figures.h"

#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void figures_add(struct figures *figures, double value)
{
    figures->all = xrealloc(figures->all, (figures->count + 1) * sizeof *figures->all);
    figures->all[figures->count++] = value;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double figures_at(struct figures *figures, double share)
{
    if (figures->count == 0)
        return 0;
    qsort(figures->all, figures->count, sizeof *figures->all, by_size);
    return figures->all[(size_t)((double)(figures->count - 1) * share + 0.5)];
}

double figures_median(struct figures *figures)
{
    return figures_at(figures, 0.5);
}

void figures_free(struct figures *figures)
{
    free(figures->all);
    *figures = (struct figures){0};
}

void figures_print(struct figures *figures, const char *what, int decimals, const char *unit,
                   const char *note)
{
    printf("  %-46s %9.*f %-11s (%.*f … %.*f)  %s\n", what, decimals, figures_median(figures), unit,
           decimals, figures_at(figures, 0), decimals, figures_at(figures, 1), note);
}

double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
