#ifndef JINMU_PROPOSAL_H
#define JINMU_PROPOSAL_H

#include "catalog/revision/outline.h"

#include <stdint.h>

/* Adjustment proposals (动态调整: units propose, departments collect, 省财政厅 decides): services that no
 * item fits, grouped by department and likeness of their names, each group with a place in the catalog
 * where an item for it could stand. */

/* A service without an item. */
struct unfit {
    const char *unit, *competent; /* tell the department: unit, 主管部门 */
    const char *department;       /* of the item that came closest, "" none: where those do not */
    const char *name;             /* of the project */
    const char *nearest;          /* code of the item that came closest, "" none */
    double confidence;            /* the probability that it is right */
    double yuan;                  /* 0: not stated */
    int64_t result;               /* its number, and its project's id: they are only listed */
    const char *project;
};

/* Where the parent stands that a proposal names. */
enum proposal_place {
    PLACE_NONE,    /* none was found */
    PLACE_OWN,     /* in the department's own section */
    PLACE_EARLIER, /* there in an earlier revision: this one is held without the department's pages */
    PLACE_OTHER    /* in the sections of other departments */
};

/* Unless said otherwise: an item that is right with less than this does not fit, and groups are of at
 * least so many projects. */
extern const double proposal_below;
enum { PROPOSAL_LEAST = 2 };

/* A project that a proposal groups. */
struct proposal_project {
    int64_t result;
    char *id;
    double yuan;
};

enum { PROPOSAL_NAMES = 3, PROPOSAL_LISTED_MAX = 100 };
struct proposal {
    const char *department;      /* of the catalog, "" when the units belong to none */
    char *item;                  /* suggested name of the item */
    char *names[PROPOSAL_NAMES]; /* typical project names; NULL behind the last */
    size_t count;
    double yuan;
    enum proposal_place place;
    double support;       /* how much speaks for the parent, up to 1 */
    bool sure;            /* that it is enough */
    char code[16];        /* the next free one; "" when the parent is full or there is none */
    const char *upper[3]; /* names of levels 1 to 3 above it; "" unknown */
    const struct proposal_project *projects; /* those of the most money, the most first */
    size_t listed;                           /* how many these are; `count` are in it */
};

struct proposals;

/* Of one revision, for one department (NULL: all). NULL with a fault. */
struct proposals *proposals_new(struct store *store, const char *revision, const char *department,
                                struct fault *fault);
/* Makes each proposal list at most so many of its projects, up to PROPOSAL_LISTED_MAX; none when it is
 * not called. Before any is added. */
void proposals_list(struct proposals *proposals, size_t at_most);
void proposals_destroy(struct proposals **proposals);
/* What other departments lack is passed over. */
void proposals_add(struct proposals *proposals, const struct unfit *unfit);
size_t proposals_added(const struct proposals *proposals); /* and not passed over */
/* Whether the revision is held whole: else a code that seems free may be taken. */
bool proposals_do_list(const struct proposals *proposals);
bool proposals_are_complete(const struct proposals *proposals);
/* The groups of at least `least` projects, the largest first within a department; valid until the
 * destruction. Called once, after all are added. */
const struct proposal *proposals_finish(struct proposals *proposals, size_t least, size_t *count);

#endif
