/* A backup put back. STATE/restoring is there from before the first file moves until the last copy is on
 * disk; nothing opens the state beside it (state_directory). It says how far the restore has come, so
 * that the next one goes on: "moving FOLDER", then "copying". */
#include "services/cli/backup.h"

#include "common/lock.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/backup_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_BYTES = 64, LOCKS = 6 };
static const char moving[] = "moving ";

struct restore {
    const char *state;
    char *marker;
    char aside[NAME_BYTES]; /* the folder in the state that its old files go to; "": not chosen */
};

/* --- what is there --- */

/* A database, or what belongs to one, also when the database itself has gone. */
static bool is_old_file(const char *name)
{
    static const char *const endings[] = {".db", ".db-wal", ".db-shm", ".db-journal"};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(name + length - ending, endings[i]) == 0)
            return true;
    }
    return false;
}

static int choose_old_file(const struct dirent *entry)
{
    return is_old_file(entry->d_name);
}

/* The names of those files (free_names), sorted; -1 with a fault. */
static int list_old_files(const char *state, struct dirent ***names, struct fault *fault)
{
    int count = scandir(state, names, choose_old_file, alphasort);
    return count < 0 ? backup_failed(state, fault) : count;
}

static void free_names(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* --- the marker --- */

/* What an interrupted restore says of itself: its folder, when it was still moving. */
static void read_marker(struct restore *restore)
{
    size_t length;
    char *text = backup_read_file(restore->marker, &length);
    if (text && strncmp(text, moving, sizeof moving - 1) == 0) {
        const char *name = text + sizeof moving - 1;
        size_t bytes = strcspn(name, "/\n");
        if (bytes > 0 && bytes < NAME_BYTES)
            snprintf(restore->aside, NAME_BYTES, "%.*s", (int)bytes, name);
    }
    free(text);
}

/* One whole marker in the place of another. */
static int write_marker(const struct restore *restore, const char *stage, const char *name,
                        struct fault *fault)
{
    struct strbuf text = {0}, fresh = {0};
    strbuf_printf(&text, "%s%s\n", stage, name);
    strbuf_printf(&fresh, "%s.new", restore->marker);
    unlink(fresh.text);
    int status = backup_write_file(fresh.text, text.text, text.length, fault);
    if (!status && rename(fresh.text, restore->marker))
        status = backup_failed(restore->marker, fault);
    strbuf_free(&text);
    strbuf_free(&fresh);
    return status ? -1 : backup_sync_directory(restore->state, fault);
}

static int remove_marker(const struct restore *restore, struct fault *fault)
{
    return unlink(restore->marker) ? backup_failed(restore->marker, fault)
                                   : backup_sync_directory(restore->state, fault);
}

/* --- moving what is there --- */

static bool is_there(const char *directory, const char *name)
{
    char *path = state_path(directory, name);
    bool there = access(path, F_OK) == 0;
    free(path);
    return there;
}

static void choose_folder(struct restore *restore)
{
    char day[NAME_BYTES / 2];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(day, sizeof day, "replaced-%Y%m%dT%H%M%SZ", &utc);
    snprintf(restore->aside, NAME_BYTES, "%s", day);
    for (unsigned n = 2; is_there(restore->state, restore->aside); n++)
        snprintf(restore->aside, NAME_BYTES, "%s-%u", day, n);
}

/* A name that the folder has already, since something was made anew meanwhile, gets a number. */
static int move_file(const char *from, const char *to, const char *name, struct fault *fault)
{
    struct strbuf fresh = {0};
    strbuf_puts(&fresh, name);
    for (unsigned n = 2; is_there(to, fresh.text); n++) {
        strbuf_reset(&fresh);
        strbuf_printf(&fresh, "%s.%u", name, n);
    }
    char *source = state_path(from, name), *target = state_path(to, fresh.text);
    int status = rename(source, target) ? backup_failed(source, fault) : 0;
    free(source);
    free(target);
    strbuf_free(&fresh);
    return status;
}

static int put_aside(struct restore *restore, struct dirent **names, int count, struct fault *fault)
{
    char *aside = state_path(restore->state, restore->aside);
    int status = mkdir(aside, 0700) && errno != EEXIST ? backup_failed(aside, fault) : 0;
    for (int i = 0; !status && i < count; i++)
        status = move_file(restore->state, aside, names[i]->d_name, fault);
    if (!status)
        status = backup_sync_directory(aside, fault);
    free(aside);
    return status;
}

/* --- the copies --- */

static int copy_all(const char *directory, const char *state, const struct jv *manifest,
                    struct fault *fault)
{
    const struct jv *list = jv_get(manifest, "files");
    int status = 0;
    for (size_t i = 0; !status && i < jv_count(list); i++)
        status = backup_copy_database(directory, state, jv_get_text(jv_at(list, i), "name"), fault);
    return status ? -1 : backup_sync_directory(state, fault);
}

static int put_back(struct restore *restore, const char *directory, const struct jv *manifest,
                    bool replace, struct fault *fault)
{
    struct dirent **names = NULL;
    int count = list_old_files(restore->state, &names, fault), status = count < 0 ? -1 : 0;
    if (count > 0 && !replace)
        status =
            fault_set(fault, "backup.exists",
                      "%s has databases: --replace moves them aside and restores", restore->state);
    if (!status && count > 0) {
        read_marker(restore);
        if (!*restore->aside)
            choose_folder(restore);
        status = write_marker(restore, moving, restore->aside, fault) ||
                 put_aside(restore, names, count, fault);
    }
    if (!status)
        status = write_marker(restore, "copying", "", fault) ||
                 copy_all(directory, restore->state, manifest, fault) ||
                 remove_marker(restore, fault);
    free_names(names, count > 0 ? count : 0);
    return status ? -1 : 0;
}

/* Takes the locks of all that could write, so that nothing starts meanwhile. Daemons of an earlier version
 * have those of their own alone. */
static int take_locks(const char *state, int locks[LOCKS], struct fault *fault)
{
    const char *const names[LOCKS] = {state_lock,     "serve.lock",      "broker.lock",
                                      "results.lock", "catalog.db.lock", "gateway.db.lock"};
    for (int i = 0; i < LOCKS; i++) {
        char *path = state_path(state, names[i]);
        locks[i] = lock_take(path, fault);
        free(path);
        if (locks[i] < 0)
            return fault_set(fault, "backup.running",
                             "services or verbs work in %s (%s is taken): stop them first", state,
                             names[i]);
    }
    return 0;
}

struct jv *backup_restore(const char *directory, const char *state, bool replace,
                          struct fault *fault)
{
    int locks[LOCKS] = {-1, -1, -1, -1, -1, -1};
    struct restore restore = {state, state_path(state, state_restoring), ""};
    struct jv *manifest = backup_check(directory, fault);
    if (manifest && (take_locks(state, locks, fault) ||
                     put_back(&restore, directory, manifest, replace, fault)))
        jv_destroy(&manifest);
    for (int i = 0; i < LOCKS; i++)
        if (locks[i] >= 0)
            close(locks[i]);
    free(restore.marker);
    return manifest;
}
