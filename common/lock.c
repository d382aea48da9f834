#include "common/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int take(const char *path, int kind, struct fault *fault)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return fault_set(fault, "lock.open", "%s: %s", path, strerror(errno));
    if (flock(file, kind | LOCK_NB) == 0)
        return file;
    int reason = errno;
    close(file);
    if (reason == EWOULDBLOCK)
        return fault_set(fault, "lock.taken", "%s is held by another process", path);
    return fault_set(fault, "lock.failed", "%s: %s", path, strerror(reason));
}

int lock_take(const char *path, struct fault *fault)
{
    return take(path, LOCK_EX, fault);
}

int lock_share(const char *path, struct fault *fault)
{
    return take(path, LOCK_SH, fault);
}

int lock_wait(const char *path, struct fault *fault)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return fault_set(fault, "lock.open", "%s: %s", path, strerror(errno));
    while (flock(file, LOCK_EX) < 0 && errno == EINTR) {
    }
    return file;
}
