#ifndef JINMU_OUTLINE_H
#define JINMU_OUTLINE_H

#include "catalog/revision/likeness.h"
#include "common/arena.h"
#include "common/fault.h"
#include "common/store.h"

#include <stdbool.h>
#include <stddef.h>

/* A revision as it is compared with another: its departments, its items of all levels that are not
 * in quarantine, and what they are called. */

enum { NOWHERE = -1 };

struct outline_item {
    int department; /* in outline.departments */
    const char *code, *name, *restriction;
    const char *folded; /* the name without a restriction in brackets at its end, folded */
    int level;
    bool leaf;
    int parent; /* in outline.items, or NOWHERE */
    struct profile profile;
    const char **labels; /* what else it is called, folded; NULL ends them */
};

struct outline_department {
    const char *name, *folded;
    size_t first, count; /* its items, by code */
    size_t leaves;
};

struct outline {
    char *number;
    bool complete; /* else what is missing may be there all the same */
    struct outline_department *departments;
    size_t department_count;
    struct outline_item *items; /* by department, then code */
    size_t item_count;
    struct arena arena;
};

/* NULL with a fault. Profiles are made later (outline_profile), when the vocabulary has counted the
 * names of all outlines that are compared. */
struct outline *outline_load(struct store *store, const char *number, const struct folder *folder,
                             struct vocabulary *vocabulary, struct fault *fault);
void outline_profile(struct outline *outline, const struct vocabulary *vocabulary);
void outline_destroy(struct outline **outline);

/* The department of that folded name, or NOWHERE. */
int outline_department(const struct outline *outline, const char *folded);
/* The item of that code in a department, or NOWHERE. */
int outline_find(const struct outline *outline, int department, const char *code);
/* The names from level 1 down to the item, "公共服务 › …" (free()). */
char *outline_path(const struct outline *outline, int item);

#endif
