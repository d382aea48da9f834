#ifndef JINMU_ENGINE_PARTS_H
#define JINMU_ENGINE_PARTS_H

#include "catalog/checks.h"
#include "catalog/engine.h"
#include "catalog/verdict.h"

/* The engine from inside, for the judge, training, evaluation and explanations. */
struct engine {
    struct mind mind;
    struct checks *checks;
    char *model_hash;
};

const struct mind *engine_mind(const struct engine *engine);

#endif
