#include "services/cli/backup.h"

#include "common/lock.h"
#include "common/state.h"
#include "common/store_copy.h"
#include "common/strbuf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_FILES = 16, PART_BYTES = 1 << 16 };
static const char manifest_name[] = "manifest.json";
static const char configuration_name[] = "jinmu.zpl";
/* In this order, then all others: see backup_make. */
static const char *const first_names[] = {"spool.db", "results.db", "catalog.db"};
enum { FIRST_NAMES = sizeof first_names / sizeof *first_names };

struct files {
    char *names[MOST_FILES];
    size_t count;
};

static int failed(const char *path, struct fault *fault)
{
    return fault_set(fault, "backup.failed", "%s: %s", path, strerror(errno));
}

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

static bool is_database(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".db") == 0;
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
        return failed(directory, fault);
    for (int i = 0; i < FIRST_NAMES; i++)
        add_file(files, directory, first_names[i]);
    for (int i = 0; i < count; i++) {
        if (is_database(entries[i]->d_name))
            add_file(files, directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

/* SHA-256 of a file in hexadecimal, and its size. */
static int hash_file(const char *path, char hex[2 * crypto_hash_sha256_BYTES + 1], int64_t *bytes,
                     struct fault *fault)
{
    unsigned char part[PART_BYTES], digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    FILE *file = fopen(path, "rb");
    if (!file)
        return failed(path, fault);
    size_t length;
    *bytes = 0;
    crypto_hash_sha256_init(&state);
    while ((length = fread(part, 1, sizeof part, file)) > 0) {
        crypto_hash_sha256_update(&state, part, length);
        *bytes += (int64_t)length;
    }
    int status = ferror(file) ? failed(path, fault) : 0;
    fclose(file);
    crypto_hash_sha256_final(&state, digest);
    sodium_bin2hex(hex, 2 * sizeof digest + 1, digest, sizeof digest);
    return status;
}

/* Writes a whole new file (0600) and waits until it is on disk. */
static int write_file(const char *path, const char *bytes, size_t length, struct fault *fault)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return failed(path, fault);
    int status =
        write(file, bytes, length) != (ssize_t)length || fsync(file) ? failed(path, fault) : 0;
    close(file);
    return status;
}

/* What a directory lists is on disk. */
static int sync_directory(const char *path, struct fault *fault)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = directory < 0 || fsync(directory) ? failed(path, fault) : 0;
    if (directory >= 0)
        close(directory);
    return status;
}

static char *read_file(const char *path, size_t *length)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = xcalloc(1, MOST + 1);
    *length = fread(text, 1, MOST, file);
    fclose(file);
    return text;
}

/* A file that may be missing, as it is. */
static int copy_file(const char *from, const char *to, const char *name, struct fault *fault)
{
    char *source = state_path(from, name), *target = state_path(to, name);
    size_t length;
    char *text = read_file(source, &length);
    int status = text ? write_file(target, text, length, fault) : 0;
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
        return failed(path, fault);
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
    char hash[2 * crypto_hash_sha256_BYTES + 1];
    int64_t bytes;
    int version;
    struct jv *entry = NULL;
    if (store_check(path, false, &version, fault) == 0 &&
        hash_file(path, hash, &bytes, fault) == 0) {
        entry = jv_object();
        jv_set_text(entry, "name", name);
        jv_set_number(entry, "bytes", (double)bytes);
        jv_set_text(entry, "sha256", hash);
        jv_set_number(entry, "schema", version);
    }
    free(path);
    return entry;
}

