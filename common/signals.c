#include "common/signals.h"

#include <czmq.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

static void ending(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
}

int signals_open(struct fault *fault)
{
    sigset_t set;
    ending(&set);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return fault_set(fault, "signals.failed", "sigprocmask: %s", strerror(errno));
    zsys_handler_set(NULL);
    int descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor < 0)
        return fault_set(fault, "signals.failed", "signalfd: %s", strerror(errno));
    return descriptor;
}

void signals_restore(void)
{
    sigset_t set;
    ending(&set);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGPIPE, SIG_DFL);
}
