#ifndef JINMU_RESULT_H
#define JINMU_RESULT_H

#include "catalog/engine_parts.h"

/* The result of design.md section 4 as JSON; the caller owns it. Evidence stands at the first
 * candidates only. */
struct jv *result_json(const struct engine *engine, const struct project *project, const char *id,
                       const struct verdict *verdict);
/* {"id":…,"error":{"code":…,"message":…}} */
struct jv *result_error(const char *id, const struct fault *fault);
/* The candidates alone. */
struct jv *result_candidates(const struct mind *mind, const struct verdict *verdict, bool evidence);

#endif
