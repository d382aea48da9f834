#include "common/store.h"

#include "common/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 5000 };

static int failed(struct store *store, const char *what, struct fault *fault)
{
    int code = sqlite3_errcode(store->db);
    const char *word = code == SQLITE_FULL || code == SQLITE_IOERR ? "store.full" : "store.failed";
    return fault_set(fault, word, "%s: %s: %s", store->path, what, sqlite3_errmsg(store->db));
}

int store_exec(struct store *store, const char *sql, struct fault *fault)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    return failed(store, "exec", fault);
}

int store_set_durable(struct store *store, bool durable, struct fault *fault)
{
    if (durable != store->durable &&
        store_exec(store, durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL",
                   fault))
        return -1;
    store->durable = durable;
    return 0;
}

int store_begin(struct store *store, struct fault *fault)
{
    return store_exec(store, "BEGIN IMMEDIATE", fault);
}

int store_commit(struct store *store, struct fault *fault)
{
    return store_exec(store, "COMMIT", fault);
}

void store_rollback(struct store *store)
{
    if (!sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

int64_t store_number(struct store *store, const char *sql, int64_t otherwise)
{
    sqlite3_stmt *statement = store_prepare(store, sql, NULL);
    int64_t number = otherwise;
    if (statement && sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static int check_references(struct store *store, const struct store_schema *schema, int version,
                            struct fault *fault)
{
    if (store_number(store, "SELECT count(*) FROM pragma_foreign_key_check", -1) == 0)
        return 0;
    return fault_set(fault, "store.failed",
                     "%s: %s schema version %d would leave rows that point nowhere", store->path,
                     schema->name, version);
}

static int migrate_step(struct store *store, const struct store_schema *schema, int from,
                        struct fault *fault)
{
    char version[64];
    snprintf(version, sizeof version, "PRAGMA user_version = %d", from + 1);
    if (store_begin(store, fault) || store_exec(store, schema->migrations[from], fault) ||
        check_references(store, schema, from + 1, fault) || store_exec(store, version, fault) ||
        store_commit(store, fault)) {
        store_rollback(store);
        return -1;
    }
    return 0;
}

static int migrate(struct store *store, enum store_mode mode, const struct store_schema *schema,
                   struct fault *fault)
{
    int version = (int)store_number(store, "PRAGMA user_version", -1);
    if (version < 0)
        return failed(store, "read version", fault);
    if (version > schema->version)
        return fault_set(fault, "store.newer",
                         "%s: %s schema version %d is newer than this program's %d: use the newer "
                         "program",
                         store->path, schema->name, version, schema->version);
    if (mode == STORE_READ_ONLY && version < schema->version)
        return fault_set(fault, "store.older",
                         "%s: %s schema version %d is older than this program's %d: start the "
                         "service that writes it once",
                         store->path, schema->name, version, schema->version);
    /* A table that is made anew is dropped first, which would delete what points to its rows. */
    if (version < schema->version && store_exec(store, "PRAGMA foreign_keys = OFF", fault))
        return -1;
    for (; version < schema->version; version++)
        if (migrate_step(store, schema, version, fault))
            return -1;
    return store_exec(store, "PRAGMA foreign_keys = ON", fault);
}

static int make_private(const char *path, struct fault *fault)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return fault_set(fault, "store.open", "%s: %s", path, strerror(errno));
    close(file);
    return 0;
}

static int configure(struct store *store, enum store_mode mode, struct fault *fault)
{
    sqlite3_busy_timeout(store->db, BUSY_MS);
    if (store_exec(store, "PRAGMA trusted_schema = OFF", fault))
        return -1;
    if (mode == STORE_READ_ONLY)
        return store_exec(store, "PRAGMA query_only = ON", fault);
    store->durable = mode == STORE_WRITE_DURABLE;
    return store_exec(store,
                      store->durable ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL"
                                     : "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
                      fault);
}

struct store *store_open(const char *path, enum store_mode mode, const struct store_schema *schema,
                         struct fault *fault)
{
    if (mode != STORE_READ_ONLY && make_private(path, fault))
        return NULL;
    struct store *store = xcalloc(1, sizeof *store);
    store->path = xstrdup(path);
    int flags = mode == STORE_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (sqlite3_open_v2(path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        failed(store, "open", fault);
        store_close(&store);
    } else if (configure(store, mode, fault) || migrate(store, mode, schema, fault)) {
        store_close(&store);
    }
    return store;
}

void store_close(struct store **store)
{
    if (!*store)
        return;
    sqlite3_close_v2((*store)->db);
    free((*store)->path);
    free(*store);
    *store = NULL;
}

sqlite3_stmt *store_prepare(struct store *store, const char *sql, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL))
        failed(store, sql, fault);
    return statement;
}

sqlite3_stmt *store_bind(sqlite3_stmt *statement, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    store_bind_list(statement, format, values);
    va_end(values);
    return statement;
}

sqlite3_stmt **store_prepare_all(struct store *store, const char *const *sql, size_t count,
                                 struct fault *fault)
{
    sqlite3_stmt **statements = xcalloc(count, sizeof(sqlite3_stmt *));
    for (size_t i = 0; i < count; i++)
        if (!(statements[i] = store_prepare(store, sql[i], fault))) {
            store_finalize_all(&statements, count);
            return NULL;
        }
    return statements;
}

void store_finalize_all(sqlite3_stmt ***statements, size_t count)
{
    for (size_t i = 0; *statements && i < count; i++)
        sqlite3_finalize((*statements)[i]);
    free(*statements);
    *statements = NULL;
}

sqlite3_stmt *store_bind_list(sqlite3_stmt *statement, const char *format, va_list values)
{
    va_list arguments;
    va_copy(arguments, values);
    sqlite3_reset(statement);
    for (int i = 1; *format; format++, i++) {
        switch (*format) {
        case 't':
            sqlite3_bind_text(statement, i, va_arg(arguments, const char *), -1, SQLITE_TRANSIENT);
            break;
        case 'i':
            sqlite3_bind_int64(statement, i, va_arg(arguments, int64_t));
            break;
        case 'd':
            sqlite3_bind_double(statement, i, va_arg(arguments, double));
            break;
        case 'b': {
            const void *bytes = va_arg(arguments, const void *);
            sqlite3_bind_blob64(statement, i, bytes, va_arg(arguments, size_t), SQLITE_TRANSIENT);
            break;
        }
        default:
            sqlite3_bind_null(statement, i);
        }
    }
    va_end(arguments);
    return statement;
}

int store_next(struct store *store, sqlite3_stmt *statement, struct fault *fault)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    int result = code == SQLITE_DONE ? 0 : failed(store, sqlite3_sql(statement), fault);
    sqlite3_reset(statement);
    return result;
}

int store_run(struct store *store, sqlite3_stmt *statement, struct fault *fault)
{
    int code;
    while ((code = store_next(store, statement, fault)) == 1) {
    }
    return code;
}

const char *store_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}
