#include "catalog/checks/plain.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

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

void plain_take(struct plain *plain, const char *utf8, size_t bytes)
{
    if (bytes + 1 > plain->capacity) {
        plain->capacity = bytes * 3 / 2 + 64;
        plain->codes = xrealloc(plain->codes, plain->capacity * sizeof *plain->codes);
    }
    const unsigned char *at = (const unsigned char *)utf8, *end = at + bytes;
    uint32_t *code = plain->codes;
    while (at < end)
        *code++ = narrowed(next_code(&at));
    *code = 0;
    plain->length = (size_t)(code - plain->codes);
}

void plain_free(struct plain *plain)
{
    free(plain->codes);
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
