#include "services/broker/spool_inside.h"

#include "common/log.h"
#include "common/strbuf.h"

#include "services/broker/schema.sql.h"
#include "services/broker/schema_2.sql.h"
#include "services/broker/schema_3.sql.h"
#include "services/broker/schema_4.sql.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    INSERT_JOB_CONTENT = 10, /* the place of the last column */
    CHECKPOINT_PAGES = 2000, /* of log: twice SQLite's own, so that fewer pages are written twice */
    WASTE_PAGES = 4000,      /* 16 MB: so many free pages in the file are worth a … */
    WORTH = 8,               /* … rewrite, when it is so many times as large as what it holds */
};

static const char *const migrations[] = {schema_sql, schema_2_sql, schema_3_sql, schema_4_sql};
static const struct store_schema schema = {"spool", migrations, 4};

static const char *const statements_sql[STATEMENTS] = {
    [INSERT_JOB] = "INSERT INTO job (uuid, key, service, priority, state, attempts, due, deadline,"
                   " accepted, submitted, bytes, content)"
                   " VALUES (?, ?, ?, ?, 'ready', 0, ?, ?, ?, ?, ?, ?)",
    [INSERT_BODY] = "INSERT INTO body (job, part, content) VALUES (?, ?, ?)",
    [SELECT_KEY] = "SELECT " SPOOL_COLUMNS ", content FROM job WHERE key = ?",
    [SELECT_ID] = "SELECT " SPOOL_COLUMNS " FROM job WHERE id = ?",
    [SELECT_BODY] = "SELECT content FROM body WHERE job = ? ORDER BY part",
    [DELETE_BODY] = "DELETE FROM body WHERE job = ?",
    [DELETE_JOB] = "DELETE FROM job WHERE id = ?",
    [UPDATE_DONE] = "UPDATE job SET state = 'done', finished = ?, bytes = ? WHERE id = ?",
    [UPDATE_RETRY] = "UPDATE job SET attempts = ?, due = ? WHERE id = ?",
    [UPDATE_DEAD] = "UPDATE job SET state = 'dead', finished = ?, attempts = ?, reason = ?"
                    " WHERE id = ?",
    [UPDATE_REVIVED] = "UPDATE job SET state = 'ready', finished = NULL, attempts = 0, due = ?,"
                       " deadline = 0, reason = '' WHERE id = ?",
    [UPDATE_SPLIT] = "UPDATE job SET state = 'split', bytes = 0 WHERE id = ?",
    [INSERT_PART] = "INSERT INTO job (uuid, service, priority, state, attempts, due, deadline,"
                    " accepted, submitted, bytes, parent, part)"
                    " VALUES (?, ?, ?, 'ready', 0, ?, ?, ?, ?, ?, ?, ?)",
    [SELECT_PARENT] = "SELECT uuid FROM job WHERE id = ? AND state = 'split'",
    [COUNT_OPEN_PARTS] = "SELECT count(*) FROM job WHERE parent = ? AND state = 'ready'",
    [SELECT_PARTS] = "SELECT " SPOOL_COLUMNS " FROM job WHERE parent = ? ORDER BY part",
    [DELETE_PARTS] = "DELETE FROM job WHERE parent = ? AND state <> 'dead'",
    [ORPHAN_PARTS] = "UPDATE job SET parent = NULL WHERE parent = ?",
};

static const char *const questions_sql[QUESTIONS] = {
    [FIND_UUID] = "SELECT " SPOOL_COLUMNS " FROM job WHERE uuid = ?",
    [FIND_BODY] = "SELECT content FROM body WHERE job = ? ORDER BY part",
    [FIND_REASON] = "SELECT reason FROM job WHERE id = ?",
    [FIND_OPEN] = "SELECT " SPOOL_COLUMNS " FROM job WHERE state = 'ready' UNION ALL"
                  " SELECT " SPOOL_COLUMNS " FROM job WHERE state = 'split' ORDER BY id",
    [FIND_DEAD] = "SELECT " SPOOL_COLUMNS ", reason FROM job WHERE state = 'dead'"
                  " ORDER BY finished DESC LIMIT ?",
    [FIND_EXPIRED] = "SELECT " SPOOL_COLUMNS " FROM job WHERE state = 'done' AND finished < ?"
                     " ORDER BY finished LIMIT ?",
};

