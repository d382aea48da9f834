#include "services/cli/supervisor.h"

#include "common/log.h"
#include "common/strbuf.h"

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHILDREN = 64,
    ARGUMENTS = 16,
    PAUSE_MS = 100,       /* before the second start of a program that ended */
    PAUSE_MAX_MS = 10000, /* the pause doubles up to this */
    STEADY_MS = 10000,    /* after so long a run the pause begins anew */
    SETTLED_MS = 1000,    /* one that ended before runs for good after so long */
    HOPELESS = 5,         /* so many ends with a fault, one after the other, are no passing one */
    STOPPED = INT_MAX     /* never to be started again */
};

struct child {
    char *arguments[ARGUMENTS + 1];
    pid_t pid; /* 0: not running */
    int64_t started_ms;
    int64_t start_at; /* when it is to be started, if it does not run */
    int pause_ms;
    int status; /* of its last end */
    int faults; /* ends with a fault of its own, since it ran steadily */
};

struct supervisor {
    int signals; /* readable when a child ended or this process shall */
    char folder[PATH_MAX];
    struct child children[CHILDREN];
    size_t count;
};

static int open_signals(struct fault *fault)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    zsys_handler_set(NULL);
    int descriptor = -1;
    if (sigprocmask(SIG_BLOCK, &set, NULL) ||
        (descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
        return fault_set(fault, "signals.failed", "signalfd: %s", strerror(errno));
    return descriptor;
}

struct supervisor *supervisor_new(struct fault *fault)
{
    struct supervisor *supervisor = xcalloc(1, sizeof *supervisor);
    ssize_t length = readlink("/proc/self/exe", supervisor->folder, sizeof supervisor->folder - 1);
    char *slash = length > 0 ? strrchr(supervisor->folder, '/') : NULL;
    if (!slash) {
        fault_set(fault, "serve.folder", "/proc/self/exe: %s", strerror(errno));
        goto failed;
    }
    *slash = 0;
    supervisor->signals = open_signals(fault);
    if (supervisor->signals < 0)
        goto failed;
    return supervisor;
failed:
    free(supervisor);
    return NULL;
}

void supervisor_add(struct supervisor *supervisor, const char *const arguments[])
{
    if (supervisor->count == CHILDREN)
        abort(); /* the caller limits how many workers there are */
    struct child *child = &supervisor->children[supervisor->count++];
    for (size_t i = 0; i < ARGUMENTS && arguments[i]; i++)
        child->arguments[i] = xstrdup(arguments[i]);
    child->pause_ms = PAUSE_MS;
}

/* Becomes the program, in a group of its own so that a ^C on the terminal reaches only this one. */
static void become(const struct supervisor *supervisor, const struct child *child, pid_t parent)
{
    sigset_t later; /* a SIGHUP that comes before the program listens for it shall not end it */
    sigemptyset(&later);
    sigaddset(&later, SIGHUP);
    sigprocmask(SIG_SETMASK, &later, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(126);
    setpgid(0, 0);
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", supervisor->folder, child->arguments[0]);
    execv(path, child->arguments);
    _exit(127);
}

static void start(struct supervisor *supervisor, struct child *child)
{
    pid_t parent = getpid();
    child->started_ms = zclock_mono();
    child->pid = fork();
    if (child->pid == 0)
        become(supervisor, child, parent);
    if (child->pid < 0) {
        log_error("fork_failed", "program=%s reason=\"%s\"", child->arguments[0], strerror(errno));
        child->pid = 0;
        child->start_at = child->started_ms + PAUSE_MAX_MS;
        return;
    }
    log_info("program_started", "program=%s pid=%d", child->arguments[0], (int)child->pid);
}

static void note_end(struct child *child, int status)
{
    int64_t now = zclock_mono();
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    child->pid = 0;
    if (child->pause_ms == STOPPED)
        return;
    if (now - child->started_ms >= STEADY_MS) {
        child->pause_ms = PAUSE_MS;
        child->faults = 0;
    }
    child->faults += WIFEXITED(status) && child->status != 0;
    child->start_at = now + child->pause_ms;
    log_warning("program_ended", "program=%s status=%d%s again_in_ms=%d", child->arguments[0],
                child->status, child->status == 127 ? " reason=\"cannot be run\"" : "",
                child->pause_ms);
    child->pause_ms = 2 * child->pause_ms < PAUSE_MAX_MS ? 2 * child->pause_ms : PAUSE_MAX_MS;
}

static void reap(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        int status;
        if (child->pid && waitpid(child->pid, &status, WNOHANG) == child->pid)
            note_end(child, status);
    }
}

/* Starts what is due; how long until the next one is, -1 when none waits. */
static int start_due(struct supervisor *supervisor)
{
    int64_t now = zclock_mono(), next = -1;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        if (child->pid || child->pause_ms == STOPPED)
            continue;
        if (child->start_at <= now)
            start(supervisor, child);
        else if (next < 0 || child->start_at - now < next)
            next = child->start_at - now;
    }
    return (int)next;
}

