#ifndef JINMU_RECLASSIFY_H
#define JINMU_RECLASSIFY_H

#include "catalog/engine/engine.h"
#include "services/cli/bulk.h"
#include "services/cli/moves.h"

/* Judging stored projects again: those that have no result yet by the revision, engine and model that
 * are asked for, and those that have one which a later one superseded. What is done is told by
 * results.db alone, so a run that was killed goes on where it was when it is started again. */

struct reclassify_options {
    const char *to;         /* revision; NULL: each project by its own (--engine) */
    const char *from;       /* only those whose result is of that revision; NULL: all */
    const char *department; /* only those of that department; NULL: all */
    bool only_affected;     /* only those whose item or department changed */
    bool dry_run;           /* judge here and store nothing */
    bool only_compare;      /* what was not judged is left out */
    int64_t rate;           /* projects a second at most; 0: no limit */
    const char *pause_file; /* while it is there nothing is submitted */
};

struct reclassify {
    const struct reclassify_options *options;
    struct versions *versions;
    struct successors *successors;
    struct version_target target;
    struct engine *engine;
    const char *catalog; /* the file that the engine was loaded from */
    struct bulk *bulk;   /* NULL in a dry run */
    int64_t since;       /* results up to this event were there before the run */
    void (*progress)(int64_t looked_at, size_t judged, const char *why, void *argument);
    void *argument;
    size_t judged, skipped; /* projects */
};

/* Submits what is to be judged, and waits until it is. 0, or -1 with a fault: "cli.interrupted",
 * "reclassify.other_engine" when the workers judge by another model than this catalog.db. */
int reclassify_run(struct reclassify *reclassify, struct fault *fault);
/* Compares every project's results, old and new; `moves` is started. In a dry run it judges first. */
int reclassify_compare(struct reclassify *reclassify, struct moves *moves, struct fault *fault);

#endif
