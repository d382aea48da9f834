#include "services/broker/batch.h"
#include "services/broker/broker.h"

#include "common/log.h"
#include "common/strbuf.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    BULK_SHARE = 8, /* every eighth job is a bulk one, when one waits */
    BACKOFF_LONGEST_MS = 60000,
    V1_PATIENCE = 3, /* 7/MDP workers are silent while they work: a longer lease */
    MOST_BEATS = 50, /* heartbeats in a second that are no flood yet */
};

bool is_reserved_service(const char *name)
{
    return strncmp(name, "mmi.", 4) == 0 || strncmp(name, "titanic.", 8) == 0 ||
           strncmp(name, "jinmu.", 6) == 0;
}

static int say(struct broker *broker, const zframe_t *peer, enum mdp_version version,
               bool delimited, enum mdp_command command)
{
    struct mdp_message message = {
        .version = version, .role = MDP_WORKER, .command = command, .delimited = delimited};
    zmsg_t *frames = mdp_encode(&message, true);
    return router_send(broker->router, peer, &frames);
}

static int say_worker(struct broker *broker, const struct worker *worker, enum mdp_command command)
{
    return say(broker, worker->peer, worker->version, worker->delimited, command);
}

/* --- Jobs that come back without a result --------------------------------------------------- */

/* Doubles with each attempt, and differs by up to a half either way, so that jobs which failed
 * together do not come again together. */
static int64_t backoff_ms(const struct broker *broker, int attempts)
{
    int64_t pause = broker->options.backoff_ms;
    for (int i = 1; i < attempts && pause < BACKOFF_LONGEST_MS; i++)
        pause *= 2;
    if (pause > BACKOFF_LONGEST_MS)
        pause = BACKOFF_LONGEST_MS;
    return pause / 2 + (int64_t)randombytes_uniform((uint32_t)pause + 1);
}

static void bury(struct broker *broker, struct job *job, const char *reason)
{
    broker->tally.dead++;
    log_warning("job_dead", "job=%s service=%s attempts=%d reason=\"%s\"", job->record.uuid,
                job->record.service, job->record.attempts, reason);
    if (job_is_direct(job)) {
        answer_error(job->client, broker->router, NULL, "job.dead", reason, 0);
        broker_forget_job(broker, &job);
        return;
    }
    job->state = JOB_ENDED;
    struct change *change = change_new(CHANGE_BURY, &job->record);
    change->reason = xstrdup(reason);
    broker_change(broker, change);
}

static void put_back(struct job *job, int64_t due)
{
    job->state = JOB_READY;
    job->due = due;
    queue_push(&job->service->queues[job->record.priority], job);
}

static void set_half(struct half *half, const struct record *whole, zmsg_t *body)
{
    half->body = body;
    half->record = record_copy(whole);
    half->record.id = half->record.attempts = 0;
    half->record.bytes = (int64_t)zmsg_content_size(body);
    uuid_make(half->record.uuid);
}

/* Cuts a batch in two, so that in the end only what kills workers is dead. False when the job is no
 * batch, or one of a single project. */
static bool split(struct broker *broker, struct job *job)
{
    zmsg_t *halves[2];
    if (job_is_direct(job) || !batch_is_known(job->record.service))
        return false;
    zmsg_t *body = spool_body(broker->spool, job->record.id, NULL);
    int64_t middle = body ? batch_halve(body, halves) : 0;
    zmsg_destroy(&body);
    if (middle == 0)
        return false;
    log_warning("job_split", "job=%s attempts=%d", job->record.uuid, job->record.attempts);
    job->state = JOB_ENDED;
    struct change *change = change_new(CHANGE_SPLIT, &job->record);
    change->middle = middle;
    for (int i = 0; i < 2; i++)
        set_half(&change->halves[i], &job->record, halves[i]);
    broker_change(broker, change);
    return true;
}

/* Nobody waits any more for a job that has passed its deadline. */
static bool is_late(const struct job *job)
{
    return job->record.deadline && job->record.deadline <= zclock_time();
}
static const char late_reason[] = "not done by its deadline";

static void bury_lost(struct broker *broker, struct job *job, const char *reason)
{
    char text[120];
    snprintf(text, sizeof text, "its worker was lost in every attempt; the last one: %s", reason);
    bury(broker, job, text);
}

