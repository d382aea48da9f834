#ifndef JINMU_MONEY_H
#define JINMU_MONEY_H

#include "catalog/checks/plain.h"
#include "common/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Amounts of money as clerks write them, read exactly:
 *   80万元  5,350,000元  49.2475万元  一百二十万元  壹佰贰拾万元整  3500元/月×12个月
 *   224*3000+3*5000=687000  ≤186万元  约20万  2-3万元  ５００元  1.2亿元  670,00 0元
 */

enum money_relation {
    MONEY_IS,
    MONEY_AT_MOST,  /* ≤, 不超过, 以内 */
    MONEY_AT_LEAST, /* ≥, 不低于, 以上 */
    MONEY_ABOUT     /* 约, 近, 左右, 余 */
};

struct money {
    struct span span; /* code points: number, unit and formula; without ≤ or 约 before it */
    int64_t fen;      /* of a range the lower end; of a formula with a result, that result */
    int64_t high_fen; /* of a range the higher end, else fen */
    int64_t ulp_fen;  /* one in the last place that is stated: 49.75万元 → 100 yuan */
    int decimals;     /* places behind the point */
    enum money_relation relation;
    bool rate;            /* a price of one of many: 3000元/人, 人均…, 每月… */
    bool bare;            /* 20万: the word 元 is missing */
    bool ambiguous;       /* could be read in another way: no unit, odd grouping, digits parted */
    bool formula;         /* a sum or product is written out … */
    bool has_result;      /* … with "= result" */
    int64_t computed_fen; /* what the formula gives; fen when there is none */
};

/* Finds the next amount from code point *at on and moves *at behind it. False when there is none. */
bool money_next(const struct plain *plain, size_t *at, struct money *money);

/* Finds every amount of a text, at most `max`; gives how many. */
size_t money_find(const struct plain *plain, struct money *out, size_t max);

/* Whether two amounts agree as far as the rounding of `stated` allows: half of its last place. */
bool money_agrees(const struct money *stated, int64_t fen);

/* An amount as a clerk would write it: "80万元", "5,350元", "49.2475万元". Ends in NUL. */
enum { MONEY_TEXT = 40 };
const char *money_text(int64_t fen, char text[MONEY_TEXT]);

#endif
