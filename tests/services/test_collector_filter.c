/* Which results a list shows. */
#include "common/state.h"
#include "services/collector/filter.h"
#include "services/collector/results.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Four results: 1 old and open, 2 reviewed, 3 of another unit with an error, 4 superseded. */
static const char rows[] =
    "PRAGMA foreign_keys = OFF;"
    "INSERT INTO project (number, id, content_hash, unit, json) VALUES"
    " (1, 'p1', x'01', '甲局', '{\"name\":\"50%_off\"}'), (2, 'p2', x'02', '甲局', '{\"name\":"
    "\"养老\"}'), (3, 'p3', x'03', '乙局', '{\"name\":\"路''灯\"}'), (4, 'p4', x'04', '甲局', "
    "'{}');"
    "INSERT INTO listed VALUES"
    " (1, 1, 1, 'p1', 'n', '甲局', 2026, 1, 'c', '民政', 'review', 'service', 0.5, 'A150201', 'i',"
    "  1, 2, unixepoch('2026-03-01T15:59:59Z'), 'open', 0, 0),"
    " (2, 2, 2, 'p2', 'n', '甲局', 2026, 1, 'c', '民政', 'auto', 'service', 0.97, 'A1502', 'i', 0,"
    "  0, unixepoch('2026-03-01T16:00:00Z'), 'accepted', 1, 0),"
    " (3, 3, 3, 'p3', 'n', '乙局', 2026, 1, 'c', '交通', 'none', 'goods', 0.8, '', '', 2, 3,"
    "  unixepoch('now'), 'open', 0, 0),"
    " (4, 4, 4, 'p4', 'n', '甲局', 2026, 1, 'c', '民政', 'auto', 'service', 0.9, 'B0101', 'i', 0, "
    "0,"
    "  unixepoch('now'), 'open', 0, 1);"
    "INSERT INTO listed_finding VALUES ('amount.items_mismatch', 1, 2, 1), ('amount', 3, 3, 1),"
    " ('code.unknown', 3, 3, 1);"
    "INSERT INTO review VALUES (1, 2, 1, 'accept', '', '', '', 'li', '', 0, '{}');";

struct place {
    char *directory, *path;
    struct results *results;
};

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct fault fault = {"", ""};
    place->directory = scratch_new();
    place->path = state_path(place->directory, "results.db");
    place->results = results_open(place->path, &fault);
    if (!place->results || store_exec(results_store(place->results), rows, &fault))
        fail_msg("%s", fault.message);
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    results_close(&place->results);
    free(place->path);
    scratch_destroy(&place->directory);
    free(place);
    return 0;
}

/* The numbers of the rows that a question is about, "1 2"; the fault's code when it is refused. */
static void find(struct place *place, const char *question, char found[64])
{
    struct fault fault = {"", ""};
    struct filter filter;
    struct strbuf sql = {0};
    struct jv *asked = jv_read(question, strlen(question), &fault);
    assert_non_null(asked);
    *found = 0;
    if (filter_read(&filter, asked, &fault)) {
        snprintf(found, 64, "%s", fault.code);
    } else {
        strbuf_printf(
            &sql,
            "SELECT group_concat(result, ' ') FROM (SELECT l.result FROM listed l%s%s ORDER BY 1)",
            filter.needs_project ? " JOIN project p ON p.number = l.project" : "",
            filter.where.length ? filter.where.text : "");
        struct store *store = results_store(place->results);
        sqlite3_stmt *row = filter_prepare(&filter, store, sql.text, &fault);
        if (!row || store_next(store, row, &fault) != 1)
            fail_msg("%s: %s", sql.text, fault.message);
        snprintf(found, 64, "%s", store_text(row, 0));
        sqlite3_finalize(row);
    }
    filter_clear(&filter);
    strbuf_free(&sql);
    jv_destroy(&asked);
}

struct expected {
    const char *question, *found;
};

