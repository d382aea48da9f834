/* What people decided, and which projects follow it. The catalog is the fixture's; the decisions are
 * ones that the engine would not come to by itself. */
#include "catalog/catalog.h"
#include "catalog/engine/memory.h"
#include "catalog/engine/reviews.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OLD   ",\"catalog\":\"" REVISION_OLD "\""
#define NEW   ",\"catalog\":\"" REVISION_NEW "\""
#define CIVIL ",\"unit\":\"某县民政局\""
#define ROADS ",\"unit\":\"某县交通局\""
#define BOTH  ",\"unit\":\"某县交通信访局\""
#define NAME  "\"name\":\"2022年老年餐配送服务\""
#define TEXT                                                                                                         \
    ",\"description\":\"委托餐饮企业为全县七十周岁以上独居老人每日配送午餐，共1200人，" \
    "由社区志愿者送餐上门并登记签收，每季度开展满意度回访。\""
#define NEXT_NAME "\"name\":\"2023年老年餐配送服务\""
#define NEXT_TEXT                                                                                                    \
    ",\"description\":\"委托餐饮企业为全县七十周岁以上独居老人每日配送午餐，共1500人，" \
    "由社区志愿者送餐上门并登记签收，每季度开展满意度回访。\""
#define ANOTHER_TEXT                                                                               \
    ",\"description\":"                                                                            \
    "\"组织律师每周在信访大厅接待来访群众，解答法律政策问题，形成接访记录台账。\""

/* The usual decision: an item that the text does not speak of. */
#define ANSWER       "\"decision\":\"correct\",\"department\":\"民政\",\"code\":\"A040201\""
#define OTHER_ANSWER "\"decision\":\"correct\",\"department\":\"民政\",\"code\":\"A040102\""

static struct store *open_store(const struct fixture *fixture)
{
    struct fault fault = {0};
    struct store *store = catalog_open(fixture->path, STORE_WRITE, &fault);
    if (!store)
        fail_msg("%s", fault.message);
    return store;
}

static void reload(struct fixture *fixture)
{
    struct fault fault = {0};
    judge_destroy(&fixture->judge);
    engine_destroy(&fixture->engine);
    fixture->engine = engine_load(fixture->path, &fault);
    if (!fixture->engine)
        fail_msg("%s: %s", fault.code, fault.message);
    fixture->judge = judge_new(fixture->engine, NULL);
}

/* Takes a review in; `project` and `answer` are JSON members without braces. */
static void remember(struct fixture *fixture, const char *id, const char *day, const char *project,
                     const char *answer)
{
    struct strbuf text = {0};
    struct fault fault = {0};
    struct store *store = open_store(fixture);
    strbuf_printf(&text,
                  "{\"id\":\"%s\",\"time\":\"%s\",\"reviewer\":\"审核员\",\"project\":{%s},%s}", id,
                  day, project, answer);
    struct jv *review = jv_read(text.text, text.length, &fault);
    if (!review || reviews_add(store, review, &fault) != REVIEW_ADDED)
        fail_msg("%s: %s", text.text, fault.message);
    jv_destroy(&review);
    store_close(&store);
    strbuf_free(&text);
    reload(fixture);
}

static void withdraw(struct fixture *fixture, const char *id)
{
    struct fault fault = {0};
    struct store *store = open_store(fixture);
    assert_int_equal(reviews_withdraw(store, id, "组长", "误判", &fault), 0);
    store_close(&store);
    reload(fixture);
}

static struct jv *judge(struct fixture *fixture, const char *project)
{
    struct strbuf text = {0};
    strbuf_printf(&text, "{%s}", project);
    struct jv *result = answer_of(fixture, text.text);
    assert_string_equal(error_code(result), "");
    strbuf_free(&text);
    return result;
}

/* The review that the project was decided by, "" for none (free()). */
static char *follows(struct fixture *fixture, const char *project)
{
    struct jv *result = judge(fixture, project);
    const char *review = jv_get_text(jv_get(result, "remembered"), "review");
    char *copy = xstrdup(review ? review : "");
    jv_destroy(&result);
    return copy;
}

