#ifndef JINMU_NEAR_H
#define JINMU_NEAR_H

#include "catalog/engine/reading.h"
#include "catalog/project.h"
#include "common/strbuf.h"

/* Nearly equal projects of one submission, found by their min-hashes: how many of the pairs of
 * characters of two texts are the same is told from BINS bytes each. */

enum { NEAR_BINS = 128, NEAR_BUCKETS = 1024 };
enum { NEAR_BY_NAME, NEAR_BY_AMOUNT, NEAR_CHAINS };

struct near_project {
    uint8_t bins[NEAR_BINS];
    uint32_t pairs; /* distinct ones */
    uint64_t name;  /* hash of the folded name */
    uint64_t unit;
    int64_t amount_fen;
    int year;  /* 0: not stated */
    size_t id; /* offset in the texts */
    uint32_t next[NEAR_CHAINS];
};

/* The projects of one name or one amount, in order: no others can be nearly equal. */
struct near_chain {
    uint32_t first, last; /* plus 1, so that 0 is none */
};

struct near {
    struct near_project *all;
    size_t count, capacity;
    struct strbuf ids;
    struct near_chain chains[NEAR_CHAINS][NEAR_BUCKETS];
};

struct near *near_new(void);
void near_destroy(struct near **near);
void near_clear(struct near *near);

/* What one project is like. */
void near_observe(const struct project *project, const struct reading *reading,
                  struct near_project *out);
void near_add(struct near *near, const struct near_project *project, const char *id);
/* The projects noted that may have the name or the amount of this one, in the order in which they came:
 * the first, then the one after it; NULL after the last. */
struct near_walk {
    uint32_t next[NEAR_CHAINS];
};
struct near_walk near_begin(const struct near *near, const struct near_project *one);
const struct near_project *near_next(const struct near *near, struct near_walk *walk);
/* The share of pairs that two have in common, estimated. */
double near_similarity(const struct near_project *one, const struct near_project *other);
const char *near_id(const struct near *near, const struct near_project *project);

#endif
