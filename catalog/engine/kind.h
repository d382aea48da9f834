#ifndef JINMU_KIND_H
#define JINMU_KIND_H

#include "catalog/engine/model.h"
#include "catalog/engine/rank.h"
#include "catalog/engine/reading.h"

/* What the money of a project is for, decided before its code: phrases of catalog/data/kinds.csv and
 * learned weights of pairs of characters, and how well the best item fits. */

struct kind_table;

/* Adds the phrases to the thesaurus, so that a reading finds them. NULL with a fault. */
struct kind_table *kind_table_load(struct store *store, struct thesaurus *thesaurus,
                                   struct fault *fault);
/* Takes the model's weights for pairs; may be called again with another model. */
void kind_table_learn(struct kind_table *table, const struct model *model);
void kind_table_destroy(struct kind_table **table);

/* A feature of the learned part: its key (place << 32 | pair) and its value. */
struct kind_feature {
    uint64_t key;
    float value;
};

struct kind_view {
    double dense[DENSES];
    float body;                  /* what each pair of the description counts */
    struct kind_feature *sparse; /* for training only; memory used again */
    size_t sparse_count, sparse_capacity;
};

/* The features of a project. `ranking` may have no candidates. */
void kind_observe(const struct kind_table *table, const struct reading *reading,
                  const struct ranking *ranking, struct kind_view *view);
/* The features of the learned part, by which kind_decide weighs the reading. */
void kind_features(const struct reading *reading, struct kind_view *view);
/* Probabilities of the kinds, in sum 1. */
void kind_decide(const struct kind_table *table, const struct model *model,
                 const struct kind_view *view, const struct reading *reading,
                 double probabilities[KINDS]);
void kind_view_free(struct kind_view *view);

#endif
