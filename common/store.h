#ifndef JINMU_STORE_H
#define JINMU_STORE_H

#include "common/fault.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One SQLite file as design.md section 5 wants it: WAL, foreign keys on, a schema version in
 * user_version. One process and one connection may write a file (SQLite before 3.51.3 can lose
 * commits when two do); everybody else opens it with STORE_READ_ONLY. */
struct store {
    sqlite3 *db;
    char *path;
    bool durable; /* commits survive a power cut; store_set_durable */
};

enum store_mode {
    STORE_READ_ONLY,     /* query_only; the file must exist */
    STORE_WRITE_DURABLE, /* synchronous=FULL: a commit survives a power cut */
    STORE_WRITE          /* synchronous=NORMAL: a commit survives kill -9 */
};

/* The schema as steps: migrations[i] brings user_version i to i + 1, in one transaction with foreign
 * keys off, so that it may make a table anew; a step that leaves a reference to nothing fails. */
struct store_schema {
    const char *name; /* of the file's content, for messages: "spool" */
    const char *const *migrations;
    int version; /* how many migrations there are */
};

/* Opens the file, makes it (mode 0600) and migrates it when it may be written. NULL with a fault
 * when it cannot, when it is newer than this program ("store.newer"), or, read-only, older. */
struct store *store_open(const char *path, enum store_mode mode, const struct store_schema *schema,
                         struct fault *fault);
void store_close(struct store **store);

/* Runs SQL without results. 0, or -1 with a fault that names SQLite's message. */
int store_exec(struct store *store, const char *sql, struct fault *fault);
int store_begin(struct store *store, struct fault *fault); /* BEGIN IMMEDIATE */
int store_commit(struct store *store, struct fault *fault);
/* Whether the commits that follow wait for the disk. Between transactions only. A later commit that does
 * brings the earlier ones to the disk too. */
int store_set_durable(struct store *store, bool durable, struct fault *fault);
void store_rollback(struct store *store);

/* Prepares a statement to be kept (sqlite3_finalize). NULL with a fault. */
sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct fault *fault);
/* Prepares several, in their order; store_finalize_all takes them. NULL with a fault. */
sqlite3_stmt **store_prepare_all(struct store *store, const char *const *sql, size_t count,
                                 struct fault *fault);
void store_finalize_all(sqlite3_stmt ***statements, size_t count);
/* Binds in order by a format: t text (NULL ok, copied), i int64_t, d double, b (const void *, size_t)
 * blob copied, n null. Resets the statement first. Returns the statement. */
sqlite3_stmt *store_bind(sqlite3_stmt *statement, const char *format, ...);
sqlite3_stmt *store_bind_list(sqlite3_stmt *statement, const char *format, va_list values);
/* Steps a statement that gives no rows and resets it. 0, or -1 with a fault. */
int store_run(struct store *store, sqlite3_stmt *statement, struct fault *fault);
/* Steps to the next row: 1 a row, 0 the end (reset), -1 with a fault. */
int store_next(struct store *store, sqlite3_stmt *statement, struct fault *fault);
/* The text of a column, "" when NULL. Valid until the next step. */
const char *store_text(sqlite3_stmt *statement, int column);
/* A single number: SELECT count(*) …; `otherwise` when there is no row. */
int64_t store_number(struct store *store, const char *sql, int64_t otherwise);

#endif
