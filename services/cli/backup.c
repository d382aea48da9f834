#include "services/cli/backup.h"

#include "common/state.h"
#include "common/store_copy.h"
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

enum { MOST_FILES = 16 };
static const char configuration_name[] = "jinmu.zpl";
/* In this order, then all others: see backup_make. */
static const char *const first_names[] = {"spool.db", "results.db", "catalog.db"};
enum { FIRST_NAMES = sizeof first_names / sizeof *first_names };

struct files {
    char *names[MOST_FILES];
    size_t count;
};

/* --- Files ---------------------------------------------------------------------------------- */

static void clear_files(struct files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->names[i]);
    files->count = 0;
}

static bool is_listed(const struct files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->names[i], name) == 0)
            return true;
    return false;
}

static void add_file(struct files *files, const char *directory, const char *name)
{
    char *path = state_path(directory, name);
    if (files->count < MOST_FILES && !is_listed(files, name) && access(path, F_OK) == 0)
        files->names[files->count++] = xstrdup(name);
    free(path);
}

/* The databases of a folder, in the order in which they are to be copied. */
static int list_databases(const char *directory, struct files *files, struct fault *fault)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, NULL, alphasort);
    if (count < 0)
        return backup_failed(directory, fault);
    for (int i = 0; i < FIRST_NAMES; i++)
        add_file(files, directory, first_names[i]);
    for (int i = 0; i < count; i++) {
        if (backup_is_database(entries[i]->d_name))
            add_file(files, directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

/* A file that may be missing, as it is. */
static int copy_file(const char *from, const char *to, const char *name, struct fault *fault)
{
    char *source = state_path(from, name), *target = state_path(to, name);
    size_t length;
    char *text = backup_read_file(source, &length);
    int status = text ? backup_write_file(target, text, length, fault) : 0;
    free(text);
    free(source);
    free(target);
    return status;
}

/* --- Making --------------------------------------------------------------------------------- */

static int make_empty_directory(const char *path, struct fault *fault)
{
    if (mkdir(path, 0700) == 0)
        return 0;
    if (errno != EEXIST)
        return backup_failed(path, fault);
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    if (count == 2) /* . and .. */
        return 0;
    return fault_set(fault, "backup.exists", "%s is no empty folder: name a new one", path);
}

/* The entry of a copied file in the manifest, or NULL with a fault when it is not sound. */
static struct jv *describe(const char *directory, const char *name, struct fault *fault)
{
    char *path = state_path(directory, name);
    char hash[BACKUP_HASH_BYTES];
    int64_t bytes;
    int version;
    struct jv *entry = NULL;
    if (store_check(path, false, &version, fault) == 0 &&
        backup_hash_file(path, hash, &bytes, fault) == 0) {
        entry = jv_object();
        jv_set_text(entry, "name", name);
        jv_set_number(entry, "bytes", (double)bytes);
        jv_set_text(entry, "sha256", hash);
        jv_set_number(entry, "schema", version);
    }
    free(path);
    return entry;
}

static struct jv *begin_manifest(void)
{
    char text[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    struct jv *manifest = jv_object();
    jv_set_text(manifest, "jinmu", JINMU_VERSION);
    jv_set_text(manifest, "made_at", text);
    return manifest;
}

static int write_manifest(const char *directory, const struct jv *manifest, struct fault *fault)
{
    char *path = state_path(directory, backup_manifest_name), *text = jv_write(manifest);
    int status = backup_write_file(path, text, strlen(text), fault);
    free(text);
    free(path);
    return status ? -1 : backup_sync_directory(directory, fault);
}

struct jv *backup_make(const char *state, const char *directory, struct fault *fault)
{
    struct files files = {0};
    struct jv *manifest = begin_manifest(), *list = jv_array();
    int status = -1;
    if (make_empty_directory(directory, fault) || list_databases(state, &files, fault))
        goto done;
    status = files.count ? 0 : fault_set(fault, "backup.nothing", "%s has no databases", state);
    for (size_t i = 0; !status && i < files.count; i++)
        status = backup_copy_database(state, directory, files.names[i], fault);
    for (size_t i = 0; !status && i < files.count; i++) {
        struct jv *entry = describe(directory, files.names[i], fault);
        if (entry)
            jv_push(list, entry);
        status = entry ? 0 : -1;
    }
    jv_set(manifest, "files", list);
    list = NULL;
    if (!status)
        status = copy_file(state, directory, configuration_name, fault) ||
                         write_manifest(directory, manifest, fault)
                     ? -1
                     : 0;
done:
    clear_files(&files);
    jv_destroy(&list);
    if (status)
        jv_destroy(&manifest);
    return manifest;
}

/* --- Checking ------------------------------------------------------------------------------- */

static int check_file(const char *directory, const struct jv *entry, struct fault *fault)
{
    const char *name = jv_get_text(entry, "name"), *wanted = jv_get_text(entry, "sha256");
    char hash[BACKUP_HASH_BYTES];
    int64_t bytes;
    if (!name || !wanted || !backup_is_database(name) || strchr(name, '/'))
        return fault_set(fault, "backup.damaged", "%s/%s names no database", directory,
                         backup_manifest_name);
    char *path = state_path(directory, name);
    int status = backup_hash_file(path, hash, &bytes, fault);
    if (!status && strcmp(hash, wanted) != 0)
        status = fault_set(fault, "backup.damaged", "%s is not as it was when it was made", path);
    free(path);
    return status;
}

struct jv *backup_check(const char *directory, struct fault *fault)
{
    char *path = state_path(directory, backup_manifest_name);
    size_t length = 0;
    char *text = backup_read_file(path, &length);
    struct jv *manifest = text ? jv_read(text, length, NULL) : NULL;
    const struct jv *list = jv_get(manifest, "files");
    int status =
        jv_count(list) > 0 ? 0 : fault_set(fault, "backup.damaged", "%s: no list of files", path);
    for (size_t i = 0; !status && i < jv_count(list); i++)
        status = check_file(directory, jv_at(list, i), fault);
    if (status)
        jv_destroy(&manifest);
    free(text);
    free(path);
    return manifest;
}