static int copy_database(const char *state, const char *directory, const char *name,
                         struct fault *fault)
{
    char *from = state_path(state, name), *to = state_path(directory, name);
    int status = store_copy(from, to, fault);
    free(from);
    free(to);
    return status;
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
    char *path = state_path(directory, manifest_name), *text = jv_write(manifest);
    int status = write_file(path, text, strlen(text), fault);
    free(text);
    free(path);
    return status ? -1 : sync_directory(directory, fault);
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
        status = copy_database(state, directory, files.names[i], fault);
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

/* --- Checking and restoring ----------------------------------------------------------------- */

static int check_file(const char *directory, const struct jv *entry, struct fault *fault)
{
    const char *name = jv_get_text(entry, "name"), *wanted = jv_get_text(entry, "sha256");
    char hash[2 * crypto_hash_sha256_BYTES + 1];
    int64_t bytes;
    if (!name || !wanted || !is_database(name) || strchr(name, '/'))
        return fault_set(fault, "backup.damaged", "%s/%s names no database", directory,
                         manifest_name);
    char *path = state_path(directory, name);
    int status = hash_file(path, hash, &bytes, fault);
    if (!status && strcmp(hash, wanted) != 0)
        status = fault_set(fault, "backup.damaged", "%s is not as it was when it was made", path);
    free(path);
    return status;
}

struct jv *backup_check(const char *directory, struct fault *fault)
{
    char *path = state_path(directory, manifest_name);
    size_t length = 0;
    char *text = read_file(path, &length);
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

/* Takes the locks of all that could write, so that nothing starts meanwhile. */
static int take_locks(const char *state, int locks[3], struct fault *fault)
{
    static const char *const names[] = {"serve.lock", "broker.lock", "results.lock"};
    for (int i = 0; i < 3; i++) {
        char *path = state_path(state, names[i]);
        locks[i] = lock_take(path, fault);
        free(path);
        if (locks[i] < 0)
            return fault_set(fault, "backup.running", "services run in %s: stop them first", state);
    }
    return 0;
}

static int move_file(const char *from, const char *to, const char *name, struct fault *fault)
{
    char *source = state_path(from, name), *target = state_path(to, name);
    int status = rename(source, target) && errno != ENOENT ? failed(source, fault) : 0;
    free(source);
    free(target);
    return status;
}

/* Moves the databases of a state, with what belongs to them, into a folder of their own. */
static int put_aside(const char *state, const struct files *files, struct fault *fault)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    char name[64];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(name, sizeof name, "replaced-%Y%m%dT%H%M%SZ", &utc);
    char *aside = state_path(state, name);
    int status = mkdir(aside, 0700) ? failed(aside, fault) : 0;
    for (size_t i = 0; i < files->count; i++)
        for (int e = 0; !status && e < 3; e++) {
            struct strbuf file = {0};
            strbuf_printf(&file, "%s%s", files->names[i], endings[e]);
            status = move_file(state, aside, file.text, fault);
            strbuf_free(&file);
        }
    free(aside);
    return status;
}

static int restore_files(const char *directory, const char *state, const struct jv *manifest,
                         struct fault *fault)
{
    const struct jv *list = jv_get(manifest, "files");
    int status = 0;
    for (size_t i = 0; !status && i < jv_count(list); i++)
        status = copy_database(directory, state, jv_get_text(jv_at(list, i), "name"), fault);
    return status ? -1 : sync_directory(state, fault);
}

static int restore(const char *directory, const char *state, bool replace,
                   const struct jv *manifest, struct fault *fault)
{
    struct files files = {0};
    char *marker = state_path(state, "restoring");
    int status = list_databases(state, &files, fault);
    if (!status && files.count && !replace)
        status = fault_set(fault, "backup.exists",
                           "%s has databases: --replace moves them aside and restores", state);
    if (!status && access(marker, F_OK))
        status = write_file(marker, "", 0, fault);
    if (!status && files.count)
        status = put_aside(state, &files, fault);
    if (!status)
        status = restore_files(directory, state, manifest, fault);
    if (!status)
        unlink(marker);
    clear_files(&files);
    free(marker);
    return status;
}

struct jv *backup_restore(const char *directory, const char *state, bool replace,
                          struct fault *fault)
{
    int locks[3] = {-1, -1, -1};
    struct jv *manifest = backup_check(directory, fault);
    if (manifest &&
        (take_locks(state, locks, fault) || restore(directory, state, replace, manifest, fault)))
        jv_destroy(&manifest);
    for (int i = 0; i < 3; i++)
        if (locks[i] >= 0)
            close(locks[i]);
    return manifest;
}
