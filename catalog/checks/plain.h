#ifndef JINMU_PLAIN_H
#define JINMU_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text as code points, full-width forms narrowed, nothing left out: index i of `codes` is code
 * point i of the original, so that what is read here has its span at once. A 0 ends the codes. */
struct plain {
    uint32_t *codes;
    uint64_t *marks; /* bit i: plain_is_mark of code i */
    size_t length;
    size_t capacity;
};

/* Takes a well-formed UTF-8 text; the memory is used again ({0} at first). */
void plain_take(struct plain *plain, const char *utf8, size_t bytes);
void plain_free(struct plain *plain);

/* Whether `word` (UTF-8) stands at code point `at`; gives its length in code points, 0 when not. */
size_t plain_stands(const struct plain *plain, size_t at, const char *word);
/* The same of a word that ends before code point `at`. */
size_t plain_precedes(const struct plain *plain, size_t at, const char *word);
/* The length of the first of several words (ended by NULL) that stands there, 0 when none does. */
size_t plain_stands_any(const struct plain *plain, size_t at, const char *const *words);
size_t plain_precedes_any(const struct plain *plain, size_t at, const char *const *words);

/* Whether a word stands within [from, to), which ends at plain->length or before. */
bool plain_holds(const struct plain *plain, size_t from, size_t to, const char *const *words);

/* What numbers begin with: digits, Chinese ones in both ways of writing, 十 and 拾, 两, circled numbers;
 * and the signs in front of the number of a list, 第 and a bracket. Bits by code point. */
enum { PLAIN_UNITS = 0x10000 };
extern const uint64_t plain_mark_bits[PLAIN_UNITS / 64];
static inline bool plain_is_mark(uint32_t code)
{
    return code < PLAIN_UNITS && plain_mark_bits[code >> 6] >> (code & 63) & 1;
}

/* The first mark at `at` or behind; plain->length when there is none. They are few, and spare who looks
 * for numbers the rest of the text. */
static inline size_t plain_next_mark(const struct plain *plain, size_t at)
{
    if (at >= plain->length)
        return plain->length;
    size_t word = at >> 6;
    uint64_t bits = plain->marks[word] & UINT64_MAX << (at & 63);
    while (!bits && ++word <= plain->length >> 6)
        bits = plain->marks[word];
    return bits ? word << 6 | (size_t)__builtin_ctzll(bits) : plain->length;
}

static inline bool plain_is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}
static inline bool plain_is_space(uint32_t code)
{
    return code == ' ' || code == '\t' || code == '\n' || code == '\r' || code == 0xA0;
}
static inline bool plain_is_hanzi(uint32_t code)
{
    return code >= 0x3400 && code < 0xA000;
}

#endif
