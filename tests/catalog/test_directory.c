/* Which departments a unit's name stands for. */
#include "catalog/catalog.h"
#include "catalog/engine/directory.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture *fixture;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_destroy(&fixture);
    return 0;
}

static struct guesses resolve(const char *unit, const char *department)
{
    struct guesses guesses;
    struct folded scratch = {0};
    directory_resolve(fixture_mind(fixture)->directory, unit, department, &scratch, &guesses);
    folded_free(&scratch);
    return guesses;
}

static void assert_one(const struct guesses *guesses, const char *name, double weight)
{
    assert_int_equal(guesses->count, 1);
    assert_string_equal(guesses->all[0].name, name);
    assert_true(guesses->all[0].weight > (float)weight - 1e-5f &&
                guesses->all[0].weight < (float)weight + 1e-5f);
}

static void test_an_alias_in_the_units_name_tells_its_department(void **state)
{
    (void)state;
    struct guesses guesses = resolve("山西省某县民政局", "");
    assert_one(&guesses, "民政", 1.0);
    assert_int_equal(guesses.all[0].department,
                     thesaurus_department(fixture_mind(fixture)->thesaurus, "民政"));
    guesses = resolve("某县老龄办", "");
    assert_one(&guesses, "民政", 0.5);
    guesses = resolve("某縣 民政局", "");
    assert_one(&guesses, "民政", 1.0);
}

static void test_a_departments_own_name_tells_it_too(void **state)
{
    (void)state;
    struct guesses guesses = resolve("某县信访中心", "");
    assert_one(&guesses, "信访", 0.9);
}

static void test_the_surest_of_the_two_fields_counts(void **state)
{
    (void)state;
    struct guesses guesses = resolve("某某事业单位", "某县民政局");
    assert_one(&guesses, "民政", 0.95);
    guesses = resolve("某县老龄办", "某县民政局");
    assert_one(&guesses, "民政", 0.95);
    guesses = resolve("某县民政局", "某县民政局");
    assert_one(&guesses, "民政", 1.0);
}

static void test_a_merged_organ_belongs_to_several_surest_first(void **state)
{
    (void)state;
    struct guesses guesses = resolve("某县交通信访局", "");
    assert_int_equal(guesses.count, 2);
    guesses = resolve("某县老龄办", "某县交通局");
    assert_int_equal(guesses.count, 2);
    assert_string_equal(guesses.all[0].name, "交通运输");
    assert_string_equal(guesses.all[1].name, "民政");
}

static void test_a_longer_alias_covers_what_stands_within_it(void **state)
{
    (void)state;
    struct guesses guesses = resolve("某市民政局党校", "");
    assert_int_equal(guesses.count, 0);
    guesses = resolve("某市民政局党校和民政局", "");
    assert_one(&guesses, "民政", 1.0);
}

static void test_a_department_that_no_revision_has_is_guessed_by_name(void **state)
{
    (void)state;
    struct guesses guesses = resolve("某县审计局", "");
    assert_one(&guesses, "审计", 1.0);
    assert_int_equal(guesses.all[0].department, NO_NUMBER);
}

static void test_an_unknown_name_gives_no_guess(void **state)
{
    (void)state;
    assert_int_equal(resolve("", "").count, 0);
    assert_int_equal(resolve("某县某某馆", "无").count, 0);
}

static void test_a_long_name_gives_no_more_guesses_than_there_is_room_for(void **state)
{
    (void)state;
    struct strbuf name = {0};
    for (int i = 0; i < 500; i++)
        strbuf_puts(&name, "民政局交通局审计局机关事务管理局信访");
    struct guesses guesses = resolve(name.text, name.text);
    assert_int_equal(guesses.count, 5);
    for (size_t i = 1; i < guesses.count; i++)
        assert_true(guesses.all[i].weight <= guesses.all[i - 1].weight);
    strbuf_free(&name);
}

static void test_an_alias_needs_a_weight_above_0_and_at_most_1(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "-1", "1.5", "nan", "inf", "x", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fault fault = {0};
        struct strbuf data = {0}, path = {0}, aliases = {0};
        strbuf_printf(&data, "%s/bad-%zu", fixture->directory, i);
        strbuf_printf(&path, "%s/bad-%zu.db", fixture->directory, i);
        strbuf_printf(&aliases, "alias,department,weight\n民政局,民政,1\n交通局,交通运输,%s\n",
                      bad[i]);
        fixture_write_data(data.text, NULL);
        file_write(data.text, "aliases.csv", aliases.text);
        assert_int_equal(catalog_build(data.text, path.text, &fault), -1);
        assert_string_equal(fault.code, "catalog.bad_data");
        assert_non_null(strstr(fault.message, "aliases.csv 第 3 行"));
        strbuf_free(&data);
        strbuf_free(&path);
        strbuf_free(&aliases);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_alias_in_the_units_name_tells_its_department),
        cmocka_unit_test(test_a_departments_own_name_tells_it_too),
        cmocka_unit_test(test_the_surest_of_the_two_fields_counts),
        cmocka_unit_test(test_a_merged_organ_belongs_to_several_surest_first),
        cmocka_unit_test(test_a_longer_alias_covers_what_stands_within_it),
        cmocka_unit_test(test_a_department_that_no_revision_has_is_guessed_by_name),
        cmocka_unit_test(test_an_unknown_name_gives_no_guess),
        cmocka_unit_test(test_a_long_name_gives_no_more_guesses_than_there_is_room_for),
        cmocka_unit_test(test_an_alias_needs_a_weight_above_0_and_at_most_1),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
