#ifndef JINMU_PLAIN_H
#define JINMU_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text as code points, full-width forms narrowed, nothing left out: index i of `codes` is code
 * point i of the original, so that what is read here has its span at once. A 0 ends the codes. */
struct plain {
    uint32_t *codes;
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
