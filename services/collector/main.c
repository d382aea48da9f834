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

static const struct option_row option_rows[] = {
    TEXT_OPTION(struct options, endpoint, "endpoint", 'e', "ENDPOINT",
                "For workers and questions (ipc://DIR/collector.sock)"),
    TEXT_OPTION(struct options, events, "events", 'p', "ENDPOINT",
                "For subscribers (ipc://DIR/events.sock)"),
    DAEMON_OPTIONS(struct options),
    {0}};
static const struct command_form form = {
    option_rows, 0, 0, "",
    "Stores results, publishes them as numbered events and answers questions."};

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

static int run(struct daemon *daemon, struct fault *fault)
{
    const struct options *options = (const void *)daemon;
    struct collector *collector = NULL;
    struct guard *guard = NULL;
    int status = -1;
    char *endpoint = config_endpoint(daemon->config, options->endpoint, "collector/endpoint",
                                     daemon->state, "collector.sock", fault);
    char *events = config_endpoint(daemon->config, options->events, "collector/events",
                                   daemon->state, "events.sock", fault);
    if (!endpoint || !events ||
        daemon_guard(daemon, KEY_COLLECTOR, (const char *[]){endpoint, events, NULL}, &guard,
                     fault) ||
        !(collector = collector_new(daemon->state, endpoint, events, guard, fault)))
        goto done;
    struct reloading reloading = {daemon, guard};
    collector_set_reload(collector, &(struct reload){daemon->reloading, reload, &reloading});
    log_info("collector_ready", "endpoint=%s events=%s keys=%s", collector_endpoint(collector),
             collector_events(collector), guard ? "yes" : "no");
    status = collector_run(collector, daemon->ending) ? -1 : 0;
    log_info("collector_ends", "status=%d", -status);
done:
    collector_destroy(&collector);
    guard_destroy(&guard);
    free(events);
    free(endpoint);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    return daemon_main(&(struct daemon_program){"collector", &form, run}, argc, argv,
                       &options.daemon);
}
