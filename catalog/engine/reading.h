#ifndef JINMU_READING_H
#define JINMU_READING_H

#include "catalog/engine/trie.h"
#include "catalog/project.h"
#include "common/text.h"

#include <stdint.h>

/* A project as the engine reads it: folded texts, the pairs of characters in them with the weight of
 * the places where they stand, and the phrases found. The memory is used again for the next one. */

/* A pair of word units side by side; a run of digits counts as one unit '#'. What stands in a
 * negation (不含…, 除…外) gives no pairs and no phrases. */
struct pair {
    uint32_t units;    /* first << 16 | second */
    uint32_t position; /* of the first, in the field's folded units */
    uint32_t end;      /* after the second */
};

/* A distinct pair of the whole project. */
struct mass {
    uint32_t units;
    uint32_t hash; /* pair_hash of the units */
    float weight;
    uint16_t fields;  /* bit f: it stands in field f */
    uint16_t repeats; /* times that it counted in the description */
};

struct reading_field {
    struct folded folded;
    struct pair *pairs;
    size_t pair_count, pair_capacity;
    struct hit *hits; /* phrases; first also words, that are taken out of these at once */
    size_t hit_count, hit_capacity;
    struct hit *words; /* of the other kind that the trie has; denied ones too */
    size_t word_count, word_capacity;
};

enum { READING_REPEATS = 15 }; /* times that a pair of one field counts, at most */

struct reading {
    struct reading_field fields[FIELDS];
    struct mass *masses;
    size_t mass_count;
    double total_mass;
    /* scratch: where a pair stands in masses, by hash of the pair */
    struct reading_slot *slots;
    size_t slot_capacity;
    uint32_t round;
    float again[READING_REPEATS + 1]; /* what the second, third … time adds */
};

/* Reads texts (indexed by enum field; "" when there is none). `phrases` are searched in each. */
void reading_take(struct reading *reading, const struct folder *folder, const struct trie *phrases,
                  const char *const texts[FIELDS]);
/* The same in two steps, so that parts can be sliced out in between. */
void reading_find(struct reading *reading, const struct folder *folder, const struct trie *phrases,
                  const char *const texts[FIELDS]);
void reading_weigh(struct reading *reading);
/* As reading_find does with two parts of a description as name and description, where `of` is what
 * it found in the whole. */
void reading_slice(struct reading *reading, const struct reading *of, const struct trie *phrases,
                   struct span name, struct span description);
void reading_free(struct reading *reading);

/* What a phrase counts in each field, beside 1 in the description. */
extern const float reading_field_weight[FIELDS];

/* The pairs of one folded text, for labels and training (`out` needs folded->length entries). */
size_t reading_pairs(const struct folded *folded, struct pair *out);

#endif
