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

static const struct option_row option_rows[] = {
    TEXT_OPTION(struct options, broker, "broker", 'b', "ENDPOINT",
                "The broker (ipc://DIR/broker.sock)"),
    TEXT_OPTION(struct options, collector, "collector", 'c', "ENDPOINT",
                "The collector (ipc://DIR/collector.sock)"),
    DAEMON_OPTIONS(struct options),
    {0}};
static const struct command_form form = {
    option_rows, 0, 0, "", "Classifies and checks projects for the broker's clients."};

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
        daemon_refuse_reload(reloading->daemon, &fault);
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

static int run(struct daemon *daemon, struct fault *fault)
{
    struct places places = {0};
    struct worker *worker = NULL;
    int status = -1;
    if (find_places(&places, (const void *)daemon, fault))
        goto done;
    struct worker_options wanted = {.catalog = places.catalog,
                                    .broker = places.broker,
                                    .collector = places.collector,
                                    .to_broker = places.to_broker,
                                    .to_collector = places.to_collector,
                                    .judge = assignment_judge,
                                    .standstill_ms = WORKER_STANDSTILL_MS,
                                    .stall_ms = WORKER_STALL_MS};
    if (limits_read(&wanted.limits, daemon->config, fault) ||
        !(worker = worker_new(&wanted, fault)))
        goto done;
    struct reloading reloading = {daemon, worker};
    worker_set_reload(worker, &(struct reload){daemon->reloading, reload, &reloading});
    log_info("worker_ready", "broker=%s collector=%s", places.broker, places.collector);
    worker_run(worker, daemon->ending);
    status = 0;
done:
    worker_destroy(&worker);
    clear_places(&places);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    return daemon_main(&(struct daemon_program){"worker", &form, run}, argc, argv, &options.daemon);
}
