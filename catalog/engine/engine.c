#include "catalog/engine/engine.h"

#include "catalog/catalog.h"
#include "catalog/engine/engine_parts.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

const char *engine_version(void)
{
    return JINMU_VERSION;
}

const char *engine_model(const struct engine *engine)
{
    return engine->model_hash;
}

char *engine_model_before_reviews(const struct engine *engine)
{
    struct strbuf name = {0};
    strbuf_printf(&name, "%s+%lld", engine->model_name, (long long)engine->changes.memory);
    return strbuf_take(&name);
}

const struct mind *engine_mind(const struct engine *engine)
{
    return &engine->mind;
}

/* The model's text and hash; an empty catalog.db has none. */
static int load_model(struct engine *engine, struct store *store, struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(store, "SELECT content, hash FROM model", fault);
    if (!statement)
        return -1;
    int got = store_next(store, statement, fault);
    engine->mind.model = got < 0 ? NULL : model_read(got ? store_text(statement, 0) : "", fault);
    engine->model_name = xstrdup(got > 0 ? store_text(statement, 1) : "sha256:none");
    sqlite3_finalize(statement);
    return engine->mind.model ? 0 : -1;
}

/* Results of the same project before and after a review, or before and after a finding was accepted,
 * are results of different models. */
static void name_model(struct engine *engine)
{
    char *remembering = memory_model(engine->mind.memory, engine->model_name);
    char *accepting = acceptances_model(engine->acceptances, remembering);
    free(remembering);
    free(engine->model_hash);
    engine->model_hash = accepting;
}

static int64_t count_changes(struct store *store, const char *part, struct fault *fault)
{
    int64_t number = -1;
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT number FROM change WHERE part = ?", fault);
    if (statement && store_next(store, store_bind(statement, "t", part), fault) > 0)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static int read_changes(struct change_counts *changes, struct store *store, struct fault *fault)
{
    changes->engine = count_changes(store, "engine", fault);
    changes->memory = count_changes(store, "memory", fault);
    changes->acceptance = count_changes(store, "acceptance", fault);
    if (changes->engine < 0 || changes->memory < 0 || changes->acceptance < 0)
        return fault_set(fault, "store.failed", "%s: table change cannot be read", store->path);
    return 0;
}

static int load(struct engine *engine, struct store *store, struct fault *fault)
{
    struct mind *mind = &engine->mind;
    if (read_changes(&engine->changes, store, fault) || load_model(engine, store, fault) ||
        !(mind->thesaurus = thesaurus_load(store, fault)) ||
        !(mind->directory = directory_load(store, mind->thesaurus, fault)) ||
        !(mind->memory = memory_load(store, mind->thesaurus, mind->directory, fault)) ||
        !(mind->kinds = kind_table_load(store, mind->thesaurus, fault)))
        return -1;
    engine->checks = checks_load(store, mind->thesaurus, fault);
    trie_settle(mind->thesaurus->phrases);
    kind_table_learn(mind->kinds, mind->model);
    mind->index = index_new(mind->thesaurus, mind->model);
    engine->acceptances = engine->checks ? acceptances_load(store, fault) : NULL;
    if (!engine->acceptances)
        return -1;
    name_model(engine);
    return 0;
}

/* Opened so that everything is read in the same state. */
static struct store *open_to_read(const char *path, struct fault *fault)
{
    struct store *store = catalog_open(path, STORE_READ_ONLY, fault);
    if (store && store_exec(store, "BEGIN", fault))
        store_close(&store);
    return store;
}

struct engine *engine_load(const char *catalog_path, struct fault *fault)
{
    struct store *store = open_to_read(catalog_path, fault);
    if (!store)
        return NULL;
    struct engine *engine = xcalloc(1, sizeof *engine);
    if (load(engine, store, fault))
        engine_destroy(&engine);
    store_close(&store);
    return engine;
}

/* What was withdrawn cannot be taken out of a memory: that is then loaded anew. */
static int follow_memory(struct engine *engine, struct store *store,
                         const struct change_counts *now, struct fault *fault)
{
    struct mind *mind = &engine->mind;
    if (now->memory == engine->changes.memory)
        return memory_update(mind->memory, store, mind->thesaurus, mind->directory, fault);
    struct memory *memory = memory_load(store, mind->thesaurus, mind->directory, fault);
    if (!memory)
        return -1;
    memory_destroy(&mind->memory);
    mind->memory = memory;
    engine->changes.memory = now->memory;
    return 0;
}

static int follow_acceptances(struct engine *engine, struct store *store,
                              const struct change_counts *now, struct fault *fault)
{
    if (now->acceptance == engine->changes.acceptance)
        return 0;
    struct acceptances *acceptances = acceptances_load(store, fault);
    if (!acceptances)
        return -1;
    acceptances_destroy(&engine->acceptances);
    engine->acceptances = acceptances;
    engine->changes.acceptance = now->acceptance;
    return 0;
}

int engine_follow(struct engine *engine, const char *catalog_path, struct fault *fault)
{
    struct change_counts now;
    int status = -1;
    struct store *store = open_to_read(catalog_path, fault);
    if (!store || read_changes(&now, store, fault))
        goto done;
    status = now.engine == engine->changes.engine;
    if (status && (follow_memory(engine, store, &now, fault) ||
                   follow_acceptances(engine, store, &now, fault)))
        status = -1;
    name_model(engine);
done:
    store_close(&store);
    return status;
}

void engine_destroy(struct engine **engine)
{
    if (!*engine)
        return;
    struct mind *mind = &(*engine)->mind;
    checks_destroy(&(*engine)->checks);
    acceptances_destroy(&(*engine)->acceptances);
    index_destroy(&mind->index);
    memory_destroy(&mind->memory);
    kind_table_destroy(&mind->kinds);
    directory_destroy(&mind->directory);
    thesaurus_destroy(&mind->thesaurus);
    model_destroy(&mind->model);
    free((*engine)->model_name);
    free((*engine)->model_hash);
    free(*engine);
    *engine = NULL;
}
