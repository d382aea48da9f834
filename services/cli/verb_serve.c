/* jinmu serve: all services of one machine, started, kept running and stopped together. */
#include "services/cli/verbs.h"

#include "catalog/catalog.h"
#include "common/daemon.h"
#include "common/endpoint.h"
#include "common/lock.h"
#include "common/log.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/broker_status.h"
#include "services/cli/http_address.h"
#include "services/cli/running.h"
#include "services/cli/supervisor.h"
#include "services/collector/inquiry.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 60,
    READY_LOOK_MS = 20,    /* between two looks whether all are ready */
    READY_ANSWER_MS = 200, /* for each of their answers */
    FREE_LOOK_MS = 50,     /* between two looks whether the HTTP port has become free */
    FREE_TRIES = 40,
    GATEWAY_STOP_MS = 15000,
    POSTMAN_STOP_MS = 15000,
    WORKERS_STOP_MS = 15000,
    BROKER_STOP_MS = 15000,
    COLLECTOR_STOP_MS = 15000,
};

struct options {
    struct daemon daemon;
    const char *broker;
    const char *collector;
    const char *events;
    const char *http; /* NULL: as configured, else no HTTP */
    int64_t workers;  /* 0: as configured, else one a core */
};

static const struct option_row option_rows[] = {
    TEXT_OPTION(struct options, broker, "broker", 'b', "ENDPOINT",
                "Where the broker listens (default: ipc://DIR/broker.sock)"),
    TEXT_OPTION(struct options, collector, "collector", 'c', "ENDPOINT",
                "Where the collector listens (ipc://DIR/collector.sock)"),
    TEXT_OPTION(struct options, events, "events", 'p', "ENDPOINT",
                "Where it publishes events (ipc://DIR/events.sock)"),
    TEXT_OPTION(struct options, http, "http", 'H', "ADDRESS:PORT",
                "Serve the HTTP API and the review page there too"),
    NUMBER_OPTION(struct options, workers, "workers", 'w', 1, WORKERS_MAX,
                  "How many workers (default: one a core)"),
    DAEMON_OPTIONS(struct options),
    {0}};
static const struct command_form form = {
    option_rows, 0, 0, "",
    "Starts the broker, the collector and the workers, keeps them running, and stops them on "
    "SIGTERM or ^C; SIGHUP makes them read the configuration again. Prints one line that begins "
    "with \"ready\" when all of them are."};

static int prepare_catalog(const char *state, struct fault *fault)
{
    char *path = state_path(state, "catalog.db");
    int status = catalog_ensure(path, catalog_data_directory(), fault);
    free(path);
    return status;
}

/* Where the services listen, as we and the workers connect to it. */
static int find_endpoints(struct running *running, const struct options *options,
                          struct fault *fault)
{
    const struct daemon *daemon = &options->daemon;
    running->insecure = daemon->insecure;
    running->state = xstrdup(daemon->state);
    if (!(running->config = config_open(daemon->state, daemon->config_path, fault)))
        return -1;
    running->broker = config_endpoint(daemon->config, options->broker, "broker/endpoint",
                                      daemon->state, "broker.sock", fault);
    running->collector = config_endpoint(daemon->config, options->collector, "collector/endpoint",
                                         daemon->state, "collector.sock", fault);
    running->events = config_endpoint(daemon->config, options->events, "collector/events",
                                      daemon->state, "events.sock", fault);
    return running->broker && running->collector && running->events ? 0 : -1;
}

/* The keys of this machine's programs, when they need some. */
static int make_keys(const struct running *running, struct fault *fault)
{
    static const enum key_role roles[] = {KEY_BROKER, KEY_COLLECTOR, KEY_WORKER, KEY_CLIENT,
                                          KEY_ADMIN};
    struct key_pair pair;
    int status = 0;
    if (!endpoint_has_keys(running->broker, running->insecure) &&
        !endpoint_has_keys(running->collector, running->insecure))
        return 0;
    char *folder = config_keys_folder(running->config, running->state);
    struct keys *keys = keys_open(folder, fault);
    for (size_t i = 0; keys && !status && i < sizeof roles / sizeof *roles; i++)
        status = keys_own_or_make(keys, roles[i], &pair, fault);
    key_pair_clear(&pair);
    status = keys ? status : -1;
    keys_close(&keys);
    free(folder);
    return status;
}

static void add_program(struct supervisor *supervisor, const struct daemon *daemon,
                        const char *const beginning[], size_t count)
{
    const char *arguments[16] = {0};
    memcpy(arguments, beginning, count * sizeof *arguments);
    arguments[count++] = "--state";
    arguments[count++] = daemon->state;
    if (daemon->insecure)
        arguments[count++] = "--insecure";
    if (daemon->config_path) {
        arguments[count++] = "--config";
        arguments[count++] = daemon->config_path;
    }
    supervisor_add(supervisor, arguments);
}

static void add_programs(struct supervisor *supervisor, const struct running *running,
                         const struct options *options)
{
    char *broker = endpoint_from_here(running->broker);
    char *collector = endpoint_from_here(running->collector);
    add_program(supervisor, &options->daemon,
                (const char *[]){"jinmu-broker", "--endpoint", running->broker}, 3);
    add_program(supervisor, &options->daemon,
                (const char *[]){"jinmu-collector", "--endpoint", running->collector, "--events",
                                 running->events},
                5);
    for (int i = 0; i < options->workers; i++)
        add_program(supervisor, &options->daemon,
                    (const char *[]){"jinmu-worker", "--broker", broker, "--collector", collector},
                    5);
    if (options->http)
        add_program(supervisor, &options->daemon,
                    (const char *[]){"jinmu-gateway", "--listen", options->http}, 3);
    if (config_text(options->daemon.config, "webhooks/allow")) /* else there is nobody to send to */
        add_program(supervisor, &options->daemon, (const char *[]){"jinmu-postman"}, 1);
    free(broker);
    free(collector);
}

