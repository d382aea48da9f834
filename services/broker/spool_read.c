#include "services/broker/spool_inside.h"

#include "common/strbuf.h"

#include <string.h>

enum { EXPIRE_AT_ONCE = 500 }; /* replies forgotten in one transaction */

static enum spool_state state_of(const char *name)
{
    return strcmp(name, "done") == 0    ? SPOOL_DONE
           : strcmp(name, "dead") == 0  ? SPOOL_DEAD
           : strcmp(name, "split") == 0 ? SPOOL_SPLIT
                                        : SPOOL_READY;
}

enum spool_state spool_read_record(sqlite3_stmt *row, struct record *record)
{
    *record = (struct record){
        .id = sqlite3_column_int64(row, 0),
        .service = xstrdup(store_text(row, 2)),
        .priority = priority_of(store_text(row, 3)),
        .attempts = sqlite3_column_int(row, 4),
        .due = sqlite3_column_int64(row, 5),
        .deadline = sqlite3_column_int64(row, 6),
        .accepted = sqlite3_column_int64(row, 7),
        .bytes = sqlite3_column_int64(row, 8),
        .parent = sqlite3_column_int64(row, 9),
        .part = sqlite3_column_int64(row, 10),
    };
    snprintf(record->uuid, sizeof record->uuid, "%s", store_text(row, 1));
    return state_of(store_text(row, SPOOL_COLUMN_COUNT - 1));
}

enum spool_state spool_read_one(struct spool *spool, sqlite3_stmt *bound, struct record *record,
                                struct fault *fault)
{
    enum spool_state state = SPOOL_UNKNOWN;
    if (store_next(spool->store, bound, fault) == 1)
        state = spool_read_record(bound, record);
    sqlite3_reset(bound);
    return state;
}

enum spool_state spool_find(struct spool *spool, const char *uuid, struct record *record)
{
    sqlite3_stmt *select = store_bind(spool->statements[SELECT_UUID], "t", uuid);
    return spool_read_one(spool, select, record, NULL);
}

zmsg_t *spool_body(struct spool *spool, int64_t id, struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->statements[SELECT_BODY], "i", id);
    zmsg_t *body = zmsg_new();
    int status;
    while ((status = store_next(spool->store, select, fault)) == 1) {
        const void *content = sqlite3_column_blob(select, 0);
        zmsg_addmem(body, content ? content : "", (size_t)sqlite3_column_bytes(select, 0));
    }
    if (status == 0 && zmsg_size(body) == 0)
        status = fault_set(fault, "spool.no_body", "job %lld has no body", (long long)id);
    if (status)
        zmsg_destroy(&body);
    return body;
}

int spool_each_open(struct spool *spool,
                    void (*visit)(struct record *record, enum spool_state state, void *argument),
                    void *argument, struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->statements[SELECT_OPEN], "");
    int status;
    while ((status = store_next(spool->store, select, fault)) == 1) {
        struct record record;
        enum spool_state state = spool_read_record(select, &record);
        visit(&record, state, argument);
    }
    return status;
}

int spool_each_dead(struct spool *spool, int limit,
                    void (*visit)(const struct record *record, const char *reason, void *argument),
                    void *argument, struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->statements[SELECT_DEAD], "i", (int64_t)limit);
    int status;
    while ((status = store_next(spool->store, select, fault)) == 1) {
        struct record record;
        spool_read_record(select, &record);
        visit(&record, store_text(select, SPOOL_COLUMN_COUNT), argument);
        record_clear(&record);
    }
    return status;
}

int spool_expire(struct spool *spool, int64_t before, struct fault *fault)
{
    sqlite3_stmt *select =
        store_bind(spool->statements[SELECT_EXPIRED], "ii", before, (int64_t)EXPIRE_AT_ONCE);
    zlist_t *changes = zlist_new();
    int status;
    while ((status = store_next(spool->store, select, fault)) == 1) {
        struct record record;
        spool_read_record(select, &record);
        zlist_append(changes, change_new(CHANGE_REMOVE, &record));
        record_clear(&record);
    }
    int expired = (int)zlist_size(changes);
    if (status == 0 && expired > 0)
        status = spool_commit(spool, changes, fault);
    struct change *change;
    while ((change = zlist_pop(changes)))
        change_destroy(&change);
    zlist_destroy(&changes);
    return status ? -1 : expired;
}
