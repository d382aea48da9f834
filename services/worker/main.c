/* jinmu-worker: classifies and checks projects for the broker's clients. */
#include "services/worker/worker.h"

#include "common/daemon.h"
#include "common/log.h"
#include "common/state.h"
#include "services/worker/limits.h"

#include <stdlib.h>

struct options {
    struct daemon daemon;
    const char *broker;
    const char *collector;
};

static const struct argp_option option_list[] = {
    {"broker", 'b', "ENDPOINT", 0, "The broker (ipc://DIR/broker.sock)", 0},
    {"collector", 'c', "ENDPOINT", 0, "The collector (ipc://DIR/collector.sock)", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    switch (key) {
    case ARGP_KEY_INIT:
        parser->child_inputs[0] = &options->daemon;
        return 0;
    case 'b':
        options->broker = value;
        return 0;
    case 'c':
        options->collector = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&daemon_argp, 0, NULL, 0}, {0}};
static const struct argp parser = {
    option_list, parse_option, NULL, "Classifies and checks projects for the broker's clients.",
    children,    NULL,         NULL};

struct reloading {
    struct daemon *daemon;
    struct worker *worker;
};

static void reload(void *argument)
{
    struct reloading *reloading = argument;
    struct project_limits limits;
    struct fault fault;
    if (!daemon_reload(reloading->daemon))
        return;
    if (limits_read(&limits, reloading->daemon->config, &fault)) {
        log_error("reload_refused", "code=%s reason=\"%s\"", fault.code, fault.message);
        return;
    }
    worker_set_limits(reloading->worker, &limits);
    log_info("reloaded", "project_bytes=%zu message_bytes=%zu", limits.project_bytes,
             limits.message_bytes);
}

/* Where it connects, and as whom. */
struct places {
    char *catalog, *broker, *collector;
    struct identity *to_broker, *to_collector;
};

static int find_places(struct places *places, const struct options *options, struct fault *fault)
{
    const struct daemon *daemon = &options->daemon;
    places->catalog = state_path(daemon->state, "catalog.db");
    places->broker = config_endpoint(daemon->config, options->broker, "broker/endpoint",
                                     daemon->state, "broker.sock", fault);
    places->collector = config_endpoint(daemon->config, options->collector, "collector/endpoint",
                                        daemon->state, "collector.sock", fault);
    if (!places->broker || !places->collector ||
        daemon_identity(daemon, KEY_WORKER, KEY_BROKER, places->broker, &places->to_broker, fault))
        return -1;
    return daemon_identity(daemon, KEY_WORKER, KEY_COLLECTOR, places->collector,
                           &places->to_collector, fault);
}

static void clear_places(struct places *places)
{
    identity_destroy(&places->to_broker);
    identity_destroy(&places->to_collector);
    free(places->collector);
    free(places->broker);
    free(places->catalog);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    struct places places = {0};
    struct worker *worker = NULL;
    int status = 1;
    log_start("worker");
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    if (daemon_open(&options.daemon, &fault) || find_places(&places, &options, &fault))
        goto done;
    struct worker_options wanted = {.catalog = places.catalog,
                                    .broker = places.broker,
                                    .collector = places.collector,
                                    .to_broker = places.to_broker,
                                    .to_collector = places.to_collector};
    if (limits_read(&wanted.limits, options.daemon.config, &fault) ||
        !(worker = worker_new(&wanted, &fault)))
        goto done;
    struct reloading reloading = {&options.daemon, worker};
    worker_set_reload(worker, &(struct reload){options.daemon.reloading, reload, &reloading});
    log_info("worker_ready", "broker=%s collector=%s", places.broker, places.collector);
    worker_run(worker, options.daemon.ending);
    status = 0;
done:
    if (*fault.code)
        log_error("worker_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    worker_destroy(&worker);
    clear_places(&places);
    daemon_close(&options.daemon);
    return status;
}
