#include "services/cli/local_engine.h"

#include "catalog/catalog.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>

static char *default_path(const char *state, struct fault *fault)
{
    char *directory = state_directory(state, fault);
    char *path = directory ? state_path(directory, "catalog.db") : NULL;
    free(directory);
    if (path && catalog_ensure(path, catalog_data_directory(), fault)) {
        free(path);
        return NULL;
    }
    return path;
}

char *local_engine_path(const char *db, const char *state, struct fault *fault)
{
    return db ? xstrdup(db) : default_path(state, fault);
}

struct engine *local_engine_open(const char *db, const char *state)
{
    struct fault fault = {0};
    char *path = local_engine_path(db, state, &fault);
    struct engine *engine = path ? engine_load(path, &fault) : NULL;
    if (!engine)
        fprintf(stderr, "jinmu: %s\n", fault.message);
    free(path);
    return engine;
}
