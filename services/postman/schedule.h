#ifndef JINMU_POSTMAN_SCHEDULE_H
#define JINMU_POSTMAN_SCHEDULE_H

#include <stdint.h>

/* When a delivery that failed is tried again: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and
 * 24 h after the try before (Standard Webhooks), each up to a tenth later, so that what failed
 * together does not come back together. */
enum { SCHEDULE_TRIES = 10 };

/* Seconds to wait after `tries` failed tries (from 1 on), -1: it is given up. `random` is from 0 to 1.
 * The receiver's Retry-After (0: none) counts when it is longer, up to a day. */
int64_t schedule_wait_s(int tries, double random, int64_t retry_after_s);

#endif
