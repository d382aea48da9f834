#ifndef JINMU_MATCHING_H
#define JINMU_MATCHING_H

#include "catalog/revision/diff.h"

/* The two revisions while their items are matched; what diff.c and matching*.c share. */

/* What is held of one item: its partner, how sure, and the closest other that it could have had. */
struct match {
    int partner; /* NOWHERE: none */
    double score, similarity;
    double rival;        /* the best score with another than the partner */
    enum relation group; /* RELATION_SPLIT or RELATION_MERGED; else RELATION_EXACT */
    bool exact;          /* by name */
    double sure;         /* that it is a part of a split or merge, 0 to 1 */
};

struct matching {
    const struct outline *old, *new;
    struct match *of_old, *of_new;        /* by item */
    int *department_new, *department_old; /* by department: the other's, or NOWHERE */
    /* Links of splits and merges beside the partners. */
    struct extra {
        int old, new;
        enum relation group;
        double similarity, sure;
    } * extras;
    size_t extra_count;
};

/* Scores are the likeness of names and what the surroundings add; two items below this are none. */
extern const double matching_threshold;

struct matching *matching_new(const struct outline *old, const struct outline *new);
void matching_destroy(struct matching **matching);
/* Makes two items partners. */
void matching_join(struct matching *matching, int old, int new, double score, double similarity,
                   bool exact);
/* Whether two items stand under the same parent, by its name or code. */
bool matching_same_parent(const struct matching *matching, int old, int new);

/* In this order: which departments go on under another name; leaves; splits and merges; the levels
 * above, by what stands below them. */
void match_departments(struct matching *matching);
void match_leaves(struct matching *matching);
void match_parts(struct matching *matching);
void match_uppers(struct matching *matching);

#endif
