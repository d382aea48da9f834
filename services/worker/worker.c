#include "services/worker/worker.h"

#include "common/log.h"
#include "common/mdp.h"
#include "services/worker/assignment.h"
#include "services/worker/delivery.h"
#include "services/worker/engine_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    BATCH_PROJECTS = 64,    /* of one message to the collector: its commits stay short */
    BATCH_BYTES = 1 << 20,  /* the same, for large projects */
    LOOK_UP_PROJECTS = 8,   /* of a bulk request, between two looks at what has arrived */
    OPEN_BATCHES = 64,      /* at the collector; beyond it no further request is begun */
    CATALOG_LOOK_MS = 2000, /* between two looks at catalog.db */
    NICE = 10,
    LAST_DELIVERY_MS = 8000, /* how long an ending worker waits for the collector */
};
static const char service[] = "classify";

struct worker {
    struct mdp_worker *mdp;
    struct delivery *delivery;
    struct engine_source *source;
    struct project_limits limits;
    struct reload reload;
    zlist_t *waiting;         /* of struct assignment: received, not begun */
    size_t open_assignments;  /* begun, not answered */
    struct strbuf records[2]; /* for the collector, by engine_use */
    int64_t catalog_look;     /* when it is due */
};

/* The judging of one assignment. */
struct judging {
    struct worker *worker;
    struct assignment *assignment;
    enum engine_use use;
    size_t projects; /* judged */
    size_t batched;  /* of them, in the records */
    int64_t since;   /* when the judging of the next one began, µs */
};

static void finish_if_done(struct worker *worker, struct assignment *assignment)
{
    if (!assignment->judged || assignment->unstored > 0)
        return;
    zmsg_t *answer = assignment_answer(assignment);
    mdp_worker_reply(worker->mdp, &assignment->client, &answer);
    worker->open_assignments--;
    assignment_destroy(&assignment);
}

static void on_delivered(void *owner, const struct wire_tally *tally, const struct fault *fault,
                         void *argument)
{
    assignment_stored(owner, tally, fault);
    finish_if_done(argument, owner);
}

struct worker *worker_new(const struct worker_options *options, struct fault *fault)
{
    struct worker *worker = xcalloc(1, sizeof *worker);
    worker->limits = options->limits;
    worker->waiting = zlist_new();
    worker->source = engine_source_new(options->catalog, &options->limits, fault);
    if (!worker->source)
        goto failed;
    worker->delivery =
        delivery_new(options->to_collector, options->collector, on_delivered, worker);
    worker->mdp = mdp_worker_new_as(options->to_broker, options->broker, service, fault);
    if (!worker->mdp)
        goto failed;
    worker->catalog_look = zclock_mono() + CATALOG_LOOK_MS;
    return worker;
failed:
    worker_destroy(&worker);
    return NULL;
}

void worker_destroy(struct worker **worker)
{
    if (!*worker)
        return;
    struct assignment *assignment;
    while ((assignment = zlist_pop((*worker)->waiting)))
        assignment_destroy(&assignment);
    zlist_destroy(&(*worker)->waiting);
    mdp_worker_destroy(&(*worker)->mdp);
    delivery_destroy(&(*worker)->delivery);
    engine_source_destroy(&(*worker)->source);
    strbuf_free(&(*worker)->records[0]);
    strbuf_free(&(*worker)->records[1]);
    free(*worker);
    *worker = NULL;
}

static void send_records(struct judging *judging)
{
    struct worker *worker = judging->worker;
    struct strbuf *records = &worker->records[judging->use];
    judging->batched = 0;
    if (records->length == 0)
        return;
    judging->assignment->unstored++;
    delivery_send(worker->delivery, judging->assignment, engine_version(),
                  engine_source_model(worker->source), records, !judging->assignment->bulk);
}

static void judge_urgent_ones(struct worker *worker);

static void on_judged(const struct judged *judged, void *argument)
{
    struct judging *judging = argument;
    struct strbuf *records = &judging->worker->records[judging->use];
    assignment_add(judging->assignment, judged, zclock_usecs() - judging->since, records,
                   judging->worker->limits.project_bytes);
    if (++judging->batched >= BATCH_PROJECTS || records->length >= BATCH_BYTES)
        send_records(judging);
    if (judging->use == ENGINE_USE_MAIN && judging->assignment->bulk &&
        ++judging->projects % LOOK_UP_PROJECTS == 0)
        judge_urgent_ones(judging->worker);
    judging->since = zclock_usecs();
}

static void begin_assignment(struct worker *worker, struct assignment *assignment,
                             enum engine_use use)
{
    struct judging judging = {
        .worker = worker, .assignment = assignment, .use = use, .since = zclock_usecs()};
    worker->open_assignments++;
    if (judge_body(engine_source_judge(worker->source, use),
                   (const char *)zframe_data(assignment->body), zframe_size(assignment->body),
                   on_judged, &judging, &assignment->fault))
        assignment->refused = true;
    send_records(&judging);
    assignment->judged = true;
    finish_if_done(worker, assignment);
}

