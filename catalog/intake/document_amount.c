#include "catalog/intake/document_amount.h"

#include <string.h>

enum { DIGITS = 17, DECIMALS = 6, GROUP = 3 };

/* The digits of a number as they are being read. */
struct number {
    int64_t mantissa;
    int digits, decimals;
    int group;    /* digits since the last comma, -1 before the first */
    int leading;  /* digits before the first comma */
    bool point;   /* the decimal point was seen */
    bool ragged;  /* a group of other than three digits */
    bool too_big; /* more digits than an amount can have */
};

static bool is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

static void put_digit(struct number *number, uint32_t code)
{
    if (number->point && number->decimals >= DECIMALS)
        return;
    if (number->digits >= DIGITS) {
        number->too_big = true;
        return;
    }
    number->mantissa = number->mantissa * 10 + (int64_t)(code - '0');
    number->digits += number->mantissa > 0;
    if (number->point)
        number->decimals++;
    else if (number->group >= 0)
        number->group++;
    else
        number->leading++;
}

static void end_group(struct number *number)
{
    if (number->group >= 0 ? number->group != GROUP : number->leading > GROUP)
        number->ragged = true;
}

/* What follows a run of white space, without taking it. */
static uint32_t peek(struct slice text, size_t at)
{
    while (at < text.length) {
        uint32_t code = slice_next(text, &at);
        if (!slice_is_space(code))
            return code;
    }
    return 0;
}

/* Reads a number from *at, which stands on a digit. White space inside it is stepped over when
 * `spaced` and a digit or comma follows. */
static void read_number(struct slice text, size_t *at, bool spaced, struct number *number)
{
    *number = (struct number){.group = -1};
    while (*at < text.length) {
        size_t next = *at;
        uint32_t code = slice_next(text, &next);
        uint32_t follows = peek(text, next);
        if (is_digit(code)) {
            put_digit(number, code);
        } else if (code == ',' && !number->point && is_digit(follows)) {
            end_group(number);
            number->group = 0;
        } else if (code == '.' && !number->point && next < text.length && is_digit(follows)) {
            number->point = true;
        } else if (!(spaced && slice_is_space(code) && (is_digit(follows) || follows == ','))) {
            break;
        }
        *at = next;
    }
    if (number->group >= 0)
        end_group(number);
}

static enum amount_unit read_unit(struct slice text, size_t *at)
{
    static const struct {
        const char *word;
        enum amount_unit unit;
    } units[] = {{"亿元", AMOUNT_YI},
                 {"万元", AMOUNT_WAN},
                 {"元", AMOUNT_YUAN},
                 {"万", AMOUNT_WAN},
                 {"圆", AMOUNT_YUAN}};
    size_t from = *at;
    while (from < text.length) {
        size_t next = from;
        if (!slice_is_space(slice_next(text, &next)))
            break;
        from = next;
    }
    struct slice rest = {text.text + from, text.length - from};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (slice_starts(rest, units[i].word)) {
            *at = from + strlen(units[i].word);
            return units[i].unit;
        }
    return AMOUNT_UNSTATED;
}

/* False when the number is beyond what any budget holds: two that a scan has run together. */
static bool to_fen(const struct number *number, enum amount_unit unit, int64_t *fen)
{
    static const int64_t scales[] = {100, 100, 1000000, 10000000000};
    int64_t divisor = 1, scaled;
    for (int i = 0; i < number->decimals; i++)
        divisor *= 10;
    int64_t scale = scales[unit];
    while (divisor > 1 && scale % 10 == 0) {
        divisor /= 10;
        scale /= 10;
    }
    if (number->too_big || __builtin_mul_overflow(number->mantissa, scale, &scaled))
        return false;
    *fen = (scaled + divisor / 2) / divisor;
    return *fen <= AMOUNT_FEN_MAX;
}

static struct slice without_prefix(struct slice text)
{
    static const char *const prefixes[] = {"约", "共计", "共", "人民币", "¥", "￥", ":", "："};
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
            size_t length = strlen(prefixes[i]);
            if (!slice_starts(text, prefixes[i]))
                continue;
            text = slice_trim((struct slice){text.text + length, text.length - length});
            again = true;
        }
    }
    return text;
}

/* The cell's first word alone, when the cell holds several and that one is a number by itself. */
static bool first_of_several(struct slice text, struct number *number)
{
    size_t at = 0;
    read_number(text, &at, false, number);
    return at < text.length && !number->ragged && number->digits > 0 && peek(text, at) != 0;
}

bool amount_read(struct slice text, enum amount_unit unit, struct amount *amount)
{
    size_t at = 0;
    struct number number;
    text = without_prefix(slice_trim(text));
    if (!is_digit(peek(text, 0)))
        return false;
    read_number(text, &at, true, &number);
    enum amount_unit stated = read_unit(text, &at);
    uint32_t after = peek(text, at);
    if (after && after != '(' && after != 0x6574) /* 整 */
        return false;
    bool irregular = number.ragged;
    struct number first;
    if (irregular && first_of_several(text, &first))
        number = first;
    *amount = (struct amount){.unit = stated, .irregular = irregular};
    return to_fen(&number, stated != AMOUNT_UNSTATED ? stated : unit, &amount->fen);
}

bool amount_find(struct slice text, size_t *at, size_t *start, struct amount *amount)
{
    while (*at < text.length) {
        size_t next = *at;
        if (!is_digit(slice_next(text, &next))) {
            *at = next;
            continue;
        }
        struct number number;
        *start = *at;
        read_number(text, at, true, &number);
        enum amount_unit unit = read_unit(text, at);
        *amount = (struct amount){.unit = unit, .irregular = number.ragged};
        if (unit != AMOUNT_UNSTATED && to_fen(&number, unit, &amount->fen))
            return true;
    }
    return false;
}

enum amount_unit amount_unit_in(struct slice text)
{
    if (slice_has(text, "亿元"))
        return AMOUNT_YI;
    if (slice_has(text, "万元"))
        return AMOUNT_WAN;
    if (slice_has(text, "元"))
        return AMOUNT_YUAN;
    return AMOUNT_UNSTATED;
}
