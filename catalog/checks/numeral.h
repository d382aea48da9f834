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

/* Whether a Chinese number may begin with this code point. */
bool numeral_starts_chinese(uint32_t code);

/* Whether a number may begin with this code point. The bits are those of the signs that may begin a
 * Chinese one, by their last six: they spare most of a text the call. */
static inline bool numeral_starts(uint32_t code)
{
    static const uint64_t signs = 0x430928102854324BU;
    if (code < 0x4E00)
        return plain_is_digit(code);
    return (signs >> (code & 63) & 1) && numeral_starts_chinese(code);
}

#endif