/* The next request that has arrived, or NULL. */
static struct assignment *receive_assignment(struct worker *worker)
{
    zframe_t *client = NULL;
    zmsg_t *request = mdp_worker_next(worker->mdp, &client);
    return request ? assignment_new(&client, &request) : NULL;
}

/* In the middle of a bulk request: judges those that have arrived and cannot wait, and answers
 * those that are stored. */
static void judge_urgent_ones(struct worker *worker)
{
    struct assignment *assignment;
    delivery_handle(worker->delivery);
    while ((assignment = receive_assignment(worker))) {
        if (assignment->bulk)
            zlist_append(worker->waiting, assignment);
        else
            begin_assignment(worker, assignment, ENGINE_USE_BETWEEN);
    }
}

/* Judges one request: one that has just arrived and cannot wait, else the one waiting longest. */
/* A batch that says by which catalog it shall be judged comes from a keeper, who may have changed that
 * a moment ago: it does not wait for the next look. */
static void follow_keeper(struct worker *worker, const struct assignment *assignment)
{
    static const char named[] = "{\"catalog\":";
    if (assignment->bulk && zframe_size(assignment->body) > sizeof named &&
        memcmp(zframe_data(assignment->body), named, sizeof named - 1) == 0)
        engine_source_refresh(worker->source);
}

static bool judge_next(struct worker *worker)
{
    struct assignment *assignment = receive_assignment(worker);
    if (assignment && (!assignment->bulk || zlist_size(worker->waiting) == 0)) {
        follow_keeper(worker, assignment);
        begin_assignment(worker, assignment, ENGINE_USE_MAIN);
        return true;
    }
    if (assignment)
        zlist_append(worker->waiting, assignment);
    if (delivery_open(worker->delivery) >= OPEN_BATCHES)
        return false;
    assignment = zlist_pop(worker->waiting);
    if (assignment) {
        follow_keeper(worker, assignment);
        begin_assignment(worker, assignment, ENGINE_USE_MAIN);
    }
    return assignment;
}

static int sooner(int a, int b)
{
    if (a < 0)
        return b;
    return b < 0 || a < b ? a : b;
}

void worker_set_reload(struct worker *worker, const struct reload *reload)
{
    worker->reload = *reload;
}

void worker_set_limits(struct worker *worker, const struct project_limits *limits)
{
    worker->limits = *limits;
    engine_source_set_limits(worker->source, limits);
}

/* Waits until something arrives or is due; whether the worker shall end. */
static bool wait_for_work(struct worker *worker, int ending, int wait_ms)
{
    enum { BROKER, COLLECTOR, ENDING, RELOAD, ITEMS };
    const struct reload *reload = &worker->reload;
    zmq_pollitem_t items[ITEMS] = {
        [BROKER] = {zsock_resolve(mdp_worker_socket(worker->mdp)), 0, ZMQ_POLLIN, 0},
        [COLLECTOR] = {zsock_resolve(delivery_socket(worker->delivery)), 0, ZMQ_POLLIN, 0},
        [ENDING] = {NULL, ending, ZMQ_POLLIN, 0},
        [RELOAD] = {NULL, reload->run ? reload->descriptor : -1, ZMQ_POLLIN, 0}};
    zmq_poll(items, ITEMS, wait_ms);
    if (items[RELOAD].revents & ZMQ_POLLIN)
        reload->run(reload->argument);
    return items[ENDING].revents & ZMQ_POLLIN;
}

/* Waits for the collector to take what was begun. What is not answered by then the broker gives to
 * another worker. */
static void finish_begun(struct worker *worker)
{
    int64_t until = zclock_mono() + LAST_DELIVERY_MS;
    while (worker->open_assignments > 0 && zclock_mono() < until) {
        zmq_pollitem_t item = {zsock_resolve(delivery_socket(worker->delivery)), 0, ZMQ_POLLIN, 0};
        zmq_poll(&item, 1, sooner(delivery_wait_ms(worker->delivery), 100));
        delivery_handle(worker->delivery);
    }
    log_info("worker_ends", "unfinished=%zu", worker->open_assignments);
}

/* Judging takes all the processor that it gets; the sockets' threads, which are older, and the other
 * services need little, at once. */
static void yield_to_others(void)
{
    if (setpriority(PRIO_PROCESS, 0, NICE)) /* of this thread, on Linux */
        log_warning("nice_failed", "reason=\"%s\"", strerror(errno));
}

void worker_run(struct worker *worker, int ending)
{
    bool busy = false;
    yield_to_others();
    for (;;) {
        int wait = busy ? 0
                        : sooner(CATALOG_LOOK_MS, sooner(mdp_worker_wait_ms(worker->mdp),
                                                         delivery_wait_ms(worker->delivery)));
        if (wait_for_work(worker, ending, wait))
            break;
        delivery_handle(worker->delivery);
        if (zclock_mono() >= worker->catalog_look) {
            engine_source_refresh(worker->source);
            worker->catalog_look = zclock_mono() + CATALOG_LOOK_MS;
        }
        busy = judge_next(worker);
    }
    finish_begun(worker);
}
