/* What people decided, and which projects follow it. */
#include "catalog/catalog.h"
#include "catalog/engine/memory.h"
#include "catalog/engine/reviews.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "tests/catalog/memories.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    fixture_load(fixture);
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
        WITH_USUAL(test_a_revision_with_the_item_gives_it_its_own_code),
        WITH_USUAL(test_an_item_of_class_b_is_remembered_too),
        WITH_USUAL(test_what_is_no_service_is_remembered_with_its_kind),
        WITH_USUAL(test_a_rejected_answer_without_another_needs_a_person),
        WITH_USUAL(test_a_short_text_is_remembered_within_its_unit_alone),
        WITH_USUAL(test_memories_survive_a_build_of_the_catalog),
        WITH_USUAL(test_the_model_is_named_with_its_memories),
        WITH_USUAL(test_the_order_in_which_reviews_came_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
