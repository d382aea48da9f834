#ifndef JINMU_CREW_H
#define JINMU_CREW_H

#include "common/key_file.h"
#include "services/broker/queue.h"

/* The services, the workers that said READY for them, and who of them may take a job. */

enum { MOST_CREDIT = 16 };

struct worker {
    zframe_t *peer; /* routing id */
    char *name;     /* the same in hexadecimal */
    enum mdp_version version;
    bool delimited;
    char key[KEY_CHARACTERS + 1]; /* that it is known by; empty: by none */
    struct service *service;
    struct job *leases[MOST_CREDIT + 1];
    size_t leased;
    int64_t since;  /* ms since 1970 */
    int64_t heard;  /* monotonic ms, as the next two */
    int64_t given;  /* a job, last */
    int64_t second; /* that `beats` counts */
    unsigned beats; /* heartbeats in that second */
    uint64_t done;
};

struct service {
    char *name;
    struct queue queues[PRIORITIES];
    zlist_t *workers;
    uint64_t picked; /* jobs given out, for the share of bulk */
};

struct crew {
    zhashx_t *services; /* by name */
    zhashx_t *workers;  /* by name */
};

struct crew *crew_new(void);
void crew_destroy(struct crew **crew); /* the jobs are the caller's */

/* The service of that name, made when it is new. */
struct service *crew_service(struct crew *crew, const char *name);
/* The service, or NULL when there is none. */
struct service *crew_find_service(struct crew *crew, const char *name);
/* Forgets services without jobs and workers. */
void crew_tidy(struct crew *crew);

/* The worker with that routing id, or NULL. */
struct worker *crew_find(struct crew *crew, const zframe_t *peer);
/* Registers a worker that said READY. */
struct worker *crew_join(struct crew *crew, const zframe_t *peer, const struct mdp_message *ready);
/* Takes a worker out, which must hold no leases any more, and frees it. */
void crew_leave(struct crew *crew, struct worker **worker);

/* Jobs that one worker may hold: of 7/MDP one; of 18/MDP `credit` bulk jobs, as the next one waits in
 * its socket while it works, and one interactive job more, which our workers take out of turn. */
size_t worker_credit(const struct worker *worker, enum priority priority, size_t credit);
/* The worker of the service that holds the fewest jobs and may hold one more, among equals the one
 * that had none for the longest; none that has a suspect job. NULL when all have enough. */
struct worker *service_free_worker(struct service *service, enum priority priority, size_t credit);
/* The worker that has had no job for the longest; NULL when all have one. */
struct worker *service_idle_worker(struct service *service);
void worker_take(struct worker *worker, struct job *job);
void worker_drop(struct worker *worker, struct job *job);

#endif
