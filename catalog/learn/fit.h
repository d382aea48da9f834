#ifndef JINMU_FIT_H
#define JINMU_FIT_H

#include "catalog/engine/kind.h"
#include "catalog/engine/model.h"

#include <stdbool.h>
#include <stddef.h>

/* The fitting behind training: three convex problems, each solved by full-batch steps (Adam, Kingma &
 * Ba 2015) of a fixed number, so that the same input gives the same output. */

/* A choice among candidates, some of which are right: `features` is a row a candidate. */
struct fit_choice {
    size_t count;
    size_t right_count;
    double *features;
    bool *right;
};
/* Conditional logit: maximises the share of the right candidates. `weights` come in as the start. */
void fit_choices(const struct fit_choice *choices, size_t count, size_t width, double *weights);

struct fit_example {
    enum kind kind;
    int fold;
    double dense[DENSES];
    struct kind_feature *sparse;
    size_t sparse_count;
};
/* Multinomial logit with L2 over the examples that are not of fold `without` (-1: all); sets the
 * model's kind_dense and kind_words. Services, of which cases are many, weigh less each. */
void fit_kinds(const struct fit_example *examples, size_t count, int without, struct model *model);

struct fit_outcome {
    double terms[CONFIDENCE_TERMS];
    double weight;
    bool none;
    bool right;
};
/* Logistic curves for the confidence of services and of none; then the lowest threshold above which
 * decisions are right often enough to pass by themselves. */
void fit_confidence(const struct fit_outcome *outcomes, size_t count, struct model *model);

#endif