/* A lease ended without a result, for a reason. `counted`: that may have been the job's fault. */
static void return_job(struct broker *broker, struct worker *worker, struct job *job,
                       const char *reason, bool counted)
{
    worker_drop(worker, job);
    broker->leased[job->record.priority]--;
    if (job->closed) {
        broker_forget_job(broker, &job);
        return;
    }
    if (is_late(job)) {
        bury(broker, job, late_reason);
        return;
    }
    if (!counted) {
        put_back(job, job->due);
        return;
    }
    broker->tally.retries++;
    if (++job->record.attempts >= broker->options.split_after && split(broker, job))
        return;
    if (job->record.attempts >= broker->options.attempts) {
        bury_lost(broker, job, reason);
        return;
    }
    int64_t pause = job_is_direct(job) ? 0 : backoff_ms(broker, job->record.attempts);
    job->record.due = zclock_time() + pause;
    log_info("job_retry", "job=%s worker=%s attempts=%d pause_ms=%lld", job->record.uuid,
             worker->name, job->record.attempts, (long long)pause);
    put_back(job, zclock_mono() + pause);
    if (!job_is_direct(job))
        broker_change(broker, change_new(CHANGE_RETRY, &job->record));
}

static void remove_worker(struct broker *broker, struct worker *worker, const char *reason,
                          bool counted)
{
    log_info("worker_left", "worker=%s service=%s outstanding=%zu reason=%s", worker->name,
             worker->service->name, worker->leased, reason);
    if (counted)
        broker->tally.workers_lost++;
    while (worker->leased > 0)
        return_job(broker, worker, worker->leases[0], reason, counted);
    crew_leave(broker->crew, &worker);
}

/* --- What workers say ----------------------------------------------------------------------- */

static void worker_ready(struct broker *broker, const zframe_t *peer, struct worker *known,
                         const struct mdp_message *message)
{
    if (known) {
        /* Either nonsense, or a worker with a fixed identity that died and came again. */
        complain(broker->complaints, peer, "READY from a worker that is ready");
        remove_worker(broker, known, "ready_again", true);
    }
    if (is_reserved_service(message->service)) {
        complain(broker->complaints, peer, "READY for a service of the broker");
        say(broker, peer, message->version, message->delimited, MDP_DISCONNECT);
        return;
    }
    struct worker *worker = crew_join(broker->crew, peer, message);
    log_info("worker_ready", "worker=%s service=%s version=%d", worker->name, message->service,
             (int)message->version);
}

/* The address that the worker answers to (mdp.h): which job, and which of its leases. */
static zframe_t *lease_address(const struct job *job)
{
    char address[MDP_NAME_BYTES];
    int length = snprintf(address, sizeof address, "%c.%s.%llu.%lld",
                          priority_names[job->record.priority][0], job->record.uuid,
                          (unsigned long long)job->lease, (long long)job->record.submitted);
    return zframe_new(address, (size_t)length);
}

static struct job *find_lease(const struct worker *worker, const zframe_t *address)
{
    struct job *found = NULL;
    for (size_t i = 0; i < worker->leased && !found; i++) {
        zframe_t *wanted = lease_address(worker->leases[i]);
        if (zframe_eq(wanted, (zframe_t *)(uintptr_t)address))
            found = worker->leases[i];
        zframe_destroy(&wanted);
    }
    return found;
}

static void finish(struct broker *broker, struct worker *worker, struct job *job, zmsg_t **body)
{
    worker_drop(worker, job);
    worker->done++;
    broker->leased[job->record.priority]--;
    broker->tally.done++;
    meter_count(&broker->tally.done_rate, 1, zclock_mono());
    meter_add(&broker->tally.jobs[job->record.priority],
              1000 * (zclock_time() - job->record.accepted));
    log_debug("job_done", "job=%s worker=%s", job->record.uuid, worker->name);
    if (job->closed) {
        broker_forget_job(broker, &job);
    } else if (job_is_direct(job)) {
        answer_send(job->client, broker->router, MDP_FINAL, body);
        broker_forget_job(broker, &job);
    } else {
        job->state = JOB_ENDED;
        struct change *change = change_new(CHANGE_FINISH, &job->record);
        change->body = *body;
        *body = NULL;
        broker_change(broker, change);
    }
}

