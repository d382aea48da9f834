#ifndef JINMU_RANK_H
#define JINMU_RANK_H

#include "catalog/engine/directory.h"
#include "catalog/engine/index.h"
#include "catalog/engine/reading.h"

/* What a restricted item loses for a unit that may not use it. */
extern const double rank_forbidden;

/* Ranks the leaves of a revision for one project. The memory is used again for the next one. */

struct scored {
    uint32_t leaf; /* number in the revision */
    double features[FEATURES];
    bool forbidden; /* the unit may not use it: rank_forbidden is taken off the score */
    double score;   /* sum of weighted features */
    double share;   /* of the softmax over all candidates */
};

struct ranking {
    struct scored *all; /* the first `top` are in order, best first */
    size_t count;
    size_t top;
    size_t capacity;
    /* scratch: by concept, of the departments searched; by phrase, valid where stamped with `round` */
    struct rank_sum *sums;
    size_t concept_count;
    struct rank_phrase *phrases;
    size_t phrase_count;
    uint32_t *found; /* distinct phrases of the text */
    size_t found_count;
    uint32_t round;
};

enum { RANK_TOP = 8 };

/* Without any guess every department is searched; a guessed department that the revision lacks
 * leaves the B items only (严禁超范围实施). */
void rank_project(struct ranking *ranking, const struct thesaurus *thesaurus,
                  const struct index *index, const struct model *model,
                  const struct revision *revision, const struct reading *reading,
                  const struct guesses *guesses);
void ranking_free(struct ranking *ranking);

/* How much a phrase of the text counts: the weight of the best place where it stands. */
float ranking_phrase_weight(const struct ranking *ranking, uint32_t phrase);

/* Whether a unit may use the leaf: 'only:部门;…' and 'not:部门;…' of the B items. */
bool rank_allows(const struct leaf *leaf, const struct guesses *guesses);

#endif