static void assert_follows(struct fixture *fixture, const char *project, const char *review)
{
    char *followed = follows(fixture, project);
    if (strcmp(followed, review) != 0)
        fail_msg("follows '%s', not '%s': %s", followed, review, project);
    free(followed);
}

static const char usual[] = "\"id\":\"p-1\"," NAME TEXT CIVIL OLD;
static const char next_year[] = "\"id\":\"p-2\"," NEXT_NAME NEXT_TEXT CIVIL OLD;

static int start(void **state)
{
    *state = fixture_new();
    return 0;
}

static int start_with_usual(void **state)
{
    start(state);
    remember(*state, "r-1", "2022-05-01", usual, ANSWER);
    return 0;
}

static int finish(void **state)
{
    struct fixture *fixture = *state;
    fixture_destroy(&fixture);
    return 0;
}

static void test_without_memories_nothing_is_remembered(void **state)
{
    struct jv *result = judge(*state, usual);
    assert_null(jv_get(result, "remembered"));
    assert_null(jv_get(result, "disputed"));
    assert_string_not_equal(first_code(result), "A040201");
    jv_destroy(&result);
}

static void test_next_years_project_is_decided_as_this_years(void **state)
{
    struct jv *result = judge(*state, next_year);
    const struct jv *remembered = jv_get(result, "remembered");
    assert_string_equal(jv_get_text(remembered, "review"), "r-1");
    assert_string_equal(jv_get_text(remembered, "project"), "p-1");
    assert_true(jv_get_number(remembered, "similarity", 0) == 1);
    assert_string_equal(jv_get_text(result, "decision"), "auto");
    assert_string_equal(jv_get_text(result, "kind"), "service");
    assert_string_equal(first_code(result), "A040201");
    assert_true(jv_get_number(result, "confidence", 0) == 0.99);
    jv_destroy(&result);
}

static void test_the_memory_is_named_as_evidence_over_the_whole_name(void **state)
{
    struct jv *result = judge(*state, next_year);
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    const struct jv *evidence = jv_at(jv_get(first, "evidence"), 0);
    assert_string_equal(jv_get_text(evidence, "memory"), "r-1");
    assert_string_equal(jv_get_text(evidence, "field"), "name");
    assert_true(jv_get_number(evidence, "start", -1) == 0);
    assert_true(jv_get_number(evidence, "end", -1) == (double)text_length("2023年老年餐配送服务"));
    assert_string_equal(jv_get_text(evidence, "label"),
                        "与已确认项目“2022年老年餐配送服务”（p-1）相同");
    jv_destroy(&result);
}

static void test_scores_stay_probabilities_in_order(void **state)
{
    struct jv *result = judge(*state, next_year);
    const struct jv *candidates = jv_get(result, "candidates");
    double sum = 0, last = 1;
    assert_true(jv_count(candidates) >= 2);
    for (size_t i = 0; i < jv_count(candidates); i++) {
        double score = jv_get_number(jv_at(candidates, i), "score", -1);
        assert_true(score >= 0 && score <= last);
        last = score;
        sum += score;
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(jv_get_text(jv_at(candidates, i), "code"),
                                    jv_get_text(jv_at(candidates, j), "code"));
    }
    assert_true(sum <= 1.0005);
    jv_destroy(&result);
}

static void test_a_less_similar_text_is_followed_with_less_confidence(void **state)
{
    struct jv *result =
        judge(*state, NEXT_NAME CIVIL OLD
              ",\"description\":\"委托餐饮企业为全县七十周岁以上独居老人每日配送午餐，"
              "共1500人，由社区志愿者送餐上门并登记签收，每季度开展回访。\"");
    double similarity = jv_get_number(jv_get(result, "remembered"), "similarity", 0);
    double confidence = jv_get_number(result, "confidence", 0);
    assert_true(similarity >= memory_alike && similarity < 0.95);
    assert_true(confidence > 0.9 && confidence < 0.99);
    assert_string_equal(first_code(result), "A040201");
    jv_destroy(&result);
}

