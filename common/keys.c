#include "common/keys.h"

#include "common/log.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <czmq.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static const char suffix[] = ".pub";

struct keys {
    char *folder;
    zhashx_t *by_public; /* struct key */
    int watch;           /* inotify */
    uint64_t generation, losses;
};

static void destroy_key(void **key)
{
    free(*key);
    *key = NULL;
}

static zhashx_t *new_set(void)
{
    zhashx_t *set = zhashx_new();
    zhashx_set_destructor(set, destroy_key);
    return set;
}

static int open_folder(const char *path, struct fault *fault)
{
    struct stat status;
    if (mkdir(path, 0700) && errno != EEXIST)
        return fault_set(fault, "keys.folder", "%s: %s", path, strerror(errno));
    if (stat(path, &status) || !S_ISDIR(status.st_mode))
        return fault_set(fault, "keys.folder", "%s is no folder", path);
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return fault_set(fault, "keys.unsafe",
                         "%s can be written by others: chown it to this user and chmod 0700", path);
    return 0;
}

static char *file_path(const struct keys *keys, const char *name)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s%s", keys->folder, name, suffix);
    return strbuf_take(&path);
}

static char *own_path(const char *folder, enum key_role role)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/own/%s.key", folder, key_role_names[role]);
    return strbuf_take(&path);
}

/* --- The public keys ------------------------------------------------------------------------ */

/* A file that cannot be taken lets nobody in; of two with the same key the revoked one counts. */
static void read_one(struct keys *keys, const char *file_name)
{
    struct fault fault;
    char *path = state_path(keys->folder, file_name);
    struct key *key = xcalloc(1, sizeof *key);
    size_t length = strlen(file_name) - (sizeof suffix - 1);
    if (key_file_read(path, key, NULL, &fault)) {
        log_warning("key_ignored", "reason=\"%s\"", fault.message);
    } else if (strlen(key->name) != length || strncmp(key->name, file_name, length) != 0) {
        log_warning("key_ignored", "reason=\"%s is the file of '%s'\"", path, key->name);
    } else {
        const struct key *known = zhashx_lookup(keys->by_public, key->public_key);
        if (!known || *key->revoked) {
            zhashx_update(keys->by_public, key->public_key, key);
            key = NULL;
        }
    }
    free(key);
    free(path);
}

static bool is_key_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > sizeof suffix - 1 && *entry->d_name != '.' &&
           strcmp(entry->d_name + length - (sizeof suffix - 1), suffix) == 0;
}

static void read_all(struct keys *keys)
{
    struct fault fault;
    DIR *directory = NULL;
    if (open_folder(keys->folder, &fault))
        log_error("keys_unreadable", "reason=\"%s\"", fault.message);
    else if (!(directory = opendir(keys->folder)))
        log_error("keys_unreadable", "reason=\"%s: %s\"", keys->folder, strerror(errno));
    if (!directory)
        return;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (is_key_file(entry))
            read_one(keys, entry->d_name);
    closedir(directory);
}

/* Whether a key lets in no more what it did. */
static bool is_lost(const struct key *before, const struct key *now)
{
    return !*before->revoked && (!now || *now->revoked || now->role != before->role);
}

static void reload(struct keys *keys)
{
    zhashx_t *before = keys->by_public;
    keys->by_public = new_set();
    read_all(keys);
    bool changed = zhashx_size(before) != zhashx_size(keys->by_public), lost = false;
    for (const struct key *key = zhashx_first(before); key; key = zhashx_next(before)) {
        const struct key *now = zhashx_lookup(keys->by_public, key->public_key);
        lost |= is_lost(key, now);
        changed |= !now || *now->revoked != *key->revoked || now->role != key->role;
    }
    keys->generation += changed;
    keys->losses += lost;
    zhashx_destroy(&before);
}

/* Takes in what the kernel tells. When the folder itself has gone there is nothing to watch any
 * more: then everything is refused until a restart. */
static void look(struct keys *keys)
{
    char events[4096];
    bool changed = false;
    while (read(keys->watch, events, sizeof events) > 0)
        changed = true;
    if (changed)
        reload(keys);
}

