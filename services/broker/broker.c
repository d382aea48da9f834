#include "services/broker/broker.h"

#include "common/log.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
    /* Received in one turn: what comes first shall not wait long for its commit. */
    MOST_MESSAGES = 512,
    MOST_BYTES = 4 * 1024 * 1024,
    FRAME_ROOM = 64 * 1024, /* a frame may be larger than a body by this, for JSON escapes */
    EXPIRE_MS = 60000,
    EXPIRE_AT_ONCE = 500, /* replies, in one commit */
    EXPIRE_AGAIN_MS = 100,
    RECEIVE_HWM = 100,
    LINGER_MS = 1000,
    TCP_HEARTBEAT_MS = 5000,
    TCP_SILENCE_MS = 20000,
    RETRY_LONGEST_S = 60,
    PROBE_MS = 5, /* from the end of a connection to a heartbeat that finds out whose it was */
    PROBES_APART_MS = 50,
};

const struct broker_options broker_defaults = {
    .max_jobs = 100000,
    .max_bytes = (int64_t)4 << 30,
    .max_message = MDP_MAX_BODY_BYTES,
    .max_waiting = 1000,
    .wait_ms = 30000,
    .heartbeat_ms = MDP_HEARTBEAT_MS,
    .lease_ms = 10000,
    .max_lease_ms = 600000,
    .attempts = 5,
    .split_after = 2,
    .backoff_ms = 200,
    .credit = 2,
    .retention_s = 86400,
    .drain_ms = 5000,
};

static void take_up(struct record *record, enum spool_state state, void *argument)
{
    struct broker *broker = argument;
    struct job *job = job_new(record);
    if (state == SPOOL_READY) {
        broker_add_job(broker, job);
        return;
    }
    job->state = JOB_SPLIT;
    zhashx_insert(broker->jobs, job->record.uuid, job);
}

static zsock_t *open_router(const struct broker_options *options, struct fault *fault)
{
    zsock_t *router = zsock_new(ZMQ_ROUTER);
    if (!router) {
        fault_set(fault, "broker.socket", "no socket: %s", zmq_strerror(zmq_errno()));
        return NULL;
    }
    zsock_set_router_mandatory(router, 1);
    zsock_set_sndtimeo(router, 0);
    zsock_set_rcvhwm(router, RECEIVE_HWM);
    zsock_set_maxmsgsize(router, (int)(options->max_message + FRAME_ROOM));
    zsock_set_linger(router, LINGER_MS);
    zsock_set_heartbeat_ivl(router, TCP_HEARTBEAT_MS);
    zsock_set_heartbeat_timeout(router, TCP_SILENCE_MS);
    zsock_set_backlog(router, 1024);
    int status = 0;
    if (options->guard)
        status =
            guard_bind(options->guard, router, "client,worker,admin", options->endpoint, fault);
    else if (zsock_bind(router, "%s", options->endpoint) < 0)
        status =
            fault_set(fault, "broker.bind", "%s: %s", options->endpoint, zmq_strerror(zmq_errno()));
    if (status)
        guard_close(&router);
    return router;
}

/* Listens for connections of the ROUTER that end. Without it a worker's death is noticed at the next
 * heartbeat, so failing is no fault. */
static zsock_t *open_monitor(zsock_t *router)
{
    static const char endpoint[] = "inproc://broker-monitor";
    if (zmq_socket_monitor(zsock_resolve(router), endpoint, ZMQ_EVENT_DISCONNECTED))
        return NULL;
    zsock_t *monitor = zsock_new(ZMQ_PAIR);
    if (monitor && zsock_connect(monitor, "%s", endpoint))
        zsock_destroy(&monitor);
    return monitor;
}

static void drain_monitor(zsock_t *monitor)
{
    while (zsock_events(monitor) & ZMQ_POLLIN) {
        zmsg_t *event = zmsg_recv(monitor);
        zmsg_destroy(&event);
    }
}

