#ifndef JINMU_ENGINE_PARTS_H
#define JINMU_ENGINE_PARTS_H

#include "catalog/checks/checks.h"
#include "catalog/engine/engine.h"
#include "catalog/engine/verdict.h"

/* The engine from inside, for the judge, training, evaluation and explanations. */
struct engine {
    struct mind mind;
    struct checks *checks;
    struct acceptances *acceptances;
    char *model_hash;
};

const struct mind *engine_mind(const struct engine *engine);

#endif
