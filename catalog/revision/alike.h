#ifndef JINMU_ALIKE_H
#define JINMU_ALIKE_H

#include "catalog/revision/likeness.h"

/* Of many names those that one can be like, found by the characters that they share, without looking at
 * the others. Profiles are of one vocabulary. */
struct alike;
struct alike *alike_new(void);
void alike_destroy(struct alike **alike);
/* Adds a name; they are numbered from 0. */
void alike_add(struct alike *alike, const struct profile *profile);

struct alike_one {
    uint32_t number;
    double bound; /* its likeness is at most this */
};
/* Those whose likeness may be `least` or more, above 0, in no order; valid until the next call. */
size_t alike_find(struct alike *alike, const struct profile *profile, double least,
                  const struct alike_one **found);

#endif
