#ifndef JINMU_TESTS_REVISE_H
#define JINMU_TESTS_REVISE_H

#include <stdbool.h>
#include <stddef.h>

/* A revision derived from another with a known truth: what a document office might do to a catalog
 * between two printings. Deterministic; the seed chooses. */

enum fate {
    FATE_SAME,
    FATE_RENAMED,
    FATE_RECODED,
    FATE_MOVED_PARENT,
    FATE_MOVED_DEPARTMENT,
    FATE_SPLIT,
    FATE_MERGED,
    FATE_REMOVED,
    FATE_ADDED,
    FATE_RESTRICTED,
    FATE_UPPER_RENAMED,
    FATES
};
extern const char *const fate_names[FATES];

struct revised_row {
    char department[128], code[16], name[256];
};

/* One thing that was done: an old item, a new one, or both. */
struct deed {
    enum fate fate;
    struct revised_row old, new; /* code "" on the side where there is none */
};

struct revised {
    struct revised_row *rows; /* of the new revision */
    size_t count;
    struct deed *deeds; /* of leaves, FATE_SAME too, and of renamed upper levels */
    size_t deed_count;
};

/* Reads a revision's CSV (department, code, name) and revises it. */
struct revised *revise(const char *csv_path, unsigned seed);
void revised_destroy(struct revised **revised);
/* As CSV for import (free()); without the departments for which `held` says no (NULL: all). */
char *revised_csv(const struct revised *revised, bool (*held)(const char *department));

#endif
