/* The JSON of results.db: smaller on disk, the same to everybody who asks. */
#include "services/collector/results.h"

#include "common/state.h"
#include "common/store.h"
#include "common/strbuf.h"
#include "services/collector/schema.sql.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RESULTS = 1500 };

struct place {
    char *directory;
    char *file;
    struct results *results;
    int64_t read;
};

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    place->directory = scratch_new();
    place->file = state_path(place->directory, "results.db");
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    results_close(&place->results);
    scratch_destroy(&place->directory);
    free(place->file);
    free(place);
    return 0;
}

/* What results say again and again, and something of its own. */
static void write_text(struct strbuf *text, int64_t number)
{
    strbuf_reset(text);
    strbuf_printf(text, "{\"decision\":\"auto\",\"number\":%lld,\"findings\":[", (long long)number);
    for (int i = 0; i < 10; i++)
        strbuf_printf(text,
                      "{\"rule\":\"some.rule\",\"message\":\"应当写明的没有写明\",\"at\":%lld},",
                      (long long)(number * 7919 % (101 + i)));
    strbuf_puts(text, "null]}");
}

static void add(struct place *place, int64_t number)
{
    char hash[65], id[24];
    struct strbuf text = {0};
    write_text(&text, number);
    snprintf(hash, sizeof hash, "%064llx", (unsigned long long)number);
    snprintf(id, sizeof id, "p-%lld", (long long)number);
    struct wire_record record = {.id = wire_text_of(id),
                                 .content_hash = wire_text_of(hash),
                                 .revision = wire_text_of("r"),
                                 .department = wire_text_of("民政"),
                                 .decision = wire_text_of("auto"),
                                 .kind = wire_text_of("service"),
                                 .unit = wire_text_of("某局"),
                                 .project = wire_text_of(text.text),
                                 .result = wire_text_of(text.text)};
    struct results_added added = {0};
    int64_t origin =
        results_origin(place->results, record.revision, wire_text_of("e"), wire_text_of("m"), NULL);
    assert_int_equal(results_add(place->results, origin, &record, &added, NULL), 0);
    assert_false(added.duplicate);
    strbuf_free(&text);
}

static void add_all(struct place *place)
{
    for (int64_t number = 1; number <= RESULTS; number++) {
        if (number % 50 == 1)
            results_begin(place->results, NULL);
        add(place, number);
        if (number % 50 == 0) {
            assert_int_equal(results_commit(place->results, NULL), 0);
            results_tidy(place->results);
        }
    }
}

static void check_row(const struct results_row *row, void *argument)
{
    struct place *place = argument;
    struct strbuf text = {0};
    write_text(&text, row->event);
    assert_string_equal(row->json, text.text);
    strbuf_free(&text);
    place->read++;
}

static void assert_all_come_back(struct place *place)
{
    place->read = 0;
    assert_int_equal(results_since(place->results, 0, 10000, check_row, place, NULL), 0);
    assert_int_equal(place->read, RESULTS);
}

static int64_t number_of(const struct place *place, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(place->file, &db), SQLITE_OK);
    struct store store = {.db = db};
    int64_t number = store_number(&store, sql, -1);
    sqlite3_close(db);
    return number;
}

static void test_texts_come_back_as_they_were_before_and_after_the_dictionary(void **state)
{
    struct place *place = *state;
    place->results = results_open(place->file, NULL);
    assert_non_null(place->results);
    add_all(place);
    assert_all_come_back(place);
    results_close(&place->results);
    place->results = results_open(place->file, NULL);
    assert_all_come_back(place);
}

static void test_a_dictionary_makes_texts_much_smaller(void **state)
{
    struct place *place = *state;
    struct strbuf text = {0};
    write_text(&text, RESULTS);
    place->results = results_open(place->file, NULL);
    add_all(place);
    results_close(&place->results);
    assert_int_equal(number_of(place, "SELECT count(*) FROM dictionary"), 1);
    int64_t first = number_of(place, "SELECT length(json) FROM result WHERE number = 1");
    int64_t last = number_of(place, "SELECT length(json) FROM result ORDER BY number DESC LIMIT 1");
    assert_true(first < (int64_t)text.length / 2);
    assert_true(last < first / 2);
    strbuf_free(&text);
}

static void test_a_damaged_text_is_an_error_and_no_crash(void **state)
{
    struct place *place = *state;
    place->results = results_open(place->file, NULL);
    add_all(place);
    results_close(&place->results);
    assert_int_equal(number_of(place, "UPDATE result SET json = substr(json, 1, 20)"
                                      " WHERE number = 3 RETURNING 1"),
                     1);
    place->results = results_open(place->file, NULL);
    assert_int_equal(results_since(place->results, 0, 10000, check_row, place, NULL), -1);
}

static void see_row(const struct results_row *row, void *argument)
{
    snprintf(argument, 100, "%lld %s %s", (long long)row->event, row->topic, row->json);
}

static void test_results_of_version_1_are_taken_over(void **state)
{
    static const char *const migrations[] = {schema_sql};
    static const struct store_schema old = {"results", migrations, 1};
    static const char rows[] =
        "INSERT INTO project VALUES (1, 'p', x'00', '某局', '{\"name\":\"x\"}');"
        "INSERT INTO origin VALUES (1, 'r', 'e', 'm');"
        "INSERT INTO result VALUES (1, 1, 1, 1, '民政', 'auto', 'service', 0.5, 0, 7, '{\"a\":1}');"
        "INSERT INTO event VALUES (1, 'result.民政', 1)";
    struct place *place = *state;
    struct store *store = store_open(place->file, STORE_WRITE, &old, NULL);
    assert_int_equal(store_exec(store, rows, NULL), 0);
    store_close(&store);
    char seen[100] = "";
    struct fault fault = {0};
    place->results = results_open(place->file, &fault);
    assert_string_equal(fault.message, "");
    assert_int_equal(results_of_project(place->results, "p", see_row, seen, NULL), 0);
    assert_string_equal(seen, "1 result.民政 {\"a\":1}");
    assert_int_equal(results_last_event(place->results), 1);
    results_close(&place->results);
    assert_int_equal(number_of(place, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

#define PACK(test) cmocka_unit_test_setup_teardown(test, open_place, close_place)
int main(void)
{
    const struct CMUnitTest tests[] = {
        PACK(test_texts_come_back_as_they_were_before_and_after_the_dictionary),
        PACK(test_a_dictionary_makes_texts_much_smaller),
        PACK(test_a_damaged_text_is_an_error_and_no_crash),
        PACK(test_results_of_version_1_are_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
