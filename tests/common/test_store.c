/* One SQLite file: migrations, modes, transactions and what faults say. */
#include "common/store.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const migrations[] = {
    "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    "CREATE TABLE child (note INTEGER NOT NULL REFERENCES note(id)) STRICT;",
    "ALTER TABLE note ADD COLUMN weight REAL; SELECT nonsense FROM nowhere;"};
static const struct store_schema one = {"notes", migrations, 1}, two = {"notes", migrations, 2},
                                 broken = {"notes", migrations, 3};

static char *directory, *path;

static int set_up(void **state)
{
    (void)state;
    directory = scratch_new();
    struct strbuf name = {0};
    strbuf_printf(&name, "%s/notes.db", directory);
    path = strbuf_take(&name);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_destroy(&directory);
    free(path);
    return 0;
}

static struct store *open_store(enum store_mode mode, const struct store_schema *schema)
{
    struct fault fault = {0};
    struct store *store = store_open(path, mode, schema, &fault);
    if (!store)
        fail_msg("%s: %s", fault.code, fault.message);
    return store;
}

static void assert_not_opened(enum store_mode mode, const struct store_schema *schema,
                              const char *code)
{
    struct fault fault = {0};
    assert_null(store_open(path, mode, schema, &fault));
    assert_string_equal(fault.code, code);
    assert_non_null(strstr(fault.message, path));
}

static void add_note(struct store *store, const char *text)
{
    struct fault fault = {0};
    sqlite3_stmt *insert = store_prepare(store, "INSERT INTO note (text) VALUES (?)", &fault);
    assert_non_null(insert);
    assert_int_equal(store_run(store, store_bind(insert, "t", text), &fault), 0);
    sqlite3_finalize(insert);
}

static int64_t notes(struct store *store)
{
    return store_number(store, "SELECT count(*) FROM note", -1);
}

static void test_a_new_file_is_private_and_migrated(void **state)
{
    (void)state;
    struct store *store = open_store(STORE_WRITE, &two);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(store_number(store, "PRAGMA user_version", -1), 2);
    assert_int_equal(notes(store), 0);
    store_close(&store);
    assert_null(store);
    store_close(&store);
}

static void test_an_older_file_is_brought_up_to_date_with_its_rows(void **state)
{
    (void)state;
    struct store *store = open_store(STORE_WRITE, &one);
    add_note(store, "kept");
    store_close(&store);
    assert_not_opened(STORE_READ_ONLY, &two, "store.older");
    store = open_store(STORE_WRITE, &two);
    assert_int_equal(notes(store), 1);
    assert_int_equal(store_number(store, "SELECT count(*) FROM child", -1), 0);
    store_close(&store);
}

static void test_a_newer_file_is_left_alone(void **state)
{
    (void)state;
    struct store *store = open_store(STORE_WRITE, &two);
    store_close(&store);
    assert_not_opened(STORE_WRITE, &one, "store.newer");
    assert_not_opened(STORE_READ_ONLY, &one, "store.newer");
    store = open_store(STORE_READ_ONLY, &two);
    store_close(&store);
}

static void test_a_migration_that_fails_leaves_nothing_of_itself(void **state)
{
    (void)state;
    struct store *store = open_store(STORE_WRITE, &two);
    add_note(store, "kept");
    store_close(&store);
    assert_not_opened(STORE_WRITE, &broken, "store.failed");
    store = open_store(STORE_WRITE, &two);
    assert_int_equal(notes(store), 1);
    assert_int_equal(store_number(store, "SELECT count(*) FROM pragma_table_info('note')", -1), 2);
    store_close(&store);
}

static void test_a_migration_may_make_a_table_anew_but_leaves_no_loose_ends(void **state)
{
    (void)state;
    static const char *const steps[] = {
        "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
        "CREATE TABLE child (note INTEGER NOT NULL REFERENCES note(id) ON DELETE CASCADE) STRICT;",
        "CREATE TABLE note_2 (id INTEGER PRIMARY KEY, text TEXT NOT NULL, more TEXT) STRICT;"
        "INSERT INTO note_2 SELECT id, text, '' FROM note; DROP TABLE note;"
        "ALTER TABLE note_2 RENAME TO note;",
        "DELETE FROM note;"};
    static const struct store_schema anew = {"notes", steps, 3}, loose = {"notes", steps, 4};
    struct fault fault = {0};
    struct store *store = open_store(STORE_WRITE, &two);
    add_note(store, "kept");
    assert_int_equal(store_exec(store, "INSERT INTO child VALUES (1)", &fault), 0);
    store_close(&store);
    assert_not_opened(STORE_WRITE, &loose, "store.failed");
    store = open_store(STORE_WRITE, &anew);
    assert_int_equal(notes(store), 1);
    assert_int_equal(store_number(store, "SELECT count(*) FROM child", -1), 1);
    assert_int_equal(store_exec(store, "INSERT INTO child VALUES (2)", &fault), -1);
    store_close(&store);
}

