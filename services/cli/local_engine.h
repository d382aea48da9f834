#ifndef JINMU_LOCAL_ENGINE_H
#define JINMU_LOCAL_ENGINE_H

#include "catalog/engine/engine_parts.h"

/* The engine of the verbs that judge in-process: over --db FILE, else the catalog.db of the state
 * directory, which is built first when it is missing or its data has changed. Prints what is wrong
 * and returns NULL. */
struct engine *local_engine_open(const char *db, const char *state);
/* The path (free()) of that database. NULL with a fault. */
char *local_engine_path(const char *db, const char *state, struct fault *fault);

#endif
