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
    int64_t deadline; /* not to be leased after; 0: none */
    int64_t accepted;
    int64_t submitted; /* place among all requests: µs since 1970, but never less than before */
    int64_t bytes;
    int64_t parent; /* id of the batch of which this is a part; 0: none */
    int64_t part;   /* the number of its first project in that batch */
};
void record_clear(struct record *record);
struct record record_copy(const struct record *record);

enum job_state {
    JOB_READY,  /* in its service's queue, perhaps not due yet */
    JOB_LEASED, /* with a worker */
    JOB_SPLIT,  /* its parts are jobs now, and it waits for them */
    JOB_ENDED   /* done, dead or removed as soon as the next commit says so */
};

/* A job that is not done. A direct request (MDP without titanic) is one too, with its body and its
 * client in memory instead of the spool. */
struct job {
    struct record record;
    enum job_state state;
    struct service *service;
    int64_t due;           /* as record.due, on the monotonic clock, ms */
    int64_t deadline;      /* as record.deadline, on the monotonic clock; INT64_MAX: none */
    uint64_t order;        /* of arrival, between jobs due at once */
    size_t places[2];      /* in the heaps, by queue.by_deadline */
    uint64_t lease;        /* number of the lease, part of the address that the worker answers to */
    int64_t leased_at;     /* monotonic ms */
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
/* Whether it lost a worker before. */
static inline bool job_is_suspect(const struct job *job)
{
    return job->record.attempts > 0;
}

/* Jobs by the time at which they are due, or by their deadlines, first come first served among
 * equals: a binary heap. A job can be in one of each kind. Owns nothing. `{0}` is an empty one. */
struct queue {
    struct job **jobs;
    size_t count;
    size_t capacity;
    bool by_deadline;
};
void queue_push(struct queue *queue, struct job *job);
void queue_remove(struct queue *queue, struct job *job);
/* The job due first, or NULL. */
struct job *queue_first(const struct queue *queue);
void queue_free(struct queue *queue);

#endif
