#include "tests/catalog/catalog_case.h"

#include "catalog/catalog.h"
#include "catalog/import/csv_table.h"
#include "common/strbuf.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct catalog_case *catalog_case_new(void)
{
    struct catalog_case *self = xcalloc(1, sizeof *self);
    const char *base = getenv("TMPDIR");
    struct strbuf name = {0};
    struct fault fault = {0};
    strbuf_printf(&name, "%s/jinmu-catalog-XXXXXX", base && *base ? base : "/tmp");
    self->directory = strbuf_take(&name);
    assert_non_null(mkdtemp(self->directory));
    strbuf_printf(&name, "%s/catalog.db", self->directory);
    self->path = strbuf_take(&name);
    self->store = catalog_open(self->path, STORE_WRITE, &fault);
    assert_non_null(self->store);
    return self;
}

void catalog_case_destroy(struct catalog_case **self)
{
    store_close(&(*self)->store);
    directory_remove((*self)->directory);
    free((*self)->directory);
    free((*self)->path);
    free(*self);
    *self = NULL;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void directory_remove(const char *directory)
{
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void file_write(const char *directory, const char *name, const char *text)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", directory, name);
    for (char *slash = path.text + strlen(directory) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path.text, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path.text, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    strbuf_free(&path);
}

static char *read_below(const char *folder, const char *name)
{
    struct strbuf path = {0};
    size_t length;
    strbuf_printf(&path, "%s/%s", folder, name);
    char *text = access(path.text, R_OK) == 0 ? file_read(path.text, &length, NULL) : NULL;
    strbuf_free(&path);
    return text;
}

char *fixture_read(const char *name)
{
    char *text = read_below("tests/fixtures", name);
    assert_non_null(text);
    return text;
}

char *shared_read(const char *name)
{
    return read_below("../shared", name);
}

enum import_outcome case_import(struct catalog_case *self, const char *text, const char *number,
                                struct fault *fault)
{
    struct import_options options = {.number = number, .issued = "2099", .complete = -1};
    return import_bytes(self->store, "test", text, strlen(text), &options, NULL, NULL, fault);
}

long case_number(struct catalog_case *self, const char *sql)
{
    return (long)store_number(self->store, sql, -1);
}

char *case_text(struct catalog_case *self, const char *sql)
{
    struct fault fault = {0};
    sqlite3_stmt *statement = store_prepare(self->store, sql, &fault);
    assert_non_null(statement);
    char *text =
        xstrdup(store_next(self->store, statement, &fault) == 1 ? store_text(statement, 0) : "");
    sqlite3_finalize(statement);
    return text;
}

void assert_finding(struct catalog_case *self, const char *revision, const char *kind,
                    const char *department, const char *code, long line)
{
    struct fault fault = {0};
    sqlite3_stmt *statement =
        store_prepare(self->store,
                      "SELECT count(*) FROM finding WHERE revision = ? AND kind = ? AND"
                      " department = ? AND code = ? AND line = ? AND message <> ''",
                      &fault);
    store_bind(statement, "tttti", revision, kind, department, code, (int64_t)line);
    assert_int_equal(store_next(self->store, statement, &fault), 1);
    if (sqlite3_column_int(statement, 0) != 1)
        fail_msg("no finding %s %s %s on line %ld", kind, department, code, line);
    sqlite3_finalize(statement);
}

static long missing_keys(struct catalog_case *self, const char *one, const char *other)
{
    struct fault fault = {0};
    sqlite3_stmt *statement = store_prepare(
        self->store,
        "SELECT group_concat(department || ' ' || code, '; '), count(*) FROM (SELECT department,"
        " code FROM item WHERE revision = ?1 AND line > 0 EXCEPT SELECT department, code FROM item"
        " WHERE revision = ?2 AND line > 0)",
        &fault);
    store_bind(statement, "tt", one, other);
    assert_int_equal(store_next(self->store, statement, &fault), 1);
    long count = sqlite3_column_int(statement, 1);
    if (count)
        print_message("in %s, not in %s: %.400s\n", one, other, store_text(statement, 0));
    sqlite3_finalize(statement);
    return count;
}

void assert_same_keys(struct catalog_case *self, const char *one, const char *other)
{
    assert_int_equal(missing_keys(self, one, other), 0);
    assert_int_equal(missing_keys(self, other, one), 0);
}

char *case_digest(struct catalog_case *self)
{
    return case_text(
        self, "SELECT (SELECT group_concat(number || content || ended) FROM revision) || (SELECT"
              " group_concat(id || department || code || name || state) FROM item) || (SELECT"
              " group_concat(id || kind || code || settled) FROM finding)");
}
