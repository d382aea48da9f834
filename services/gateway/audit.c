#include "services/gateway/accounts_parts.h"

#include <string.h>

int accounts_note(struct accounts *accounts, const struct audit_entry *entry, struct fault *fault)
{
    if (accounts_write(accounts, fault))
        return -1;
    int failed =
        accounts_run(accounts, fault,
                     "INSERT INTO audit (at, who, role, address, action, object, detail, request)"
                     " VALUES (unixepoch(), ?, ?, ?, ?, ?, ?, ?)",
                     "ttttttt", entry->who, entry->role, entry->address, entry->action,
                     entry->object, entry->detail, entry->request);
    return accounts_write_end(accounts, failed, fault) ? -1 : 0;
}

static struct jv *entry_json(sqlite3_stmt *row)
{
    static const char *const names[] = {"who",    "role",   "from",   "action",
                                        "object", "detail", "request"};
    struct jv *entry = jv_object();
    jv_set_number(entry, "number", (double)sqlite3_column_int64(row, 0));
    jv_set(entry, "time", time_json(sqlite3_column_int64(row, 1)));
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        jv_set_text(entry, names[i], store_text(row, 2 + i));
    return entry;
}

struct jv *accounts_audit(struct accounts *accounts, const struct audit_filter *filter)
{
    struct jv *audit = jv_object(), *entries = jv_array();
    int64_t last = 0;
    sqlite3_stmt *statement = accounts_read(
        accounts, "SELECT number, at, who, role, address, action, object, detail, request"
                  " FROM audit WHERE (?1 IS NULL OR who = ?1) AND (?2 IS NULL OR action = ?2 OR"
                  " (substr(?2, -1) = '.' AND substr(action, 1, length(?2)) = ?2))"
                  " AND (?3 IS NULL OR object = ?3) AND (?4 = 0 OR number < ?4)"
                  " ORDER BY number DESC LIMIT ?5");
    if (statement)
        store_bind(statement, "tttii", filter->who, filter->action, filter->object, filter->before,
                   filter->limit);
    while (statement && store_next(accounts->reader, statement, NULL) == 1) {
        last = sqlite3_column_int64(statement, 0);
        jv_push(entries, entry_json(statement));
    }
    accounts_read_end(accounts, statement);
    bool more = (int64_t)jv_count(entries) == filter->limit && last > 1;
    jv_set(audit, "entries", entries);
    jv_set(audit, "next", more ? jv_of_number((double)last) : jv_of_text(NULL));
    return audit;
}
