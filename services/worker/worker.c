#include "services/worker/worker.h"

#include "common/log.h"
#include "common/mdp.h"
#include "services/worker/bulk_judge.h"
#include "services/worker/delivery.h"
#include "services/worker/engine_source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum {
    OPEN_BATCHES = 64,       /* at the collector; beyond it no further bulk request is begun */
    CATALOG_LOOK_MS = 2000,  /* between two looks at catalog.db */
    LAST_DELIVERY_MS = 8000, /* how long an ending worker waits for the collector */
};
static const char service[] = "classify";

struct worker {
    struct mdp_worker *mdp;
    struct delivery *delivery;
    struct engine_source *source;
    struct bulk_judge *bulk;
    assignment_judge_fn *judge;
    int64_t standstill_ms, stall_ms;
    struct project_limits limits, new_limits; /* those that hold, and those that shall */
    struct reload reload;
    zlist_t *waiting;     /* of struct assignment: bulk, received, not begun */
    zlist_t *begun;       /* of struct assignment, not answered */
    int64_t catalog_look; /* when it is due */
};

static void finish_if_done(struct worker *worker, struct assignment *assignment)
{
    if (!assignment->judged || assignment->unstored > 0)
        return;
    zmsg_t *answer = assignment_answer(assignment);
    mdp_worker_reply(worker->mdp, &assignment->client, &answer);
    zlist_remove(worker->begun, assignment);
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
    worker->limits = worker->new_limits = options->limits;
    worker->judge = options->judge;
    worker->standstill_ms = options->standstill_ms;
    worker->stall_ms = options->stall_ms;
    worker->waiting = zlist_new();
    worker->begun = zlist_new();
    worker->source = engine_source_new(options->catalog, &options->limits, fault);
    if (!worker->source)
        goto failed;
    worker->delivery =
        delivery_new(options->to_collector, options->collector, on_delivered, worker);
    worker->mdp = mdp_worker_new_as(options->to_broker, options->broker, service, fault);
    if (!worker->mdp)
        goto failed;
    worker->bulk = bulk_judge_new(options->judge, options->standstill_ms);
    worker->catalog_look = zclock_mono() + CATALOG_LOOK_MS;
    return worker;
failed:
    worker_destroy(&worker);
    return NULL;
}

static void forget(zlist_t *assignments)
{
    struct assignment *assignment;
    while ((assignment = zlist_pop(assignments)))
        assignment_destroy(&assignment);
}

void worker_destroy(struct worker **worker)
{
    if (!*worker)
        return;
    bulk_judge_destroy(&(*worker)->bulk);
    mdp_worker_destroy(&(*worker)->mdp);
    delivery_destroy(&(*worker)->delivery);
    forget((*worker)->waiting);
    forget((*worker)->begun);
    zlist_destroy(&(*worker)->waiting);
    zlist_destroy(&(*worker)->begun);
    engine_source_destroy(&(*worker)->source);
    free(*worker);
    *worker = NULL;
}

static void send_records(struct worker *worker, struct assignment *assignment,
                         struct strbuf *records)
{
    assignment->unstored++;
    delivery_send(worker->delivery, assignment, engine_version(),
                  engine_source_model(worker->source), assignment->submitted, records,
                  !assignment->bulk);
}

/* --- Requests for which somebody waits: at once, here ---------------------------------------- */

struct urgent {
    struct worker *worker;
    struct assignment *assignment;
};

static void send_urgent(struct strbuf *records, void *argument)
{
    struct urgent *urgent = argument;
    send_records(urgent->worker, urgent->assignment, records);
}

/* The kernel ends a process (SIGALRM) whose alarm goes off; 0: it is put away. */
static void set_alarm(int64_t ms)
{
    setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {ms / 1000, ms % 1000 * 1000}}, NULL);
}

static void put_alarm_off(void *argument)
{
    const struct urgent *urgent = argument;
    set_alarm(urgent->worker->standstill_ms);
}

/* This thread cannot watch itself: it has the kernel do it. */
static void judge_urgent(struct worker *worker, struct assignment *assignment)
{
    struct urgent urgent = {worker, assignment};
    zlist_append(worker->begun, assignment);
    set_alarm(worker->standstill_ms);
    worker->judge(assignment, engine_source_judge(worker->source, ENGINE_USE_URGENT),
                  worker->limits.project_bytes,
                  &(struct judging_calls){send_urgent, &urgent, put_alarm_off, &urgent});
    set_alarm(0);
    assignment->judged = true;
    finish_if_done(worker, assignment);
}

/* --- The others: in the thread of the bulk judge --------------------------------------------- */

/* A batch that says by which catalog it shall be judged comes from a keeper, who may have changed that
 * a moment ago: it does not wait for the next look. */
static bool is_of_keeper(const struct assignment *assignment)
{
    static const char named[] = "{\"catalog\":";
    return zframe_size(assignment->body) > sizeof named &&
           memcmp(zframe_data(assignment->body), named, sizeof named - 1) == 0;
}

