#ifndef JINMU_VERSIONS_H
#define JINMU_VERSIONS_H

#include "common/fault.h"

#include <stdbool.h>
#include <stdint.h>

/* Every stored project with the result that it had and the one by which it shall be judged now: what a
 * reclassification reads of results.db, beside the collector that writes it. Each call reads for
 * milliseconds, so that the collector's checkpoints are not held up. */
struct versions;

/* NULL with a fault. */
struct versions *versions_open(const char *results_path, struct fault *fault);
void versions_close(struct versions **versions);

/* By what projects shall be judged. */
struct version_target {
    const char *revision; /* NULL: each by the revision of its latest result */
    const char *engine, *model;
    int64_t since; /* after this event every model is right: people decide while a run goes on */
};

/* A result; event 0 when there is none. What VERSIONS_PLAIN does not read is 0 or "". */
struct version {
    int64_t event;
    const char *revision, *department, *decision;
    double confidence;
    const char *item_department, *item_code,
        *item_name; /* of the first candidate; "" without one */
};

struct versioned {
    int64_t number; /* of the project; they come in its order */
    const char *id, *unit;
    const char *project; /* JSON; "null" when its text was too long to be kept */
    const char *name;    /* of what JSON says, "" and 0 where it does not; not VERSIONS_PLAIN */
    int year;
    double amount_yuan;
    struct version old; /* the latest that is not by the target */
    struct version new; /* by the target; when the old one is later, it does not count any more */
};
/* What is read: all, or what can be told without a look into the texts. */
enum versions_depth { VERSIONS_PLAIN, VERSIONS_WHOLE, VERSIONS_DEPTHS };
typedef int versioned_fn(const struct versioned *project, void *argument);

/* Visits the next projects after number `after`, at most `limit`: of each unit's id the text that
 * counts, when it has a result. `visit` ends it with other than 0. Gives the number of the last project that was looked
 * at, 0 when there are no more, -1 with a fault. */
int64_t versions_each(struct versions *versions, const struct version_target *target,
                      enum versions_depth depth, int64_t after, int64_t limit, versioned_fn *visit,
                      void *argument, struct fault *fault);

/* What the newest result by the revision (NULL: any) was made by. 1 with engine and model (free()), 0
 * when there is none, -1 with a fault. */
int versions_newest_origin(struct versions *versions, const char *revision, char **engine,
                           char **model, struct fault *fault);

/* The last event's number, and how many projects there are at most. */
int64_t versions_last_event(struct versions *versions);
int64_t versions_count(struct versions *versions);

#endif