int spool_schema_version(void)
{
    return schema.version;
}

struct change *change_new(enum change_kind kind, const struct record *record)
{
    struct change *change = xcalloc(1, sizeof *change);
    change->kind = kind;
    change->record = record_copy(record);
    return change;
}

void change_destroy(struct change **change)
{
    if (!*change)
        return;
    record_clear(&(*change)->record);
    free((*change)->key);
    free((*change)->reason);
    zmsg_destroy(&(*change)->body);
    for (int i = 0; i < 2; i++) {
        record_clear(&(*change)->halves[i].record);
        zmsg_destroy(&(*change)->halves[i].body);
    }
    answer_destroy(&(*change)->answer);
    free(*change);
    *change = NULL;
}

static void count_all(struct spool *spool)
{
    struct store *store = spool->store;
    spool->totals = (struct spool_totals){
        .ready = store_number(store, "SELECT count(*) FROM job WHERE state = 'ready'", 0),
        .split = store_number(store, "SELECT count(*) FROM job WHERE state = 'split'", 0),
        .done = store_number(store, "SELECT count(*) FROM job WHERE state = 'done'", 0),
        .dead = store_number(store, "SELECT count(*) FROM job WHERE state = 'dead'", 0),
        .bytes = store_number(store, "SELECT coalesce(sum(bytes), 0) FROM job", 0),
    };
}

static int note_log_pages(void *spool, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    ((struct spool *)spool)->log_pages = pages;
    return SQLITE_OK;
}

/* Debian's SQLite overwrites what is deleted with zeros, which costs a write for each page of a
 * finished job's body. Checkpoints are spool_tidy's. */
static const char tuning[] = "PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = 0";

static int open_writer(struct spool *spool, const char *path, struct fault *fault)
{
    spool->store = store_open(path, STORE_WRITE_DURABLE, &schema, fault);
    if (!spool->store || store_exec(spool->store, tuning, fault))
        return -1;
    sqlite3_wal_hook(spool->store->db, note_log_pages, spool);
    spool->statements = store_prepare_all(spool->store, statements_sql, STATEMENTS, fault);
    return spool->statements ? 0 : -1;
}

static int open_reader(struct spool *spool, const char *path, struct fault *fault)
{
    spool->reader = store_open(path, STORE_READ_ONLY, &schema, fault);
    if (!spool->reader)
        return -1;
    spool->questions = store_prepare_all(spool->reader, questions_sql, QUESTIONS, fault);
    return spool->questions ? 0 : -1;
}

struct spool *spool_open(const char *path, struct fault *fault)
{
    struct spool *spool = xcalloc(1, sizeof *spool);
    pthread_mutex_init(&spool->lock, NULL);
    if (open_writer(spool, path, fault) || open_reader(spool, path, fault))
        spool_close(&spool);
    else
        count_all(spool);
    return spool;
}

void spool_close(struct spool **spool)
{
    if (!*spool)
        return;
    store_finalize_all(&(*spool)->questions, QUESTIONS);
    store_close(&(*spool)->reader);
    store_finalize_all(&(*spool)->statements, STATEMENTS);
    store_close(&(*spool)->store);
    pthread_mutex_destroy(&(*spool)->lock);
    free(*spool);
    *spool = NULL;
}

int64_t spool_last_submitted(const struct spool *spool)
{
    return store_number(spool->store, "SELECT max(submitted) FROM job", 0);
}

struct spool_totals spool_totals(const struct spool *spool)
{
    pthread_mutex_t *lock = &((struct spool *)(uintptr_t)spool)->lock;
    pthread_mutex_lock(lock);
    struct spool_totals totals = spool->totals;
    pthread_mutex_unlock(lock);
    return totals;
}

int spool_insert_body(struct spool *spool, int64_t id, zmsg_t *body, struct fault *fault)
{
    sqlite3_stmt *insert = spool->statements[INSERT_BODY];
    int64_t part = 0;
    for (zframe_t *frame = zmsg_first(body); frame; frame = zmsg_next(body)) {
        store_bind(insert, "ii", id, part++);
        const void *content = zframe_size(frame) ? (const void *)zframe_data(frame) : "";
        sqlite3_bind_blob64(insert, 3, content, zframe_size(frame), SQLITE_STATIC);
        int status = store_run(spool->store, insert, fault);
        sqlite3_clear_bindings(insert);
        if (status)
            return -1;
    }
    return 0;
}

