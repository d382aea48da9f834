#ifndef JINMU_EVALUATE_H
#define JINMU_EVALUATE_H

#include "catalog/engine/verdict.h"
#include "catalog/learn/cases.h"

/* Measures what the engine decides on labelled cases. A service answer is right at rank k when one
 * of the first k candidates is accepted by the case; a case without a code wants decision none. */

enum { CALIBRATION_BINS = 10 };

/* What came out for one case; texts are borrowed from the case and the thesaurus. */
struct outcome {
    const struct labelled *labelled;
    enum decision decision;
    enum kind kind;
    double confidence;
    int rank; /* of the first accepted candidate, from 1; 0: none among those shown */
    const struct leaf *wanted; /* what the label names, or NULL: none, or not in the revision */
    const struct leaf *first;  /* the first candidate, or NULL */
    bool right;                /* the decision, and for a service its first candidate */
};

struct share {
    size_t count, of;
};
/* 0 when there is nothing to take a share of. */
double share_value(struct share share);

struct evaluation {
    struct outcome *outcomes;
    size_t count;
};

/* Judges every case; cases whose revision is unknown count as wrong. */
void evaluate(const struct mind *mind, const struct cases *cases, struct evaluation *evaluation);
/* The same, but each case is judged by a model trained on `base` and the other folds' cases. A case
 * of `base` that is also among `cases` is left out, or it would be judged by what it taught. */
void evaluate_crosswise(const struct mind *mind, const struct cases *cases,
                        const struct cases *base, int folds, struct evaluation *evaluation);
void evaluation_free(struct evaluation *evaluation);

/* How hard the case is said to be, easiest first. */
enum { DIFFICULTIES = 4 };
extern const char *const difficulty_names[DIFFICULTIES];

/* Shares over the cases that `wanted` picks (NULL: all). */
typedef bool case_filter(const struct labelled *labelled, const void *argument);
struct share evaluation_top(const struct evaluation *evaluation, int rank, case_filter *wanted,
                            const void *argument);
/* A case_filter: `argument` is the name of a difficulty. */
bool case_of_difficulty(const struct labelled *labelled, const void *difficulty);

struct none_figures {
    double precision, recall, f1;
    struct share kind; /* cases without a service whose kind was named right */
};
struct none_figures evaluation_none(const struct evaluation *evaluation);

struct auto_figures {
    struct share coverage;  /* of all cases */
    struct share precision; /* right among those decided by themselves */
};
struct auto_figures evaluation_auto(const struct evaluation *evaluation);

struct calibration {
    struct bin {
        size_t count;
        double confidence, right; /* means */
    } bins[CALIBRATION_BINS];
    double error; /* expected calibration error */
};
void evaluation_calibration(const struct evaluation *evaluation, struct calibration *calibration);

/* The figures that are promised, in the order in which they are shown. */
enum figure {
    FIGURE_TOP1,
    FIGURE_TOP1_HARD,
    FIGURE_TOP3,
    FIGURE_NONE_F1,
    FIGURE_NONE_KIND,
    FIGURE_AUTO_COVERAGE,
    FIGURE_AUTO_PRECISION,
    FIGURE_CALIBRATION_ERROR,
    FIGURES
};
struct figure_meaning {
    const char *name; /* its member in the JSON */
    double target;
    bool is_error; /* the target is the most that it may be, not the least */
};
extern const struct figure_meaning figure_meanings[FIGURES];
bool figure_on_target(enum figure figure, double value);
/* NAN for a figure that no case speaks of. */
void evaluation_figures(const struct evaluation *evaluation, double figures[FIGURES]);

/* Everything as JSON (jv_destroy): one member a figure, the tables of evaluate_tables.h, and a list
 * of outcomes by case id. What `jinmu eval --json` prints and --compare reads. */
struct jv *evaluation_json(const struct evaluation *evaluation);

#endif
