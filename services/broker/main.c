/* jinmu-broker: takes requests from clients, keeps them, and gives them to workers. */
#include "services/broker/broker.h"

#include "common/lock.h"
#include "common/log.h"
#include "common/signals.h"
#include "common/state.h"

#include <argp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct settings {
    const char *state;
    bool insecure;
    struct broker_options broker;
};

enum { KEY_STATE = 's', KEY_ENDPOINT = 'e', KEY_INSECURE = 1000, KEY_NUMBERS = 1001 };

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

static void read_number(const struct number *number, const char *text, struct settings *settings,
                        struct argp_state *state)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || value < number->least || value > number->most)
        argp_error(state, "--%s: '%s' is no number from %lld to %lld", number->name, text,
                   (long long)number->least, (long long)number->most);
    else
        memcpy((char *)&settings->broker + number->offset, &(int64_t){value}, sizeof(int64_t));
}

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct settings *settings = state->input;
    if (key == KEY_STATE)
        settings->state = argument;
    else if (key == KEY_ENDPOINT)
        settings->broker.endpoint = argument;
    else if (key == KEY_INSECURE)
        settings->insecure = true;
    else if (key >= KEY_NUMBERS && key < KEY_NUMBERS + NUMBERS)
        read_number(&numbers[key - KEY_NUMBERS], argument, settings, state);
    else if (key == ARGP_KEY_ARG)
        argp_usage(state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static void read_options(int argc, char **argv, struct settings *settings)
{
    struct argp_option options[NUMBERS + 4] = {
        {"state", KEY_STATE, "DIR", 0, "state directory (default: $JINMU_STATE)", 0},
        {"endpoint", KEY_ENDPOINT, "ENDPOINT", 0, "where to listen (ipc://STATE/broker.sock)", 0},
        {"insecure", KEY_INSECURE, NULL, 0, "allow tcp:// without keys on the loopback", 0},
    };
    for (int i = 0; i < NUMBERS; i++)
        options[3 + i] =
            (struct argp_option){numbers[i].name, KEY_NUMBERS + i, "N", 0, numbers[i].help, 0};
    const struct argp argp = {options, read_option, NULL, "The broker of jinmu.", 0, 0, 0};
    argp_parse(&argp, argc, argv, 0, NULL, settings);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static int check_endpoint(const char *endpoint, bool insecure, struct fault *fault)
{
    bool loopback = begins(endpoint, "tcp://127.0.0.1:") || begins(endpoint, "tcp://[::1]:") ||
                    begins(endpoint, "tcp://localhost:");
    if (begins(endpoint, "ipc://") || (loopback && insecure))
        return 0;
    if (loopback)
        return fault_set(fault, "broker.endpoint", "%s: tcp has no keys yet: say --insecure",
                         endpoint);
    return fault_set(fault, "broker.endpoint",
                     "%s: only ipc:// and, with --insecure, tcp:// on the loopback", endpoint);
}

/* Runs the broker of one state directory. 0, or -1 with a fault. */
static int serve(struct settings *settings, const char *directory, struct fault *fault)
{
    char *own_endpoint = NULL;
    char *spool_path = state_path(directory, "spool.db");
    char *lock_path = state_path(directory, "broker.lock");
    struct broker *broker = NULL;
    int status = -1;
    int lock = lock_take(lock_path, fault);
    int ending = -1;
    if (lock < 0)
        goto done;
    if (!settings->broker.endpoint)
        settings->broker.endpoint = own_endpoint = state_endpoint(directory, "broker.sock", fault);
    settings->broker.spool_path = spool_path;
    if (!settings->broker.endpoint ||
        check_endpoint(settings->broker.endpoint, settings->insecure, fault) ||
        (ending = signals_open(fault)) < 0 || !(broker = broker_new(&settings->broker, fault)))
        goto done;
    log_info("broker_ready", "endpoint=%s jobs=%lld", zsock_endpoint(broker->router),
             (long long)spool_totals(broker->spool).ready);
    broker_run(broker, ending);
    log_info("broker_stopped", "done=%llu", (unsigned long long)broker->tally.done);
    status = 0;
done:
    broker_destroy(&broker);
    if (ending >= 0)
        close(ending);
    if (lock >= 0)
        close(lock);
    free(own_endpoint);
    free(spool_path);
    free(lock_path);
    return status;
}

int main(int argc, char **argv)
{
    log_start("broker");
    umask(077);
    signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a full disk, not a reason to die */
    struct settings settings = {.broker = broker_defaults};
    read_options(argc, argv, &settings);
    struct fault fault = {0};
    char *directory = state_directory(settings.state, &fault);
    int status = directory ? serve(&settings, directory, &fault) : -1;
    if (status)
        log_error("broker_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    free(directory);
    zsys_shutdown();
    return status ? 1 : 0;
}
