#ifndef JINMU_DOCUMENT_INDICATOR_H
#define JINMU_DOCUMENT_INDICATOR_H

#include "catalog/intake/document_table.h"
#include "common/json.h"

#include <stdbool.h>

/* The 绩效指标 of one table: two halves side by side (实施期, then 年度), each of 二级指标, 三级指标 and
 * 指标值. Scans shift cells and drop them, so a row is read by what its cells say and only then by
 * where they stand. */
enum indicator_type {
    INDICATOR_UNKNOWN,
    INDICATOR_QUANTITY,
    INDICATOR_QUALITY,
    INDICATOR_TIME,
    INDICATOR_COST,
    INDICATOR_ECONOMIC,
    INDICATOR_SOCIAL,
    INDICATOR_ECOLOGICAL,
    INDICATOR_LASTING,
    INDICATOR_SATISFACTION,
};

struct indicators {
    struct jv *found;             /* [{"name","value","type","scope"}]; owned by the caller */
    enum indicator_type types[2]; /* in force in the left and the right half */
    size_t middle;                /* column where the right half begins; 0 not known */
    size_t unread;                /* rows with text that gave nothing */
};

/* Takes the next row. */
void indicators_row(struct indicators *indicators, const struct labels *labels,
                    const struct row *row, const struct tokens *tokens);

#endif