static int run(struct spool *spool, sqlite3_stmt *bound, struct fault *fault)
{
    return store_run(spool->store, bound, fault);
}

/* What a key was used for: the same again is the same job, anything else is a mistake. */
enum { CONTENT_BYTES = crypto_generichash_BYTES_MIN };
static void hash_content(const struct change *change, unsigned char content[CONTENT_BYTES])
{
    crypto_generichash_state state;
    const char *service = change->record.service;
    crypto_generichash_init(&state, NULL, 0, CONTENT_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)service, strlen(service) + 1);
    for (zframe_t *frame = zmsg_first(change->body); frame; frame = zmsg_next(change->body)) {
        uint64_t bytes = zframe_size(frame);
        crypto_generichash_update(&state, (const unsigned char *)&bytes, sizeof bytes);
        crypto_generichash_update(&state, zframe_data(frame), bytes);
    }
    crypto_generichash_final(&state, content, CONTENT_BYTES);
}

/* Looks for the job that has the key already. 1 when there is one, 0 when there is none, -1 with a fault. */
static int find_key(struct spool *spool, struct change *change,
                    const unsigned char content[CONTENT_BYTES], struct fault *fault)
{
    sqlite3_stmt *select = store_bind(spool->statements[SELECT_KEY], "t", change->key);
    int found = store_next(spool->store, select, fault);
    if (found == 1) {
        const void *used_for = sqlite3_column_blob(select, SPOOL_COLUMN_COUNT);
        change->other = used_for && memcmp(used_for, content, CONTENT_BYTES) != 0;
        change->duplicate = true;
        record_clear(&change->record);
        spool_read_record(select, &change->record);
    }
    sqlite3_reset(select);
    return found;
}

static int accept_job(struct spool *spool, struct change *change, struct spool_totals *totals,
                      struct fault *fault)
{
    struct record *record = &change->record;
    unsigned char content[CONTENT_BYTES];
    if (change->key) {
        hash_content(change, content);
        int known = find_key(spool, change, content, fault);
        if (known)
            return known < 0 ? -1 : 0;
    }
    sqlite3_stmt *insert =
        store_bind(spool->statements[INSERT_JOB], "ttttiiiii", record->uuid, change->key,
                   record->service, priority_names[record->priority], record->due, record->deadline,
                   record->accepted, record->submitted, record->bytes);
    if (change->key)
        sqlite3_bind_blob(insert, INSERT_JOB_CONTENT, content, sizeof content, SQLITE_STATIC);
    else
        sqlite3_bind_null(insert, INSERT_JOB_CONTENT);
    if (run(spool, insert, fault))
        return -1;
    record->id = sqlite3_last_insert_rowid(spool->store->db);
    totals->ready++;
    totals->bytes += record->bytes;
    return spool_insert_body(spool, record->id, change->body, fault);
}

int spool_store_reply(struct spool *spool, int64_t id, zmsg_t *reply, int64_t now,
                      struct fault *fault)
{
    int64_t bytes = (int64_t)zmsg_content_size(reply);
    return run(spool, store_bind(spool->statements[DELETE_BODY], "i", id), fault) ||
                   spool_insert_body(spool, id, reply, fault) ||
                   run(spool, store_bind(spool->statements[UPDATE_DONE], "iii", now, bytes, id),
                       fault)
               ? -1
               : 0;
}

static int64_t *total_of(struct spool_totals *totals, enum spool_state state)
{
    return state == SPOOL_DONE    ? &totals->done
           : state == SPOOL_DEAD  ? &totals->dead
           : state == SPOOL_SPLIT ? &totals->split
                                  : &totals->ready;
}

