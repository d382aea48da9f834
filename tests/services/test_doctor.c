/* jinmu doctor finds what is wrong with an installation, and nothing in one that is well. */
#include "services/cli/doctor.h"

#include "catalog/catalog.h"
#include "common/state.h"
#include "common/store.h"
#include "common/strbuf.h"
#include "services/broker/spool.h"
#include "services/collector/results.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char *state;
    struct diagnosis diagnosis;
};

static char *path_of(const struct place *place, const char *name)
{
    return state_path(place->state, name);
}

/* A state with all three databases, whose services do not run. */
static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    place->state = scratch_new();
    char *path = path_of(place, "spool.db");
    struct spool *spool = spool_open(path, NULL);
    spool_close(&spool);
    free(path);
    path = path_of(place, "results.db");
    struct results *results = results_open(path, NULL);
    results_close(&results);
    free(path);
    path = path_of(place, "catalog.db");
    struct store *catalog = catalog_open(path, STORE_WRITE, NULL);
    store_close(&catalog);
    free(path);
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    diagnosis_clear(&place->diagnosis);
    scratch_destroy(&place->state);
    free(place);
    return 0;
}

/* The one thing that is wrong must be this, with these words. */
static void assert_bad(struct place *place, const char *name, const char *words)
{
    doctor_examine(&place->diagnosis, place->state, true);
    assert_int_equal(place->diagnosis.of[HEALTH_BAD], 1);
    for (size_t i = 0; i < place->diagnosis.count; i++) {
        const struct check *check = &place->diagnosis.checks[i];
        if (check->health != HEALTH_BAD)
            continue;
        assert_string_equal(check->name, name);
        if (!strstr(check->text, words))
            fail_msg("no '%s' in: %s", words, check->text);
    }
}

static void change_version(const struct place *place, const char *name, const char *sql)
{
    char *path = path_of(place, name);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    free(path);
}

static void test_nothing_is_wrong_with_a_state_that_is_well(void **state)
{
    struct place *place = *state;
    doctor_examine(&place->diagnosis, place->state, true);
    for (size_t i = 0; i < place->diagnosis.count; i++)
        if (place->diagnosis.checks[i].health == HEALTH_BAD)
            fail_msg("%s", place->diagnosis.checks[i].text);
}

static void test_a_newer_database_is_told(void **state)
{
    change_version(*state, "spool.db", "PRAGMA user_version = 99");
    assert_bad(*state, "spool.db", "请使用新版程序");
}

static void test_an_older_database_is_but_noted(void **state)
{
    struct place *place = *state;
    change_version(place, "results.db", "PRAGMA user_version = 1");
    doctor_examine(&place->diagnosis, place->state, false);
    assert_int_equal(place->diagnosis.of[HEALTH_BAD], 0);
    bool noted = false;
    for (size_t i = 0; i < place->diagnosis.count; i++)
        noted = noted || strstr(place->diagnosis.checks[i].text, "启动服务时升级");
    assert_true(noted);
}

static void test_a_damaged_database_is_told(void **state)
{
    struct place *place = *state;
    char *path = path_of(place, "results.db");
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, 4096, SEEK_SET);
    for (int i = 0; i < 4096; i++)
        fputc('x', file);
    fclose(file);
    free(path);
    assert_bad(place, "results.db", "已损坏");
}

static void test_rows_that_point_nowhere_are_told(void **state)
{
    change_version(*state, "spool.db",
                   "INSERT INTO body (job, part, content) VALUES (12345, 0, x'00')");
    assert_bad(*state, "spool.db", "point nowhere");
}

static void test_files_that_others_can_write_are_told(void **state)
{
    struct place *place = *state;
    char *path = path_of(place, "spool.db");
    assert_int_equal(chmod(path, 0666), 0);
    free(path);
    assert_bad(place, "rights", "spool.db");
}

static void test_an_unfinished_restore_is_told(void **state)
{
    struct place *place = *state;
    char *path = path_of(place, "restoring");
    fclose(fopen(path, "w"));
    chmod(path, 0600);
    free(path);
    assert_bad(place, "restore", "--replace");
}

static void test_a_clock_that_was_set_back_is_told(void **state)
{
    struct place *place = *state;
    struct timeval tomorrow[2] = {{.tv_sec = time(NULL) + 86400}, {.tv_sec = time(NULL) + 86400}};
    char *path = path_of(place, "results.db");
    assert_int_equal(utimes(path, tomorrow), 0);
    free(path);
    assert_bad(place, "clock", "校准");
}

static void test_a_wrong_setting_is_told(void **state)
{
    struct place *place = *state;
    char *path = path_of(place, "jinmu.zpl");
    FILE *file = fopen(path, "w");
    fputs("broker\n    no_such_setting = 1\n", file);
    fclose(file);
    chmod(path, 0600);
    free(path);
    doctor_examine(&place->diagnosis, place->state, false);
    assert_true(place->diagnosis.of[HEALTH_BAD] >= 1);
    bool told = false;
    for (size_t i = 0; i < place->diagnosis.count; i++)
        told = told || strstr(place->diagnosis.checks[i].text, "no_such_setting");
    assert_true(told);
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, open_place, close_place)
int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(test_nothing_is_wrong_with_a_state_that_is_well),
        PLACED(test_a_newer_database_is_told),
        PLACED(test_an_older_database_is_but_noted),
        PLACED(test_a_damaged_database_is_told),
        PLACED(test_rows_that_point_nowhere_are_told),
        PLACED(test_files_that_others_can_write_are_told),
        PLACED(test_an_unfinished_restore_is_told),
        PLACED(test_a_clock_that_was_set_back_is_told),
        PLACED(test_a_wrong_setting_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
