/* jinmu-collector: stores what workers found, numbers it, publishes it and answers questions. */
#include "services/collector/collector.h"

#include "common/log.h"
#include "common/signals.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <argp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    const char *state;
    const char *endpoint;
    const char *events;
};

static const struct argp_option option_list[] = {
    {"state", 's', "DIR", 0, "State directory (default: $JINMU_STATE, else the XDG one)", 0},
    {"endpoint", 'e', "ENDPOINT", 0, "For workers and questions (ipc://DIR/collector.sock)", 0},
    {"events", 'p', "ENDPOINT", 0, "For subscribers (ipc://DIR/events.sock)", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    switch (key) {
    case 's':
        options->state = value;
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

static const struct argp parser = {
    option_list, parse_option,
    NULL,        "Stores results, publishes them as numbered events and answers questions.",
    NULL,        NULL,
    NULL};

int main(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    struct collector *collector = NULL;
    char *endpoint = NULL, *events = NULL, *state = NULL;
    int status = 1, ending = -1;
    log_start("collector");
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    umask(077);

    state = state_directory(options.state, &fault);
    if (!state || (ending = signals_open(&fault)) < 0)
        goto done;
    endpoint = options.endpoint ? xstrdup(options.endpoint)
                                : state_endpoint(state, "collector.sock", &fault);
    events =
        options.events ? xstrdup(options.events) : state_endpoint(state, "events.sock", &fault);
    if (!endpoint || !events || !(collector = collector_new(state, endpoint, events, &fault)))
        goto done;
    log_info("collector_ready", "endpoint=%s events=%s", endpoint, events);
    status = collector_run(collector, ending) ? 1 : 0;
    log_info("collector_ends", "status=%d", status);
done:
    if (*fault.code)
        log_error("collector_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    collector_destroy(&collector);
    if (ending >= 0)
        close(ending);
    free(events);
    free(endpoint);
    free(state);
    return status;
}
