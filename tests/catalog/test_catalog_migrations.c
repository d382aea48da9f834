/* catalog.db is taken over from every earlier version of its schema, with what stands in it. */
#include "catalog/catalog.h"
#include "catalog/changes.sql.h"
#include "catalog/checks/acceptance.sql.h"
#include "catalog/engine/memory.sql.h"
#include "catalog/revision/links.sql.h"
#include "catalog/revision/revision.sql.h"
#include "catalog/schema.sql.h"
#include "common/state.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const migrations[] = {schema_sql,   memory_sql,  acceptance_sql,
                                         revision_sql, changes_sql, links_sql};

struct place {
    char *directory;
    char *path;
};

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    place->directory = scratch_new();
    place->path = state_path(place->directory, "old.db");
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    scratch_destroy(&place->directory);
    free(place->path);
    free(place);
    return 0;
}

/* Makes the file as a program with that many versions of the schema did, with rows in it. */
static void make_old(const char *path, int version, const char *rows)
{
    const struct store_schema old = {"catalog", migrations, version};
    struct fault fault = {0};
    struct store *store = store_open(path, STORE_WRITE, &old, &fault);
    if (!store || store_exec(store, rows, &fault))
        fail_msg("version %d: %s", version, fault.message);
    store_close(&store);
}

static void test_catalog_is_taken_over_from_every_version(void **state)
{
    struct place *place = *state;
    static const char rows[] =
        "INSERT INTO revision (number, content, imported_at) VALUES ('晋财综〔2021〕63号', 'x', "
        "'y');"
        "INSERT INTO item (revision, department, code, level, name, parent, position, line)"
        " VALUES ('晋财综〔2021〕63号', '民政', 'A150201', 4, '养老', 'A1502', 1, 1)";
    assert_int_equal(catalog_schema_version(), sizeof migrations / sizeof *migrations);
    for (int version = 1; version < catalog_schema_version(); version++) {
        make_old(place->path, version, rows);
        struct fault fault = {0};
        assert_null(catalog_open(place->path, STORE_READ_ONLY, &fault));
        assert_string_equal(fault.code, "store.older");
        struct store *store = catalog_open(place->path, STORE_WRITE, &fault);
        if (!store)
            fail_msg("version %d: %s", version, fault.message);
        assert_int_equal(store_number(store, "PRAGMA user_version", -1), catalog_schema_version());
        assert_int_equal(store_number(store,
                                      "SELECT count(*) FROM item JOIN revision ON number = revision"
                                      " WHERE code = 'A150201' AND item.name = '养老'",
                                      -1),
                         1);
        assert_int_equal(store_number(store, "SELECT count(*) FROM memory", -1), 0);
        store_close(&store);
        unlink(place->path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_catalog_is_taken_over_from_every_version, open_place,
                                        close_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
