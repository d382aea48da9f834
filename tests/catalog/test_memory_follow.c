/* An engine that goes on with what is decided, without being loaded anew; and many memories. */
#include "catalog/catalog.h"
#include "catalog/engine/memory.h"
#include "catalog/engine/reviews.h"
#include "common/store_copy.h"
#include "common/strbuf.h"
#include "tests/catalog/memories.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void follow(struct fixture *fixture)
{
    struct fault fault = {0};
    if (engine_follow(fixture->engine, fixture->path, &fault) != 1)
        fail_msg("%s: %s", fault.code, fault.message);
}

/* Takes a review in without loading the engine anew. */
static void remember_late(struct fixture *fixture, const char *id, const char *day,
                          const char *project, const char *answer)
{
    struct engine *engine = fixture->engine;
    struct judge *judge = fixture->judge;
    fixture->engine = NULL;
    fixture->judge = judge_new(engine, NULL);
    remember(fixture, id, day, project, answer);
    judge_destroy(&fixture->judge);
    engine_destroy(&fixture->engine);
    fixture->engine = engine;
    fixture->judge = judge;
    follow(fixture);
}

/* The engine says of itself and of the project what one that is loaded now says. */
static void assert_as_loaded_now(struct fixture *fixture, const char *project)
{
    struct strbuf body = {0};
    strbuf_printf(&body, "{%s}", project);
    char *name = xstrdup(engine_model(fixture->engine));
    size_t count = memory_count(fixture_mind(fixture)->memory);
    struct answers followed = answers_of(fixture, body.text, body.length);
    fixture_load(fixture);
    struct answers loaded = answers_of(fixture, body.text, body.length);
    assert_string_equal(name, engine_model(fixture->engine));
    assert_int_equal(count, memory_count(fixture_mind(fixture)->memory));
    assert_string_equal(followed.text, loaded.text);
    answers_free(&followed);
    answers_free(&loaded);
    free(name);
    strbuf_free(&body);
}

static void test_a_review_is_followed_without_a_new_engine(void **state)
{
    remember_late(*state, "r-1", "2022-05-01", usual, ANSWER);
    assert_follows(*state, next_year, "r-1");
    assert_as_loaded_now(*state, next_year);
}

static void test_late_reviews_count_by_their_time_not_by_when_they_came(void **state)
{
    static const char again[] = "\"id\":\"p-1\"," NAME TEXT CIVIL OLD;
    remember_late(*state, "r-3", "2022-07-01", again, OTHER_ANSWER);
    remember_late(*state, "r-2", "2022-06-01", again, ANSWER);
    remember_late(*state, "r-0", "2022-04-01", again, ANSWER);
    assert_follows(*state, next_year, "r-3");
    assert_as_loaded_now(*state, next_year);
}

static void test_a_withdrawal_is_followed_without_a_new_engine(void **state)
{
    struct fixture *fixture = *state;
    struct fault fault = {0};
    struct store *store = fixture_store(fixture);
    assert_int_equal(reviews_withdraw(store, "r-1", "组长", "误判", &fault), 0);
    store_close(&store);
    follow(fixture);
    assert_follows(fixture, next_year, "");
    assert_as_loaded_now(fixture, next_year);
}

/* More than one table of chains holds, all alike: who is found is a matter of order alone. */
static void test_many_late_reviews_recall_as_those_that_were_loaded(void **state)
{
    enum { LATE = 150 };
    struct fixture *fixture = *state;
    struct fault fault = {0};
    struct store *store = fixture_store(fixture);
    struct strbuf text = {0};
    for (int i = 0; i < LATE; i++) {
        strbuf_reset(&text);
        strbuf_printf(&text,
                      "{\"id\":\"late-%d\",\"reviewer\":\"审\",\"time\":\"2022-05-%02d\",%s,"
                      "\"project\":{" NAME TEXT CIVIL OLD "}}",
                      i * 7 % LATE, 1 + i * 11 % 28, i % 40 ? ANSWER : OTHER_ANSWER);
        struct jv *review = jv_read(text.text, text.length, &fault);
        assert_int_equal(reviews_add(store, review, &fault), REVIEW_ADDED);
        jv_destroy(&review);
        if (i % 7 == 0)
            follow(fixture);
    }
    store_close(&store);
    strbuf_free(&text);
    follow(fixture);
    assert_int_equal(memory_count(fixture_mind(fixture)->memory), LATE + 1);
    assert_as_loaded_now(fixture, next_year);
}

static void test_a_change_of_the_catalog_itself_cannot_be_followed(void **state)
{
    static const char *const changes[] = {
        "UPDATE model SET hash = 'sha256:other'",
        "DELETE FROM label WHERE rowid = (SELECT max(rowid) FROM label)",
        "INSERT INTO alias VALUES ('某某中心', '民政', 1)",
        "UPDATE item SET name = name || '等' WHERE code = 'A040201'",
        "INSERT INTO in_use VALUES (1, '" REVISION_OLD "', 'x', 'y')",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct fault fault = {0};
        struct store *store = fixture_store(fixture);
        if (store_exec(store, changes[i], &fault))
            fail_msg("%s", fault.message);
        store_close(&store);
        if (engine_follow(fixture->engine, fixture->path, &fault) != 0)
            fail_msg("followed: %s", changes[i]);
        fixture_load(fixture);
        follow(fixture);
    }
}