static void test_other_texts_and_other_names_do_not_follow(void **state)
{
    assert_follows(*state, NEXT_NAME ANOTHER_TEXT CIVIL OLD, "");
    assert_follows(*state, NEXT_NAME CIVIL OLD, "");
    /* The same paragraph under the name of another project. */
    assert_follows(*state, "\"name\":\"留守儿童关爱\"" TEXT CIVIL OLD, "");
}

static void test_another_department_does_not_follow(void **state)
{
    assert_follows(*state, NEXT_NAME NEXT_TEXT ROADS OLD, "");
    assert_follows(*state, NEXT_NAME NEXT_TEXT OLD, "");
    assert_follows(*state, NEXT_NAME NEXT_TEXT ",\"unit\":\"邻县民政局\"" OLD, "r-1");
}

static void test_a_merged_organs_item_serves_its_own_department_alone(void **state)
{
    remember(*state, "r-2", "2022-05-01",
             "\"name\":\"综合事务第三方辅助工作\"" ANOTHER_TEXT BOTH OLD,
             "\"decision\":\"correct\",\"department\":\"信访\",\"code\":\"A040101\"");
    assert_follows(*state, "\"name\":\"综合事务第三方辅助工作\"" ANOTHER_TEXT BOTH OLD, "r-2");
    assert_follows(
        *state, "\"name\":\"综合事务第三方辅助工作\"" ANOTHER_TEXT ",\"unit\":\"某县信访局\"" OLD,
        "r-2");
    assert_follows(*state, "\"name\":\"综合事务第三方辅助工作\"" ANOTHER_TEXT ROADS OLD, "");
}

static void test_a_project_without_a_department_follows_only_its_like(void **state)
{
    remember(*state, "r-2", "2022-05-01", NAME ANOTHER_TEXT OLD,
             "\"decision\":\"accept\",\"department\":\"信访\",\"code\":\"A040101\"");
    assert_follows(*state, NEXT_NAME ANOTHER_TEXT OLD, "r-2");
    assert_follows(*state, NEXT_NAME ANOTHER_TEXT CIVIL OLD, "");
}

static void test_a_withdrawn_memory_has_no_effect(void **state)
{
    withdraw(*state, "r-1");
    struct jv *result = judge(*state, next_year);
    assert_null(jv_get(result, "remembered"));
    assert_string_not_equal(first_code(result), "A040201");
    jv_destroy(&result);
}

static void test_contradicting_memories_leave_it_to_a_person(void **state)
{
    remember(*state, "r-2", "2022-06-01",
             "\"id\":\"p-9\"," NAME TEXT ",\"unit\":\"邻县民政局\"" OLD, OTHER_ANSWER);
    struct jv *result = judge(*state, next_year);
    assert_null(jv_get(result, "remembered"));
    assert_string_equal(jv_get_text(result, "decision"), "review");
    assert_true(jv_get_number(result, "confidence", 1) <= 0.5);
    assert_string_equal(jv_get_text(jv_get(result, "disputed"), "review"), "r-2");
    assert_string_equal(jv_get_text(jv_get(result, "disputed"), "other_review"), "r-1");
    jv_destroy(&result);
    withdraw(*state, "r-2");
    assert_follows(*state, next_year, "r-1");
}

static void test_memories_that_agree_do_not_disturb_each_other(void **state)
{
    remember(*state, "r-2", "2022-06-01",
             "\"id\":\"p-9\"," NAME TEXT ",\"unit\":\"邻县民政局\"" OLD, ANSWER);
    assert_follows(*state, next_year, "r-2"); /* the newer */
}

static void test_a_later_review_of_a_project_replaces_the_earlier(void **state)
{
    remember(*state, "r-0", "2022-04-01", usual, OTHER_ANSWER);
    assert_follows(*state, next_year, "r-1");
    remember(*state, "r-2", "2022-06-01", usual, OTHER_ANSWER);
    assert_follows(*state, next_year, "r-2");
}

static void test_a_revision_without_the_item_is_not_concerned(void **state)
{
    struct jv *result = judge(*state, NEXT_NAME NEXT_TEXT CIVIL NEW);
    assert_null(jv_get(result, "remembered"));
    assert_string_equal(first_code(result), "A040103");
    jv_destroy(&result);
}