/* libzmq leaks the events that nobody has read. */
static void close_monitor(zsock_t **monitor, zsock_t *router)
{
    if (!*monitor)
        return;
    zmq_socket_monitor(zsock_resolve(router), NULL, 0);
    drain_monitor(*monitor);
    zsock_destroy(monitor);
}

/* Jobs are kept in their order all the same, but delays, deadlines and ages are wrong. */
static void warn_of_clock(const struct broker *broker)
{
    int64_t ahead_s = (broker->last_submitted / 1000 - zclock_time()) / 1000;
    if (ahead_s > 0)
        log_warning("clock_went_back", "seconds=%lld", (long long)ahead_s);
}

int64_t broker_next_submitted(struct broker *broker)
{
    int64_t now = 1000 * zclock_time();
    broker->last_submitted = now > broker->last_submitted ? now : broker->last_submitted + 1;
    return broker->last_submitted;
}

struct broker *broker_new(const struct broker_options *options, struct fault *fault)
{
    struct broker *broker = xcalloc(1, sizeof *broker);
    broker->options = *options;
    broker->keys_seen = options->guard ? guard_generation(options->guard) : 0;
    broker->crew = crew_new();
    broker->complaints = complaints_new();
    broker->jobs = zhashx_new();
    broker->direct = zlist_new();
    broker->changes = zlist_new();
    broker->deadlines.by_deadline = true;
    broker->since = zclock_time();
    broker->spool = spool_open(options->spool_path, fault);
    if (!broker->spool || spool_each_open(broker->spool, take_up, broker, fault) ||
        !(broker->router = open_router(options, fault))) {
        broker_destroy(&broker);
        return NULL;
    }
    broker->last_submitted = spool_last_submitted(broker->spool);
    warn_of_clock(broker);
    broker->committer = committer_new(broker->spool);
    if (!options->guard)
        broker->monitor = open_monitor(broker->router);
    return broker;
}

static void drop_leases(struct broker *broker)
{
    for (struct worker *worker = zhashx_first(broker->crew->workers); worker;
         worker = zhashx_next(broker->crew->workers))
        while (worker->leased > 0) {
            struct job *job = worker->leases[0];
            worker_drop(worker, job);
            if (job->closed)
                job_destroy(&job);
        }
}

void broker_destroy(struct broker **broker)
{
    if (!*broker)
        return;
    committer_destroy(&(*broker)->committer);
    struct change *change;
    while ((change = zlist_pop((*broker)->changes)))
        change_destroy(&change);
    drop_leases(*broker);
    for (struct job *job = zhashx_first((*broker)->jobs); job; job = zhashx_next((*broker)->jobs)) {
        struct job *doomed = job;
        job_destroy(&doomed);
    }
    crew_destroy(&(*broker)->crew);
    zhashx_destroy(&(*broker)->jobs);
    zlist_destroy(&(*broker)->direct);
    zlist_destroy(&(*broker)->changes);
    queue_free(&(*broker)->deadlines);
    complaints_destroy(&(*broker)->complaints);
    spool_close(&(*broker)->spool);
    close_monitor(&(*broker)->monitor, (*broker)->router);
    guard_close(&(*broker)->router);
    free(*broker);
    *broker = NULL;
}

void broker_add_job(struct broker *broker, struct job *job)
{
    int64_t ahead = zclock_mono() - zclock_time(); /* of the monotonic clock */
    job->state = JOB_READY;
    job->due = job->record.due + ahead;
    job->order = broker->arrivals++;
    if (job->record.deadline) {
        job->deadline = job->record.deadline + ahead;
        queue_push(&broker->deadlines, job);
    }
    job->service = crew_service(broker->crew, job->record.service);
    queue_push(&job->service->queues[job->record.priority], job);
    zhashx_insert(broker->jobs, job->record.uuid, job);
    if (job_is_direct(job))
        zlist_append(broker->direct, job);
}

struct job *broker_find_job(struct broker *broker, const char *uuid)
{
    return zhashx_lookup(broker->jobs, uuid);
}

