/* jinmu-postman: sends webhooks. */
#include "services/postman/postman.h"

#include "common/daemon.h"
#include "common/lock.h"
#include "common/log.h"
#include "common/state.h"

#include <stdlib.h>
#include <unistd.h>

struct options {
    struct daemon daemon;
    const char *clock;
};

static const struct option_row option_rows[] = {
    PATH_OPTION(struct options, clock, "clock", 0, "FILE",
                "Read the time from FILE, seconds since 1970: for tests"),
    DAEMON_OPTIONS(struct options),
    {0}};
static const struct command_form form = {
    option_rows, 0, 0, "",
    "Sends webhooks to the targets that webhooks/allow names (jinmu webhooks --help)."};

struct reloading {
    struct daemon *daemon;
    struct postman *postman;
};

static void reload(void *argument)
{
    struct reloading *reloading = argument;
    struct fault fault;
    if (!daemon_reload(reloading->daemon))
        return;
    if (postman_configure(reloading->postman, reloading->daemon->config, &fault))
        log_error("reload_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    else
        log_info("reloaded", "state=%s", reloading->daemon->state);
}

/* One postman a state directory: two would send everything twice. */
static int lock_state(const char *state, struct fault *fault)
{
    char *path = state_path(state, "postman.lock");
    int lock = lock_take(path, fault);
    free(path);
    return lock;
}

static int run(struct daemon *daemon, struct fault *fault)
{
    const struct options *options = (const void *)daemon;
    struct running running = {0};
    struct postman *postman = NULL;
    int status = -1, lock = -1;
    if ((lock = lock_state(daemon->state, fault)) < 0 ||
        running_find(&running, daemon->state, fault))
        goto done;
    const struct postman_options how = {&running, options->clock};
    if (!(postman = postman_new(&how, fault)) || postman_configure(postman, daemon->config, fault))
        goto done;
    struct reloading reloading = {daemon, postman};
    log_info("postman_ready", "pid=%d state=%s collector=%s", (int)getpid(), daemon->state,
             running.collector);
    postman_run(postman, daemon->ending, &(struct reload){daemon->reloading, reload, &reloading});
    status = 0;
    log_info("postman_ends", "status=0");
done:
    postman_destroy(&postman);
    running_clear(&running);
    if (lock >= 0)
        close(lock);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    return daemon_main(&(struct daemon_program){"postman", &form, run}, argc, argv,
                       &options.daemon);
}
