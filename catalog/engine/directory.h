#ifndef JINMU_DIRECTORY_H
#define JINMU_DIRECTORY_H

#include "catalog/engine/thesaurus.h"

/* Which catalog departments a unit belongs to, told by its name and that of its competent
 * department (aliases of catalog/data/aliases.csv and the departments' own names). A merged organ
 * (农业农村和水利局) belongs to several. */

enum { GUESSES = 8 };

struct guess {
    const char *name;    /* of the department, canonical */
    uint32_t department; /* number in the thesaurus, or NO_NUMBER when no revision has it */
    float weight;        /* 1: the name says so; 0.5: it hints at it */
};

struct guesses {
    struct guess all[GUESSES]; /* surest first */
    size_t count;
};

struct directory;
struct directory *directory_load(struct store *store, const struct thesaurus *thesaurus,
                                 struct fault *fault);
void directory_destroy(struct directory **directory);

/* `scratch` is memory that is used again ({0} at first). */
void directory_resolve(const struct directory *directory, const char *unit, const char *department,
                       struct folded *scratch, struct guesses *guesses);
/* Adds to guesses those departments of the revision that have the items of one that it lacks (heirs.h). */
void directory_follow(const struct directory *directory, const struct revision *revision,
                      struct guesses *guesses);

#endif
