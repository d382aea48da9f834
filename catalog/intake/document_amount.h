#ifndef JINMU_DOCUMENT_AMOUNT_H
#define JINMU_DOCUMENT_AMOUNT_H

#include "catalog/intake/document_lines.h"

#include <stdbool.h>
#include <stdint.h>

enum amount_unit { AMOUNT_UNSTATED, AMOUNT_YUAN, AMOUNT_WAN, AMOUNT_YI };

/* No amount of a document is larger: 10万亿元. */
#define AMOUNT_FEN_MAX INT64_C(1000000000000000)

/* An amount of money, exact in fen. */
struct amount {
    int64_t fen;
    enum amount_unit unit; /* that the text states beside the number */
    bool irregular;        /* its digits were not grouped as a number's: "5,00,000" */
};

/* Reads a cell that holds one amount and nothing else: "553.60", "20,936,400", "670,00 0",
 * "约５０万元", "¥500,000元". `unit` holds where the text states none (AMOUNT_UNSTATED is yuan).
 * False when it is none. */
bool amount_read(struct slice text, enum amount_unit unit, struct amount *amount);
/* Finds the next amount of a sentence that states its unit, from byte *at on, and moves *at behind
 * it; *start is where it begins. False when there is none. */
bool amount_find(struct slice text, size_t *at, size_t *start, struct amount *amount);
/* The unit that a heading gives: "（万元）", "单位：元", "金额(万元)". */
enum amount_unit amount_unit_in(struct slice text);

#endif
