/* The catalog of another machine, taken over. */
#include "catalog/catalog.h"
#include "common/store_copy.h"
#include "common/strbuf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_source(const char *from, struct fault *fault)
{
    struct fault why = {"", ""};
    int version;
    if (access(from, R_OK))
        return fault_set(fault, "catalog.no_file", "%s：%s", from, strerror(errno));
    if (store_check(from, false, &version, fault))
        return -1;
    struct store *store = catalog_open(from, STORE_READ_ONLY, &why);
    int64_t revisions = store ? store_number(store, "SELECT count(*) FROM revision", 0) : 0;
    store_close(&store);
    return revisions > 0
               ? 0
               : fault_set(fault, "catalog.no_catalog", "%s 不是本版程序的目录库，没有取来%s%s",
                           from, *why.message ? "：" : "", why.message);
}

/* Programs follow the catalog by these numbers. Here they may stand at the same ones with another content:
 * the copy gets higher ones than both. */
static int raise_changes(const char *copy, struct store *here, struct fault *fault)
{
    int64_t highest = store_number(here, "SELECT max(number) FROM change", 0);
    struct store *store = catalog_open(copy, STORE_WRITE, fault);
    sqlite3_stmt *raise =
        store ? store_prepare(store, "UPDATE change SET number = max(number, ?) + 1", fault) : NULL;
    int failed = !raise || store_run(store, store_bind(raise, "i", highest), fault);
    sqlite3_finalize(raise);
    store_close(&store);
    return failed ? -1 : 0;
}

static void remove_copy(const char *copy)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        struct strbuf name = {0};
        strbuf_printf(&name, "%s%s", copy, endings[i]);
        unlink(name.text);
        strbuf_free(&name);
    }
}

int catalog_take(const char *from, const char *path, struct fault *fault)
{
    struct strbuf copy = {0};
    struct store *here = NULL;
    int failed = -1, lock = -1;
    strbuf_printf(&copy, "%s.take", path);
    if (check_source(from, fault) || (lock = catalog_lock(path, fault)) < 0 ||
        !(here = catalog_open(path, STORE_WRITE_DURABLE, fault)))
        goto done;
    remove_copy(copy.text); /* of one that was interrupted */
    failed = store_copy(from, copy.text, fault) || raise_changes(copy.text, here, fault) ||
             store_overwrite(here, copy.text, fault);
    remove_copy(copy.text);
done:
    store_close(&here);
    if (lock >= 0)
        close(lock);
    strbuf_free(&copy);
    return failed ? -1 : 0;
}
