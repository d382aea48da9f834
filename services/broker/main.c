/* jinmu-broker: takes requests from clients, keeps them, and gives them to workers. */
#include "services/broker/broker.h"

#include "common/daemon.h"
#include "common/lock.h"
#include "common/log.h"
#include "common/state.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_ENDPOINT = 'e', KEY_NUMBERS = 1001, MOST_NUMBERS = 24 };

struct settings {
    struct daemon daemon;
    const char *endpoint;
    bool given[MOST_NUMBERS]; /* on the command line */
    int64_t number[MOST_NUMBERS];
    struct broker *broker;
};

/* Options that are a number, with their place and bounds. */
#define NUMBER(name, field, least, most, help)                                                     \
    {                                                                                              \
        name, offsetof(struct broker_options, field), least, most, help                            \
    }
static const struct number {
    const char *name;
    size_t offset;
    int64_t least;
    int64_t most;
    const char *help;
} numbers[] = {
    NUMBER("max-jobs", max_jobs, 1, 100000000, "jobs in the spool; more are refused (100000)"),
    NUMBER("max-bytes", max_bytes, 1, INT64_MAX, "bytes of bodies in the spool (4 GiB)"),
    NUMBER("max-message", max_message, 1024, 1 << 30, "bytes of one message (8 MiB)"),
    NUMBER("max-waiting", max_waiting, 1, 1000000, "direct requests that may wait (1000)"),
    NUMBER("wait-ms", wait_ms, 1, 86400000, "a direct request waits for a worker (30000)"),
    NUMBER("heartbeat-ms", heartbeat_ms, 10, 60000, "between two heartbeats (1000)"),
    NUMBER("lease-ms", lease_ms, 10, 86400000, "a busy worker may be silent (10000)"),
    NUMBER("max-lease-ms", max_lease_ms, 10, 86400000, "a worker may keep a job (600000)"),
    NUMBER("split-after", split_after, 1, 1000, "lost leases until a batch is halved (2)"),
    NUMBER("attempts", attempts, 1, 1000, "lost leases until a job is dead (5)"),
    NUMBER("backoff-ms", backoff_ms, 1, 60000, "before the first retry; doubles (200)"),
    NUMBER("credit", credit, 1, MOST_CREDIT, "jobs that a worker may hold (2)"),
    NUMBER("retention-s", retention_s, 1, 1 << 30, "replies are kept (86400)"),
    NUMBER("drain-ms", drain_ms, 0, 600000, "for workers to finish at the end (5000)"),
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

_Static_assert((int)NUMBERS <= (int)MOST_NUMBERS, "room for all numbers");

static void read_number(size_t index, const char *text, struct settings *settings,
                        struct argp_state *state)
{
    const struct number *number = &numbers[index];
    char *end;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || value < number->least || value > number->most)
        argp_error(state, "--%s: '%s' is no number from %lld to %lld", number->name, text,
                   (long long)number->least, (long long)number->most);
    settings->given[index] = true;
    settings->number[index] = value;
}

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct settings *settings = state->input;
    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = &settings->daemon;
    else if (key == KEY_ENDPOINT)
        settings->endpoint = argument;
    else if (key >= KEY_NUMBERS && key < KEY_NUMBERS + NUMBERS)
        read_number((size_t)(key - KEY_NUMBERS), argument, settings, state);
    else if (key == ARGP_KEY_ARG)
        argp_usage(state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static void read_options(int argc, char **argv, struct settings *settings)
{
    struct argp_option options[NUMBERS + 2] = {
        {"endpoint", KEY_ENDPOINT, "ENDPOINT", 0, "where to listen (ipc://DIR/broker.sock)", 0},
    };
    for (int i = 0; i < NUMBERS; i++)
        options[1 + i] =
            (struct argp_option){numbers[i].name, KEY_NUMBERS + i, "N", 0, numbers[i].help, 0};
    const struct argp_child children[] = {{&daemon_argp, 0, NULL, 0}, {0}};
    const struct argp argp = {options, read_option, NULL, "The broker of jinmu.", children, 0, 0};
    argp_parse(&argp, argc, argv, 0, NULL, settings);
}

/* --max-jobs is broker/max_jobs in the configuration. */
static int configured_number(const struct config *config, const struct number *number,
                             int64_t *value, struct fault *fault)
{
    char name[64];
    snprintf(name, sizeof name, "broker/%s", number->name);
    for (char *c = name; *c; c++)
        *c = *c == '-' ? '_' : *c;
    return config_number(config, name, number->least, number->most, value, fault);
}

/* The numbers: the command line's, else the configuration's, else the default. */
static int set_numbers(const struct settings *settings, struct broker_options *options,
                       struct fault *fault)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        int64_t value;
        memcpy(&value, (const char *)&broker_defaults + numbers[i].offset, sizeof value);
        if (configured_number(settings->daemon.config, &numbers[i], &value, fault))
            return -1;
        if (settings->given[i])
            value = settings->number[i];
        memcpy((char *)options + numbers[i].offset, &value, sizeof value);
    }
    return 0;
}

