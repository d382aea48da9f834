#include "services/postman/schedule.h"

enum { MINUTE = 60, HOUR = 3600, RETRY_AFTER_MAX = 24 * HOUR };

static const int64_t waits_s[SCHEDULE_TRIES] = {
    0, 5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR};

int64_t schedule_wait_s(int tries, double random, int64_t retry_after_s)
{
    if (tries >= SCHEDULE_TRIES)
        return -1;
    int64_t wait = waits_s[tries < 0 ? 0 : tries];
    wait += (int64_t)((double)wait * 0.1 * random);
    if (retry_after_s > RETRY_AFTER_MAX)
        retry_after_s = RETRY_AFTER_MAX;
    return retry_after_s > wait ? retry_after_s : wait;
}
