#include "common/state.h"

#include "common/strbuf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

/* Whoever can write a directory can rename what is in it, unless it is sticky as /tmp is. Our own
 * group is taken to be ours alone, as Debian makes it. */
static bool others_can_rename(const struct stat *status)
{
    if (status->st_uid != geteuid() && status->st_uid != 0)
        return true;
    if (status->st_mode & S_ISVTX)
        return false;
    return (status->st_mode & S_IWOTH) ||
           ((status->st_mode & S_IWGRP) && status->st_gid != getegid());
}

static int check_above(const char *absolute, struct fault *fault)
{
    char *path = xstrdup(absolute);
    int result = 0;
    for (char *slash; !result && (slash = strrchr(path, '/')) && *path;) {
        struct stat status;
        *slash = 0;
        const char *above = *path ? path : "/";
        if (stat(above, &status))
            result = fault_set(fault, "state.directory", "%s: %s", above, strerror(errno));
        else if (others_can_rename(&status))
            result =
                fault_set(fault, "state.unsafe",
                          "%s can be written by others, who could replace %s", above, absolute);
    }
    free(path);
    return result;
}

char *state_find(const char *given, struct fault *fault)
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
    if (absolute && check_above(absolute, fault)) {
        free(absolute);
        return NULL;
    }
    return absolute;
}

char *state_directory(const char *given, struct fault *fault)
{
    char *found = state_find(given, fault);
    if (found && state_check_restored(found, fault)) {
        free(found);
        return NULL;
    }
    return found;
}

int state_check_files(const char *directory, struct fault *fault)
{
    DIR *listing = opendir(directory);
    int result = 0;
    if (!listing)
        return fault_set(fault, "state.directory", "%s: %s", directory, strerror(errno));
    for (struct dirent *entry; !result && (entry = readdir(listing));) {
        struct stat status;
        if (fstatat(dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) ||
            !S_ISREG(status.st_mode))
            continue;
        if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
            result = fault_set(fault, "state.unsafe",
                               "%s/%s can be written by others: chown it to this user and "
                               "chmod 0600",
                               directory, entry->d_name);
    }
    closedir(listing);
    return result;
}

const char state_restoring[] = "restoring";
const char state_lock[] = "state.lock";

int state_check_restored(const char *directory, struct fault *fault)
{
    char *marker = state_path(directory, state_restoring);
    bool restoring = access(marker, F_OK) == 0;
    free(marker);
    if (!restoring)
        return 0;
    return fault_set(fault, "state.restoring",
                     "a restore into %s has not finished: run jinmu restore --state %s --replace"
                     " FOLDER again, with the folder of the backup; what was there before is in"
                     " replaced-TIME",
                     directory, directory);
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
