#include "common/daemon.h"

#include "common/endpoint.h"
#include "common/lock.h"
#include "common/log.h"
#include "common/privileges.h"
#include "common/state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A connection needs a descriptor, and a second one while its end is looked at. */
static void allow_many_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int set_log_level(const struct config *config, struct fault *fault)
{
    const char *level = config_text(config, "log/level");
    if (log_set_level(level ? level : "info"))
        return fault_set(fault, "config.level",
                         "log/level: '%s' is none of error, warning, info and debug", level);
    return 0;
}

/* Shares the state, so that no restore begins there. */
static int enter_state(struct daemon *daemon, struct fault *fault)
{
    if (!(daemon->state = state_directory(daemon->wanted_state, fault)) ||
        state_check_files(daemon->state, fault))
        return -1;
    char *path = state_path(daemon->state, state_lock);
    daemon->lock = lock_share(path, fault);
    free(path);
    if (daemon->lock < 0 && strcmp(fault->code, "lock.taken") == 0)
        return fault_set(fault, "state.restoring", "a restore works in %s: wait until it has ended",
                         daemon->state);
    if (daemon->lock < 0)
        return -1;
    return state_check_restored(daemon->state, fault); /* one that was interrupted before that */
}

int daemon_open(struct daemon *daemon, struct fault *fault)
{
    daemon->ending = daemon->reloading = daemon->lock = -1;
    umask(077);
    signal(SIGXFSZ, SIG_IGN); /* a file at its size limit is a full disk, not a reason to die */
    allow_many_descriptors();
    if (daemon->user && privileges_drop(daemon->user, fault))
        return -1;
    if (enter_state(daemon, fault) ||
        !(daemon->config = config_open(daemon->state, daemon->config_path, fault)) ||
        set_log_level(daemon->config, fault))
        return -1;
    daemon->ending = signals_open(fault);
    if (daemon->ending >= 0)
        daemon->reloading = signals_open_reload(fault);
    return daemon->reloading < 0 ? -1 : 0;
}

void daemon_close(struct daemon *daemon)
{
    if (daemon->ending >= 0)
        close(daemon->ending);
    if (daemon->reloading >= 0)
        close(daemon->reloading);
    if (daemon->lock >= 0)
        close(daemon->lock);
    config_destroy(&daemon->config);
    config_destroy(&daemon->replaced);
    free(daemon->state);
    daemon->state = NULL;
    daemon->ending = daemon->reloading = daemon->lock = -1;
}

int daemon_main(const struct daemon_program *program, int argc, char **argv, struct daemon *daemon)
{
    struct fault fault = {"", ""};
    char event[64];
    log_start(program->name);
    options_read(program->form, argc, argv, daemon);
    int status = daemon_open(daemon, &fault) ? -1 : program->run(daemon, &fault);
    snprintf(event, sizeof event, "%s_failed", program->name);
    if (*fault.code)
        log_error(event, "code=%s reason=\"%s\"", fault.code, fault.message);
    daemon_close(daemon);
    return status ? 1 : 0;
}

bool daemon_reload(struct daemon *daemon)
{
    struct fault fault;
    signals_take(daemon->reloading);
    struct config *config = config_open(daemon->state, daemon->config_path, &fault);
    if (!config || set_log_level(config, &fault)) {
        log_error("reload_refused", "code=%s reason=\"%s\"", fault.code, fault.message);
        config_destroy(&config);
        return false;
    }
    config_destroy(&daemon->replaced);
    daemon->replaced = daemon->config;
    daemon->config = config;
    return true;
}

void daemon_refuse_reload(struct daemon *daemon, const struct fault *fault)
{
    config_destroy(&daemon->config);
    daemon->config = daemon->replaced;
    daemon->replaced = NULL;
    set_log_level(daemon->config, NULL);
    log_error("reload_refused", "code=%s reason=\"%s\"", fault->code, fault->message);
}

/* limits/connections…, else connection_limits_default. */
static int connection_limits(const struct daemon *daemon, struct connection_limits *limits,
                             struct fault *fault)
{
    int64_t open, open_of_one, per_second;
    *limits = connection_limits_default;
    open = (int64_t)limits->open;
    open_of_one = (int64_t)limits->open_of_one;
    per_second = (int64_t)limits->per_second;
    if (config_number(daemon->config, "limits/connections", 1, 100000, &open, fault) ||
        config_number(daemon->config, "limits/connections_of_one", 1, 100000, &open_of_one,
                      fault) ||
        config_number(daemon->config, "limits/connections_per_second", 1, 100000, &per_second,
                      fault))
        return -1;
    *limits = (struct connection_limits){
        .open = (size_t)open, .open_of_one = (size_t)open_of_one, .per_second = (double)per_second};
    return 0;
}

int daemon_guard(const struct daemon *daemon, enum key_role role, const char *const endpoints[],
                 struct guard **guard, struct fault *fault)
{
    struct connection_limits limits;
    size_t count = 0, with_keys = 0;
    *guard = NULL;
    for (; endpoints[count]; count++) {
        if (endpoint_check(endpoints[count], daemon->insecure, fault))
            return -1;
        with_keys += endpoint_has_keys(endpoints[count], daemon->insecure);
    }
    if (with_keys == 0)
        return 0;
    if (with_keys < count)
        return fault_set(fault, "endpoint.refused", "%s and %s: both are tcp:// or both ipc://",
                         endpoints[0], endpoints[1]);
    if (connection_limits(daemon, &limits, fault))
        return -1;
    char *folder = config_keys_folder(daemon->config, daemon->state);
    *guard = guard_new(folder, role, &limits, fault);
    free(folder);
    return *guard ? 0 : -1;
}

bool daemon_reload_guard(struct daemon *daemon, struct guard *guard)
{
    struct connection_limits limits;
    struct fault fault;
    if (connection_limits(daemon, &limits, &fault)) {
        daemon_refuse_reload(daemon, &fault);
        return false;
    }
    if (guard)
        guard_limit(guard, &limits);
    return true;
}

int daemon_identity(const struct daemon *daemon, enum key_role role, enum key_role server,
                    const char *endpoint, struct identity **identity, struct fault *fault)
{
    char *folder = config_keys_folder(daemon->config, daemon->state);
    int status =
        endpoint_identity(endpoint, daemon->insecure, folder, role, server, identity, fault);
    free(folder);
    return status;
}
