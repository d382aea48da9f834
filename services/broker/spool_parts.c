#include "services/broker/spool_inside.h"

#include "services/broker/batch.h"

#include <string.h>

static int run(struct spool *spool, sqlite3_stmt *bound, struct fault *fault)
{
    return store_run(spool->store, bound, fault);
}

static int insert_half(struct spool *spool, struct half *half, struct fault *fault)
{
    struct record *record = &half->record;
    sqlite3_stmt *insert = store_bind(
        spool->statements[INSERT_PART], "tttiiiiiii", record->uuid, record->service,
        priority_names[record->priority], record->due, record->deadline, record->accepted,
        record->submitted, record->bytes, record->parent, record->part);
    if (run(spool, insert, fault))
        return -1;
    record->id = sqlite3_last_insert_rowid(spool->store->db);
    return spool_insert_body(spool, record->id, half->body, fault);
}

int spool_split(struct spool *spool, struct change *change, struct spool_totals *totals,
                struct fault *fault)
{
    const struct record *whole = &change->record;
    sqlite3_stmt **statements = spool->statements;
    if (whole->parent == 0) {
        totals->split++;
        if (run(spool, store_bind(statements[DELETE_BODY], "i", whole->id), fault) ||
            run(spool, store_bind(statements[UPDATE_SPLIT], "i", whole->id), fault))
            return -1;
    } else if (run(spool, store_bind(statements[DELETE_JOB], "i", whole->id), fault)) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        struct half *half = &change->halves[i];
        half->record.parent = whole->parent ? whole->parent : whole->id;
        half->record.part = whole->part + (i ? change->middle : 0);
        totals->ready++;
        totals->bytes += half->record.bytes;
        if (insert_half(spool, half, fault))
            return -1;
    }
    return 0;
}

/* Adds what the parts of a batch were answered, in their order; `bytes` grows by those of the bodies
 * that nobody needs any more. */
static int add_answers(struct spool *spool, int64_t parent, struct batch_answers *answers,
                       struct spool_totals *totals, struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->statements[SELECT_PARTS], "i", parent);
    int status;
    while ((status = store_next(spool->store, select, fault)) == 1) {
        struct record part;
        enum spool_state state = spool_read_record(select, &part);
        sqlite3_stmt *content = store_bind(spool->statements[SELECT_BODY], "i", part.id);
        zmsg_t *body = spool_read_body(spool->store, content, part.id, fault);
        if (!body) {
            record_clear(&part);
            sqlite3_reset(select);
            return -1;
        }
        if (state == SPOOL_DEAD) {
            batch_answers_add_dead(answers, body);
        } else {
            batch_answers_add(answers, body);
            totals->done--;
            totals->bytes -= part.bytes;
        }
        zmsg_destroy(&body);
        record_clear(&part);
    }
    return status;
}

/* The dead parts stay, as dead jobs of their own. */
static int drop_parts(struct spool *spool, int64_t parent, struct fault *fault)
{
    return run(spool, store_bind(spool->statements[DELETE_PARTS], "i", parent), fault) ||
                   run(spool, store_bind(spool->statements[ORPHAN_PARTS], "i", parent), fault)
               ? -1
               : 0;
}

static int finish_batch(struct spool *spool, int64_t parent, struct spool_totals *totals,
                        int64_t now, struct fault *fault)
{
    struct batch_answers *answers = batch_answers_new();
    int status = add_answers(spool, parent, answers, totals, fault);
    zmsg_t *reply = batch_answers_join(answers);
    if (!status)
        status = drop_parts(spool, parent, fault);
    if (!status)
        status = spool_store_reply(spool, parent, reply, now, fault);
    if (!status) {
        totals->split--;
        totals->done++;
        totals->bytes += (int64_t)zmsg_content_size(reply);
    }
    zmsg_destroy(&reply);
    batch_answers_destroy(&answers);
    return status;
}

int spool_join(struct spool *spool, struct change *change, struct spool_totals *totals, int64_t now,
               struct fault *fault)
{
    int64_t parent = change->record.parent;
    if (parent == 0)
        return 0;
    sqlite3_stmt *count = store_bind(spool->statements[COUNT_OPEN_PARTS], "i", parent);
    if (store_next(spool->store, count, fault) != 1)
        return -1;
    int64_t open = sqlite3_column_int64(count, 0);
    sqlite3_reset(count);
    if (open > 0)
        return 0;
    sqlite3_stmt *select = store_bind(spool->statements[SELECT_PARENT], "i", parent);
    int found = store_next(spool->store, select, fault);
    if (found != 1)
        return found;
    snprintf(change->joined, sizeof change->joined, "%s", store_text(select, 0));
    sqlite3_reset(select);
    return finish_batch(spool, parent, totals, now, fault);
}

int spool_remove_parts(struct spool *spool, int64_t id, struct spool_totals *totals,
                       struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->statements[SELECT_PARTS], "i", id);
    int status;
    while ((status = store_next(spool->store, select, fault)) == 1) {
        struct record part;
        enum spool_state state = spool_read_record(select, &part);
        if (state != SPOOL_DEAD) {
            --*(state == SPOOL_DONE ? &totals->done : &totals->ready);
            totals->bytes -= part.bytes;
        }
        record_clear(&part);
    }
    return status ? -1 : drop_parts(spool, id, fault);
}
