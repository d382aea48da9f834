#include "common/signals.h"

#include <czmq.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

static sigset_t ending(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

static sigset_t reloading(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    return set;
}

static int open_descriptor(sigset_t set, struct fault *fault)
{
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return fault_set(fault, "signals.failed", "sigprocmask: %s", strerror(errno));
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor < 0)
        return fault_set(fault, "signals.failed", "signalfd: %s", strerror(errno));
    return descriptor;
}

int signals_open(struct fault *fault)
{
    signal(SIGPIPE, SIG_IGN);
    zsys_handler_set(NULL);
    return open_descriptor(ending(), fault);
}

int signals_open_reload(struct fault *fault)
{
    return open_descriptor(reloading(), fault);
}

void signals_take(int descriptor)
{
    struct signalfd_siginfo signal;
    while (read(descriptor, &signal, sizeof signal) > 0) {
    }
}

void signals_restore(void)
{
    sigset_t set = ending();
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGPIPE, SIG_DFL);
}