/* Writes down where this machine's programs connect to, and looks up who they are there. */
static int tell_endpoints(struct running *running, struct fault *fault)
{
    char **const endpoints[] = {&running->broker, &running->collector, &running->events};
    for (size_t i = 0; i < 3; i++) {
        char *here = endpoint_from_here(*endpoints[i]);
        free(*endpoints[i]);
        *endpoints[i] = here;
    }
    return running_write(running, fault) || running_identify(running, fault) ? -1 : 0;
}

/* Who asked whether the gateway is ready would get an answer from another program. The gateway of a
 * serve that was killed may take a moment to go. */
static int check_http(const char *address, struct fault *fault)
{
    for (int tries = 0; address && http_address_answers(address); tries++) {
        if (tries == FREE_TRIES)
            return fault_set(fault, "serve.http_taken",
                             "another program listens at %s: end it, or take another port",
                             address);
        zclock_sleep(FREE_LOOK_MS);
    }
    return 0;
}

static bool are_ready(const struct running *running, const struct options *options)
{
    struct inquiry *inquiry = inquiry_new_as(running->to_collector, running->collector, NULL);
    struct jv *collector = inquiry ? inquiry_status(inquiry, READY_ANSWER_MS, NULL) : NULL;
    struct jv *broker =
        collector ? broker_status_ask(running->to_broker, running->broker, READY_ANSWER_MS, NULL)
                  : NULL;
    bool ready = broker_status_workers(broker, "classify") >= options->workers &&
                 (!options->http || http_address_answers(options->http));
    jv_destroy(&broker);
    jv_destroy(&collector);
    inquiry_destroy(&inquiry);
    return ready;
}

/* Runs until this process is told to end. -1 with a fault when the services cannot even be started;
 * once they are ready, one that ends is started again whatever it ends of. */
static int supervise(struct supervisor *supervisor, const struct running *running,
                     const struct options *options, struct fault *fault)
{
    bool ready = false;
    while (!supervisor_step(supervisor, ready ? -1 : READY_LOOK_MS)) {
        if (!ready && supervisor_check(supervisor, fault))
            return -1;
        if (ready || !supervisor_all_run(supervisor) || !are_ready(running, options))
            continue;
        ready = true;
        printf("ready state=%s broker=%s workers=%d%s%s\n", running->state, running->broker,
               (int)options->workers, options->http ? " http=" : "",
               options->http ? options->http : "");
        fflush(stdout);
        log_info("serve_ready", "state=%s workers=%d", running->state, (int)options->workers);
    }
    return 0;
}

/* From the outside in: what was begun is answered and stored. */
static int stop_programs(struct supervisor *supervisor)
{
    int failed = supervisor_stop(supervisor, "jinmu-gateway", GATEWAY_STOP_MS);
    failed |= supervisor_stop(supervisor, "jinmu-postman", POSTMAN_STOP_MS);
    failed |= supervisor_stop(supervisor, "jinmu-worker", WORKERS_STOP_MS);
    failed |= supervisor_stop(supervisor, "jinmu-broker", BROKER_STOP_MS);
    failed |= supervisor_stop(supervisor, "jinmu-collector", COLLECTOR_STOP_MS);
    return failed;
}

static int count_workers(struct options *options, struct fault *fault)
{
    int64_t count = sysconf(_SC_NPROCESSORS_ONLN);
    if (count > WORKERS_MAX)
        count = WORKERS_MAX;
    if (!options->http)
        options->http = config_text(options->daemon.config, "http/listen");
    if (options->workers == 0) {
        if (config_number(options->daemon.config, "serve/workers", 1, WORKERS_MAX, &count, fault))
            return -1;
        options->workers = count;
    }
    return 0;
}

/* The lock that keeps a second `serve` out, or -1 with a fault. */
static int lock_state(const char *state, struct fault *fault)
{
    char *path = state_path(state, "serve.lock");
    int lock = lock_take(path, fault);
    if (lock < 0 && strcmp(fault->code, "lock.taken") == 0)
        fault_set(fault, "serve.running", "services run already in %s", state);
    free(path);
    return lock;
}

int verb_serve(int argc, char **argv)
{
    struct options options = {0};
    struct daemon *daemon = &options.daemon;
    struct fault fault = {"", ""};
    struct running running = {0};
    struct supervisor *supervisor = NULL;
    int status = 2, lock = -1;
    options_read(&form, argc, argv, &options);
    if (daemon_open(daemon, &fault) || (lock = lock_state(daemon->state, &fault)) < 0 ||
        count_workers(&options, &fault) || check_http(options.http, &fault) ||
        find_endpoints(&running, &options, &fault) || make_keys(&running, &fault) ||
        prepare_catalog(daemon->state, &fault) || !(supervisor = supervisor_new(&fault)))
        goto done;
    add_programs(supervisor, &running, &options);
    if (tell_endpoints(&running, &fault))
        goto done;
    int failed = supervise(supervisor, &running, &options, &fault);
    log_info("serve_stops", "state=%s", daemon->state);
    status = stop_programs(supervisor) ? 1 : 0;
    status = failed ? 2 : status;
done:
    if (*fault.code)
        fprintf(stderr, "jinmu serve: %s\n", fault.message);
    supervisor_destroy(&supervisor);
    running_clear(&running);
    if (lock >= 0)
        close(lock);
    daemon_close(daemon);
    return status;
}