void broker_forget_job(struct broker *broker, struct job **job)
{
    if (job_is_direct(*job))
        zlist_remove(broker->direct, *job);
    if ((*job)->deadline < INT64_MAX)
        queue_remove(&broker->deadlines, *job);
    if (!(*job)->closed)
        zhashx_delete(broker->jobs, (*job)->record.uuid);
    job_destroy(job);
}

/* Seconds in which a tenth of the spool will have been worked off. */
static int retry_after(struct broker *broker)
{
    double rate = meter_per_second(&broker->tally.done_rate, zclock_mono());
    double seconds = rate > 0 ? (double)spool_totals(broker->spool).ready / 10 / rate : 5;
    return seconds < 1 ? 1 : seconds > RETRY_LONGEST_S ? RETRY_LONGEST_S : (int)seconds;
}

bool broker_has_room(struct broker *broker, int64_t bytes, const char **code, int *retry_after_s)
{
    struct spool_totals totals = spool_totals(broker->spool);
    int64_t jobs = totals.ready + totals.dead + broker->pending_jobs;
    *code = broker->trouble_until ? "spool.failed" : "queue.full";
    *retry_after_s = retry_after(broker);
    return !broker->trouble_until && jobs < broker->options.max_jobs &&
           totals.bytes + broker->pending_bytes + bytes <= broker->options.max_bytes;
}

static void handle(struct broker *broker, zmsg_t *frames)
{
    zframe_t *peer = zmsg_pop(frames);
    struct mdp_message message;
    struct fault fault;
    if (mdp_decode(&message, &frames, false, &fault)) {
        complain(broker->complaints, peer, fault.message);
    } else if (!access_admits(broker, peer, &message)) {
        mdp_message_clear(&message);
    } else if (message.role == MDP_WORKER) {
        dispatch_worker_message(broker, peer, &message);
        mdp_message_clear(&message);
    } else {
        clients_request(broker, &peer, &message);
    }
    zframe_destroy(&peer);
}

