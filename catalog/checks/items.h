#ifndef JINMU_ITEMS_H
#define JINMU_ITEMS_H

#include "catalog/engine/thesaurus.h"
#include "common/store.h"

/* Every item of every revision by its code, upper levels and rows in quarantine too: what a declared
 * code may stand for. */
struct item {
    const char *revision;   /* document number */
    const char *department; /* as printed; "B" for class B */
    uint32_t number;        /* of the department in the thesaurus, or NO_NUMBER */
    const char *code;
    const char *name;
    const char *folded_name;
    const char *restriction;
    int level;
};

struct items;
struct items *items_load(struct store *catalog, const struct thesaurus *thesaurus,
                         struct fault *fault);
void items_destroy(struct items **items);

/* The items of that code, in *count; NULL when no revision has it. */
const struct item *items_of_code(const struct items *items, const char *code, size_t *count);
/* Whether any code begins with this prefix. */
bool items_have_prefix(const struct items *items, const char *prefix);

#endif
