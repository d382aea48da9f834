#include "common/key_file.h"

#include "common/strbuf.h"

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

const char *const key_role_names[KEY_ROLES] = {"client", "worker", "admin", "broker", "collector"};

enum { MOST_FILE_BYTES = 4096 };

enum key_role key_role_of(const char *name)
{
    enum key_role role = 0;
    while (role < KEY_ROLES && (!name || strcmp(name, key_role_names[role]) != 0))
        role++;
    return role;
}

static bool is_made_of(const char *text, const char *alphabet, size_t least, size_t most)
{
    size_t length = strlen(text);
    return length >= least && length <= most && strspn(text, alphabet) == length;
}

#define LETTERS_AND_DIGITS "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool key_is_name(const char *text)
{
    return is_made_of(text, LETTERS_AND_DIGITS "_-.", 1, KEY_NAME_BYTES) && *text != '.';
}

bool key_is_public(const char *text)
{
    return is_made_of(text, LETTERS_AND_DIGITS ".-:+=^!/*?&<>()[]{}@%$#", KEY_CHARACTERS,
                      KEY_CHARACTERS);
}

void key_time(char text[24])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, 24, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

int key_init(struct key *key, const char *name, const char *role, const char *public_key,
             struct fault *fault)
{
    *key = (struct key){.role = key_role_of(role)};
    if (!name || !key_is_name(name))
        return fault_set(fault, "keys.name",
                         "'%s' is no name of a key: letters, digits, '_', '-' and '.', at most %d",
                         name ? name : "", KEY_NAME_BYTES);
    if (key->role == KEY_ROLES)
        return fault_set(fault, "keys.role",
                         "'%s' is no role: client, worker, admin, broker or collector",
                         role ? role : "");
    if (!public_key || !key_is_public(public_key))
        return fault_set(fault, "keys.public", "'%s' is no public key: 40 characters of Z85",
                         public_key ? public_key : "");
    snprintf(key->name, sizeof key->name, "%s", name);
    snprintf(key->public_key, sizeof key->public_key, "%s", public_key);
    key_time(key->created);
    return 0;
}

int key_pair_make(struct key_pair *pair, struct fault *fault)
{
    if (zmq_curve_keypair(pair->public_key, pair->secret_key))
        return fault_set(fault, "keys.make", "no key pair: %s", zmq_strerror(zmq_errno()));
    return 0;
}

void key_pair_clear(struct key_pair *pair)
{
    sodium_memzero(pair, sizeof *pair);
}

/* --- Reading -------------------------------------------------------------------------------- */

/* Its text (free()), or NULL with a fault. */
static char *read_text(const char *path, mode_t forbidden, struct fault *fault)
{
    struct strbuf text = {0};
    char part[MOST_FILE_BYTES + 1];
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status)) {
        fault_set(fault, "keys.file", "%s: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode) || status.st_size > MOST_FILE_BYTES) {
        fault_set(fault, "keys.file", "%s is no file of a key", path);
    } else if (forbidden && (status.st_uid != geteuid() || (status.st_mode & forbidden))) {
        fault_set(fault, "keys.unsafe",
                  "%s can be read or written by others: chown it to this user and chmod 0600",
                  path);
    } else {
        ssize_t length = read(file, part, sizeof part);
        if (length > 0 && !memchr(part, 0, (size_t)length))
            strbuf_add(&text, part, (size_t)length);
        else
            fault_set(fault, "keys.file", "%s is no file of a key", path);
        sodium_memzero(part, sizeof part);
    }
    if (file >= 0)
        close(file);
    return text.length ? strbuf_take(&text) : NULL;
}

static void copy_time(char to[24], const char *from)
{
    snprintf(to, 24, "%s", from ? from : "");
}

