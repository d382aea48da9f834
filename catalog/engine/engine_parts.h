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
    char *model_name;      /* of the model alone */
    char *model_hash;      /* together with memories and acceptances */
    struct change_counts { /* table change, as it was when they were taken up */
        int64_t engine, memory, acceptance;
    } changes;
};

const struct mind *engine_mind(const struct engine *engine);

#endif
