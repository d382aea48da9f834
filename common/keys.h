#ifndef JINMU_KEYS_H
#define JINMU_KEYS_H

#include "common/key_file.h"

#include <stdint.h>

/* The keys folder, STATE/keys unless configured otherwise:
 *
 *   NAME.pub        a public key that has been let in, with its role; or was revoked
 *   own/ROLE.key    the pair that this state's broker, collector, worker, admin or client uses
 *
 * Changes are seen at once: the kernel tells of them (inotify), so that what a look at times and
 * sizes could miss is not missed. Not for several threads: each opens its own. */
struct keys;

/* Makes the folder (0700) when it is missing. NULL with a fault "keys.unsafe" when it belongs to
 * somebody else or others can write it, or with "keys.folder". */
struct keys *keys_open(const char *folder, struct fault *fault);
void keys_close(struct keys **keys);

/* Counts the changes seen so far; looks first. */
uint64_t keys_generation(struct keys *keys);
uint64_t keys_losses(struct keys *keys);      /* those in which somebody lost access */
int keys_descriptor(const struct keys *keys); /* readable when there may be a change */

/* The key, unless it was revoked; NULL when there is none. Looks for changes first, and is valid
 * until the next call. */
const struct key *keys_find(struct keys *keys, const char *public_key);
/* All, in the order of their names, revoked ones too. */
void keys_each(struct keys *keys, void (*visit)(const struct key *key, void *argument),
               void *argument);

/* Lets a key in. 0, or -1 with a fault: "keys.exists" when name or public key are there already,
 * even revoked: a revoked key never comes back. */
int keys_add(struct keys *keys, const struct key *key, struct fault *fault);
/* Revokes it for good. 0, or -1 with a fault "keys.unknown". */
int keys_revoke(struct keys *keys, const char *name, struct fault *fault);

/* Whether a state has a pair of its own for a role, without opening its keys. */
bool keys_have_own(const char *folder, enum key_role role);
/* The pair that this state has for a role. 0, or -1 with a fault "keys.none". Clear it after use. */
int keys_own(struct keys *keys, enum key_role role, struct key_pair *pair, struct fault *fault);
/* The same; makes one when there is none, and lets it in here under the role's name. */
int keys_own_or_make(struct keys *keys, enum key_role role, struct key_pair *pair,
                     struct fault *fault);
/* Makes this state's pair of a role, in place of a revoked one if there is one, and lets it in here
 * under that name. 0, or -1 with a fault. */
int keys_make_own(struct keys *keys, enum key_role role, const char *name, struct fault *fault);

/* Who we are, and whom we expect, on a connection. */
struct identity {
    struct key_pair own;
    char server[KEY_CHARACTERS + 1]; /* public key */
};
/* For connections of a role to the server of the role `server` (KEY_BROKER, KEY_COLLECTOR). 0, or -1
 * with a fault: "keys.none", or "keys.server" unless exactly one key has that role. */
int keys_identity(struct keys *keys, enum key_role role, enum key_role server,
                  struct identity *identity, struct fault *fault);
struct identity *identity_copy(const struct identity *identity); /* NULL of NULL */
void identity_destroy(struct identity **identity);               /* wipes it */

#endif
