#include "common/store_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 5000 };

static int failed(sqlite3 *db, const char *path, struct fault *fault)
{
    return fault_set(fault, "store.failed", "%s: %s", path,
                     db ? sqlite3_errmsg(db) : "out of memory");
}

static int open_to_read(const char *path, sqlite3 **db, struct fault *fault)
{
    if (sqlite3_open_v2(path, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
        sqlite3_busy_timeout(*db, BUSY_MS);
        return 0;
    }
    failed(*db, path, fault);
    sqlite3_close(*db);
    *db = NULL;
    return -1;
}

static int create(const char *path, struct fault *fault)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return fault_set(fault, "store.copy", "%s: %s", path, strerror(errno));
    close(file);
    return 0;
}

static int sync_file(const char *path, struct fault *fault)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int status = file < 0 || fsync(file)
                     ? fault_set(fault, "store.copy", "%s: %s", path, strerror(errno))
                     : 0;
    if (file >= 0)
        close(file);
    return status;
}

/* All pages in one step: a copy made in several would begin anew whenever somebody writes. */
static int put_pages(sqlite3 *source, sqlite3 *target, const char *to, struct fault *fault)
{
    sqlite3_backup *backup = sqlite3_backup_init(target, "main", source, "main");
    if (!backup)
        return failed(target, to, fault);
    int stepped = sqlite3_backup_step(backup, -1);
    int finished = sqlite3_backup_finish(backup);
    return stepped == SQLITE_DONE && finished == SQLITE_OK ? 0 : failed(target, to, fault);
}

static int copy_pages(sqlite3 *source, sqlite3 *target, const char *to, struct fault *fault)
{
    static const char quick[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF";
    if (sqlite3_exec(target, quick, NULL, NULL, NULL))
        return failed(target, to, fault);
    if (put_pages(source, target, to, fault))
        return -1;
    /* The copy is one file, which can be read where nothing can be written. */
    return sqlite3_exec(target, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL)
               ? failed(target, to, fault)
               : 0;
}

int store_copy(const char *from, const char *to, struct fault *fault)
{
    sqlite3 *source = NULL, *target = NULL;
    int status = -1;
    if (open_to_read(from, &source, fault))
        return -1;
    if (create(to, fault))
        goto done;
    if (sqlite3_open_v2(to, &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
        failed(target, to, fault);
    else
        status = copy_pages(source, target, to, fault);
    sqlite3_close(target);
    if (!status)
        status = sync_file(to, fault);
    if (status)
        unlink(to);
done:
    sqlite3_close(source);
    return status;
}

int store_overwrite(struct store *store, const char *from, struct fault *fault)
{
    sqlite3 *source = NULL;
    if (open_to_read(from, &source, fault))
        return -1;
    int status = put_pages(source, store->db, store->path, fault);
    sqlite3_close(source);
    return status;
}

/* The first column of the first row; "" when there is no row. */
static int ask(sqlite3 *db, const char *path, const char *sql, char answer[200],
               struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    answer[0] = 0;
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        snprintf(answer, 200, "%s", text ? text : "");
    }
    int status = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : failed(db, path, fault);
    sqlite3_finalize(statement);
    return status;
}

static int check(sqlite3 *db, const char *path, bool thorough, int *version, struct fault *fault)
{
    char answer[200];
    if (ask(db, path, "PRAGMA user_version", answer, fault))
        return -1;
    *version = (int)strtol(answer, NULL, 10);
    if (ask(db, path, thorough ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)", answer,
            fault))
        return -1;
    if (strcmp(answer, "ok") != 0)
        return fault_set(fault, "store.damaged", "%s: %s", path, answer);
    if (ask(db, path, "PRAGMA foreign_key_check", answer, fault))
        return -1;
    if (*answer)
        return fault_set(fault, "store.damaged", "%s: rows of %s point nowhere", path, answer);
    return 0;
}

int store_check(const char *path, bool thorough, int *version, struct fault *fault)
{
    sqlite3 *db;
    if (open_to_read(path, &db, fault))
        return -1;
    int status = check(db, path, thorough, version, fault);
    sqlite3_close(db);
    return status;
}
