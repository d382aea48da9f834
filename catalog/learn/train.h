#ifndef JINMU_TRAIN_H
#define JINMU_TRAIN_H

#include "catalog/engine/verdict.h"
#include "catalog/learn/cases.h"

/* Learns a model from labelled cases: the words of each item, the weights of the features, what
 * tells the kinds apart, and the curve of the confidence. Everything that is fitted to a prediction
 * uses predictions made without the case itself (three folds), so that the confidence holds for
 * projects never seen. The same cases and catalog give the same model, bit for bit.
 *
 * `mind` gives the thesaurus, the directory and the kinds' phrases; its model and index are left as
 * they are. The caller destroys the model. */
struct model *train_model(const struct mind *mind, const struct cases *cases);

#endif
