#ifndef JINMU_LIKENESS_H
#define JINMU_LIKENESS_H

#include "common/fault.h"
#include "common/store.h"
#include "common/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How alike the names of two services are. Characters that most names share (服务) tell little, rare
 * ones much; synonyms (运维, 维护) are the same word; the order of words counts less than the words,
 * and a slip of one character little. */

/* How telling each character is among the names that were counted. */
struct vocabulary;
/* Reads the synonyms out of catalog.db. NULL with a fault. */
struct vocabulary *vocabulary_new(struct store *store, struct fault *fault);
void vocabulary_destroy(struct vocabulary **vocabulary);
/* Counts a name. */
void vocabulary_count(struct vocabulary *vocabulary, const char *name);

enum { PROFILE_UNITS = 96 };
/* A name made ready for comparison: folded, synonyms replaced, weighed. Made after all names are
 * counted. What is longer than PROFILE_UNITS is cut. */
struct profile {
    uint16_t units[PROFILE_UNITS];
    float weights[PROFILE_UNITS];
    size_t length;
    double weight; /* the sum */
};
void profile_make(const struct vocabulary *vocabulary, const char *name, struct profile *profile);

/* Whether a character stands there for the first time in the name. */
bool profile_first(const struct profile *profile, size_t at);

/* 0: nothing in common, 1: the same words. */
double likeness(const struct profile *a, const struct profile *b);
/* The most that it can be, by the weight of the characters that both have and, of both together, the
 * weight of their characters and of their neighbours (likeness_pairs). */
double likeness_bound(double shared, double both, double pairs);
double likeness_pairs(const struct profile *profile);
/* The share (by weight) of `whole` that the characters of `part` cover. */
double likeness_cover(const struct profile *whole, const struct profile *part);
/* Marks the characters of `whole` that `part` says too, in runs of two or more, first those that say most of
 * what was not marked yet. The weight that was not. */
double likeness_mark(const struct profile *whole, const struct profile *part,
                     bool said[PROFILE_UNITS]);

#endif