static void receive_all(struct broker *broker)
{
    size_t bytes = 0;
    for (int i = 0; i < MOST_MESSAGES && bytes < MOST_BYTES; i++) {
        if (!(zsock_events(broker->router) & ZMQ_POLLIN))
            return;
        zmsg_t *frames = zmsg_recv(broker->router);
        if (!frames)
            return;
        bytes += zmsg_content_size(frames);
        handle(broker, frames);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(struct broker *broker)
{
    int64_t now = zclock_mono();
    int64_t due = earlier(broker->heartbeat_at, broker->expire_at);
    due = earlier(due, dispatch_next_due(broker, now));
    due = earlier(due, clients_next_give_up(broker));
    if (zlist_size(broker->changes) > 0 && !committer_is_busy(broker->committer))
        due = earlier(due, broker->lazy_commit_at);
    if (broker->stopping)
        due = earlier(due, broker->stop_at);
    return due <= now ? 0 : (int)(due - now);
}

static void expire_one(const struct record *record, void *broker)
{
    broker_change(broker, change_new(CHANGE_REMOVE, record));
}

/* Notes some replies that nobody closed for removal, when nothing else is to be committed: what was
 * noted before is then gone. */
static void expire(struct broker *broker, int64_t now)
{
    struct fault fault;
    broker->expire_at = now + EXPIRE_AGAIN_MS;
    if (committer_is_busy(broker->committer) || zlist_size(broker->changes) > 0)
        return;
    int expired =
        spool_each_expired(broker->spool, zclock_time() - broker->options.retention_s * 1000,
                           EXPIRE_AT_ONCE, expire_one, broker, &fault);
    if (expired < 0)
        log_error("expire_failed", "reason=\"%s\"", fault.message);
    else if (expired > 0)
        log_info("replies_expired", "count=%d", expired);
    if (expired < EXPIRE_AT_ONCE)
        broker->expire_at = now + EXPIRE_MS;
    crew_tidy(broker->crew);
}

static void begin_stop(struct broker *broker)
{
    if (broker->stopping)
        return;
    broker->stopping = true;
    broker->stop_at = zclock_mono() + broker->options.drain_ms;
    log_info("broker_stops", "leased=%lld",
             (long long)(broker->leased[PRIORITY_INTERACTIVE] + broker->leased[PRIORITY_BULK]));
}

static bool has_stopped(const struct broker *broker)
{
    bool leased = broker->leased[PRIORITY_INTERACTIVE] + broker->leased[PRIORITY_BULK] > 0;
    return broker->stopping && (!leased || zclock_mono() >= broker->stop_at);
}

/* A connection ended. Whose, only a message that cannot be delivered tells. */
static void probe_soon(struct broker *broker)
{
    eventfd_t count;
    if (broker->monitor)
        drain_monitor(broker->monitor);
    else
        eventfd_read(guard_ended(broker->options.guard), &count);
    int64_t soon = zclock_mono() + PROBE_MS;
    int64_t last = broker->heartbeat_at - broker->options.heartbeat_ms;
    if (soon < last + PROBES_APART_MS)
        soon = last + PROBES_APART_MS;
    broker->heartbeat_at = earlier(broker->heartbeat_at, soon);
}

/* What wakes the broker; a descriptor of -1 never does. */
enum { ROUTER, ENDING, COMMITTED, LOST, KEYS, RELOAD, ITEMS };

static void set_items(const struct broker *broker, int ending, zmq_pollitem_t items[ITEMS])
{
    const struct guard *guard = broker->options.guard;
    void *monitor = broker->monitor ? zsock_resolve(broker->monitor) : NULL;
    int reload = broker->reload.run ? broker->reload.descriptor : -1;
    items[ROUTER] = (zmq_pollitem_t){zsock_resolve(broker->router), 0, ZMQ_POLLIN, 0};
    items[ENDING] = (zmq_pollitem_t){NULL, ending, ZMQ_POLLIN, 0};
    items[COMMITTED] =
        (zmq_pollitem_t){NULL, committer_descriptor(broker->committer), ZMQ_POLLIN, 0};
    items[LOST] = (zmq_pollitem_t){monitor, guard ? guard_ended(guard) : -1, ZMQ_POLLIN, 0};
    items[KEYS] = (zmq_pollitem_t){NULL, guard ? guard_descriptor(guard) : -1, ZMQ_POLLIN, 0};
    items[RELOAD] = (zmq_pollitem_t){NULL, reload, ZMQ_POLLIN, 0};
}

/* Does what the items other than the ROUTER woke it for. */
static void handle_items(struct broker *broker, zmq_pollitem_t items[ITEMS])
{
    if (items[ENDING].revents & ZMQ_POLLIN) {
        begin_stop(broker);
        items[ENDING].events = 0;
    }
    if (items[RELOAD].revents & ZMQ_POLLIN)
        broker->reload.run(broker->reload.argument);
    if (items[LOST].revents & ZMQ_POLLIN)
        probe_soon(broker);
    if (broker->options.guard)
        access_refresh(broker);
}

void broker_turn(struct broker *broker)
{
    broker_settle(broker, false);
    receive_all(broker);
    int64_t now = zclock_mono();
    if (now >= broker->trouble_until)
        broker->trouble_until = 0;
    if (now >= broker->heartbeat_at)
        dispatch_heartbeats(broker, now);
    clients_give_up(broker, now);
    dispatch_deadlines(broker, now);
    dispatch_all(broker);
    if (broker_commit_is_due(broker, now))
        broker_begin_commit(broker);
    if (now >= broker->expire_at)
        expire(broker, now);
}

/* Wakes for messages, for lost connections, for changed keys and configuration, for the end, and for
 * what is due. */
void broker_run(struct broker *broker, int ending)
{
    zmq_pollitem_t items[ITEMS];
    set_items(broker, ending, items);
    while (!has_stopped(broker)) {
        zmq_poll(items, ITEMS, wait_ms(broker));
        handle_items(broker, items);
        broker_turn(broker);
    }
    dispatch_dismiss_all(broker);
    broker_commit(broker);
}
