#ifndef JINMU_EVALUATE_TABLES_H
#define JINMU_EVALUATE_TABLES_H

#include "catalog/learn/evaluate.h"

/* Where the engine is right and where it is not: tallies by department, kinds against kinds, what
 * is taken for what, and what another threshold would give. Texts are borrowed from the outcomes. */

/* The service cases of one department of the catalog ("B": of the items that serve all). */
struct tally {
    const char *name;
    size_t count;
    struct share top1, top3;
    struct share coverage;  /* decision auto */
    struct share precision; /* right among those */
};
struct tallies {
    struct tally *all; /* most cases first, then by name */
    size_t count;
};
void tallies_by_department(const struct evaluation *evaluation, struct tallies *tallies);
void tallies_free(struct tallies *tallies);

/* How many cases of one kind (row) came out as each kind (column). The last column is for cases
 * that could not be judged, those of an unknown revision. */
struct kind_matrix {
    size_t cells[KINDS][KINDS + 1];
};
void kind_matrix_count(const struct evaluation *evaluation, struct kind_matrix *matrix);

struct kind_figures {
    struct share recall;    /* of the cases of the kind: named so */
    struct share precision; /* of the cases named so: of the kind */
    double f1;              /* 0 when there is neither */
};
struct kind_figures kind_figures(const struct kind_matrix *matrix, enum kind kind);

/* What a case is, or was taken for: an item (kind service), or another kind. */
struct meaning {
    enum kind kind;                       /* KINDS: could not be judged */
    const char *department, *code, *name; /* of the item, NULL without one */
};
struct meaning outcome_wanted(const struct outcome *outcome);
struct meaning outcome_said(const struct outcome *outcome);

/* The cases that were taken for another thing: wrong ones, and those that are rightly no service but
 * whose kind was named wrong. One confusion is all cases of one meaning taken for one other. */
struct confusion {
    const struct outcome *const *outcomes; /* the surest first, then by id */
    size_t count;
};
struct confusions {
    struct confusion *all; /* most cases first, then the surest, then by what was wanted */
    size_t count;
    const struct outcome **outcomes; /* memory behind `all` */
};
void confusions_find(const struct evaluation *evaluation, struct confusions *confusions);
void confusions_free(struct confusions *confusions);

/* What would pass by itself if the threshold of decision auto stood elsewhere. */
struct curve_point {
    double threshold; /* services of at least this confidence pass */
    struct share coverage, precision;
};
struct curve {
    struct curve_point *points; /* highest threshold first, so coverage grows */
    size_t count;
};
void curve_draw(const struct evaluation *evaluation, struct curve *curve);
void curve_free(struct curve *curve);

#endif
