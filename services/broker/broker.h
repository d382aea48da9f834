#ifndef JINMU_BROKER_H
#define JINMU_BROKER_H

#include "common/complaints.h"
#include "services/broker/committer.h"
#include "services/broker/crew.h"
#include "services/broker/spool.h"

#include "common/guard.h"
#include "common/meter.h"
#include "common/signals.h"

/* A Majordomo broker (18/MDP and 7/MDP on one ROUTER) with 9/TSP over a spool. Its own services, by
 * their body frames and those of the answer:
 *   titanic.request  service, body+           200 UUID, 400 error, 503 error with retry_after_s
 *   jinmu.submit     options, service, body+  the same; options: {"priority":"interactive|bulk",
 *                                             "idempotency_key":text,"delay_ms":number,
 *                                             "deadline_ms":number}, all optional; a key that was
 *                                             used for another request is a 400
 *   titanic.reply    UUID                     200 body+, 300 pending, 400 unknown, 500 error
 *   titanic.close    UUID                     200; a queued job is removed, a leased one's reply dropped
 *   jinmu.cancel     UUID                     200, 400 unknown or ended, 409 a worker has it
 *   jinmu.dead       {"do":"list"}            200 {…}; likewise show, retry and drop (see control.c)
 *   jinmu.status     anything                 {…}
 *   mmi.service      name                     200 or 404; other mmi.*: 501
 * An error is {"error":{"code":…,"message":…}}.
 *
 * Over an endpoint with keys, what a peer may ask depends on the role of its key: see access.c. */

struct broker_options {
    const char *endpoint;
    struct guard *guard; /* of an endpoint with keys; NULL: none. The caller's */
    const char *spool_path;
    int64_t max_jobs;     /* in the spool, replies not counted */
    int64_t max_bytes;    /* of all bodies in the spool, replies too */
    int64_t max_message;  /* bytes of one message's body */
    int64_t max_waiting;  /* direct requests that are not answered yet */
    int64_t wait_ms;      /* a direct request waits so long for a worker */
    int64_t heartbeat_ms; /* between two heartbeats */
    int64_t lease_ms;     /* a busy worker may be silent so long */
    int64_t max_lease_ms; /* a worker may keep a job so long, whatever heartbeats it sends */
    int64_t attempts;     /* leases of one job that may be lost before it is dead */
    int64_t split_after;  /* leases of a batch that may be lost before it is cut in halves */
    int64_t backoff_ms;   /* before the first retry; doubles with each */
    int64_t credit;       /* jobs that a worker of 18/MDP may hold */
    int64_t retention_s;  /* replies that nobody closed are kept so long */
    int64_t drain_ms;     /* for workers to finish at the end */
};
extern const struct broker_options broker_defaults;

/* What happened since the start. */
struct tally {
    uint64_t accepted, duplicates, done, refused, direct, retries, lease_expiries, workers_lost,
        dead, splits, commit_failures, changes;
    struct meter_rate accepted_rate, done_rate;
    struct meter_durations commits;
    struct meter_durations jobs[PRIORITIES]; /* from their acceptance to their end */
};

struct broker {
    struct broker_options options;
    zsock_t *router;
    struct reload reload; /* of the configuration; the caller sets it before broker_run */
    zsock_t *monitor;     /* tells of connections that ended, where no guard does */
    uint64_t keys_seen;   /* generation of the guard's keys */
    struct spool *spool;
    struct crew *crew;
    struct complaints *complaints;
    zhashx_t *jobs;         /* by UUID: all that are not done */
    zlist_t *direct;        /* the direct requests among them, oldest first */
    struct queue deadlines; /* those with a deadline, by it */
    zlist_t *changes;       /* struct change, for the next commit */
    bool urgent;            /* somebody waits for that commit */
    struct committer *committer;
    size_t commit_size;                  /* changes in the commit under way */
    int64_t pending_jobs, pending_bytes; /* of ACCEPTs noted or under way */
    int64_t leased[PRIORITIES];
    uint64_t arrivals, leases;
    int64_t last_submitted; /* of the records */
    /* When things are due, monotonic ms. */
    int64_t lazy_commit_at, heartbeat_at, expire_at, stop_at;
    int64_t trouble_until;  /* the spool is not written before; 0: it may be */
    int64_t trouble_log_at; /* no further line about it before */
    bool unwritable;        /* the last commit failed */
    bool stopping;
    int64_t since; /* ms since 1970 */
    struct tally tally;
};

