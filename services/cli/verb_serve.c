/* jinmu serve: all services of one machine, started, kept running and stopped together. */
#include "services/cli/verbs.h"

#include "catalog/catalog.h"
#include "common/lock.h"
#include "common/log.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/broker_status.h"
#include "services/cli/running.h"
#include "services/cli/supervisor.h"
#include "services/collector/inquiry.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 60,
    READY_LOOK_MS = 20,    /* between two looks whether all are ready */
    READY_ANSWER_MS = 200, /* for each of their answers */
    WORKERS_STOP_MS = 15000,
    BROKER_STOP_MS = 15000,
    COLLECTOR_STOP_MS = 15000,
};

struct options {
    const char *state;
    const char *broker;
    int workers;
    bool insecure;
};

static const struct argp_option option_list[] = {
    {"state", 's', "DIR", 0, "State directory (default: $JINMU_STATE, else the XDG one)", 0},
    {"broker", 'b', "ENDPOINT", 0, "Where the broker listens (default: ipc://DIR/broker.sock)", 0},
    {"insecure", 'i', NULL, 0, "Allow a broker endpoint tcp:// without keys on the loopback", 0},
    {"workers", 'w', "N", 0, "How many workers (default: one a core)", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    char *end;
    long number;
    switch (key) {
    case 's':
        options->state = value;
        return 0;
    case 'b':
        options->broker = value;
        return 0;
    case 'i':
        options->insecure = true;
        return 0;
    case 'w':
        number = strtol(value, &end, 10);
        if (end == value || *end || number < 1 || number > WORKERS_MAX)
            argp_error(parser, "--workers is a number from 1 to %d", WORKERS_MAX);
        options->workers = (int)number;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    option_list,
    parse_option,
    NULL,
    "Starts the broker, the collector and the workers, keeps them running, and stops them on "
    "SIGTERM "
    "or ^C. Prints one line that begins with \"ready\" when all of them are.",
    NULL,
    NULL,
    NULL};

static int prepare_catalog(const char *state, struct fault *fault)
{
    char *path = state_path(state, "catalog.db");
    int status = catalog_ensure(path, catalog_data_directory(), fault);
    free(path);
    return status;
}

static void add_programs(struct supervisor *supervisor, const struct running *running,
                         const struct options *options)
{
    const char *broker[] = {"jinmu-broker",
                            "--state",
                            running->state,
                            "--endpoint",
                            running->broker,
                            options->insecure ? "--insecure" : NULL,
                            NULL};
    const char *collector[] = {"jinmu-collector", "--state", running->state, NULL};
    const char *worker[] = {"jinmu-worker", "--state",       running->state,
                            "--broker",     running->broker, NULL};
    supervisor_add(supervisor, broker);
    supervisor_add(supervisor, collector);
    for (int i = 0; i < options->workers; i++)
        supervisor_add(supervisor, worker);
}

static bool are_ready(const struct running *running, int workers)
{
    struct inquiry *inquiry = inquiry_new(running->collector, NULL);
    struct jv *collector = inquiry ? inquiry_status(inquiry, READY_ANSWER_MS, NULL) : NULL;
    struct jv *broker =
        collector ? broker_status_ask(running->broker, READY_ANSWER_MS, NULL) : NULL;
    bool ready = broker_status_workers(broker, "classify") >= workers;
    jv_destroy(&broker);
    jv_destroy(&collector);
    inquiry_destroy(&inquiry);
    return ready;
}

/* Runs until this process is told to end. */
static void supervise(struct supervisor *supervisor, const struct running *running, int workers)
{
    bool ready = false;
    while (!supervisor_step(supervisor, ready ? -1 : READY_LOOK_MS)) {
        if (ready || !are_ready(running, workers))
            continue;
        ready = true;
        printf("ready state=%s broker=%s workers=%d\n", running->state, running->broker, workers);
        fflush(stdout);
        log_info("serve_ready", "state=%s workers=%d", running->state, workers);
    }
}

/* Workers first, so that what they have begun is answered and stored. */
static int stop_programs(struct supervisor *supervisor)
{
    int failed = supervisor_stop(supervisor, "jinmu-worker", WORKERS_STOP_MS);
    failed |= supervisor_stop(supervisor, "jinmu-broker", BROKER_STOP_MS);
    failed |= supervisor_stop(supervisor, "jinmu-collector", COLLECTOR_STOP_MS);
    return failed;
}

int verb_serve(int argc, char **argv)
{
    struct options options = {.workers = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    struct fault fault = {"", ""};
    struct running running = {0};
    struct supervisor *supervisor = NULL;
    char *lock_path = NULL;
    int status = 2, lock = -1;
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    if (options.workers > WORKERS_MAX)
        options.workers = WORKERS_MAX;
    umask(077);

    char *state = state_directory(options.state, &fault);
    if (!state)
        goto done;
    lock_path = state_path(state, "serve.lock");
    lock = lock_take(lock_path, &fault);
    if (lock < 0) {
        if (strcmp(fault.code, "lock.taken") == 0)
            fault_set(&fault, "serve.running", "services run already in %s", state);
        goto done;
    }
    running.state = xstrdup(state);
    running.broker =
        options.broker ? xstrdup(options.broker) : state_endpoint(state, "broker.sock", &fault);
    running.collector = state_endpoint(state, "collector.sock", &fault);
    running.events = state_endpoint(state, "events.sock", &fault);
    if (!running.broker || !running.collector || !running.events ||
        prepare_catalog(state, &fault) || running_write(&running, &fault) ||
        !(supervisor = supervisor_new(&fault)))
        goto done;
    add_programs(supervisor, &running, &options);
    supervise(supervisor, &running, options.workers);
    log_info("serve_stops", "state=%s", state);
    status = stop_programs(supervisor) ? 1 : 0;
done:
    if (*fault.code)
        fprintf(stderr, "jinmu serve: %s\n", fault.message);
    supervisor_destroy(&supervisor);
    running_clear(&running);
    if (lock >= 0)
        close(lock);
    free(lock_path);
    free(state);
    return status;
}
