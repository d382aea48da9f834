#ifndef JINMU_KEY_FILE_H
#define JINMU_KEY_FILE_H

#include "common/fault.h"

#include <stdbool.h>

/* CURVE keys (ZMTP's RFC 26) in files, ZPL as czmq's certificates are:
 *
 *   metadata
 *       name = "host2"
 *       role = "worker"
 *       created = "2026-11-21T08:00:00Z"
 *       revoked = "2026-12-01T08:00:00Z"      only of a revoked one
 *   curve
 *       public-key = "…"                      40 characters of Z85 (RFC 32)
 *       secret-key = "…"                      only in the owner's file, which nobody else may read
 */

/* What a key may do. Broker and collector are servers: their keys are those that others expect when
 * they connect, and open no door themselves. */
enum key_role { KEY_CLIENT, KEY_WORKER, KEY_ADMIN, KEY_BROKER, KEY_COLLECTOR, KEY_ROLES };
extern const char *const key_role_names[KEY_ROLES];
enum key_role key_role_of(const char *name); /* KEY_ROLES when there is none of that name */

enum { KEY_CHARACTERS = 40, KEY_NAME_BYTES = 64 };

struct key {
    char name[KEY_NAME_BYTES + 1];
    enum key_role role;
    char public_key[KEY_CHARACTERS + 1];
    char created[24];
    char revoked[24]; /* empty: it is not */
};

/* 1 to KEY_NAME_BYTES letters, digits, "_", "-" and ".", not beginning with ".": it names a file. */
bool key_is_name(const char *text);
bool key_is_public(const char *text); /* 40 characters of Z85 */
/* Sets what a new key has. 0, or -1 with a fault "keys.name", "keys.role" or "keys.public". */
int key_init(struct key *key, const char *name, const char *role, const char *public_key,
             struct fault *fault);
void key_time(char text[24]); /* now, UTC */

/* A pair, in Z85. Wipe it (key_pair_clear) when it has been used. */
struct key_pair {
    char public_key[KEY_CHARACTERS + 1];
    char secret_key[KEY_CHARACTERS + 1];
};
int key_pair_make(struct key_pair *pair, struct fault *fault);
void key_pair_clear(struct key_pair *pair);

/* Reads a file. Refuses one that others can write; and, when `pair` is wanted, one that others can
 * read. 0, or -1 with a fault "keys.file" or "keys.unsafe". */
int key_file_read(const char *path, struct key *key, struct key_pair *pair, struct fault *fault);
/* Reads a file that somebody handed over: whoever can write it. */
int key_file_read_foreign(const char *path, struct key *key, struct fault *fault);
/* Writes a file whole, with mode 0600, to disk; `secret_key` may be NULL. Unless `replace`, a file
 * that is there stays and the fault is "keys.exists". */
int key_file_write(const char *path, const struct key *key, const char *secret_key, bool replace,
                   struct fault *fault);

#endif