static void test_a_reader_neither_makes_nor_changes_a_file(void **state)
{
    (void)state;
    struct fault fault = {0};
    assert_not_opened(STORE_READ_ONLY, &one, "store.failed");
    assert_int_not_equal(access(path, F_OK), 0);
    struct store *writer = open_store(STORE_WRITE, &one);
    struct store *reader = open_store(STORE_READ_ONLY, &one);
    assert_int_equal(store_exec(reader, "INSERT INTO note (text) VALUES ('x')", &fault), -1);
    assert_string_equal(fault.code, "store.failed");
    add_note(writer, "seen");
    assert_int_equal(notes(reader), 1);
    store_close(&reader);
    store_close(&writer);
}

static void test_what_is_no_database_is_refused_and_kept(void **state)
{
    (void)state;
    struct strbuf text = {0};
    for (int i = 0; i < 300; i++)
        strbuf_puts(&text, "no database at all, but a text\n");
    file_write(directory, "notes.db", text.text);
    assert_not_opened(STORE_READ_ONLY, &one, "store.failed");
    assert_not_opened(STORE_WRITE, &one, "store.failed");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, text.length);
    strbuf_free(&text);
}

static void test_a_path_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct strbuf nowhere = {0};
    strbuf_printf(&nowhere, "%s/nowhere/notes.db", directory);
    assert_null(store_open(nowhere.text, STORE_WRITE, &one, &fault));
    assert_string_equal(fault.code, "store.open");
    assert_non_null(strstr(fault.message, nowhere.text));
    strbuf_free(&nowhere);
}

static void test_writers_use_a_write_ahead_log_and_foreign_keys(void **state)
{
    (void)state;
    struct fault fault = {0};
    static const struct {
        enum store_mode mode;
        int synchronous;
    } modes[] = {{STORE_WRITE, 1}, {STORE_WRITE_DURABLE, 2}};
    for (size_t i = 0; i < 2; i++) {
        struct store *store = open_store(modes[i].mode, &two);
        sqlite3_stmt *statement = store_prepare(store, "PRAGMA journal_mode", &fault);
        assert_int_equal(store_next(store, statement, &fault), 1);
        assert_string_equal(store_text(statement, 0), "wal");
        sqlite3_finalize(statement);
        assert_int_equal(store_number(store, "PRAGMA synchronous", -1), modes[i].synchronous);
        assert_int_equal(store_exec(store, "INSERT INTO child VALUES (999)", &fault), -1);
        store_close(&store);
    }
}

static void test_a_rollback_undoes_and_is_harmless_without_a_transaction(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct store *store = open_store(STORE_WRITE, &one);
    store_rollback(store);
    assert_int_equal(store_begin(store, &fault), 0);
    add_note(store, "undone");
    store_rollback(store);
    assert_int_equal(notes(store), 0);
    assert_int_equal(store_begin(store, &fault), 0);
    add_note(store, "kept");
    assert_int_equal(store_commit(store, &fault), 0);
    store_rollback(store);
    assert_int_equal(notes(store), 1);
    assert_int_equal(store_commit(store, &fault), -1);
    store_close(&store);
}

static void test_values_are_bound_in_order_and_come_back(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct store *store = open_store(STORE_WRITE, &one);
    sqlite3_stmt *statement = store_prepare(store, "SELECT ?, ?, ?, ?, ?, ?", &fault);
    for (int again = 0; again < 2; again++) {
        store_bind(statement, "tidbnt", "居家", INT64_MIN, 0.5, "a\0b", (size_t)3, (char *)NULL);
        assert_int_equal(store_next(store, statement, &fault), 1);
        assert_string_equal(store_text(statement, 0), "居家");
        assert_true(sqlite3_column_int64(statement, 1) == INT64_MIN);
        assert_true(sqlite3_column_double(statement, 2) == 0.5);
        assert_int_equal(sqlite3_column_bytes(statement, 3), 3);
        assert_int_equal(sqlite3_column_type(statement, 4), SQLITE_NULL);
        assert_string_equal(store_text(statement, 5), "");
    }
    assert_int_equal(store_next(store, statement, &fault), 0);
    sqlite3_finalize(statement);
    assert_int_equal(store_number(store, "SELECT id FROM note", 42), 42);
    assert_int_equal(store_number(store, "SELECT nonsense", 42), 42);
    assert_null(store_prepare(store, "SELECT nonsense", &fault));
    assert_non_null(strstr(fault.message, "nonsense"));
    store_close(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_file_is_private_and_migrated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_older_file_is_brought_up_to_date_with_its_rows,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_newer_file_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_migration_may_make_a_table_anew_but_leaves_no_loose_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_migration_that_fails_leaves_nothing_of_itself,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_reader_neither_makes_nor_changes_a_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_database_is_refused_and_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_path_that_cannot_be_made_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_writers_use_a_write_ahead_log_and_foreign_keys, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_rollback_undoes_and_is_harmless_without_a_transaction, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values_are_bound_in_order_and_come_back, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
