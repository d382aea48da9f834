#ifndef JINMU_NUMERAL_H
#define JINMU_NUMERAL_H

#include "catalog/checks/plain.h"

#include <stdbool.h>
#include <stdint.h>

/* A number in a text, exact: mantissa × 10^-decimals. */
struct numeral {
    int64_t mantissa;
    int decimals;
    int digits;     /* how many were written, in front of the point */
    bool grouped;   /* with commas in thousands */
    bool parted;    /* digits parted by spaces, or grouped oddly */
    bool chinese;   /* 一百二十, 壹佰贰拾 */
    bool magnitude; /* of a Chinese one: holds 十, 百 or 千 */
};

/* Reads the number that begins at *at (digits, or a Chinese number without a 万 or 亿 at its end) and
 * moves *at behind it. False, and *at behind what cannot be a number (1.2.3), when there is none. */
bool numeral_read(const struct plain *plain, size_t *at, struct numeral *numeral);

/* Whether a number may begin with this code point: a mark that is no sign in front of one. */
static inline bool numeral_starts(uint32_t code)
{
    enum { ORDINAL = 0x7B2C, FIRST_CIRCLED = 0x2460, LAST_CIRCLED = 0x2473 };
    return plain_is_mark(code) && code != '(' && code != ORDINAL &&
           !(code >= FIRST_CIRCLED && code <= LAST_CIRCLED);
}

#endif
