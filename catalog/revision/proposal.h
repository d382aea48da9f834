#ifndef JINMU_PROPOSAL_H
#define JINMU_PROPOSAL_H

#include "catalog/revision/outline.h"

/* Adjustment proposals (动态调整: units propose, departments collect, 省财政厅 decides): services that no
 * item fits, grouped by department and likeness of their names, each group with a place in the catalog
 * where an item for it could stand. */

/* A service without an item. */
struct unfit {
    const char *department; /* of the catalog, "" when the unit belongs to none */
    const char *name;       /* of the project */
    const char *nearest;    /* code of the item that came closest, "" none */
    double yuan;            /* 0: not stated */
};

enum { PROPOSAL_NAMES = 3 };
struct proposal {
    char *department;
    char *item;                  /* suggested name of the item */
    char *names[PROPOSAL_NAMES]; /* typical project names; NULL behind the last */
    size_t count;
    double yuan;
    char code[16];         /* the next free one; "" when the parent is full or there is none */
    const char *upper[3];  /* names of levels 1 to 3 above it; "" unknown */
    bool other_department; /* the parent stands in other departments only */
};

struct proposals;

/* Of one revision. NULL with a fault. */
struct proposals *proposals_new(struct store *store, const char *revision, struct fault *fault);
void proposals_destroy(struct proposals **proposals);
void proposals_add(struct proposals *proposals, const struct unfit *unfit);
/* The groups of at least `least` projects, the largest first within a department; valid until the
 * destruction. Called once, after all are added. */
const struct proposal *proposals_finish(struct proposals *proposals, size_t least, size_t *count);

#endif
