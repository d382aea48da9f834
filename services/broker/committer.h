#ifndef JINMU_COMMITTER_H
#define JINMU_COMMITTER_H

#include "services/broker/spool.h"

/* Commits lists of changes to the spool in a thread of its own, so that the broker's loop never waits
 * for the disk. One list at a time; while it is under way the next one is gathered. Between
 * committer_new and committer_destroy nobody else calls spool_commit and spool_tidy. */
struct committer;

/* What became of a list. */
struct outcome {
    int status; /* of spool_commit */
    struct fault fault;
    int64_t took_us;
};

struct committer *committer_new(struct spool *spool);
/* Waits for what is under way; destroys the changes that were not taken back. */
void committer_destroy(struct committer **committer);

/* Whether a list was begun whose outcome nobody has taken. */
bool committer_is_busy(const struct committer *committer);
/* Begins a list, which must not be touched until it comes back. Not while it is busy. */
void committer_begin(struct committer *committer, zlist_t *changes);
/* The list that was begun, with its outcome; NULL when there is none, or, without `wait`, none yet. */
zlist_t *committer_end(struct committer *committer, bool wait, struct outcome *outcome);
/* Readable when there is an outcome to take. */
int committer_descriptor(const struct committer *committer);

#endif
