#ifndef JINMU_EVALUATE_COMPARE_H
#define JINMU_EVALUATE_COMPARE_H

#include "catalog/learn/evaluate.h"
#include "common/fault.h"
#include "common/json.h"

/* An evaluation against an earlier one (the JSON of evaluation_json): the cases that were wrong and
 * are right now, and those that were right. Cases are told apart by id (by name without one). */
struct change {
    const struct outcome *now;
    const struct jv *before; /* borrowed from the earlier evaluation's JSON */
};
struct changes {
    struct change *all; /* in the order of the cases' ids */
    size_t count;
};
struct comparison {
    struct changes better, worse;
    size_t common;                /* cases in both */
    size_t only_now, only_before; /* cases in one of them */
    double now[FIGURES];          /* NAN: not measured */
    double before[FIGURES];
};

/* 0, or -1 with a fault "eval.not_an_evaluation" when the JSON has no outcomes. */
int evaluation_compare(const struct evaluation *now, const struct jv *before,
                       struct comparison *comparison, struct fault *fault);
/* As JSON (jv_destroy): ids of what got better and worse, and how many cases are in one only. */
struct jv *comparison_json(const struct comparison *comparison);
void comparison_free(struct comparison *comparison);

#endif
