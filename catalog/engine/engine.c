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
    engine->model_hash = xstrdup(got > 0 ? store_text(statement, 1) : "sha256:none");
    sqlite3_finalize(statement);
    return engine->mind.model ? 0 : -1;
}

/* Results of the same project before and after a review, or before and after a finding was accepted,
 * are results of different models. */
static void name_model(struct engine *engine)
{
    char *remembering = memory_model(engine->mind.memory, engine->model_hash);
    char *accepting = acceptances_model(engine->acceptances, remembering);
    free(remembering);
    free(engine->model_hash);
    engine->model_hash = accepting;
}

static int load(struct engine *engine, struct store *store, struct fault *fault)
{
    struct mind *mind = &engine->mind;
    if (load_model(engine, store, fault) || !(mind->thesaurus = thesaurus_load(store, fault)) ||
        !(mind->directory = directory_load(store, mind->thesaurus, fault)) ||
        !(mind->memory = memory_load(store, mind->thesaurus, mind->directory, fault)) ||
        !(mind->kinds = kind_table_load(store, mind->thesaurus, fault)))
        return -1;
    trie_settle(mind->thesaurus->phrases);
    kind_table_learn(mind->kinds, mind->model);
    mind->index = index_new(mind->thesaurus, mind->model);
    engine->checks = checks_load(store, mind->thesaurus, fault);
    engine->acceptances = engine->checks ? acceptances_load(store, fault) : NULL;
    if (!engine->acceptances)
        return -1;
    name_model(engine);
    return 0;
}

struct engine *engine_load(const char *catalog_path, struct fault *fault)
{
    struct store *store = catalog_open(catalog_path, STORE_READ_ONLY, fault);
    if (!store)
        return NULL;
    struct engine *engine = xcalloc(1, sizeof *engine);
    if (load(engine, store, fault))
        engine_destroy(&engine);
    store_close(&store);
    return engine;
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
    free((*engine)->model_hash);
    free(*engine);
    *engine = NULL;
}
