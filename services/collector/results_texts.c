/* The texts of stored projects, as others than the collector read them. */
#include "common/store.h"
#include "services/collector/pack.h"
#include "services/collector/results.h"

int results_each_project(const char *path, int64_t limit, results_project_fn *each, void *argument,
                         struct fault *fault)
{
    struct packer *packer = NULL;
    sqlite3_stmt *statement = NULL;
    int more = -1;
    struct store *store = results_open_to_read(path, fault);
    if (store && (packer = packer_new(store, fault)))
        statement =
            store_prepare(store,
                          "SELECT unpacked(json) FROM project WHERE number IN (SELECT"
                          " max(number) FROM project GROUP BY id, unit) ORDER BY number DESC"
                          " LIMIT ?",
                          fault);
    if (statement) {
        store_bind(statement, "i", limit);
        while ((more = store_next(store, statement, fault)) == 1)
            each(store_text(statement, 0), argument);
    }
    sqlite3_finalize(statement);
    store_close(&store);
    packer_destroy(&packer);
    return more;
}
