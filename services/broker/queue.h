#ifndef JINMU_QUEUE_H
#define JINMU_QUEUE_H

#include "services/broker/answer.h"

#include <stdint.h>

enum priority { PRIORITY_INTERACTIVE, PRIORITY_BULK, PRIORITIES };
extern const char *const priority_names[PRIORITIES]; /* "interactive", "bulk" */
/* The priority of that name; PRIORITIES when there is none. */
enum priority priority_of(const char *name);

enum { UUID_DIGITS = 32 };

/* What is known of a job without its body; a row of spool.db. Times are ms since 1970. */
struct record {
    int64_t id; /* 0: a direct request, which stands in no spool */
    char uuid[UUID_DIGITS + 1];
    char *service;
    enum priority priority;
    int attempts;
    int64_t due;
    int64_t accepted;
    int64_t bytes;
};
void record_clear(struct record *record);
struct record record_copy(const struct record *record);

enum job_state {
    JOB_READY,  /* in its service's queue, perhaps not due yet */
    JOB_LEASED, /* with a worker */
    JOB_ENDED   /* done, dead or removed as soon as the next commit says so */
};

/* A job that is not done. A direct request (MDP without titanic) is one too, with its body and its
 * client in memory instead of the spool. */
struct job {
    struct record record;
    enum job_state state;
    struct service *service;
    int64_t due;           /* as record.due, on the monotonic clock, ms */
    uint64_t order;        /* of arrival, between jobs due at once */
    size_t place;          /* in the queue's heap */
    uint64_t lease;        /* number of the lease, part of the address that the worker answers to */
    bool closed;           /* its sender wants no reply any more */
    struct answer *client; /* direct requests only, as the next two */
    zmsg_t *body;
    int64_t give_up; /* when the client is told that no worker came, monotonic ms */
};
struct job *job_new(struct record *record); /* takes the record over */
void job_destroy(struct job **job);
static inline bool job_is_direct(const struct job *job)
{
    return job->client != NULL;
}

/* Jobs by the time at which they are due, first come first served among equals: a binary heap. Owns
 * nothing. `{0}` is an empty one. */
struct queue {
    struct job **jobs;
    size_t count;
    size_t capacity;
};
void queue_push(struct queue *queue, struct job *job);
void queue_remove(struct queue *queue, struct job *job);
/* The job due first, or NULL. */
struct job *queue_first(const struct queue *queue);
void queue_free(struct queue *queue);

#endif