/* All numbers change but that of a message's bytes, which the bound socket has. */
static void reload(void *argument)
{
    struct settings *settings = argument;
    struct broker_options options = settings->broker->options;
    struct fault fault;
    if (!daemon_reload(&settings->daemon) || !daemon_reload_guard(&settings->daemon, options.guard))
        return;
    if (set_numbers(settings, &options, &fault)) {
        log_error("reload_refused", "code=%s reason=\"%s\"", fault.code, fault.message);
        return;
    }
    options.max_message = settings->broker->options.max_message;
    settings->broker->options = options;
    log_info("reloaded", "max_jobs=%lld attempts=%lld lease_ms=%lld", (long long)options.max_jobs,
             (long long)options.attempts, (long long)options.lease_ms);
}

static void run(struct settings *settings)
{
    struct broker *broker = settings->broker;
    broker->reload = (struct reload){settings->daemon.reloading, reload, settings};
    log_info("broker_ready", "endpoint=%s keys=%s jobs=%lld", zsock_endpoint(broker->router),
             broker->options.guard ? "yes" : "no", (long long)spool_totals(broker->spool).ready);
    broker_run(broker, settings->daemon.ending);
    log_info("broker_stopped", "done=%llu", (unsigned long long)broker->tally.done);
}

/* Runs the broker of one state directory. 0, or -1 with a fault. */
static int serve(struct settings *settings, struct fault *fault)
{
    const struct daemon *daemon = &settings->daemon;
    struct broker_options options = broker_defaults;
    char *spool_path = state_path(daemon->state, "spool.db");
    char *lock_path = state_path(daemon->state, "broker.lock");
    char *endpoint = config_endpoint(daemon->config, settings->endpoint, "broker/endpoint",
                                     daemon->state, "broker.sock", fault);
    int status = -1, lock = -1;
    options.endpoint = endpoint;
    options.spool_path = spool_path;
    if (!endpoint || (lock = lock_take(lock_path, fault)) < 0 ||
        set_numbers(settings, &options, fault) ||
        daemon_guard(daemon, KEY_BROKER, (const char *[]){endpoint, NULL}, &options.guard, fault) ||
        !(settings->broker = broker_new(&options, fault)))
        goto done;
    run(settings);
    status = 0;
done:
    broker_destroy(&settings->broker);
    guard_destroy(&options.guard);
    if (lock >= 0)
        close(lock);
    free(endpoint);
    free(lock_path);
    free(spool_path);
    return status;
}

int main(int argc, char **argv)
{
    log_start("broker");
    struct settings settings = {0};
    read_options(argc, argv, &settings);
    struct fault fault = {0};
    int status = daemon_open(&settings.daemon, &fault) ? -1 : serve(&settings, &fault);
    if (status)
        log_error("broker_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    daemon_close(&settings.daemon);
    zsys_shutdown();
    return status ? 1 : 0;
}
