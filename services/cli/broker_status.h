#ifndef JINMU_CLI_BROKER_STATUS_H
#define JINMU_CLI_BROKER_STATUS_H

#include "common/fault.h"
#include "common/json.h"
#include "common/keys.h"

/* What a broker says of itself (its service jinmu.status): a JSON object (jv_destroy), or NULL with a
 * fault when it does not answer in time. `identity`: over an endpoint with keys, else NULL. */
struct jv *broker_status_ask(const struct identity *identity, const char *endpoint, int timeout_ms,
                             struct fault *fault);
/* How many workers of that service it knows. */
int broker_status_workers(const struct jv *status, const char *service);

#endif