static void test_a_revision_with_the_item_gives_it_its_own_code(void **state)
{
    static const char legal[] = "\"name\":\"公益法律工作站\"" ANOTHER_TEXT CIVIL;
    struct strbuf project = {0};
    strbuf_printf(&project, "%s%s", legal, OLD);
    remember(*state, "r-2", "2022-06-01", project.text,
             "\"decision\":\"correct\",\"department\":\"民政\",\"code\":\"A040101\"");
    strbuf_reset(&project);
    strbuf_printf(&project, "%s%s", legal, NEW);
    struct jv *result = judge(*state, project.text);
    assert_string_equal(jv_get_text(jv_get(result, "remembered"), "review"), "r-2");
    assert_string_equal(first_code(result), "A040103");
    assert_string_equal(jv_get_text(result, "decision"), "auto");
    jv_destroy(&result);
    strbuf_free(&project);
}

static void test_an_item_of_class_b_is_remembered_too(void **state)
{
    remember(*state, "r-2", "2022-06-01", NAME ANOTHER_TEXT CIVIL OLD,
             "\"decision\":\"correct\",\"department\":\"B\",\"code\":\"B0703\"");
    struct jv *result = judge(*state, NEXT_NAME ANOTHER_TEXT CIVIL NEW);
    assert_string_equal(first_code(result), "B0703");
    jv_destroy(&result);
}

static void test_what_is_no_service_is_remembered_with_its_kind(void **state)
{
    remember(*state, "r-2", "2022-06-01", NAME ANOTHER_TEXT CIVIL OLD,
             "\"decision\":\"reject\",\"kind\":\"subsidy\"");
    struct jv *result = judge(*state, NEXT_NAME ANOTHER_TEXT CIVIL NEW);
    assert_string_equal(jv_get_text(result, "decision"), "none");
    assert_string_equal(jv_get_text(result, "kind"), "subsidy");
    assert_string_equal(jv_get_text(jv_get(result, "remembered"), "review"), "r-2");
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    assert_null(jv_get(jv_at(jv_get(first, "evidence"), 0), "memory"));
    jv_destroy(&result);
}

static void test_a_rejected_answer_without_another_needs_a_person(void **state)
{
    remember(*state, "r-2", "2022-06-01", NAME ANOTHER_TEXT CIVIL OLD, "\"decision\":\"reject\"");
    struct jv *result = judge(*state, NEXT_NAME ANOTHER_TEXT CIVIL OLD);
    assert_string_equal(jv_get_text(result, "decision"), "review");
    assert_string_equal(jv_get_text(jv_get(result, "disputed"), "review"), "r-2");
    jv_destroy(&result);
}

static void test_a_short_text_is_remembered_within_its_unit_alone(void **state)
{
    remember(*state, "r-2", "2022-06-01", "\"name\":\"运维项目\"" CIVIL OLD, ANSWER);
    assert_follows(*state, "\"name\":\"运维项目\"" CIVIL OLD, "r-2");
    assert_follows(*state, "\"name\":\"运维项目\",\"unit\":\"邻县民政局\"" OLD, "");
}

static void test_memories_survive_a_build_of_the_catalog(void **state)
{
    struct fixture *fixture = *state;
    struct fault fault = {0};
    struct strbuf data = {0};
    strbuf_printf(&data, "%s/data", fixture->directory);
    assert_int_equal(catalog_build(data.text, fixture->path, &fault), 0);
    reload(fixture);
    assert_follows(fixture, next_year, "r-1");
    strbuf_free(&data);
}

static void test_the_model_is_named_with_its_memories(void **state)
{
    struct fixture *fixture = *state;
    char *with = xstrdup(engine_model(fixture->engine));
    withdraw(fixture, "r-1");
    char *without = xstrdup(engine_model(fixture->engine));
    struct fixture *fresh = fixture_new();
    assert_string_not_equal(with, without);
    assert_string_equal(without, engine_model(fresh->engine));
    assert_int_equal(strlen(with), strlen(without));
    fixture_destroy(&fresh);
    free(with);
    free(without);
}

