#ifndef JINMU_SPOOL_H
#define JINMU_SPOOL_H

#include "services/broker/queue.h"

#include "common/fault.h"

/* spool.db: the jobs of titanic.request and jinmu.submit until their senders close them. Changes are
 * collected and committed together, all or none of them. A commit with a change that somebody waits
 * for survives a power cut; others survive kill -9, and a power cut once a later one of those came. */
struct spool;

enum spool_state { SPOOL_UNKNOWN, SPOOL_READY, SPOOL_SPLIT, SPOOL_DONE, SPOOL_DEAD };

struct spool_totals {
    int64_t ready; /* not done; leased ones too */
    int64_t split; /* waiting for their parts, which are counted as jobs of their own */
    int64_t done;
    int64_t dead;
    int64_t bytes; /* of all bodies */
};

enum change_kind {
    CHANGE_ACCEPT, /* a new job */
    CHANGE_FINISH, /* done: the body is now its reply */
    CHANGE_RETRY,  /* attempts and due of a job whose worker was lost */
    CHANGE_SPLIT,  /* two jobs for its halves, in its stead when it is a part itself */
    CHANGE_BURY,   /* dead, for a reason */
    CHANGE_REVIVE, /* a dead one is ready again, without attempts and deadline */
    CHANGE_REMOVE  /* closed, cancelled or dropped */
};

struct change {
    enum change_kind kind;
    struct record record; /* ACCEPT: id 0, filled in by the commit; others: which job */
    char *key;            /* ACCEPT: idempotency key or NULL */
    char *reason;         /* BURY: why; REVIVE, REMOVE: second frame of the answer, or NULL */
    zmsg_t *body;         /* ACCEPT: the request; FINISH: the reply */
    struct half {
        struct record record; /* id, parent and part filled in by the commit */
        zmsg_t *body;
    } halves[2];                  /* SPLIT */
    int64_t middle;               /* SPLIT: how many projects the first half holds */
    char joined[UUID_DIGITS + 1]; /* set by the commit: the batch that is done with this part */
    bool duplicate;        /* set by the commit: the key was known, record is that of its job */
    bool other;            /* … which was of another content: this one is not accepted */
    struct answer *answer; /* who waits for it, or NULL: then it may wait for others */
};
struct change *change_new(enum change_kind kind, const struct record *record);
void change_destroy(struct change **change);

/* The version of the schema that this program writes. */
int spool_schema_version(void);
/* Opens or makes the file. NULL with a fault. */
struct spool *spool_open(const char *path, struct fault *fault);
void spool_close(struct spool **spool);

/* Commits the changes (struct change) in their order. 0, or -1 with a fault: then none is made. May
 * run in another thread than all else but spool_tidy. */
int spool_commit(struct spool *spool, zlist_t *changes, struct fault *fault);
/* Between commits: brings the log into the file when it has grown, and makes the file small again
 * when the queue has been worked off. What fails is done by a later one. */
void spool_tidy(struct spool *spool);
/* The greatest `submitted` of all its jobs, 0 without any. Before the first spool_commit. */
int64_t spool_last_submitted(const struct spool *spool);
struct spool_totals spool_totals(const struct spool *spool);

/* Each job that is ready or split, oldest first; `visit` takes the record over. 0, or -1 with a
 * fault. */
int spool_each_open(struct spool *spool,
                    void (*visit)(struct record *record, enum spool_state state, void *argument),
                    void *argument, struct fault *fault);
/* Each dead job, the latest first, at most `limit` (-1: all); the record and reason are borrowed. */
int spool_each_dead(struct spool *spool, int limit,
                    void (*visit)(const struct record *record, const char *reason, void *argument),
                    void *argument, struct fault *fault);
/* What the spool knows of a UUID, and its record when it is known. */
enum spool_state spool_find(struct spool *spool, const char *uuid, struct record *record);
/* The frames of a job's body, or NULL with a fault. */
zmsg_t *spool_body(struct spool *spool, int64_t id, struct fault *fault);
/* Why a job is dead (free()); NULL when that cannot be read. */
char *spool_reason(struct spool *spool, int64_t id);
/* Replies that were finished before (ms since 1970), at most `limit`. How many, or -1. */
int spool_each_expired(struct spool *spool, int64_t before, int limit,
                       void (*visit)(const struct record *record, void *argument), void *argument,
                       struct fault *fault);

#endif
