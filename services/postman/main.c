/* jinmu-postman: sends webhooks. */
#include "services/postman/postman.h"

#include "common/daemon.h"
#include "common/lock.h"
#include "common/log.h"
#include "common/state.h"

#include <stdlib.h>
#include <unistd.h>

enum { KEY_CLOCK = 1000 };

struct options {
    struct daemon daemon;
    const char *clock;
};

static const struct argp_option option_list[] = {
    {"clock", KEY_CLOCK, "FILE", 0, "Read the time from FILE, seconds since 1970: for tests", 0},
    {0}};

static error_t parse_option(int key, char *value, struct argp_state *parser)
{
    struct options *options = parser->input;
    switch (key) {
    case ARGP_KEY_INIT:
        parser->child_inputs[0] = &options->daemon;
        return 0;
    case KEY_CLOCK:
        options->clock = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{&daemon_argp, 0, NULL, 0}, {0}};
static const struct argp parser = {
    option_list, parse_option,
    NULL,        "Sends webhooks to the targets that webhooks/allow names (jinmu webhooks --help).",
    children,    NULL,
    NULL};

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

int main(int argc, char **argv)
{
    struct options options = {0};
    struct daemon *daemon = &options.daemon;
    struct fault fault = {"", ""};
    struct running running = {0};
    struct postman *postman = NULL;
    int status = 1, lock = -1;
    log_start("postman");
    argp_parse(&parser, argc, argv, 0, NULL, &options);
    if (daemon_open(daemon, &fault) || (lock = lock_state(daemon->state, &fault)) < 0 ||
        running_find(&running, daemon->state, &fault))
        goto done;
    const struct postman_options how = {&running, options.clock};
    if (!(postman = postman_new(&how, &fault)) ||
        postman_configure(postman, daemon->config, &fault))
        goto done;
    struct reloading reloading = {daemon, postman};
    log_info("postman_ready", "pid=%d state=%s collector=%s", (int)getpid(), daemon->state,
             running.collector);
    postman_run(postman, daemon->ending, &(struct reload){daemon->reloading, reload, &reloading});
    status = 0;
    log_info("postman_ends", "status=0");
done:
    if (*fault.code)
        log_error("postman_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    postman_destroy(&postman);
    running_clear(&running);
    if (lock >= 0)
        close(lock);
    daemon_close(daemon);
    return status;
}
