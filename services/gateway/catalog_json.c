#include "services/gateway/catalog_json.h"

#include "catalog/catalog.h"
#include "common/strbuf.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { PATH_LEVELS = 4 };

struct store *catalog_json_store(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct store *store = backend_catalog(backend, &fault);
    if (!store)
        reply_fault(exchange, &fault);
    return store;
}

/* Counts of one file say nothing of another that took its place. */
static void add_file(struct strbuf *text, const char *path)
{
    struct statx file = {0};
    statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &file);
    strbuf_printf(text, "%llu %lld.%u ", (unsigned long long)file.stx_ino,
                  (long long)file.stx_btime.tv_sec, file.stx_btime.tv_nsec);
}

void catalog_json_stamp(struct store *store, const char *revision, bool links,
                        char stamp[CATALOG_STAMP_BYTES])
{
    unsigned char digest[crypto_generichash_BYTES_MIN];
    char hex[2 * 8 + 1];
    struct strbuf text = {0};
    const char *sql = links ? "SELECT sum(number) FROM change WHERE part IN ('engine', 'memory')"
                            : "SELECT number FROM change WHERE part = 'engine'";
    int64_t changes = store_number(store, sql, -1);
    if (changes < 0)
        changes = randombytes_random(); /* not known: the same as no other */
    add_file(&text, store->path);
    strbuf_printf(&text, "%s %lld %s", JINMU_VERSION, (long long)changes, revision);
    crypto_generichash(digest, sizeof digest, (const unsigned char *)text.text, text.length, NULL,
                       0);
    snprintf(stamp, CATALOG_STAMP_BYTES, "\"%s\"", sodium_bin2hex(hex, sizeof hex, digest, 8));
    strbuf_free(&text);
}

bool catalog_json_is_known(struct exchange *exchange, const char *stamp)
{
    const char *known = exchange_header(exchange, "If-None-Match");
    if (!known || !strstr(known, stamp))
        return false;
    reply_bytes(exchange, MHD_HTTP_NOT_MODIFIED, NULL, NULL, 0);
    reply_header(exchange, "ETag", stamp);
    exchange->answer.cacheable = true;
    return true;
}

char *catalog_json_revision(struct exchange *exchange, struct store *store, const char *wanted)
{
    struct fault fault;
    time_t now = time(NULL);
    struct tm today;
    localtime_r(&now, &today);
    char *found = !wanted || strcmp(wanted, "current") == 0
                      ? catalog_revision_of_year(store, today.tm_year + 1900, &fault)
                      : catalog_find_revision(store, wanted, &fault);
    if (!found)
        reply_fault(exchange, &fault);
    return found;
}

bool catalog_json_is_leaf(const char *code)
{
    return catalog_code_level(code) == catalog_leaf_level(code);
}

struct jv *catalog_json_item(sqlite3_stmt *row)
{
    struct jv *item = jv_object();
    jv_set_text(item, "revision", store_text(row, 0));
    jv_set_text(item, "department", store_text(row, 1));
    jv_set_text(item, "code", store_text(row, 2));
    jv_set_number(item, "level", sqlite3_column_int(row, 3));
    jv_set_text(item, "name", store_text(row, 4));
    jv_set_text(item, "parent", store_text(row, 5));
    jv_set(item, "leaf", jv_of_bool(catalog_json_is_leaf(store_text(row, 2))));
    jv_set_text(item, "state", store_text(row, 6));
    jv_set_text(item, "restriction", store_text(row, 7));
    return item;
}

struct jv *catalog_json_items(struct store *store, sqlite3_stmt *statement)
{
    struct jv *items = jv_array();
    while (statement && store_next(store, statement, NULL) == 1)
        jv_push(items, catalog_json_item(statement));
    sqlite3_finalize(statement);
    return items;
}

struct jv *catalog_json_path(struct store *store, const char *revision, const char *department,
                             const char *code)
{
    struct jv *path = jv_array();
    sqlite3_stmt *statement = store_prepare(
        store,
        "WITH RECURSIVE up (name, parent, depth) AS (SELECT name, parent, 1 FROM item"
        " WHERE revision = ?1 AND department = ?2 AND code = ?3 AND state <> 'quarantine'"
        " UNION ALL SELECT item.name, item.parent, depth + 1 FROM up JOIN item ON revision = ?1"
        " AND department = ?2 AND code = up.parent AND state <> 'quarantine' WHERE depth < ?4)"
        " SELECT name FROM up ORDER BY depth DESC",
        NULL);
    if (statement)
        store_bind(statement, "ttti", revision, department, code, (int64_t)PATH_LEVELS);
    while (statement && store_next(store, statement, NULL) == 1)
        jv_push(path, jv_of_text(store_text(statement, 0)));
    sqlite3_finalize(statement);
    return path;
}
