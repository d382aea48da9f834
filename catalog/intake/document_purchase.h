#ifndef JINMU_DOCUMENT_PURCHASE_H
#define JINMU_DOCUMENT_PURCHASE_H

#include "catalog/intake/document_label.h"

#include <stdbool.h>
#include <stdint.h>

/* One row of 政府购买服务预算表 (表十四), which some units publish beside the declaration in words. */
struct purchase_row {
    char *name;         /* the item's: behind the code, else the longest text of the row */
    char *project;      /* the longest text that is not behind a code: of the project, as a rule */
    char code[8];       /* "" when the row has none */
    int64_t amount_fen; /* -1: not stated */
    size_t line;
};
struct purchase {
    struct purchase_row *rows;
    size_t count;
    int64_t total_fen; /* the row 合计; -1 */
    size_t line;       /* of the heading; 0: no such table */
    bool empty;        /* 注：本表无数据, or no row at all */
};

/* Reads the table, wherever it is in the document. `unit` is the document's, whose row is a sum. */
void purchase_read(struct purchase *purchase, const struct labels *labels,
                   const struct lines *lines, const char *unit);
void purchase_clear(struct purchase *purchase);

#endif
