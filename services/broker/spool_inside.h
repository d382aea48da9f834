#ifndef JINMU_BROKER_SPOOL_INSIDE_H
#define JINMU_BROKER_SPOOL_INSIDE_H

#include "services/broker/spool.h"

#include "common/store.h"

#include <pthread.h>

/* What spool.c (changes), spool_parts.c (batches in parts) and spool_read.c share. */

enum statement {
    INSERT_JOB,
    INSERT_BODY,
    SELECT_KEY,
    SELECT_ID,
    SELECT_BODY,
    DELETE_BODY,
    DELETE_JOB,
    UPDATE_DONE,
    UPDATE_RETRY,
    UPDATE_DEAD,
    UPDATE_REVIVED,
    UPDATE_SPLIT,
    INSERT_PART,
    SELECT_PARENT,
    COUNT_OPEN_PARTS,
    SELECT_PARTS,
    DELETE_PARTS,
    ORPHAN_PARTS,
    STATEMENTS
};

/* Of the reader. */
enum question { FIND_UUID, FIND_BODY, FIND_REASON, FIND_OPEN, FIND_DEAD, FIND_EXPIRED, QUESTIONS };

struct spool {
    /* Of who commits. */
    struct store *store;
    sqlite3_stmt **statements;
    int log_pages; /* in the write-ahead log */
    /* Of everybody else: a connection that only reads. */
    struct store *reader;
    sqlite3_stmt **questions;
    pthread_mutex_t lock; /* of the totals */
    struct spool_totals totals;
};

#define SPOOL_COLUMNS                                                                              \
    "id, uuid, service, priority, attempts, due, deadline, accepted, submitted, bytes,"            \
    " coalesce(parent, 0), part, state"
enum { SPOOL_COLUMN_COUNT = 13 };

/* The record in a row of SPOOL_COLUMNS. */
enum spool_state spool_read_record(sqlite3_stmt *row, struct record *record);
/* Reads the one row of a bound SELECT. SPOOL_UNKNOWN when there is none or it cannot be read. */
enum spool_state spool_read_one(struct store *store, sqlite3_stmt *bound, struct record *record,
                                struct fault *fault);
/* The frames that a bound SELECT of body gives; NULL with a fault. */
zmsg_t *spool_read_body(struct store *store, sqlite3_stmt *bound, int64_t id, struct fault *fault);
/* Stores the frames without a copy: they live until after the commit. */
int spool_insert_body(struct spool *spool, int64_t id, zmsg_t *body, struct fault *fault);
/* A ready job is done and has a reply. */
int spool_store_reply(struct spool *spool, int64_t id, zmsg_t *reply, int64_t now,
                      struct fault *fault);

/* spool_parts.c: puts two jobs in the stead of a ready one's body, or of a ready part. */
int spool_split(struct spool *spool, struct change *change, struct spool_totals *totals,
                struct fault *fault);
/* After a part was done or buried: when it was the last one to do, its batch is done with what
 * their answers give together, and change->joined says so. */
int spool_join(struct spool *spool, struct change *change, struct spool_totals *totals, int64_t now,
               struct fault *fault);
/* Before a batch in parts is removed: its parts are, but for the dead ones. */
int spool_remove_parts(struct spool *spool, int64_t id, struct spool_totals *totals,
                       struct fault *fault);

#endif
