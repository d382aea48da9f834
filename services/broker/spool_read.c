#include "services/broker/spool_inside.h"

#include "common/strbuf.h"

#include <string.h>

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
        .submitted = sqlite3_column_int64(row, 8),
        .bytes = sqlite3_column_int64(row, 9),
        .parent = sqlite3_column_int64(row, 10),
        .part = sqlite3_column_int64(row, 11),
    };
    snprintf(record->uuid, sizeof record->uuid, "%s", store_text(row, 1));
    return state_of(store_text(row, SPOOL_COLUMN_COUNT - 1));
}

enum spool_state spool_read_one(struct store *store, sqlite3_stmt *bound, struct record *record,
                                struct fault *fault)
{
    enum spool_state state = SPOOL_UNKNOWN;
    if (store_next(store, bound, fault) == 1)
        state = spool_read_record(bound, record);
    sqlite3_reset(bound);
    return state;
}

enum spool_state spool_find(struct spool *spool, const char *uuid, struct record *record)
{
    sqlite3_stmt *select = store_bind(spool->questions[FIND_UUID], "t", uuid);
    return spool_read_one(spool->reader, select, record, NULL);
}

zmsg_t *spool_read_body(struct store *store, sqlite3_stmt *bound, int64_t id, struct fault *fault)
{
    zmsg_t *body = zmsg_new();
    int status;
    while ((status = store_next(store, bound, fault)) == 1) {
        const void *content = sqlite3_column_blob(bound, 0);
        zmsg_addmem(body, content ? content : "", (size_t)sqlite3_column_bytes(bound, 0));
    }
    if (status == 0 && zmsg_size(body) == 0)
        status = fault_set(fault, "spool.no_body", "job %lld has no body", (long long)id);
    if (status)
        zmsg_destroy(&body);
    return body;
}

zmsg_t *spool_body(struct spool *spool, int64_t id, struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->questions[FIND_BODY], "i", id);
    return spool_read_body(spool->reader, select, id, fault);
}

char *spool_reason(struct spool *spool, int64_t id)
{
    sqlite3_stmt *select = store_bind(spool->questions[FIND_REASON], "i", id);
    char *reason =
        store_next(spool->reader, select, NULL) == 1 ? xstrdup(store_text(select, 0)) : NULL;
    sqlite3_reset(select);
    return reason;
}

int spool_each_open(struct spool *spool,
                    void (*visit)(struct record *record, enum spool_state state, void *argument),
                    void *argument, struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->questions[FIND_OPEN], "");
    int status;
    while ((status = store_next(spool->reader, select, fault)) == 1) {
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
    sqlite3_stmt *select = store_bind(spool->questions[FIND_DEAD], "i", (int64_t)limit);
    int status;
    while ((status = store_next(spool->reader, select, fault)) == 1) {
        struct record record;
        spool_read_record(select, &record);
        visit(&record, store_text(select, SPOOL_COLUMN_COUNT), argument);
        record_clear(&record);
    }
    return status;
}

int spool_each_expired(struct spool *spool, int64_t before, int limit,
                       void (*visit)(const struct record *record, void *argument), void *argument,
                       struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->questions[FIND_EXPIRED], "ii", before, (int64_t)limit);
    int expired = 0, status;
    while ((status = store_next(spool->reader, select, fault)) == 1) {
        struct record record;
        spool_read_record(select, &record);
        visit(&record, argument);
        record_clear(&record);
        expired++;
    }
    return status ? -1 : expired;
}
