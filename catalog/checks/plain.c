#include "catalog/checks/plain.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

#define BIT(code) ((uint64_t)1 << ((code)&63))
const uint64_t plain_mark_bits[PLAIN_UNITS / 64] = {
    [0] = (uint64_t)0x3FF << '0' | BIT('('),
    [0x2460 >> 6] = (uint64_t)0xFFFFF << 0x20,                             /* ① to ⑳ */
    [0x4E00 >> 6] = BIT(0x4E00) | BIT(0x4E03) | BIT(0x4E09) | BIT(0x4E24), /* 一 七 三 两 */
    [0x4E5D >> 6] = BIT(0x4E5D),                                           /* 九 */
    [0x4E8C >> 6] = BIT(0x4E8C) | BIT(0x4E94),                             /* 二 五 */
    [0x4F0D >> 6] = BIT(0x4F0D),                                           /* 伍 */
    [0x516B >> 6] = BIT(0x516B) | BIT(0x516D),                             /* 八 六 */
    [0x5341 >> 6] = BIT(0x5341),                                           /* 十 */
    [0x53C1 >> 6] = BIT(0x53C1) | BIT(0x53C3),                             /* 叁 參 */
    [0x56DB >> 6] = BIT(0x56DB),                                           /* 四 */
    [0x58F9 >> 6] = BIT(0x58F9),                                           /* 壹 */
    [0x62FE >> 6] = BIT(0x62FE),                                           /* 拾 */
    [0x634C >> 6] = BIT(0x634C),                                           /* 捌 */
    [0x67D2 >> 6] = BIT(0x67D2),                                           /* 柒 */
    [0x7396 >> 6] = BIT(0x7396),                                           /* 玖 */
    [0x7B2C >> 6] = BIT(0x7B2C),                                           /* 第 */
    [0x8086 >> 6] = BIT(0x8086),                                           /* 肆 */
    [0x8CB3 >> 6] = BIT(0x8CB3),                                           /* 貳 */
    [0x8D30 >> 6] = BIT(0x8D30),                                           /* 贰 */
    [0x9646 >> 6] = BIT(0x9646) | BIT(0x9678),                             /* 陆 陸 */
};
#undef BIT

/* One code point of a well-formed text, and moves on. */
static inline uint32_t next_code(const unsigned char **at)
{
    const unsigned char *b = *at;
    if ((b[0] & 0xF0) == 0xE0) { /* hanzi first: they are most of every text */
        *at = b + 3;
        return (uint32_t)((b[0] & 0x0F) << 12 | (b[1] & 0x3F) << 6 | (b[2] & 0x3F));
    }
    if (b[0] < 0x80) {
        *at = b + 1;
        return b[0];
    }
    if (b[0] < 0xE0) {
        *at = b + 2;
        return (uint32_t)((b[0] & 0x1F) << 6 | (b[1] & 0x3F));
    }
    *at = b + 4;
    return (uint32_t)((b[0] & 0x07) << 18 | (b[1] & 0x3F) << 12 | (b[2] & 0x3F) << 6 |
                      (b[3] & 0x3F));
}

static inline uint32_t narrowed(uint32_t code)
{
    if (code < 0xFF00)
        return code == 0x3000 ? ' ' : code;
    if (code >= 0xFF01 && code <= 0xFF5E)
        return code - 0xFEE0;
    return code == 0xFFE5 ? 0xA5 : code;
}

static void find_marks(struct plain *plain)
{
    for (size_t from = 0; from <= plain->length; from += 64) {
        size_t left = plain->length - from, count = left < 64 ? left : 64;
        uint64_t bits = 0;
        for (size_t i = 0; i < count; i++)
            bits |= (uint64_t)plain_is_mark(plain->codes[from + i]) << i;
        plain->marks[from >> 6] = bits;
    }
}

void plain_take(struct plain *plain, const char *utf8, size_t bytes)
{
    if (bytes + 1 > plain->capacity) {
        plain->capacity = bytes * 3 / 2 + 64;
        plain->codes = xrealloc(plain->codes, plain->capacity * sizeof *plain->codes);
        plain->marks = xrealloc(plain->marks, (plain->capacity / 64 + 1) * sizeof *plain->marks);
    }
    const unsigned char *at = (const unsigned char *)utf8, *end = at + bytes;
    uint32_t *code = plain->codes;
    while (at < end)
        *code++ = narrowed(next_code(&at));
    *code = 0;
    plain->length = (size_t)(code - plain->codes);
    find_marks(plain);
}

void plain_free(struct plain *plain)
{
    free(plain->codes);
    free(plain->marks);
    *plain = (struct plain){0};
}

size_t plain_stands(const struct plain *plain, size_t at, const char *word)
{
    const unsigned char *next = (const unsigned char *)word;
    size_t length = 0;
    for (; *next; length++)
        if (at + length >= plain->length || plain->codes[at + length] != next_code(&next))
            return 0;
    return length;
}

size_t plain_precedes(const struct plain *plain, size_t at, const char *word)
{
    size_t length = 0;
    for (const char *byte = word; *byte; byte++)
        length += (*byte & 0xC0) != 0x80;
    return at >= length ? plain_stands(plain, at - length, word) : 0;
}

static inline uint32_t first_code(const char *word)
{
    const unsigned char *at = (const unsigned char *)word;
    return next_code(&at);
}

size_t plain_stands_any(const struct plain *plain, size_t at, const char *const *words)
{
    uint32_t code = at < plain->length ? plain->codes[at] : 0;
    for (; *words && code; words++) {
        size_t length = first_code(*words) == code ? plain_stands(plain, at, *words) : 0;
        if (length)
            return length;
    }
    return 0;
}

bool plain_holds(const struct plain *plain, size_t from, size_t to, const char *const *words)
{
    /* which first code points there are, by their last six bits: most places are none of them */
    uint64_t firsts = 0;
    for (const char *const *word = words; *word; word++)
        firsts |= (uint64_t)1 << (first_code(*word) & 63);
    for (size_t at = from; at < to; at++) {
        if (!(firsts >> (plain->codes[at] & 63) & 1))
            continue;
        size_t length = plain_stands_any(plain, at, words);
        if (length && at + length <= to)
            return true;
    }
    return false;
}

size_t plain_precedes_any(const struct plain *plain, size_t at, const char *const *words)
{
    for (; *words; words++) {
        size_t length = plain_precedes(plain, at, *words);
        if (length)
            return length;
    }
    return 0;
}
