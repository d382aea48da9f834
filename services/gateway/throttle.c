#include "services/gateway/throttle.h"

#include "common/strbuf.h"

#include <czmq.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS = 8192,
    PROBES = 8,
    WAIT_MAX_S = 300,
    FORGOTTEN_MS = 15 * 60 * 1000, /* after so long without a failure */
};

struct slot {
    uint64_t key; /* 0: empty */
    int failures;
    int64_t until, last; /* monotonic ms */
};

struct throttle {
    pthread_mutex_t mutex;
    unsigned char secret[crypto_shorthash_KEYBYTES];
    struct slot slots[SLOTS];
};

struct throttle *throttle_new(void)
{
    struct throttle *throttle = xcalloc(1, sizeof *throttle);
    pthread_mutex_init(&throttle->mutex, NULL);
    crypto_shorthash_keygen(throttle->secret);
    return throttle;
}

void throttle_destroy(struct throttle **throttle)
{
    if (!*throttle)
        return;
    pthread_mutex_destroy(&(*throttle)->mutex);
    free(*throttle);
    *throttle = NULL;
}

/* The key's slot, or the one to take for it: empty, forgotten, or the one that failed longest ago. */
static struct slot *find(struct throttle *throttle, const char *key, uint64_t *hash)
{
    unsigned char bytes[crypto_shorthash_BYTES];
    crypto_shorthash(bytes, (const unsigned char *)key, strlen(key), throttle->secret);
    memcpy(hash, bytes, sizeof *hash);
    *hash |= 1;
    struct slot *oldest = NULL;
    for (size_t i = 0; i < PROBES; i++) {
        struct slot *slot = &throttle->slots[(*hash + i) % SLOTS];
        if (slot->key == *hash)
            return slot;
        if (!oldest || slot->last < oldest->last)
            oldest = slot;
    }
    return oldest;
}

int throttle_wait_s(struct throttle *throttle, const char *key)
{
    uint64_t hash;
    int64_t now = zclock_mono();
    pthread_mutex_lock(&throttle->mutex);
    const struct slot *slot = find(throttle, key, &hash);
    int64_t wait = slot->key == hash && slot->until > now ? slot->until - now : 0;
    pthread_mutex_unlock(&throttle->mutex);
    return (int)((wait + 999) / 1000);
}

void throttle_failed(struct throttle *throttle, const char *key, int free_tries)
{
    uint64_t hash;
    int64_t now = zclock_mono();
    pthread_mutex_lock(&throttle->mutex);
    struct slot *slot = find(throttle, key, &hash);
    if (slot->key != hash || now - slot->last > FORGOTTEN_MS)
        *slot = (struct slot){.key = hash};
    slot->last = now;
    int over = ++slot->failures - free_tries;
    int64_t wait_s = over < 0 ? 0 : over > 8 ? WAIT_MAX_S : (int64_t)1 << over;
    slot->until = now + 1000 * (wait_s > WAIT_MAX_S ? WAIT_MAX_S : wait_s);
    pthread_mutex_unlock(&throttle->mutex);
}

void throttle_forget(struct throttle *throttle, const char *key)
{
    uint64_t hash;
    pthread_mutex_lock(&throttle->mutex);
    struct slot *slot = find(throttle, key, &hash);
    if (slot->key == hash)
        *slot = (struct slot){0};
    pthread_mutex_unlock(&throttle->mutex);
}
