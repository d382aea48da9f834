#ifndef JINMU_EVAL_PRINT_H
#define JINMU_EVAL_PRINT_H

#include "catalog/learn/evaluate_compare.h"

/* An evaluation on the terminal. */

void print_figures(const struct evaluation *evaluation);
/* By kind, by department, and what was taken for what. */
void print_tables(const struct evaluation *evaluation);
void print_wrong(const struct evaluation *evaluation);
void print_comparison(const struct comparison *comparison, const char *earlier);

#endif