static int read_key(const char *path, mode_t forbidden, struct key *key, struct key_pair *pair,
                    struct fault *fault)
{
    struct fault why = {0};
    int status = -1;
    char *text = read_text(path, forbidden, fault);
    zconfig_t *root = text ? zconfig_str_load(text) : NULL;
    if (!text)
        return -1;
    const char *public_key = root ? zconfig_get(root, "curve/public-key", NULL) : NULL;
    const char *secret_key = root ? zconfig_get(root, "curve/secret-key", NULL) : NULL;
    if (!root) {
        fault_set(fault, "keys.file", "%s is no ZPL", path);
    } else if (key_init(key, zconfig_get(root, "metadata/name", NULL),
                        zconfig_get(root, "metadata/role", NULL), public_key, &why)) {
        fault_set(fault, "keys.file", "%s: %s", path, why.message);
    } else if (pair && (!secret_key || !key_is_public(secret_key))) {
        fault_set(fault, "keys.file", "%s has no secret key", path);
    } else {
        copy_time(key->created, zconfig_get(root, "metadata/created", NULL));
        copy_time(key->revoked, zconfig_get(root, "metadata/revoked", NULL));
        if (pair) {
            snprintf(pair->public_key, sizeof pair->public_key, "%s", public_key);
            snprintf(pair->secret_key, sizeof pair->secret_key, "%s", secret_key);
        }
        status = 0;
    }
    zconfig_destroy(&root);
    sodium_memzero(text, strlen(text));
    free(text);
    return status;
}

int key_file_read(const char *path, struct key *key, struct key_pair *pair, struct fault *fault)
{
    return read_key(path, pair ? S_IRWXG | S_IRWXO : S_IWGRP | S_IWOTH, key, pair, fault);
}

int key_file_read_foreign(const char *path, struct key *key, struct fault *fault)
{
    return read_key(path, 0, key, NULL, fault);
}

/* --- Writing -------------------------------------------------------------------------------- */

static char *text_of(const struct key *key, const char *secret_key)
{
    zconfig_t *root = zconfig_new("root", NULL);
    zconfig_put(root, "metadata/name", key->name);
    zconfig_put(root, "metadata/role", key_role_names[key->role]);
    zconfig_put(root, "metadata/created", key->created);
    if (*key->revoked)
        zconfig_put(root, "metadata/revoked", key->revoked);
    zconfig_put(root, "curve/public-key", key->public_key);
    if (secret_key)
        zconfig_put(root, "curve/secret-key", secret_key);
    char *text = zconfig_str_save(root);
    zconfig_destroy(&root);
    return text;
}

static int write_new(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return -1;
    size_t length = strlen(text);
    bool written = write(file, text, length) == (ssize_t)length && fsync(file) == 0;
    close(file);
    return written ? 0 : -1;
}

/* Brings what happened in the folder of the file to disk. */
static int sync_folder(const char *path)
{
    char *folder = xstrdup(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = 0;
    int directory = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = directory < 0 ? -1 : fsync(directory);
    if (directory >= 0)
        close(directory);
    free(folder);
    return status;
}

int key_file_write(const char *path, const struct key *key, const char *secret_key, bool replace,
                   struct fault *fault)
{
    struct strbuf temporary = {0};
    /* No name that a look at the folder would take for a key's. */
    strbuf_printf(&temporary, "%s.%ld.new", path, (long)getpid());
    char *text = text_of(key, secret_key);
    int status = 0;
    unlink(temporary.text);
    if (write_new(temporary.text, text))
        status = fault_set(fault, "keys.write", "%s: %s", temporary.text, strerror(errno));
    else if (replace ? rename(temporary.text, path) : link(temporary.text, path))
        status = errno == EEXIST ? fault_set(fault, "keys.exists", "%s is there already", path)
                                 : fault_set(fault, "keys.write", "%s: %s", path, strerror(errno));
    else if (sync_folder(path))
        status = fault_set(fault, "keys.write", "%s: %s", path, strerror(errno));
    unlink(temporary.text);
    sodium_memzero(text, strlen(text));
    zstr_free(&text);
    strbuf_free(&temporary);
    return status;
}