static void worker_answer(struct broker *broker, struct worker *worker, struct mdp_message *message)
{
    struct job *job = find_lease(worker, message->client);
    if (!job)
        complain(broker->complaints, worker->peer, "answer to a request that it does not hold");
    else if ((int64_t)zmsg_content_size(message->body) > broker->options.max_message)
        complain(broker->complaints, worker->peer, "answer over the size limit");
    else if (message->command == MDP_FINAL)
        finish(broker, worker, job, &message->body);
    else if (job_is_direct(job))
        answer_send(job->client, broker->router, MDP_PARTIAL, &message->body);
}

static void count_heartbeat(struct broker *broker, struct worker *worker, int64_t now)
{
    if (now / 1000 != worker->second) {
        worker->second = now / 1000;
        worker->beats = 0;
    }
    if (++worker->beats == MOST_BEATS)
        complain(broker->complaints, worker->peer, "flood of heartbeats");
}

void dispatch_worker_message(struct broker *broker, const zframe_t *peer,
                             struct mdp_message *message)
{
    struct worker *worker = crew_find(broker->crew, peer);
    if (message->command == MDP_READY) {
        if (!broker->stopping)
            worker_ready(broker, peer, worker, message);
        return;
    }
    if (!worker) {
        /* It said READY to an earlier broker, or was given up: it shall say READY again. */
        if (message->command != MDP_HEARTBEAT && message->command != MDP_DISCONNECT)
            complain(broker->complaints, peer, "answer from a worker that is not ready");
        if (message->command != MDP_DISCONNECT)
            say(broker, peer, message->version, message->delimited, MDP_DISCONNECT);
        return;
    }
    worker->heard = zclock_mono();
    if (message->command == MDP_DISCONNECT)
        remove_worker(broker, worker, "disconnect", false);
    else if (message->command == MDP_HEARTBEAT)
        count_heartbeat(broker, worker, worker->heard);
    else
        worker_answer(broker, worker, message);
}

/* --- Jobs to workers ------------------------------------------------------------------------ */

/* Answers that the spool cannot take wait in memory, which is not to fill with them. */
static bool is_held(const struct broker *broker)
{
    bool waits = zlist_size(broker->changes) > 0 || committer_is_busy(broker->committer);
    return broker->trouble_until || (broker->unwritable && waits);
}

/* The next job of a service that a worker can take now, and that worker. A job that lost a worker is
 * leased alone, so that the next loss tells whose fault it is; while it waits for a worker without
 * any jobs, nobody overtakes it. */
static struct job *pick(struct broker *broker, struct service *service, int64_t now,
                        struct worker **worker)
{
    enum priority first =
        (service->picked + 1) % BULK_SHARE == 0 ? PRIORITY_BULK : PRIORITY_INTERACTIVE;
    for (int i = 0; i < PRIORITIES; i++) {
        enum priority priority = i == 0 ? first : (enum priority)(PRIORITIES - 1 - first);
        struct job *job = queue_first(&service->queues[priority]);
        if (!job || job->due > now || (is_held(broker) && !job_is_direct(job)))
            continue;
        *worker = job_is_suspect(job)
                      ? service_idle_worker(service)
                      : service_free_worker(service, priority, (size_t)broker->options.credit);
        if (*worker)
            return job;
        if (job_is_suspect(job))
            return NULL;
    }
    return NULL;
}

static zmsg_t *body_of(struct broker *broker, struct job *job)
{
    struct fault fault;
    if (job_is_direct(job))
        return zmsg_dup(job->body);
    zmsg_t *body = spool_body(broker->spool, job->record.id, &fault);
    if (!body) {
        log_error("body_unreadable", "job=%s reason=\"%s\"", job->record.uuid, fault.message);
        queue_remove(&job->service->queues[job->record.priority], job);
        bury(broker, job, "its body cannot be read");
    }
    return body;
}

