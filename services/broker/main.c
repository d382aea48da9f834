/* jinmu-broker: takes requests from clients, keeps them, and gives them to workers. */
#include "services/broker/broker.h"

#include "common/daemon.h"
#include "common/lock.h"
#include "common/log.h"
#include "common/state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_NUMBERS = 16, NOT_GIVEN = -1 };

struct settings {
    struct daemon daemon;
    const char *endpoint;
    int64_t given[MOST_NUMBERS]; /* on the command line, or NOT_GIVEN */
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
        if (settings->given[i] != NOT_GIVEN)
            value = settings->given[i];
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
    if (!daemon_reload(&settings->daemon))
        return;
    if (set_numbers(settings, &options, &fault)) {
        daemon_refuse_reload(&settings->daemon, &fault);
        return;
    }
    if (!daemon_reload_guard(&settings->daemon, options.guard))
        return;
    options.max_message = settings->broker->options.max_message;
    settings->broker->options = options;
    log_info("reloaded", "max_jobs=%lld attempts=%lld lease_ms=%lld", (long long)options.max_jobs,
             (long long)options.attempts, (long long)options.lease_ms);
}

static void work(struct settings *settings)
{
    struct broker *broker = settings->broker;
    broker->reload = (struct reload){settings->daemon.reloading, reload, settings};
    log_info("broker_ready", "endpoint=%s keys=%s jobs=%lld", zsock_endpoint(broker->router),
             broker->options.guard ? "yes" : "no", (long long)spool_totals(broker->spool).ready);
    broker_run(broker, settings->daemon.ending);
    log_info("broker_stopped", "done=%llu", (unsigned long long)broker->tally.done);
}

static int run(struct daemon *daemon, struct fault *fault)
{
    struct settings *settings = (void *)daemon;
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
    work(settings);
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

static const struct option_row fixed_rows[] = {
    TEXT_OPTION(struct settings, endpoint, "endpoint", 'e', "ENDPOINT",
                "where to listen (ipc://DIR/broker.sock)"),
    DAEMON_OPTIONS(struct settings)};
enum { FIXED_ROWS = sizeof fixed_rows / sizeof *fixed_rows };

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct option_row rows[FIXED_ROWS + NUMBERS + 1] = {0};
    memcpy(rows, fixed_rows, sizeof fixed_rows);
    for (size_t i = 0; i < NUMBERS; i++) {
        settings.given[i] = NOT_GIVEN;
        rows[FIXED_ROWS + i] =
            (struct option_row)NUMBER_OPTION(struct settings, given[i], numbers[i].name, 0,
                                             numbers[i].least, numbers[i].most, numbers[i].help);
    }
    const struct command_form form = {rows, 0, 0, "", "The broker of jinmu."};
    int status =
        daemon_main(&(struct daemon_program){"broker", &form, run}, argc, argv, &settings.daemon);
    zsys_shutdown();
    return status;
}