/* Changes a job that should be there; one that is not there any more is left alone. */
static int change_job(struct spool *spool, struct change *change, struct spool_totals *totals,
                      int64_t now, struct fault *fault)
{
    const struct record *record = &change->record;
    struct record old = {0};
    struct fault why = {0};
    enum spool_state was = spool_read_one(
        spool->store, store_bind(spool->statements[SELECT_ID], "i", record->id), &old, &why);
    if (was == SPOOL_UNKNOWN) {
        if (why.code[0] && fault)
            *fault = why;
        return why.code[0] ? -1 : 0;
    }
    int64_t old_bytes = old.bytes;
    change->record.parent = old.parent; /* it may have been joined since this was noted */
    change->joined[0] = 0;
    record_clear(&old);
    --*total_of(totals, was);
    sqlite3_stmt **statements = spool->statements;
    int64_t attempts = record->attempts;
    switch (change->kind) {
    case CHANGE_FINISH:
        totals->done++;
        totals->bytes += (int64_t)zmsg_content_size(change->body) - old_bytes;
        if (spool_store_reply(spool, record->id, change->body, now, fault))
            return -1;
        return spool_join(spool, change, totals, now, fault);
    case CHANGE_BURY:
        totals->dead++;
        store_bind(statements[UPDATE_DEAD], "iiti", now, attempts,
                   change->reason ? change->reason : "", record->id);
        if (run(spool, statements[UPDATE_DEAD], fault))
            return -1;
        return spool_join(spool, change, totals, now, fault);
    case CHANGE_SPLIT:
        totals->bytes -= old_bytes;
        return spool_split(spool, change, totals, fault);
    case CHANGE_REVIVE:
        totals->ready++;
        return run(spool, store_bind(statements[UPDATE_REVIVED], "ii", record->due, record->id),
                   fault);
    case CHANGE_REMOVE:
        totals->bytes -= old_bytes;
        if (was == SPOOL_SPLIT && spool_remove_parts(spool, record->id, totals, fault))
            return -1;
        return run(spool, store_bind(statements[DELETE_JOB], "i", record->id), fault);
    default:
        ++*total_of(totals, was);
        return run(spool,
                   store_bind(statements[UPDATE_RETRY], "iii", attempts, record->due, record->id),
                   fault);
    }
}

/* Undoes a failed commit. Where the disk is full, emptying the log may be all that it takes. */
static void give_way(struct spool *spool)
{
    store_rollback(spool->store);
    sqlite3_wal_checkpoint_v2(spool->store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static bool somebody_waits(zlist_t *changes)
{
    struct change *change = zlist_first(changes);
    while (change && !change->answer)
        change = zlist_next(changes);
    return change != NULL;
}

int spool_commit(struct spool *spool, zlist_t *changes, struct fault *fault)
{
    struct spool_totals totals = spool_totals(spool);
    int64_t now = zclock_time();
    /* Where nobody was promised anything: a job whose end is lost in a power cut is done again. */
    if (store_set_durable(spool->store, somebody_waits(changes), fault) ||
        store_begin(spool->store, fault))
        return -1;
    int status = 0;
    for (struct change *change = zlist_first(changes); change && !status;
         change = zlist_next(changes))
        status = change->kind == CHANGE_ACCEPT ? accept_job(spool, change, &totals, fault)
                                               : change_job(spool, change, &totals, now, fault);
    if (!status)
        status = store_commit(spool->store, fault);
    if (status) {
        give_way(spool);
        return status;
    }
    pthread_mutex_lock(&spool->lock);
    spool->totals = totals;
    pthread_mutex_unlock(&spool->lock);
    return 0;
}

/* The file keeps the room of a queue that was long. When that has been worked off, what is left is
 * little, and quickly written anew. */
static void shrink(struct spool *spool)
{
    int64_t pages = store_number(spool->store, "PRAGMA page_count", 0);
    int64_t free_pages = store_number(spool->store, "PRAGMA freelist_count", 0);
    if (free_pages < WASTE_PAGES || (pages - free_pages) * WORTH > pages)
        return;
    struct fault fault;
    int64_t begun = zclock_usecs();
    if (store_exec(spool->store, "VACUUM", &fault)) {
        log_info("spool_not_shrunk", "code=%s reason=\"%s\"", fault.code, fault.message);
        return;
    }
    /* The log now says so; the file follows it. */
    sqlite3_wal_checkpoint_v2(spool->store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    spool->log_pages = 0;
    log_info("spool_shrunk", "pages=%lld free=%lld us=%lld", (long long)pages,
             (long long)free_pages, (long long)(zclock_usecs() - begun));
}

void spool_tidy(struct spool *spool)
{
    struct spool_totals totals = spool_totals(spool);
    if (totals.ready == 0 && totals.split == 0)
        shrink(spool);
    if (spool->log_pages < CHECKPOINT_PAGES)
        return;
    sqlite3_wal_checkpoint_v2(spool->store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    spool->log_pages = 0; /* the next commit tells anew */
}
