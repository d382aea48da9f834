#ifndef JINMU_METRICS_H
#define JINMU_METRICS_H

#include "common/json.h"
#include "common/strbuf.h"

/* What broker and collector say of themselves (jinmu.status, the question "status" joined with
 * "deliveries"), in the text
 * format of Prometheus, version 0.0.4. Either may be NULL when it does not answer: then its jinmu_up
 * is 0 and the rest of it is missing. */
void metrics_write(const struct jv *broker, const struct jv *collector, struct strbuf *out);

#endif