static int64_t renamed_items(struct store *store)
{
    return store_number(store, "SELECT count(*) FROM item WHERE name LIKE '另一台%'", -1);
}

/* Another machine's catalog, of which the counts of changes say nothing: they are those of this one. */
static char *another_catalog(struct fixture *fixture)
{
    struct fault fault = {0};
    struct strbuf path = {0}, counts = {0};
    struct store *here = fixture_store(fixture);
    strbuf_printf(&path, "%s/another.db", fixture->directory);
    strbuf_printf(&counts, "UPDATE change SET number = %lld WHERE part = 'engine'",
                  (long long)store_number(here, "SELECT max(number) FROM change", -1));
    store_close(&here);
    assert_int_equal(store_copy(fixture->path, path.text, &fault), 0);
    struct store *store = catalog_open(path.text, STORE_WRITE, &fault);
    assert_non_null(store);
    assert_int_equal(store_exec(store, "UPDATE item SET name = '另一台' || name", &fault), 0);
    assert_int_equal(store_exec(store, counts.text, &fault), 0);
    store_close(&store);
    strbuf_free(&counts);
    return strbuf_take(&path);
}

static void test_another_machine_s_catalog_is_taken_whole_while_readers_go_on(void **state)
{
    struct fixture *fixture = *state;
    struct fault fault = {0};
    char *another = another_catalog(fixture);
    struct store *reader = catalog_open(fixture->path, STORE_READ_ONLY, &fault);
    assert_non_null(reader);
    assert_int_equal(store_exec(reader, "BEGIN", &fault), 0);
    assert_int_equal(renamed_items(reader), 0);
    if (catalog_take(another, fixture->path, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(renamed_items(reader), 0);
    assert_int_equal(store_exec(reader, "COMMIT", &fault), 0);
    assert_true(renamed_items(reader) > 0);
    assert_int_equal(engine_follow(fixture->engine, fixture->path, &fault), 0);
    fixture_load(fixture);
    follow(fixture);
    store_close(&reader);
    free(another);
}

/* --- many memories --- */

enum { MANY = 1500, LETTERS = 160, CHANGED = 5 };

/* A text of made-up characters, the same for the same number; every `changed`th way another. */
static void add_letters(struct strbuf *text, uint32_t number, int changed)
{
    uint32_t seed = number * 2654435761u + 1;
    for (int i = 0; i < LETTERS; i++) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t letter = 0x4E00 + (seed >> 8) % 3000;
        if (changed && i % (LETTERS / changed) == 7)
            letter = 0x6E00;
        char utf8[4] = {(char)(0xE0 | letter >> 12), (char)(0x80 | (letter >> 6 & 0x3F)),
                        (char)(0x80 | (letter & 0x3F)), 0};
        strbuf_puts(text, utf8);
    }
}

static void remember_many(struct fixture *fixture)
{
    struct store *store = fixture_store(fixture);
    struct fault fault = {0};
    struct strbuf text = {0};
    assert_int_equal(store_begin(store, &fault), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        strbuf_reset(&text);
        strbuf_printf(&text,
                      "{\"id\":\"m-%u\",\"reviewer\":\"审\",\"time\":\"2022-05-01\"," ANSWER
                      ",\"project\":{" NAME CIVIL OLD ",\"description\":\"",
                      i);
        add_letters(&text, i, 0);
        strbuf_puts(&text, "\"}}");
        struct jv *review = jv_read(text.text, text.length, &fault);
        assert_int_equal(reviews_add(store, review, &fault), REVIEW_ADDED);
        jv_destroy(&review);
    }
    assert_int_equal(store_commit(store, &fault), 0);
    store_close(&store);
    strbuf_free(&text);
    fixture_load(fixture);
    assert_int_equal(memory_count(fixture_mind(fixture)->memory), MANY);
}

static void test_each_of_many_is_found_by_a_changed_text(void **state)
{
    struct strbuf project = {0}, wanted = {0};
    remember_many(*state);
    for (uint32_t i = 0; i < MANY; i++) {
        strbuf_reset(&project);
        strbuf_reset(&wanted);
        strbuf_puts(&project, NEXT_NAME CIVIL OLD ",\"description\":\"");
        add_letters(&project, i, CHANGED);
        strbuf_puts(&project, "\"");
        strbuf_printf(&wanted, "m-%u", i);
        assert_follows(*state, project.text, wanted.text);
    }
    strbuf_reset(&project);
    strbuf_puts(&project, NEXT_NAME CIVIL OLD ",\"description\":\"");
    add_letters(&project, MANY, 0);
    strbuf_puts(&project, "\"");
    assert_follows(*state, project.text, "");
    strbuf_free(&project);
    strbuf_free(&wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_review_is_followed_without_a_new_engine, start,
                                        finish),
        WITH_USUAL(test_late_reviews_count_by_their_time_not_by_when_they_came),
        WITH_USUAL(test_a_withdrawal_is_followed_without_a_new_engine),
        WITH_USUAL(test_many_late_reviews_recall_as_those_that_were_loaded),
        WITH_USUAL(test_a_change_of_the_catalog_itself_cannot_be_followed),
        WITH_USUAL(test_another_machine_s_catalog_is_taken_whole_while_readers_go_on),
        cmocka_unit_test_setup_teardown(test_each_of_many_is_found_by_a_changed_text, start,
                                        finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
