#ifndef JINMU_WORKER_ASSIGNMENT_H
#define JINMU_WORKER_ASSIGNMENT_H

#include "catalog/engine/engine.h"
#include "common/strbuf.h"
#include "services/collector/wire.h"

#include <czmq.h>

/* One request in a worker's hands, from the broker to the answer. */
struct assignment {
    zframe_t *client; /* whom to answer */
    zframe_t *body;
    bool bulk;           /* nobody waits for it */
    bool summary;        /* the sender wants numbers, not results */
    bool forgotten;      /* nothing of it is to be stored */
    bool again;          /* stored projects, to be judged again */
    int64_t submitted;   /* the broker's number of the request (mdp.h); 0: it gave none */
    bool in_batch;       /* it is {"projects":[…]} */
    bool judged;         /* every project is */
    unsigned unstored;   /* batches at the collector */
    struct strbuf reply; /* results so far, with commas between them */
    size_t errors;
    struct wire_tally tally; /* of all batches stored */
    bool refused;
    struct fault fault; /* when refused: why there is no result */
};

/* Takes the frames of a request over (zmsg_destroy'd), with the client's address. */
struct assignment *assignment_new(zframe_t **client, zmsg_t **request);
void assignment_destroy(struct assignment **assignment);

/* Writes a judged project down, which took so many microseconds: in the answer, and in `records` for
 * the collector unless it is not to be stored. `project_bytes` is the limit beyond which a project's text is not kept. */
void assignment_add(struct assignment *assignment, const struct judged *judged,
                    int64_t microseconds, struct strbuf *records, size_t project_bytes);
/* Who is told of the judging, each with its argument. */
struct judging_calls {
    void (*records)(struct strbuf *records, void *argument); /* of a batch; to be left empty */
    void *records_argument;
    void (*project)(void *argument); /* after each; or NULL */
    void *project_argument;
};
typedef void assignment_judge_fn(struct assignment *assignment, struct judge *judge,
                                 size_t project_bytes, const struct judging_calls *calls);
/* Judges the body: every project is added, or the assignment is refused. */
assignment_judge_fn assignment_judge;
void assignment_stored(struct assignment *assignment, const struct wire_tally *tally,
                       const struct fault *fault);
/* The body of the answer, when the assignment is judged and all is stored. */
zmsg_t *assignment_answer(struct assignment *assignment);

#endif
