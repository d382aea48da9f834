#ifndef JINMU_EVIDENCE_H
#define JINMU_EVIDENCE_H

#include "catalog/engine/verdict.h"

/* The words of a project that led to a candidate. */
struct evidence {
    enum field field;
    struct span span;  /* in the field's original text */
    const char *label; /* the keeper's phrase, or the item's name where characters matched it */
    double share;      /* of everything that spoke for the candidate, 0 to 1 */
};

enum { EVIDENCE = 5 };

/* The strongest evidence for a candidate (number in the ranking), best first, spans of one field
 * apart from each other; gives how many. */
size_t evidence_collect(const struct mind *mind, const struct verdict *verdict, size_t candidate,
                        struct evidence out[EVIDENCE]);

#endif
