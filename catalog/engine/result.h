#ifndef JINMU_RESULT_H
#define JINMU_RESULT_H

#include "catalog/checks/finding.h"
#include "catalog/engine/engine_parts.h"
#include "common/json_writer.h"

/* The result of design.md section 4 as JSON, appended to `out`. Evidence stands at the first
 * candidates only. `findings` may be NULL. */
void result_write(struct jw *writer, struct strbuf *out, const struct engine *engine,
                  const char *id, const struct verdict *verdict, const struct findings *findings);
/* {"id":…,"error":{"code":…,"message":…}} */
void result_write_error(struct jw *writer, struct strbuf *out, const char *id,
                        const struct fault *fault);

#endif
