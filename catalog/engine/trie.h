#ifndef JINMU_TRIE_H
#define JINMU_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of phrases over folded units (common/text.h), found in a text in one pass. Numbers are given
 * to phrases in the order in which they come: 0, 1, 2 … Phrases are added first; then trie_settle
 * makes the form that is searched, after which no new one may come. */
struct trie;

/* To what end a phrase was added: by trie_add, by trie_add_word, or by both. */
enum { TRIE_PHRASE = 1, TRIE_WORD = 2 };

/* A phrase found at units [start, start + length) of a text. */
struct hit {
    uint32_t phrase;
    uint32_t start;
    uint32_t length;
    uint32_t uses; /* TRIE_PHRASE | TRIE_WORD */
};

struct trie *trie_new(void);
void trie_destroy(struct trie **trie);
/* The number of the phrase, a new one or that of an equal one; length > 0, units not 0. */
uint32_t trie_add(struct trie *trie, const uint16_t *units, size_t length);
/* The same of a word that is looked for to another end, so that one pass finds both kinds. */
uint32_t trie_add_word(struct trie *trie, const uint16_t *units, size_t length);
/* The number of the phrase, or UINT32_MAX when it is not in the set. */
uint32_t trie_get(const struct trie *trie, const uint16_t *units, size_t length);
size_t trie_count(const struct trie *trie);

/* To be called when the phrases are complete; again, it does nothing. */
void trie_settle(struct trie *trie);

/* Finds every occurrence of every phrase, by start, shorter ones first; gives how many, at most
 * `max`. A phrase that begins or ends with a Latin letter or a digit is found only where the text
 * does not go on with one. */
size_t trie_find(const struct trie *trie, const uint16_t *units, size_t length, struct hit *hits,
                 size_t max);
/* Whether [start, end) of the text begins or ends within a Latin word or a number. */
bool trie_cuts_word(const uint16_t *units, size_t length, size_t start, size_t end);

#endif