/* The programs read their configuration themselves. */
static void pass_on(struct supervisor *supervisor, int signal_number)
{
    for (size_t i = 0; i < supervisor->count; i++)
        if (supervisor->children[i].pid)
            kill(supervisor->children[i].pid, signal_number);
}

/* Reads the signals that have come; whether one of them says to end. */
static bool read_signals(struct supervisor *supervisor, int timeout_ms)
{
    struct pollfd item = {supervisor->signals, POLLIN, 0};
    poll(&item, 1, timeout_ms);
    bool ending = false;
    struct signalfd_siginfo signal;
    while (read(supervisor->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        ending |= signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT;
        if (signal.ssi_signo == SIGHUP)
            pass_on(supervisor, SIGHUP);
    }
    reap(supervisor);
    return ending;
}

bool supervisor_step(struct supervisor *supervisor, int timeout_ms)
{
    int next = start_due(supervisor);
    if (next >= 0 && (timeout_ms < 0 || next < timeout_ms))
        timeout_ms = next;
    return read_signals(supervisor, timeout_ms);
}

int supervisor_check(const struct supervisor *supervisor, struct fault *fault)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        const struct child *child = &supervisor->children[i];
        if (child->faults >= HOPELESS)
            return fault_set(fault, "serve.hopeless",
                             "%s ended %d times with status %d before the services were ready: its "
                             "messages above say why",
                             child->arguments[0], child->faults, child->status);
    }
    return 0;
}

bool supervisor_all_run(const struct supervisor *supervisor)
{
    int64_t now = zclock_mono();
    for (size_t i = 0; i < supervisor->count; i++) {
        const struct child *child = &supervisor->children[i];
        if (!child->pid || (child->faults && now - child->started_ms < SETTLED_MS))
            return false;
    }
    return true;
}

static bool is_named(const struct child *child, const char *program)
{
    return strcmp(child->arguments[0], program) == 0;
}

/* Signals the running ones; how many there are. */
static int signal_all(struct supervisor *supervisor, const char *program, int number)
{
    int running = 0;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        if (!is_named(child, program) || !child->pid)
            continue;
        running++;
        if (number)
            kill(child->pid, number);
    }
    return running;
}

int supervisor_stop(struct supervisor *supervisor, const char *program, int timeout_ms)
{
    int64_t until = zclock_mono() + timeout_ms;
    for (size_t i = 0; i < supervisor->count; i++)
        if (is_named(&supervisor->children[i], program)) {
            supervisor->children[i].pause_ms = STOPPED;
            supervisor->children[i].status = 0;
        }
    signal_all(supervisor, program, SIGTERM);
    while (signal_all(supervisor, program, 0) > 0 && zclock_mono() < until)
        read_signals(supervisor, (int)(until - zclock_mono()));
    if (signal_all(supervisor, program, SIGKILL) > 0)
        log_error("program_killed", "program=%s reason=\"did not end in %d ms\"", program,
                  timeout_ms);
    while (signal_all(supervisor, program, 0) > 0)
        read_signals(supervisor, -1);

    int failures = 0;
    for (size_t i = 0; i < supervisor->count; i++)
        failures += is_named(&supervisor->children[i], program) && supervisor->children[i].status;
    return failures ? -1 : 0;
}

void supervisor_destroy(struct supervisor **supervisor)
{
    if (!*supervisor)
        return;
    for (size_t i = 0; i < (*supervisor)->count; i++) {
        struct child *child = &(*supervisor)->children[i];
        if (child->pid) {
            kill(child->pid, SIGKILL);
            waitpid(child->pid, NULL, 0);
        }
        for (char **argument = child->arguments; *argument; argument++)
            free(*argument);
    }
    close((*supervisor)->signals);
    free(*supervisor);
    *supervisor = NULL;
}
