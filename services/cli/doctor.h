#ifndef JINMU_DOCTOR_H
#define JINMU_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

/* What can be seen of an installation from outside, for `jinmu doctor`. Texts are Chinese, for
 * operators. */
enum health { HEALTH_GOOD, HEALTH_NOTE, HEALTH_BAD, HEALTHS };
extern const char *const health_names[HEALTHS]; /* "good", "note", "bad" */

struct diagnosis {
    struct check {
        const char *name; /* a stable word: "disk" */
        enum health health;
        char *text;
    } * checks;
    size_t count;
    size_t of[HEALTHS];
};
void diagnosis_clear(struct diagnosis *diagnosis);

/* Looks over a state directory (NULL: the default one), its databases, disk and clock, and the services
 * that run there. `thorough` reads every index. */
void doctor_examine(struct diagnosis *diagnosis, const char *state, bool thorough);

#endif