static void take_judged(struct worker *worker)
{
    struct strbuf records = {0};
    struct assignment *assignment = bulk_judge_current(worker->bulk);
    enum bulk_output output;
    while ((output = bulk_judge_take(worker->bulk, &records)) == BULK_RECORDS)
        send_records(worker, assignment, &records);
    strbuf_free(&records);
    if (output == BULK_ENDED) {
        assignment->judged = true;
        finish_if_done(worker, assignment);
    }
}

/* What must not change while the thread judges. */
static void follow_changes(struct worker *worker, const struct assignment *next)
{
    if (memcmp(&worker->limits, &worker->new_limits, sizeof worker->limits) != 0) {
        worker->limits = worker->new_limits;
        engine_source_set_limits(worker->source, &worker->limits);
    }
    if (zclock_mono() >= worker->catalog_look || (next && is_of_keeper(next))) {
        engine_source_refresh(worker->source);
        worker->catalog_look = zclock_mono() + CATALOG_LOOK_MS;
    }
}

static void begin_bulk(struct worker *worker)
{
    if (bulk_judge_current(worker->bulk))
        return;
    bool room = delivery_open(worker->delivery) < OPEN_BATCHES;
    struct assignment *assignment = room ? zlist_pop(worker->waiting) : NULL;
    follow_changes(worker, assignment);
    if (!assignment)
        return;
    zlist_append(worker->begun, assignment);
    bulk_judge_begin(worker->bulk, engine_source_judge(worker->source, ENGINE_USE_BULK), assignment,
                     worker->limits.project_bytes);
}

/* --- The loop -------------------------------------------------------------------------------- */

/* Takes requests in, and judges those that cannot wait. */
static void receive_all(struct worker *worker)
{
    zframe_t *client = NULL;
    zmsg_t *request;
    while ((request = mdp_worker_next(worker->mdp, &client))) {
        struct assignment *assignment = assignment_new(&client, &request);
        if (assignment->bulk)
            zlist_append(worker->waiting, assignment);
        else
            judge_urgent(worker, assignment);
    }
}

/* Not while the thread judges one of them. */
static void give_back_what_stalls(struct worker *worker)
{
    int64_t stalled_ms = delivery_stalled_ms(worker->delivery);
    if (stalled_ms < worker->stall_ms || bulk_judge_current(worker->bulk))
        return;
    log_warning("requests_given_back",
                "begun=%zu waiting=%zu reason=\"the collector has stored nothing for %lld s\"",
                zlist_size(worker->begun), zlist_size(worker->waiting),
                (long long)stalled_ms / 1000);
    delivery_forget(worker->delivery);
    mdp_worker_give_back(worker->mdp);
    forget(worker->begun);
    forget(worker->waiting);
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
    worker->new_limits = *limits;
}

/* Waits until something arrives or is due; whether the worker shall end. */
static bool wait_for_work(struct worker *worker, int ending)
{
    enum { BROKER, COLLECTOR, BULK, ENDING, RELOAD, ITEMS };
    const struct reload *reload = &worker->reload;
    int wait_ms = sooner(CATALOG_LOOK_MS, sooner(mdp_worker_wait_ms(worker->mdp),
                                                 delivery_wait_ms(worker->delivery)));
    wait_ms = sooner(wait_ms, bulk_judge_wait_ms(worker->bulk));
    zmq_pollitem_t items[ITEMS] = {
        [BROKER] = {zsock_resolve(mdp_worker_socket(worker->mdp)), 0, ZMQ_POLLIN, 0},
        [COLLECTOR] = {zsock_resolve(delivery_socket(worker->delivery)), 0, ZMQ_POLLIN, 0},
        [BULK] = {zsock_resolve(bulk_judge_socket(worker->bulk)), 0, ZMQ_POLLIN, 0},
        [ENDING] = {NULL, ending, ZMQ_POLLIN, 0},
        [RELOAD] = {NULL, reload->run ? reload->descriptor : -1, ZMQ_POLLIN, 0}};
    zmq_poll(items, ITEMS, wait_ms);
    if (items[RELOAD].revents & ZMQ_POLLIN)
        reload->run(reload->argument);
    return items[ENDING].revents & ZMQ_POLLIN;
}

/* Waits for what was begun: the thread's judging, and the collector to take it. What is not answered
 * by then the broker gives to another worker. */
static void finish_begun(struct worker *worker)
{
    int64_t until = zclock_mono() + LAST_DELIVERY_MS;
    while (zlist_size(worker->begun) > 0 && zclock_mono() < until) {
        zmq_pollitem_t items[] = {
            {zsock_resolve(delivery_socket(worker->delivery)), 0, ZMQ_POLLIN, 0},
            {zsock_resolve(bulk_judge_socket(worker->bulk)), 0, ZMQ_POLLIN, 0}};
        zmq_poll(items, 2, sooner(delivery_wait_ms(worker->delivery), 100));
        take_judged(worker);
        delivery_handle(worker->delivery);
    }
    log_info("worker_ends", "unfinished=%zu", zlist_size(worker->begun));
}

void worker_run(struct worker *worker, int ending)
{
    while (!wait_for_work(worker, ending)) {
        take_judged(worker);
        delivery_handle(worker->delivery);
        receive_all(worker);
        give_back_what_stalls(worker);
        begin_bulk(worker);
        bulk_judge_watch(worker->bulk);
    }
    finish_begun(worker);
}
