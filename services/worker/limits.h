#ifndef JINMU_WORKER_LIMITS_H
#define JINMU_WORKER_LIMITS_H

#include "catalog/project.h"

/* The limits on what is let in: those of STATE/jinmu.zpl (limits/project_bytes,
 * limits/message_bytes), which the environment overrides ($JINMU_PROJECT_BYTES,
 * $JINMU_MESSAGE_BYTES), else project_limits_default. 0, or -1 with a fault that names a value that
 * is no size. */
int limits_read(struct project_limits *limits, const char *state, struct fault *fault);

#endif
