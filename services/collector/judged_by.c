#include "services/collector/judged_by.h"

#include "common/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAME_BYTES = 200, /* of a program's version or a model; what is longer is none */
    PEERS = 256,      /* beyond them the one that was heard longest ago is forgotten */
    MODEL_SHOWN = 19  /* bytes: enough to tell models from each other */
};

struct peer {
    zframe_t *address;
    char *key; /* "" without one */
    char *engine, *model;
    int64_t stored_ms; /* its last results */
};

struct judged_by {
    struct peer peers[PEERS];
    size_t count;
    int64_t changed_ms; /* when one was last heard of to judge by what nobody had judged by */
};

struct judged_by *judged_by_new(void)
{
    struct judged_by *judged_by = xcalloc(1, sizeof *judged_by);
    judged_by->changed_ms = INT64_MIN / 2;
    return judged_by;
}

static void forget(struct peer *peer)
{
    zframe_destroy(&peer->address);
    free(peer->key);
    free(peer->engine);
    free(peer->model);
    *peer = (struct peer){0};
}

void judged_by_destroy(struct judged_by **judged_by)
{
    if (!*judged_by)
        return;
    for (size_t i = 0; i < (*judged_by)->count; i++)
        forget(&(*judged_by)->peers[i]);
    free(*judged_by);
    *judged_by = NULL;
}

static bool is_like(const struct peer *peer, zframe_t *engine, zframe_t *model)
{
    return zframe_streq(engine, peer->engine) && zframe_streq(model, peer->model);
}

static struct peer *find(struct judged_by *judged_by, zframe_t *address)
{
    for (size_t i = 0; i < judged_by->count; i++)
        if (zframe_eq(judged_by->peers[i].address, address))
            return &judged_by->peers[i];
    return NULL;
}

/* Room for one more. */
static struct peer *room(struct judged_by *judged_by)
{
    if (judged_by->count < PEERS)
        return &judged_by->peers[judged_by->count++];
    struct peer *oldest = judged_by->peers;
    for (size_t i = 1; i < PEERS; i++)
        if (judged_by->peers[i].stored_ms < oldest->stored_ms)
            oldest = &judged_by->peers[i];
    forget(oldest);
    return oldest;
}

/* A worker that connects anew has another address: it changes something only when it judges by what
 * nobody did. */
static bool is_change(const struct judged_by *judged_by, const struct peer *known, zframe_t *engine,
                      zframe_t *model)
{
    if (known)
        return !is_like(known, engine, model);
    for (size_t i = 0; i < judged_by->count; i++)
        if (is_like(&judged_by->peers[i], engine, model))
            return false;
    return judged_by->count > 0;
}

static bool is_name(zframe_t *frame)
{
    size_t bytes = zframe_size(frame);
    return bytes <= NAME_BYTES && text_is_utf8((const char *)zframe_data(frame), bytes);
}

void judged_by_note(struct judged_by *judged_by, zframe_t *peer, const char *key, zframe_t *engine,
                    zframe_t *model, int64_t now_ms)
{
    if (!is_name(engine) || !is_name(model))
        return;
    struct peer *known = find(judged_by, peer);
    bool changes = is_change(judged_by, known, engine, model);
    if (changes)
        judged_by->changed_ms = now_ms;
    if (!known) {
        known = room(judged_by);
        known->address = zframe_dup(peer);
        known->key = xstrdup(key ? key : "");
    } else if (changes) {
        free(known->engine);
        free(known->model);
        known->engine = known->model = NULL;
    }
    if (!known->engine) {
        known->engine = xstrndup((const char *)zframe_data(engine), zframe_size(engine));
        known->model = xstrndup((const char *)zframe_data(model), zframe_size(model));
    }
    known->stored_ms = now_ms;
}

static struct jv *find_use(struct jv *uses, const struct peer *peer)
{
    for (size_t i = 0; i < jv_count(uses); i++) {
        struct jv *use = jv_at(uses, i);
        if (strcmp(jv_get_text(use, "engine"), peer->engine) == 0 &&
            strcmp(jv_get_text(use, "model"), peer->model) == 0)
            return use;
    }
    struct jv *use = jv_object();
    jv_set_text(use, "engine", peer->engine);
    jv_set_text(use, "model", peer->model);
    jv_set(use, "keys", jv_array());
    jv_set_number(use, "last_s", JUDGED_BY_RECENT_MS / 1000.0);
    jv_push(uses, use);
    return use;
}

static bool holds(const struct jv *keys, const char *key)
{
    for (size_t i = 0; i < jv_count(keys); i++)
        if (strcmp(jv_text(jv_at(keys, i)), key) == 0)
            return true;
    return false;
}

static void add_peer(struct jv *use, const struct peer *peer, int64_t now_ms)
{
    struct jv *keys = jv_get(use, "keys");
    double ago_s = (double)(now_ms - peer->stored_ms) / 1000;
    if (ago_s < jv_get_number(use, "last_s", 0))
        jv_set_number(use, "last_s", ago_s);
    if (*peer->key && !holds(keys, peer->key))
        jv_push(keys, jv_of_text(peer->key));
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(const struct peer *const *)a)->key, (*(const struct peer *const *)b)->key);
}

struct jv *judged_by_describe(const struct judged_by *judged_by, int64_t now_ms)
{
    struct jv *uses = jv_array();
    const struct peer *peers[PEERS] = {0}; /* told in the order of their names, not of coming */
    for (size_t i = 0; i < judged_by->count; i++)
        peers[i] = &judged_by->peers[i];
    qsort(peers, judged_by->count, sizeof(struct peer *), by_key);
    for (size_t i = 0; i < judged_by->count; i++) {
        const struct peer *peer = peers[i];
        bool has_settled = peer->stored_ms >= judged_by->changed_ms + JUDGED_BY_SETTLE_MS;
        if (has_settled && now_ms - peer->stored_ms <= JUDGED_BY_RECENT_MS)
            add_peer(find_use(uses, peer), peer, now_ms);
    }
    return uses;
}

size_t judged_by_count(const struct jv *status)
{
    return jv_count(jv_get(status, "judged_by"));
}

static const char *text_of(const struct jv *use, const char *name)
{
    const char *text = jv_get_text(use, name);
    return text ? text : "";
}

void judged_by_write(const struct jv *status, struct strbuf *out)
{
    const struct jv *uses = jv_get(status, "judged_by");
    for (size_t i = 0; i < jv_count(uses); i++) {
        const struct jv *use = jv_at(uses, i), *keys = jv_get(use, "keys");
        strbuf_printf(out, "%s%s %.*s (%s", i ? "; " : "", text_of(use, "engine"), MODEL_SHOWN,
                      text_of(use, "model"), jv_count(keys) ? "" : "without a key");
        for (size_t k = 0; k < jv_count(keys); k++)
            strbuf_printf(out, "%s%s", k ? ", " : "", jv_text(jv_at(keys, k)));
        strbuf_puts(out, ")");
    }
}

void judged_by_metrics(const struct jv *status, struct strbuf *out)
{
    static const char name[] = "jinmu_models_at_once";
    if (jv_get(status, "judged_by"))
        strbuf_printf(out,
                      "# HELP %s By how many models or programs workers judge at once.\n"
                      "# TYPE %s gauge\n%s %zu\n",
                      name, name, name, judged_by_count(status));
}
