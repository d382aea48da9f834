#ifndef JINMU_DATES_H
#define JINMU_DATES_H

#include "catalog/checks/plain.h"
#include "common/text.h"

#include <stdbool.h>

/* A date or a stretch of time as written with years: 2025年, 2025年1-6月, 2025年12月-2026年5月,
 * 2025-2028年, 2025年8月27日—2026年8月26日. */
struct dates {
    struct span span;
    int year, month;       /* the first; month 0 when not stated */
    int to_year, to_month; /* the last; as the first when there is only one */
    bool stretch;          /* two ends are written */
    bool impossible;       /* 20205年, 2026年13月, 2月30日 */
    struct span wrong;     /* where the impossible part stands */
};

/* Finds the next from code point *at on and moves *at behind it. False when there is none. */
bool dates_next(const struct plain *plain, size_t *at, struct dates *dates);

#endif