static void assert_all(struct place *place, const struct expected *all, size_t count)
{
    char found[64];
    for (size_t i = 0; i < count; i++) {
        find(place, all[i].question, found);
        if (strcmp(found, all[i].found) != 0)
            fail_msg("%s: '%s', not '%s'", all[i].question, found, all[i].found);
    }
}
#define ASSERT_ALL(all) assert_all(*state, all, sizeof(all) / sizeof *(all))

static void test_each_member_leaves_what_fits(void **state)
{
    static const struct expected all[] = {
        {"{}", "1 2 3"},
        {"{\"superseded\":true}", "1 2 3 4"},
        {"{\"department\":\"民政\"}", "1 2"},
        {"{\"decision\":\"none\"}", "3"},
        {"{\"kind\":\"goods\"}", "3"},
        {"{\"unit\":\"乙局\"}", "3"},
        {"{\"catalog\":\"other\"}", ""},
        {"{\"reviewer\":\"li\"}", "2"},
        {"{\"code\":\"A1502\"}", "1 2"},
        {"{\"state\":\"open\"}", "1 3"},
        {"{\"state\":\"reviewed\"}", "2"},
        {"{\"severity\":\"warning\"}", "1 3"},
        {"{\"severity\":\"error\"}", "3"},
        {"{\"confidence_min\":0.8}", "2 3"},
        {"{\"confidence_max\":0.8}", "1 3"},
        {"{\"department\":\"民政\",\"state\":\"open\",\"confidence_max\":0.6}", "1"},
    };
    ASSERT_ALL(all);
}

static void test_a_rule_is_meant_as_it_is_and_a_point_makes_it_a_beginning(void **state)
{
    static const struct expected all[] = {
        {"{\"finding\":\"amount\"}", "3"},
        {"{\"finding\":\"amount.\"}", "1"},
        {"{\"finding\":\"code.unknown\"}", "3"},
        {"{\"finding\":\"code\"}", ""},
    };
    ASSERT_ALL(all);
}

static void test_days_are_chinese_days_and_both_included(void **state)
{
    static const struct expected all[] = {
        {"{\"from\":\"2026-03-02\",\"to\":\"2026-03-02\"}", "2"},
        {"{\"to\":\"2026-03-01\"}", "1"},
        {"{\"from\":\"2026-03-01\",\"to\":\"2026-03-02\"}", "1 2"},
        {"{\"age_max_hours\":1}", "3"},
        {"{\"from\":\"2026-3-1\"}", "question.bad"},
        {"{\"from\":\"now\"}", "question.bad"},
        {"{\"severity\":\"awful\"}", "question.bad"},
    };
    ASSERT_ALL(all);
}

static void test_who_may_see_some_units_sees_no_other(void **state)
{
    static const struct expected all[] = {
        {"{\"units\":[\"甲局\"]}", "1 2"},
        {"{\"units\":[\"甲局\",\"乙局\"]}", "1 2 3"},
        {"{\"units\":[]}", ""},
        {"{\"units\":[\"甲局\"],\"unit\":\"乙局\"}", ""},
        {"{\"units\":[\"甲局') OR 1=1 --\"]}", ""},
    };
    ASSERT_ALL(all);
}

static void test_a_search_takes_no_character_for_a_sign(void **state)
{
    static const struct expected all[] = {
        {"{\"q\":\"养老\"}", "2"},    {"{\"q\":\"50%_off\"}", "1"}, {"{\"q\":\"5%off\"}", ""},
        {"{\"q\":\"路'灯\"}", "3"},   {"{\"q\":\"' OR '1\"}", ""},  {"{\"q\":\"a1502\"}", "1 2"},
        {"{\"q\":\"A150201\"}", "1"},
    };
    ASSERT_ALL(all);
}

#define AT_PLACE(test) cmocka_unit_test_setup_teardown(test, open_place, close_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_PLACE(test_each_member_leaves_what_fits),
        AT_PLACE(test_a_rule_is_meant_as_it_is_and_a_point_makes_it_a_beginning),
        AT_PLACE(test_days_are_chinese_days_and_both_included),
        AT_PLACE(test_who_may_see_some_units_sees_no_other),
        AT_PLACE(test_a_search_takes_no_character_for_a_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
