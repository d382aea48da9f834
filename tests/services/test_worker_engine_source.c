/* A worker takes up a new catalog without a restart, and keeps the old one when the new is none. */
#include "catalog/catalog.h"
#include "catalog/engine/reviews.h"
#include "common/state.h"
#include "services/worker/engine_source.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct place {
    char *directory, *catalog;
    struct engine_source *source;
};

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct fault fault;
    place->directory = scratch_new();
    place->catalog = state_path(place->directory, "catalog.db");
    if (catalog_ensure(place->catalog, catalog_data_directory(), &fault))
        fail_msg("%s", fault.message);
    place->source = engine_source_new(place->catalog, &project_limits_default, &fault);
    assert_non_null(place->source);
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    engine_source_destroy(&place->source);
    free(place->catalog);
    scratch_destroy(&place->directory);
    free(place);
    return 0;
}

static void test_unchanged_file_is_not_loaded_again(void **state)
{
    struct place *place = *state;
    const struct judge *before = engine_source_judge(place->source, ENGINE_USE_BULK);
    for (int i = 0; i < 3; i++)
        engine_source_refresh(place->source);
    assert_ptr_equal(engine_source_judge(place->source, ENGINE_USE_BULK), before);
}

static void test_change_of_the_catalog_is_taken_up(void **state)
{
    struct place *place = *state;
    struct store *store = catalog_open(place->catalog, STORE_WRITE, NULL);
    assert_non_null(store);
    assert_int_equal(store_exec(store, "UPDATE model SET hash = 'sha256:other'", NULL), 0);
    engine_source_refresh(place->source); /* while the change is in the write-ahead log only */
    assert_string_equal(engine_source_model(place->source), "sha256:other");
    store_close(&store);
    engine_source_refresh(place->source);
    assert_string_equal(engine_source_model(place->source), "sha256:other");
}

static void test_review_leaves_the_judges_and_names_another_model(void **state)
{
    struct place *place = *state;
    struct fault fault = {0};
    static const char text[] = "{\"id\":\"r-1\",\"reviewer\":\"审\",\"time\":\"2026-05-01\","
                               "\"decision\":\"correct\",\"kind\":\"goods\","
                               "\"project\":{\"name\":\"某某会议桌椅配送安装\"}}";
    const struct judge *judge = engine_source_judge(place->source, ENGINE_USE_BULK);
    char before[128];
    snprintf(before, sizeof before, "%s", engine_source_model(place->source));
    struct store *store = catalog_open(place->catalog, STORE_WRITE, NULL);
    struct jv *review = jv_read(text, sizeof text - 1, &fault);
    if (reviews_add(store, review, &fault) != REVIEW_ADDED)
        fail_msg("%s", fault.message);
    jv_destroy(&review);
    engine_source_refresh(place->source);
    store_close(&store);
    assert_string_not_equal(engine_source_model(place->source), before);
    assert_ptr_equal(engine_source_judge(place->source, ENGINE_USE_BULK), judge);
    struct engine_source *other =
        engine_source_new(place->catalog, &project_limits_default, &fault);
    assert_string_equal(engine_source_model(place->source), engine_source_model(other));
    engine_source_destroy(&other);
}

static void test_another_file_with_the_same_counts_is_loaded(void **state)
{
    struct place *place = *state;
    char *copy = state_path(place->directory, "copy.db"), command[512];
    snprintf(command, sizeof command, "cp %s %s", place->catalog, copy);
    assert_int_equal(system(command), 0);
    struct store *store = catalog_open(copy, STORE_WRITE, NULL);
    assert_int_equal(store_exec(store,
                                "UPDATE model SET hash = 'sha256:other';"
                                "UPDATE change SET number = number - 1 WHERE part = 'engine';"
                                "PRAGMA journal_mode = DELETE",
                                NULL),
                     0);
    store_close(&store);
    assert_int_equal(rename(copy, place->catalog), 0);
    engine_source_refresh(place->source);
    assert_string_equal(engine_source_model(place->source), "sha256:other");
    free(copy);
}

static void test_file_that_is_no_catalog_leaves_the_old_engine(void **state)
{
    struct place *place = *state;
    char before[128];
    snprintf(before, sizeof before, "%s", engine_source_model(place->source));
    FILE *file = fopen(place->catalog, "w");
    fputs("no database", file);
    assert_int_equal(fclose(file), 0);
    engine_source_refresh(place->source);
    assert_string_equal(engine_source_model(place->source), before);
    assert_non_null(engine_source_judge(place->source, ENGINE_USE_URGENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unchanged_file_is_not_loaded_again, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_change_of_the_catalog_is_taken_up, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_review_leaves_the_judges_and_names_another_model,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_another_file_with_the_same_counts_is_loaded,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_file_that_is_no_catalog_leaves_the_old_engine,
                                        open_place, close_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
