#ifndef JINMU_COLLECTOR_JUDGED_BY_H
#define JINMU_COLLECTOR_JUDGED_BY_H

#include "common/json.h"
#include "common/strbuf.h"

#include <czmq.h>
#include <stdint.h>

/* Which program and which model the workers judge by that have stored results lately: on machines that
 * hold different catalogs the same project would be judged differently. A new catalog, or a review,
 * gives all workers another model one after the other, within seconds: that is no difference. */
struct judged_by;

enum {
    JUDGED_BY_SETTLE_MS =
        20000, /* from a worker's change until all others should have made it too */
    JUDGED_BY_RECENT_MS = 600000, /* who has stored nothing for so long tells nothing */
};

struct judged_by *judged_by_new(void);
void judged_by_destroy(struct judged_by **judged_by);

/* Notes who stored results, and by what they were judged. `key`: the name of its key, or NULL. `now_ms`:
 * monotonic, as below. */
void judged_by_note(struct judged_by *judged_by, zframe_t *peer, const char *key, zframe_t *engine,
                    zframe_t *model, int64_t now_ms);
/* An array of what is used at once, more than one when workers differ, none when nothing can be told:
 * [{"engine":…,"model":…,"keys":[names of the workers' keys],"last_s":seconds since the last result}] */
struct jv *judged_by_describe(const struct judged_by *judged_by, int64_t now_ms);

/* How many the array in a collector's status has; 0 without it. */
size_t judged_by_count(const struct jv *status);
/* One line for an operator, of what stands in such an array:
 * "0.1.0 sha256:77abc2321008 (host2); 0.1.0 sha256:0c1f20d9e6aa (without a key)". */
void judged_by_write(const struct jv *status, struct strbuf *out);
/* The count in the text format of Prometheus. */
void judged_by_metrics(const struct jv *status, struct strbuf *out);

#endif
