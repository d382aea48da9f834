#ifndef JINMU_NEAR_H
#define JINMU_NEAR_H

#include "catalog/engine/reading.h"
#include "catalog/project.h"
#include "common/strbuf.h"

/* Nearly equal projects of one submission, found by their min-hashes: how many of the pairs of
 * characters of two texts are the same is told from BINS bytes each. */

enum { NEAR_BINS = 128 };

struct near_project {
    uint8_t bins[NEAR_BINS];
    uint32_t pairs; /* distinct ones */
    uint64_t name;  /* hash of the folded name */
    uint64_t unit;
    int64_t amount_fen;
    int year;  /* 0: not stated */
    size_t id; /* offset in the texts */
};

struct near {
    struct near_project *all;
    size_t count, capacity;
    struct strbuf ids;
};

struct near *near_new(void);
void near_destroy(struct near **near);
void near_clear(struct near *near);

/* What one project is like. */
void near_observe(const struct project *project, const struct reading *reading,
                  struct near_project *out);
void near_add(struct near *near, const struct near_project *project, const char *id);
/* The share of pairs that two have in common, estimated. */
double near_similarity(const struct near_project *one, const struct near_project *other);
const char *near_id(const struct near *near, const struct near_project *project);

#endif