struct keys *keys_open(const char *folder, struct fault *fault)
{
    struct keys *keys = xcalloc(1, sizeof *keys);
    char *own = state_path(folder, "own");
    keys->folder = xstrdup(folder);
    keys->watch = -1;
    keys->by_public = new_set();
    if (open_folder(folder, fault) || open_folder(own, fault)) {
        keys_close(&keys);
        goto done;
    }
    keys->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (keys->watch < 0 ||
        inotify_add_watch(keys->watch, folder,
                          IN_CLOSE_WRITE | IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                              IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF) < 0) {
        fault_set(fault, "keys.folder", "inotify on %s: %s", folder, strerror(errno));
        keys_close(&keys);
        goto done;
    }
    reload(keys);
done:
    free(own);
    return keys;
}

void keys_close(struct keys **keys)
{
    if (!*keys)
        return;
    if ((*keys)->watch >= 0)
        close((*keys)->watch);
    zhashx_destroy(&(*keys)->by_public);
    free((*keys)->folder);
    free(*keys);
    *keys = NULL;
}

uint64_t keys_generation(struct keys *keys)
{
    look(keys);
    return keys->generation;
}

uint64_t keys_losses(struct keys *keys)
{
    look(keys);
    return keys->losses;
}

int keys_descriptor(const struct keys *keys)
{
    return keys->watch;
}

const struct key *keys_find(struct keys *keys, const char *public_key)
{
    look(keys);
    const struct key *key = zhashx_lookup(keys->by_public, public_key);
    return key && !*key->revoked ? key : NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct key *const *one = a, *const *other = b;
    return strcmp((*one)->name, (*other)->name);
}

void keys_each(struct keys *keys, void (*visit)(const struct key *key, void *argument),
               void *argument)
{
    look(keys);
    size_t count = 0;
    const struct key **all = xcalloc(zhashx_size(keys->by_public) + 1, sizeof *all);
    for (const struct key *key = zhashx_first(keys->by_public); key;
         key = zhashx_next(keys->by_public))
        all[count++] = key;
    qsort(all, count, sizeof *all, by_name);
    for (size_t i = 0; i < count; i++)
        visit(all[i], argument);
    free(all);
}

int keys_add(struct keys *keys, const struct key *key, struct fault *fault)
{
    look(keys);
    const struct key *known = zhashx_lookup(keys->by_public, key->public_key);
    if (known)
        return fault_set(fault, "keys.exists", "this key is there already as '%s'%s", known->name,
                         *known->revoked ? ", revoked: make a new one" : "");
    char *path = file_path(keys, key->name);
    int status = key_file_write(path, key, NULL, false, fault);
    free(path);
    look(keys);
    return status;
}

int keys_revoke(struct keys *keys, const char *name, struct fault *fault)
{
    struct key key;
    if (!key_is_name(name))
        return fault_set(fault, "keys.unknown", "no key '%s'", name);
    char *path = file_path(keys, name);
    int status = 0;
    if (access(path, F_OK))
        status = fault_set(fault, "keys.unknown", "no key '%s'", name);
    else if (key_file_read(path, &key, NULL, fault))
        status = -1;
    else if (!*key.revoked) {
        key_time(key.revoked);
        status = key_file_write(path, &key, NULL, true, fault);
    }
    free(path);
    look(keys);
    return status;
}

/* --- Our own -------------------------------------------------------------------------------- */

bool keys_have_own(const char *folder, enum key_role role)
{
    char *path = own_path(folder, role);
    bool has = access(path, F_OK) == 0;
    free(path);
    return has;
}

int keys_own(struct keys *keys, enum key_role role, struct key_pair *pair, struct fault *fault)
{
    struct key key;
    char *path = own_path(keys->folder, role);
    int status;
    if (access(path, F_OK))
        status = fault_set(fault, "keys.none", "%s is missing: `jinmu keygen %s NAME` makes it",
                           path, key_role_names[role]);
    else
        status = key_file_read(path, &key, pair, fault);
    free(path);
    return status;
}

