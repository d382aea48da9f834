/* jinmu-worker: classifies and checks projects for the broker's clients. */
#include "services/worker/worker.h"

#include "common/log.h"
#include "common/signals.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/worker/limits.h"

#include <argp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    const char *state;
    const char *broker;
    const char *collector;
};

static const struct argp_option option_list[] = {
    {"state", 's', "DIR", 0, "State directory (default: $JINMU_STATE, else the XDG one)", 0},
    {"broker", 'b', "ENDPOINT", 0, "The broker (ipc://DIR/broker.sock)", 0},
    {"collector", 'c', "ENDPOINT", 0, "The collector (ipc://DIR/collector.sock)", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    switch (key) {
    case 's':
        options->state = value;
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

static const struct argp parser = {
    option_list, parse_option, NULL, "Classifies and checks projects for the broker's clients.",
    NULL,        NULL,         NULL};

int main(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    struct worker *worker = NULL;
    char *catalog = NULL, *broker = NULL, *collector = NULL, *state = NULL;
    int status = 1, ending = -1;
    log_start("worker");
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    umask(077);

    state = state_directory(options.state, &fault);
    if (!state || (ending = signals_open(&fault)) < 0)
        goto done;
    catalog = state_path(state, "catalog.db");
    broker =
        options.broker ? xstrdup(options.broker) : state_endpoint(state, "broker.sock", &fault);
    collector = options.collector ? xstrdup(options.collector)
                                  : state_endpoint(state, "collector.sock", &fault);
    if (!broker || !collector)
        goto done;
    struct worker_options wanted = {.catalog = catalog, .broker = broker, .collector = collector};
    if (limits_read(&wanted.limits, state, &fault) || !(worker = worker_new(&wanted, &fault)))
        goto done;
    log_info("worker_ready", "broker=%s collector=%s", broker, collector);
    worker_run(worker, ending);
    status = 0;
done:
    if (*fault.code)
        log_error("worker_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    worker_destroy(&worker);
    if (ending >= 0)
        close(ending);
    free(collector);
    free(broker);
    free(catalog);
    free(state);
    return status;
}
