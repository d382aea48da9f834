#ifndef JINMU_WORKER_LIMITS_H
#define JINMU_WORKER_LIMITS_H

#include "catalog/project.h"
#include "common/config.h"

/* The limits on what is let in: limits/project_bytes and limits/message_bytes of the configuration,
 * else project_limits_default. 0, or -1 with a fault that names a value that is no size. */
int limits_read(struct project_limits *limits, const struct config *config, struct fault *fault);

#endif
