#ifndef JINMU_CLI_BATCHES_H
#define JINMU_CLI_BATCHES_H

#include "catalog/project.h"
#include "common/strbuf.h"

#include <stdio.h>

/* What is to be submitted: projects of a file, in requests of at most 256. */
struct batch {
    char *body; /* {"projects":[…]} */
    size_t bytes;
    char **ids; /* of its projects; those without one get that which the engine will give them */
    size_t projects;
};
struct batches {
    struct batch *all;
    size_t count;
    size_t projects;
};

/* Reads one project a line, or one JSON text over the whole file: a project, {"projects":[…]} or
 * […]. Nothing of a file is taken when a line is no project at all, when it is empty, when a text is
 * over the limits, or when a project that comes alone lacks its name. 0, or -1 with a fault that
 * names the line. Clear it either way. */
int batches_read(struct batches *batches, FILE *file, const struct project_limits *limits,
                 struct fault *fault);
void batches_clear(struct batches *batches);

#endif