static int check_name_is_free(const struct keys *keys, const char *name, struct fault *fault)
{
    char *path = file_path(keys, name);
    int status =
        access(path, F_OK) ? 0 : fault_set(fault, "keys.exists", "%s is there already", path);
    free(path);
    return status;
}

/* A pair of a role may be made where there is none (*replace false), or where it was revoked (true). 0, or
 * -1 with a fault. */
static int check_may_make(struct keys *keys, const char *path, bool *replace, struct fault *fault)
{
    struct key own;
    const struct key *known = NULL;
    look(keys);
    bool has = key_file_read(path, &own, NULL, NULL) == 0;
    if (has)
        known = zhashx_lookup(keys->by_public, own.public_key);
    *replace = known && *known->revoked;
    return *replace || !has
               ? 0
               : fault_set(fault, "keys.exists",
                           "%s is there already: `jinmu keys revoke %s` first, if it is to go",
                           path, own.name);
}

int keys_make_own(struct keys *keys, enum key_role role, const char *name, struct fault *fault)
{
    struct key_pair pair;
    struct key key;
    char *path = own_path(keys->folder, role);
    bool replace;
    int status = -1;
    if (check_may_make(keys, path, &replace, fault) == 0 && key_pair_make(&pair, fault) == 0 &&
        key_init(&key, name, key_role_names[role], pair.public_key, fault) == 0 &&
        check_name_is_free(keys, name, fault) == 0 &&
        key_file_write(path, &key, pair.secret_key, replace, fault) == 0) {
        status = keys_add(keys, &key, fault);
    }
    key_pair_clear(&pair);
    free(path);
    return status;
}

/* The end may have come between the making of a pair and its being let in. */
static int let_own_in(struct keys *keys, enum key_role role, struct key_pair *pair,
                      struct fault *fault)
{
    struct key key;
    struct fault why = {0};
    char *path = own_path(keys->folder, role);
    look(keys);
    if (!zhashx_lookup(keys->by_public, pair->public_key) &&
        key_file_read(path, &key, NULL, &why) == 0)
        keys_add(keys, &key, &why);
    free(path);
    look(keys);
    if (!zhashx_lookup(keys->by_public, pair->public_key)) {
        *fault = why;
        return -1;
    }
    return 0;
}

int keys_own_or_make(struct keys *keys, enum key_role role, struct key_pair *pair,
                     struct fault *fault)
{
    struct fault why = {0};
    if (keys_own(keys, role, pair, &why) == 0)
        return let_own_in(keys, role, pair, fault);
    /* Another process may make it in this moment: then it is there, and good. */
    if (strcmp(why.code, "keys.none") != 0 ||
        (keys_make_own(keys, role, key_role_names[role], &why) &&
         strcmp(why.code, "keys.exists") != 0)) {
        *fault = why;
        return -1;
    }
    return keys_own(keys, role, pair, fault);
}

int keys_identity(struct keys *keys, enum key_role role, enum key_role server,
                  struct identity *identity, struct fault *fault)
{
    int servers = 0;
    look(keys);
    *identity = (struct identity){0};
    for (const struct key *key = zhashx_first(keys->by_public); key;
         key = zhashx_next(keys->by_public))
        if (key->role == server && !*key->revoked && servers++ == 0)
            memcpy(identity->server, key->public_key, sizeof identity->server);
    if (servers != 1)
        return fault_set(fault, "keys.server",
                         servers
                             ? "%s: several keys have the role %s: revoke all but one"
                             : "%s: no key has the role %s: `jinmu keys add` that of the server",
                         keys->folder, key_role_names[server]);
    return keys_own(keys, role, &identity->own, fault);
}

struct identity *identity_copy(const struct identity *identity)
{
    if (!identity)
        return NULL;
    struct identity *copy = xcalloc(1, sizeof *copy);
    *copy = *identity;
    return copy;
}

void identity_destroy(struct identity **identity)
{
    if (!*identity)
        return;
    key_pair_clear(&(*identity)->own);
    free(*identity);
    *identity = NULL;
}