static void test_the_order_in_which_reviews_came_does_not_matter(void **state)
{
    static const char other[] = "\"id\":\"p-9\"," NAME TEXT ",\"unit\":\"邻县民政局\"" OLD;
    struct fixture *one = *state, *reversed = fixture_new();
    remember(one, "r-2", "2022-06-01", other, ANSWER);
    remember(reversed, "r-2", "2022-06-01", other, ANSWER);
    remember(reversed, "r-1", "2022-05-01", usual, ANSWER);
    struct strbuf body = {0};
    strbuf_printf(&body, "{%s}", next_year);
    struct answers first = answers_of(one, body.text, body.length);
    struct answers second = answers_of(reversed, body.text, body.length);
    assert_non_null(strstr(first.text, "\"remembered\""));
    assert_string_equal(first.text, second.text);
    answers_free(&first);
    answers_free(&second);
    strbuf_free(&body);
    fixture_destroy(&reversed);
}

/* --- an engine that goes on with what is decided --- */

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
    reload(fixture);
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
    struct store *store = open_store(fixture);
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
    struct store *store = open_store(fixture);
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
        struct store *store = open_store(fixture);
        if (store_exec(store, changes[i], &fault))
            fail_msg("%s", fault.message);
        store_close(&store);
        if (engine_follow(fixture->engine, fixture->path, &fault) != 0)
            fail_msg("followed: %s", changes[i]);
        reload(fixture);
        follow(fixture);
    }
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
    struct store *store = open_store(fixture);
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
    reload(fixture);
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

#define WITH_USUAL(test) cmocka_unit_test_setup_teardown(test, start_with_usual, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_memories_nothing_is_remembered, start, finish),
        WITH_USUAL(test_next_years_project_is_decided_as_this_years),
        WITH_USUAL(test_the_memory_is_named_as_evidence_over_the_whole_name),
        WITH_USUAL(test_scores_stay_probabilities_in_order),
        WITH_USUAL(test_a_less_similar_text_is_followed_with_less_confidence),
        WITH_USUAL(test_other_texts_and_other_names_do_not_follow),
        WITH_USUAL(test_another_department_does_not_follow),
        WITH_USUAL(test_a_merged_organs_item_serves_its_own_department_alone),
        WITH_USUAL(test_a_project_without_a_department_follows_only_its_like),
        WITH_USUAL(test_a_withdrawn_memory_has_no_effect),
        WITH_USUAL(test_contradicting_memories_leave_it_to_a_person),
        WITH_USUAL(test_memories_that_agree_do_not_disturb_each_other),
        WITH_USUAL(test_a_later_review_of_a_project_replaces_the_earlier),
        WITH_USUAL(test_a_revision_without_the_item_is_not_concerned),
        cmocka_unit_test_setup_teardown(test_a_review_is_followed_without_a_new_engine, start,
                                        finish),
        WITH_USUAL(test_late_reviews_count_by_their_time_not_by_when_they_came),
        WITH_USUAL(test_a_withdrawal_is_followed_without_a_new_engine),
        WITH_USUAL(test_many_late_reviews_recall_as_those_that_were_loaded),
        WITH_USUAL(test_a_change_of_the_catalog_itself_cannot_be_followed),
        WITH_USUAL(test_a_revision_with_the_item_gives_it_its_own_code),
        WITH_USUAL(test_an_item_of_class_b_is_remembered_too),
        WITH_USUAL(test_what_is_no_service_is_remembered_with_its_kind),
        WITH_USUAL(test_a_rejected_answer_without_another_needs_a_person),
        WITH_USUAL(test_a_short_text_is_remembered_within_its_unit_alone),
        WITH_USUAL(test_memories_survive_a_build_of_the_catalog),
        WITH_USUAL(test_the_model_is_named_with_its_memories),
        WITH_USUAL(test_the_order_in_which_reviews_came_does_not_matter),
        cmocka_unit_test_setup_teardown(test_each_of_many_is_found_by_a_changed_text, start,
                                        finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
