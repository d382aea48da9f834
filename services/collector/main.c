/* jinmu-collector: stores what workers found, numbers it, publishes it and answers questions. */
#include "services/collector/collector.h"

#include "common/daemon.h"
#include "common/log.h"
#include "common/state.h"

#include <stdlib.h>

struct options {
    struct daemon daemon;
    const char *endpoint;
    const char *events;
};

static const struct argp_option option_list[] = {
    {"endpoint", 'e', "ENDPOINT", 0, "For workers and questions (ipc://DIR/collector.sock)", 0},
    {"events", 'p', "ENDPOINT", 0, "For subscribers (ipc://DIR/events.sock)", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    switch (key) {
    case ARGP_KEY_INIT:
        parser->child_inputs[0] = &options->daemon;
        return 0;
    case 'e':
        options->endpoint = value;
        return 0;
    case 'p':
        options->events = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&daemon_argp, 0, NULL, 0}, {0}};
static const struct argp parser = {
    option_list, parse_option,
    NULL,        "Stores results, publishes them as numbered events and answers questions.",
    children,    NULL,
    NULL};

struct reloading {
    struct daemon *daemon;
    struct guard *guard;
};

static void reload(void *argument)
{
    struct reloading *reloading = argument;
    if (daemon_reload(reloading->daemon) &&
        daemon_reload_guard(reloading->daemon, reloading->guard))
        log_info("reloaded", "state=%s", reloading->daemon->state);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct daemon *daemon = &options.daemon;
    struct fault fault = {"", ""};
    struct collector *collector = NULL;
    struct guard *guard = NULL;
    char *endpoint = NULL, *events = NULL;
    int status = 1;
    log_start("collector");
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    if (daemon_open(daemon, &fault))
        goto done;
    endpoint = config_endpoint(daemon->config, options.endpoint, "collector/endpoint",
                               daemon->state, "collector.sock", &fault);
    events = config_endpoint(daemon->config, options.events, "collector/events", daemon->state,
                             "events.sock", &fault);
    if (!endpoint || !events ||
        daemon_guard(daemon, KEY_COLLECTOR, (const char *[]){endpoint, events, NULL}, &guard,
                     &fault) ||
        !(collector = collector_new(daemon->state, endpoint, events, guard, &fault)))
        goto done;
    struct reloading reloading = {daemon, guard};
    collector_set_reload(collector, &(struct reload){daemon->reloading, reload, &reloading});
    log_info("collector_ready", "endpoint=%s events=%s keys=%s", collector_endpoint(collector),
             collector_events(collector), guard ? "yes" : "no");
    status = collector_run(collector, daemon->ending) ? 1 : 0;
    log_info("collector_ends", "status=%d", status);
done:
    if (*fault.code)
        log_error("collector_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    collector_destroy(&collector);
    guard_destroy(&guard);
    free(events);
    free(endpoint);
    daemon_close(daemon);
    return status;
}