/* Opens the spool, takes its ready jobs up and binds. NULL with a fault. */
struct broker *broker_new(const struct broker_options *options, struct fault *fault);
/* The event loop; returns when `ending` (a descriptor) became readable and all is put away. */
void broker_run(struct broker *broker, int ending);
/* One turn of it, without waiting: who waited for a commit that has ended is told, all that has arrived
 * is taken in, jobs go to free workers, and one commit is begun for all that was noted. */
void broker_turn(struct broker *broker);
void broker_destroy(struct broker **broker);

/* Notes a change for the next commit: a change with an answer makes it urgent. Takes it over. */
void broker_change(struct broker *broker, struct change *change);
/* Begins the commit of what is noted, unless one is under way: then it begins with the turn after. */
void broker_begin_commit(struct broker *broker);
bool broker_commit_is_due(const struct broker *broker, int64_t now);
/* When a commit has ended (with `wait`: waits for it), tells who waited for it. */
void broker_settle(struct broker *broker, bool wait);
/* Commits what is noted, now, and waits for it. */
void broker_commit(struct broker *broker);
/* Takes a job over into its service's queue and the table of jobs: now, or when its record is due. */
void broker_add_job(struct broker *broker, struct job *job);
struct job *broker_find_job(struct broker *broker, const char *uuid);
/* Takes a job that stands in no queue out of the table, and frees it. */
void broker_forget_job(struct broker *broker, struct job **job);
/* Whether the spool has room for one more job; if not, a reason and when to try again. */
bool broker_has_room(struct broker *broker, int64_t bytes, const char **code, int *retry_after_s);

/* The place of a request that is taken in now, for record.submitted. */
int64_t broker_next_submitted(struct broker *broker);

/* 32 random hexadecimal digits. */
void uuid_make(char uuid[UUID_DIGITS + 1]);

/* clients.c: a client's request; consumes the peer, clears the message. */
void clients_request(struct broker *broker, zframe_t **peer, struct mdp_message *message);
/* Answers direct requests that waited too long. */
void clients_give_up(struct broker *broker, int64_t now);
/* When the next of them will have, monotonic ms; INT64_MAX when none will. */
int64_t clients_next_give_up(struct broker *broker);

/* titanic.c, control.c: services of the broker itself. Each gives its answer at once, or takes answer
 * (and body) over and sets them to NULL. */
typedef void (*own_service)(struct broker *broker, struct answer **answer, zmsg_t **body);
void titanic_service_request(struct broker *broker, struct answer **answer, zmsg_t **body);
void titanic_service_submit(struct broker *broker, struct answer **answer, zmsg_t **body);
void titanic_service_reply(struct broker *broker, struct answer **answer, zmsg_t **body);
void titanic_service_close(struct broker *broker, struct answer **answer, zmsg_t **body);
void control_mmi(struct broker *broker, struct answer **answer, zmsg_t **body);
void control_status(struct broker *broker, struct answer **answer, zmsg_t **body);
void control_cancel(struct broker *broker, struct answer **answer, zmsg_t **body);
void control_dead(struct broker *broker, struct answer **answer, zmsg_t **body);

/* What became of a change: `fault` is NULL when it was committed. */
void titanic_settle(struct broker *broker, struct change *change, const struct fault *fault);

/* access.c: whether the key that a message came with may say that. If not, its sender is told as far
 * as MDP can. Without a guard all may. */
bool access_admits(struct broker *broker, const zframe_t *peer, const struct mdp_message *message);
/* Forgets the workers and the requests of keys that were revoked. */
void access_refresh(struct broker *broker);

/* dispatch.c: jobs to workers, and back. */
void dispatch_worker_message(struct broker *broker, const zframe_t *peer,
                             struct mdp_message *message);
void dispatch_all(struct broker *broker);
/* Sends heartbeats, and takes the jobs from workers that were silent for too long. */
void dispatch_heartbeats(struct broker *broker, int64_t now);
void dispatch_dismiss(struct broker *broker, struct worker *worker, const char *reason);
void dispatch_dismiss_all(struct broker *broker);
/* Buries what waits and has passed its deadline. */
void dispatch_deadlines(struct broker *broker, int64_t now);
/* When a queue's first job becomes due, or the first deadline passes, monotonic ms; INT64_MAX when
 * none will. */
int64_t dispatch_next_due(struct broker *broker, int64_t now);
bool is_reserved_service(const char *name);

#endif
