#include "catalog/checks/acceptance.h"

#include "common/arena.h"
#include "common/strbuf.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct acceptances {
    struct acceptance *all; /* by target, rule, field */
    size_t count, capacity;
    struct arena arena;
};

static int by_key(const void *a, const void *b)
{
    const struct acceptance *x = a, *y = b;
    int order = strcmp(x->target, y->target);
    order = order ? order : strcmp(x->rule, y->rule);
    return order ? order : strcmp(x->field, y->field);
}

static void keep(const struct acceptance *row, void *argument)
{
    struct acceptances *self = argument;
    if (self->count == self->capacity) {
        self->capacity = self->capacity ? self->capacity * 2 : 16;
        self->all = xrealloc(self->all, self->capacity * sizeof *self->all);
    }
    self->all[self->count++] = (struct acceptance){.target = arena_text(&self->arena, row->target),
                                                   .rule = arena_text(&self->arena, row->rule),
                                                   .field = arena_text(&self->arena, row->field),
                                                   .reason = arena_text(&self->arena, row->reason),
                                                   .by = arena_text(&self->arena, row->by),
                                                   .at = arena_text(&self->arena, row->at)};
}

struct acceptances *acceptances_load(struct store *catalog, struct fault *fault)
{
    struct acceptances *self = xcalloc(1, sizeof *self);
    if (acceptances_each(catalog, false, keep, self, fault))
        acceptances_destroy(&self);
    else if (self->count)
        qsort(self->all, self->count, sizeof *self->all, by_key);
    return self;
}

void acceptances_destroy(struct acceptances **acceptances)
{
    if (!*acceptances)
        return;
    free((*acceptances)->all);
    arena_free(&(*acceptances)->arena);
    free(*acceptances);
    *acceptances = NULL;
}

const struct acceptance *acceptances_find(const struct acceptances *self, const char *target,
                                          const char *rule, const char *field)
{
    if (!self->count)
        return NULL;
    struct acceptance key = {.target = target, .rule = rule, .field = field};
    const struct acceptance *found =
        bsearch(&key, self->all, self->count, sizeof *self->all, by_key);
    key.field = "";
    return found ? found : bsearch(&key, self->all, self->count, sizeof *self->all, by_key);
}

char *acceptances_model(const struct acceptances *self, const char *model)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[sizeof digest * 2 + 1];
    struct strbuf name = {0};
    if (!self->count)
        return xstrdup(model);
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)model, strlen(model) + 1);
    for (size_t i = 0; i < self->count; i++) {
        const struct acceptance *one = &self->all[i];
        const char *texts[] = {one->target, one->rule, one->field, one->reason, one->by, one->at};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
            crypto_hash_sha256_update(&state, (const unsigned char *)texts[t],
                                      strlen(texts[t]) + 1);
    }
    crypto_hash_sha256_final(&state, digest);
    strbuf_printf(&name, "sha256:%s", sodium_bin2hex(hex, sizeof hex, digest, sizeof digest));
    return strbuf_take(&name);
}

/* ---- the table ---- */

static void time_now(char text[32])
{
    time_t now = time(NULL);
    struct tm broken;
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &broken));
}

int acceptance_add(struct store *store, const struct acceptance *acceptance, struct fault *fault)
{
    char now[32];
    time_now(now);
    if (!*acceptance->target || !*acceptance->rule || !*acceptance->reason || !*acceptance->by)
        return fault_set(fault, "acceptance.incomplete", "请写明项目、规则、理由和接受人");
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO acceptance (target, rule, field, reason, accepted_by, accepted_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (target, rule, field) WHERE withdrawn_at = ''"
        " DO UPDATE SET reason = excluded.reason, accepted_by = excluded.accepted_by,"
        " accepted_at = excluded.accepted_at",
        fault);
    if (!statement)
        return -1;
    store_bind(statement, "tttttt", acceptance->target, acceptance->rule, acceptance->field,
               acceptance->reason, acceptance->by, now);
    int status = store_run(store, statement, fault);
    sqlite3_finalize(statement);
    return status;
}

int acceptance_withdraw(struct store *store, const struct acceptance *which, const char *by,
                        const char *reason, struct fault *fault)
{
    char now[32];
    time_now(now);
    if (!*by)
        return fault_set(fault, "acceptance.incomplete", "请写明由谁撤回（--by）");
    sqlite3_stmt *statement =
        store_prepare(store,
                      "UPDATE acceptance SET withdrawn_at = ?, withdrawn_by = ?,"
                      " withdrawn_reason = ? WHERE target = ? AND rule = ? AND field = ?"
                      " AND withdrawn_at = ''",
                      fault);
    if (!statement)
        return -1;
    store_bind(statement, "tttttt", now, by, reason, which->target, which->rule, which->field);
    int status = store_run(store, statement, fault);
    if (status == 0 && sqlite3_changes(store->db) == 0)
        status = fault_set(fault, "acceptance.unknown", "没有对项目 %s 接受过 %s", which->target,
                           which->rule);
    sqlite3_finalize(statement);
    return status;
}

int acceptances_each(struct store *store, bool all, acceptance_fn *visit, void *argument,
                     struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT target, rule, field, reason, accepted_by, accepted_at, withdrawn_at,"
                      " withdrawn_by, withdrawn_reason FROM acceptance WHERE ? OR withdrawn_at = ''"
                      " ORDER BY number DESC",
                      fault);
    if (!statement)
        return -1;
    int got;
    store_bind(statement, "i", (int64_t)all);
    while ((got = store_next(store, statement, fault)) > 0) {
        struct acceptance row = {
            store_text(statement, 0), store_text(statement, 1), store_text(statement, 2),
            store_text(statement, 3), store_text(statement, 4), store_text(statement, 5),
            store_text(statement, 6), store_text(statement, 7), store_text(statement, 8)};
        visit(&row, argument);
    }
    sqlite3_finalize(statement);
    return got;
}
