#ifndef JINMU_WORKER_ENGINE_SOURCE_H
#define JINMU_WORKER_ENGINE_SOURCE_H

#include "catalog/engine/engine.h"

/* The engine made from catalog.db, and made anew when that file has changed. Two judges, which
 * may be at work at the same time, in two threads. */
struct engine_source;
enum engine_use { ENGINE_USE_URGENT, ENGINE_USE_BULK, ENGINE_USES };

/* Loads the engine. NULL with a fault. `limits` is copied. */
struct engine_source *engine_source_new(const char *catalog_path,
                                        const struct project_limits *limits, struct fault *fault);
void engine_source_destroy(struct engine_source **source);

/* Looks at the file and takes up a new content; the old stays when that cannot be loaded (logged).
 * Of new reviews and accepted findings no more than those is read. Not while a judge is at work. */
void engine_source_refresh(struct engine_source *source);

/* For what is judged from now on. Not while a judge is at work. */
void engine_source_set_limits(struct engine_source *source, const struct project_limits *limits);

struct judge *engine_source_judge(struct engine_source *source, enum engine_use use);
const char *engine_source_model(const struct engine_source *source);

#endif
