#ifndef JINMU_DOCUMENT_BUDGET_H
#define JINMU_DOCUMENT_BUDGET_H

#include "catalog/intake/document_label.h"

#include <stdbool.h>
#include <stdint.h>

/* One row of 项目支出预算表（本年预算）. */
struct budget_row {
    char *name;
    int64_t amount_fen; /* -1: the row has none, it is part of a name that was broken over rows */
    size_t line;
};
struct budget {
    struct budget_row *rows;
    size_t count, capacity;
    int64_t total_fen; /* the row 合计, or that of the unit itself; -1 */
};

/* Reads the table, wherever it is in the document. */
void budget_read(struct budget *budget, const struct labels *labels, const struct lines *lines);
/* Puts names together that were broken over rows: `is_project` knows the folded names of the
 * projects. Rows that name a unit (`is_unit`) are subtotals and leave. */
void budget_settle(struct budget *budget, const struct labels *labels,
                   bool (*is_project)(const char *folded, void *argument),
                   bool (*is_unit)(const char *folded, void *argument), void *argument);
void budget_clear(struct budget *budget);

/* What 政府采购情况 says, in fen; -1 where it says nothing. */
struct procurement {
    int64_t total_fen, goods_fen, works_fen, services_fen;
    size_t line; /* 0: no such section */
};
void procurement_read(struct procurement *procurement, const struct labels *labels,
                      const struct lines *lines);

#endif