static void lease(struct broker *broker, struct worker *worker, struct job *job)
{
    zmsg_t *body = body_of(broker, job);
    if (!body)
        return;
    job->lease = ++broker->leases;
    struct mdp_message message = {.version = worker->version,
                                  .role = MDP_WORKER,
                                  .command = MDP_REQUEST,
                                  .delimited = worker->delimited,
                                  .client = lease_address(job),
                                  .body = body};
    zmsg_t *frames = mdp_encode(&message, true);
    if (router_send(broker->router, worker->peer, &frames)) {
        remove_worker(broker, worker, "unreachable", true);
        return;
    }
    queue_remove(&job->service->queues[job->record.priority], job);
    job->state = JOB_LEASED;
    job->leased_at = zclock_mono();
    job->service->picked++;
    broker->leased[job->record.priority]++;
    if (worker->leased == 0)
        worker->heard = zclock_mono(); /* its lease begins now */
    worker_take(worker, job);
    log_debug("job_leased", "job=%s worker=%s", job->record.uuid, worker->name);
}

void dispatch_all(struct broker *broker)
{
    if (broker->stopping)
        return;
    int64_t now = zclock_mono();
    for (struct service *service = zhashx_first(broker->crew->services); service;
         service = zhashx_next(broker->crew->services)) {
        struct worker *worker;
        struct job *job;
        while ((job = pick(broker, service, now, &worker)))
            lease(broker, worker, job);
    }
}

void dispatch_deadlines(struct broker *broker, int64_t now)
{
    struct job *job;
    while ((job = queue_first(&broker->deadlines)) && job->deadline <= now) {
        queue_remove(&broker->deadlines, job);
        job->deadline = INT64_MAX;
        if (job->state == JOB_READY) { /* one with a worker may yet be done */
            queue_remove(&job->service->queues[job->record.priority], job);
            bury(broker, job, late_reason);
        }
    }
}

int64_t dispatch_next_due(struct broker *broker, int64_t now)
{
    const struct job *late = queue_first(&broker->deadlines);
    int64_t due = late ? late->deadline : INT64_MAX;
    for (struct service *service = zhashx_first(broker->crew->services); service;
         service = zhashx_next(broker->crew->services))
        for (int i = 0; i < PRIORITIES; i++) {
            const struct job *job = queue_first(&service->queues[i]);
            if (job && job->due > now && job->due < due)
                due = job->due;
        }
    return due;
}

/* --- Time ----------------------------------------------------------------------------------- */

/* How long this worker may be silent. A busy one has the time of a lease. */
static int64_t patience_ms(const struct broker *broker, const struct worker *worker)
{
    int64_t idle = broker->options.heartbeat_ms * MDP_LIVENESS;
    int64_t busy = broker->options.lease_ms * (worker->version == MDP_V1 ? V1_PATIENCE : 1);
    return worker->leased > 0 && busy > idle ? busy : idle;
}

/* Whether it holds a job for longer than any job takes, though it sends heartbeats. */
static bool is_stuck(const struct broker *broker, const struct worker *worker, int64_t now)
{
    for (size_t i = 0; i < worker->leased; i++)
        if (now - worker->leases[i]->leased_at > broker->options.max_lease_ms)
            return true;
    return false;
}

static void dismiss(struct broker *broker, struct worker *worker, const char *reason)
{
    broker->tally.lease_expiries += worker->leased;
    say_worker(broker, worker, MDP_DISCONNECT);
    remove_worker(broker, worker, reason, true);
}

void dispatch_heartbeats(struct broker *broker, int64_t now)
{
    broker->heartbeat_at = now + broker->options.heartbeat_ms;
    zlistx_t *workers = zhashx_values(broker->crew->workers);
    for (struct worker *worker = zlistx_first(workers); worker; worker = zlistx_next(workers)) {
        if (say_worker(broker, worker, MDP_HEARTBEAT)) {
            remove_worker(broker, worker, "unreachable", true);
        } else if (now - worker->heard > patience_ms(broker, worker)) {
            dismiss(broker, worker, "silent");
        } else if (is_stuck(broker, worker, now)) {
            dismiss(broker, worker, "lease_too_long");
        }
    }
    zlistx_destroy(&workers);
}

void dispatch_dismiss(struct broker *broker, struct worker *worker, const char *reason)
{
    say_worker(broker, worker, MDP_DISCONNECT);
    remove_worker(broker, worker, reason, false);
}

void dispatch_dismiss_all(struct broker *broker)
{
    zlistx_t *workers = zhashx_values(broker->crew->workers);
    for (struct worker *worker = zlistx_first(workers); worker; worker = zlistx_next(workers))
        dispatch_dismiss(broker, worker, "broker_stops");
    zlistx_destroy(&workers);
}
