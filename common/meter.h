#ifndef JINMU_METER_H
#define JINMU_METER_H

#include "common/json.h"

#include <stdint.h>

/* What a service measures of itself; plain memory, one thread. `{0}` is an empty meter. */

/* How long something took: buckets of which four make a doubling, from 1 µs to over an hour. */
enum { METER_BUCKETS = 128 };
struct meter_durations {
    uint64_t buckets[METER_BUCKETS];
    uint64_t count;
    int64_t sum_us;
    int64_t longest_us;
};
void meter_add(struct meter_durations *durations, int64_t microseconds);
/* Below which the share `quantile` (0 to 1) of all lies, in microseconds, at most a fifth too high;
 * 0 when there are none. */
int64_t meter_quantile(const struct meter_durations *durations, double quantile);

/* {"count","sum_us","p50_us","p99_us","longest_us","buckets":[[at most µs, how many up to that]…]},
 * of the buckets every fourth up to the longest (jv_destroy). */
struct jv *meter_describe(const struct meter_durations *durations);

/* How many a second, over the last ten seconds that are complete. */
enum { METER_SECONDS = 11 };
struct meter_rate {
    int64_t second; /* of the newest slot */
    uint64_t slots[METER_SECONDS];
};
void meter_count(struct meter_rate *rate, uint64_t how_many, int64_t now_ms);
double meter_per_second(struct meter_rate *rate, int64_t now_ms);

#endif
