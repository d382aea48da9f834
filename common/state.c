#include "common/state.h"

#include "common/strbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char *chosen_directory(const char *given)
{
    struct strbuf path = {0};
    const char *variable;
    if (given && *given)
        strbuf_puts(&path, given);
    else if ((variable = getenv("JINMU_STATE")) && *variable)
        strbuf_puts(&path, variable);
    else if ((variable = getenv("XDG_STATE_HOME")) && *variable)
        strbuf_printf(&path, "%s/jinmu", variable);
    else
        strbuf_printf(&path, "%s/.local/state/jinmu", (variable = getenv("HOME")) ? variable : "");
    return strbuf_take(&path);
}

static int make_directories(char *path, struct fault *fault)
{
    for (char *slash = path + 1;; slash++) {
        if (*slash && *slash != '/')
            continue;
        char kept = *slash;
        *slash = 0;
        int made = mkdir(path, 0700);
        int reason = errno;
        *slash = kept;
        if (made && reason != EEXIST)
            return fault_set(fault, "state.directory", "cannot make state directory %s: %s", path,
                             strerror(reason));
        if (!kept)
            return 0;
    }
}

static int check_private(const char *path, struct fault *fault)
{
    struct stat status;
    if (stat(path, &status))
        return fault_set(fault, "state.directory", "%s: %s", path, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return fault_set(fault, "state.directory", "%s is no directory", path);
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return fault_set(fault, "state.unsafe",
                         "%s can be written by others: chown it to this user and chmod 0700", path);
    return 0;
}

char *state_directory(const char *given, struct fault *fault)
{
    char *path = chosen_directory(given);
    if (make_directories(path, fault) || check_private(path, fault)) {
        free(path);
        return NULL;
    }
    char *absolute = realpath(path, NULL);
    if (!absolute)
        fault_set(fault, "state.directory", "%s: %s", path, strerror(errno));
    free(path);
    return absolute;
}

char *state_path(const char *directory, const char *name)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", directory, name);
    return strbuf_take(&path);
}

char *state_endpoint(const char *directory, const char *name, struct fault *fault)
{
    struct strbuf endpoint = {0};
    strbuf_printf(&endpoint, "ipc://%s/%s", directory, name);
    if (endpoint.length - strlen("ipc://") >= sizeof((struct sockaddr_un *)0)->sun_path) {
        fault_set(fault, "state.path_too_long",
                  "%s: the path of a local socket is at most %zu bytes: choose a shorter --state",
                  endpoint.text, sizeof((struct sockaddr_un *)0)->sun_path - 1);
        strbuf_free(&endpoint);
        return NULL;
    }
    return strbuf_take(&endpoint);
}
