#ifndef JINMU_SKETCH_H
#define JINMU_SKETCH_H

#include "catalog/engine/reading.h"
#include "common/strbuf.h"

#include <stddef.h>
#include <stdint.h>

/* What the name and description of a project look like, small: minima of hashes, by which similar
 * texts are found among many, and the set of pairs of characters itself, packed, by which two are
 * then compared. */

/* Min-hashes of one permutation in so many bins (Li, Owen, Zhang 2012), empty bins filled from others
 * chosen by a fixed hash (Shrivastava 2017): of two texts, as many are equal as the texts have pairs
 * in common. One hash a pair, so that it costs less than a microsecond. */
enum { SKETCH_MINIMA = 64 };
void sketch_minima(const struct reading *reading, uint32_t minima[SKETCH_MINIMA]);

/* A set of pairs, each as a print of 16 bits: of 400 pairs, two share a print about once. */
enum { SKETCH_PRINTS = 1 << 16 };
struct sketch {
    uint64_t bits[SKETCH_PRINTS / 64];
    uint32_t count; /* distinct prints */
};

/* The pairs that stand in one of the fields (bit f: field f). */
void sketch_take(struct sketch *sketch, const struct reading *reading, uint32_t fields);
/* Adds the set to the end of `out` as the distances between its prints, about 1.3 bytes each. */
void sketch_pack(const struct sketch *sketch, struct strbuf *out);
/* Jaccard's similarity of a set and a packed one of `count` prints: what they share of all that is in
 * either. 1 when both are empty. */
double sketch_similarity(const struct sketch *sketch, const char *packed, size_t bytes,
                         uint32_t count);

#endif
