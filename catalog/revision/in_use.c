#include "catalog/revision/in_use.h"

#include "common/strbuf.h"

/* A revision that was put into use and is not held any more is as good as none. */
char *in_use_number(struct store *store, struct fault *fault)
{
    char *number = NULL;
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT number FROM in_use JOIN revision USING (number)", fault);
    if (statement && store_next(store, statement, fault) == 1)
        number = xstrdup(store_text(statement, 0));
    sqlite3_finalize(statement);
    return number;
}

static int run(struct store *store, const char *sql, const char *number, const char *who,
               struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(store, sql, fault);
    int failed = !statement || store_run(store, store_bind(statement, "tt", number, who), fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

/* Without a day it would be taken to be in force ever since. */
static int check_day(struct store *store, const char *number, struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT 1 FROM revision WHERE number = ? AND effective <> ''", fault);
    int got = statement ? store_next(store, store_bind(statement, "t", number), fault) : -1;
    sqlite3_finalize(statement);
    if (got == 0)
        fault_set(fault, "catalog.no_day",
                  "%s没有施行日期，不能启用：请再导入一次，并用 --effective 写明", number);
    return got == 1 ? 0 : -1;
}

static int check(struct store *store, const char *number, struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT 1 FROM item WHERE revision = ? AND state = 'offered' AND code LIKE"
                      " 'A%' LIMIT 1",
                      fault);
    int got = statement ? store_next(store, store_bind(statement, "t", number), fault) : -1;
    sqlite3_finalize(statement);
    if (got == 0)
        fault_set(fault, "catalog.unknown_revision", "%s没有 A 类条目，不能启用", number);
    return got == 1 ? 0 : -1;
}

int in_use_set(struct store *store, const char *number, const char *who, struct fault *fault)
{
    static const char put[] =
        "INSERT INTO in_use (id, number, set_by, set_at) VALUES (1, ?1, ?2,"
        " strftime('%Y-%m-%dT%H:%M:%SZ', 'now')) ON CONFLICT (id) DO UPDATE SET"
        " number = ?1, set_by = ?2, set_at = excluded.set_at";
    static const char note[] = "INSERT INTO keeping (at, who, what, text) VALUES"
                               " (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?2, 'use', ?1)";
    if (check_day(store, number, fault) || check(store, number, fault) || store_begin(store, fault))
        return -1;
    if (run(store, put, number, who, fault) || run(store, note, number, who, fault) ||
        store_commit(store, fault)) {
        store_rollback(store);
        return -1;
    }
    return 0;
}
