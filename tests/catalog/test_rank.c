/* The order of candidates: by words and labels, within the unit's departments and the items that it
 * may use. */
#include "catalog/engine/rank.h"
#include "catalog/engine/verdict.h"
#include "common/strbuf.h"
#include "tests/catalog/fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fixture *fixture;
static struct verdict verdict;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    verdict_free(&verdict);
    fixture_destroy(&fixture);
    return 0;
}

static const struct ranking *rank(const char *unit, const char *name, const char *description)
{
    const struct mind *mind = fixture_mind(fixture);
    const char *texts[FIELDS] = {name, description, "", "", "", ""};
    verdict_reach(&verdict, mind, thesaurus_revision(mind->thesaurus, REVISION_OLD), unit, "",
                  texts);
    return &verdict.ranking;
}

static const struct leaf *leaf_at(size_t candidate)
{
    return &verdict.revision->leaves[verdict.ranking.all[candidate].leaf];
}

static void assert_first(const char *unit, const char *name, const char *department,
                         const char *code)
{
    const struct ranking *ranking = rank(unit, name, "");
    if (!ranking->top)
        fail_msg("no candidate for %s", name);
    assert_string_equal(leaf_at(0)->code, code);
    assert_string_equal(leaf_at(0)->department, department);
}

/* The number of the candidate of that code, -1 when it is none. */
static int place_of(const char *department, const char *code)
{
    for (size_t i = 0; i < verdict.ranking.count; i++)
        if (strcmp(leaf_at(i)->code, code) == 0 && strcmp(leaf_at(i)->department, department) == 0)
            return (int)i;
    return -1;
}

static void test_the_item_whose_words_the_text_has_comes_first(void **state)
{
    (void)state;
    assert_first("", "居家老年人照护", "民政", "A040101");
    assert_first("", "桥梁定期检测", "交通运输", "A170102");
    assert_first("", "律师接访", "信访", "A040101");
    assert_first("", "2024年度专项审计", "B", "B0302");
    assert_first("某县民政局", "社工站运营", "民政", "A040201");
}

static void test_typing_errors_that_the_keeper_knows_lead_there_too(void **state)
{
    (void)state;
    assert_first("某县民政局", "居家养佬", "民政", "A040101");
}

static void test_a_unit_is_offered_its_departments_items_and_class_b(void **state)
{
    (void)state;
    rank("某县交通局", "居家养老、公路养护与绩效评价", "");
    assert_int_equal(place_of("民政", "A040101"), -1);
    assert_true(place_of("交通运输", "A170101") >= 0);
    assert_true(place_of("B", "B0703") >= 0);
}

static void test_an_unknown_unit_is_offered_every_department(void **state)
{
    (void)state;
    rank("某某单位", "居家养老、公路养护与律师接访", "");
    assert_true(place_of("民政", "A040101") >= 0);
    assert_true(place_of("交通运输", "A170101") >= 0);
    assert_true(place_of("信访", "A040101") >= 0);
}

static void test_a_department_that_the_revision_lacks_is_offered_class_b_alone(void **state)
{
    (void)state;
    rank("某县审计局", "居家养老与绩效评价", "");
    for (size_t i = 0; i < verdict.ranking.count; i++)
        assert_int_equal(leaf_at(i)->code[0], 'B');
    assert_int_equal(place_of("B", "B0703"), 0);
}

static void test_an_item_of_another_revision_is_no_candidate(void **state)
{
    (void)state;
    rank("", "养老机构等级评定服务", "");
    for (size_t i = 0; i < verdict.ranking.count; i++)
        assert_string_not_equal(leaf_at(i)->code, "A040104");
}

static struct guesses guess(const char *name)
{
    return (struct guesses){.all = {{name, NO_NUMBER, 1.0f}}, .count = 1};
}

static void test_restrictions_say_who_may_use_an_item(void **state)
{
    (void)state;
    struct guesses audit = guess("审计"), affairs = guess("机关事务管理"), none = {.count = 0};
    const struct leaf open = {.restriction = ""}, closed = {.restriction = "not:审计;财政"},
                      reserved = {.restriction = "only:机关事务管理;财政"};
    assert_true(rank_allows(&open, &audit));
    assert_false(rank_allows(&closed, &audit));
    assert_true(rank_allows(&closed, &affairs));
    assert_true(rank_allows(&closed, &none));
    assert_false(rank_allows(&reserved, &audit));
    assert_true(rank_allows(&reserved, &affairs));
    assert_false(rank_allows(&reserved, &none));
}

static void test_a_restricted_item_falls_behind_for_those_who_may_not_use_it(void **state)
{
    (void)state;
    rank("某县机关事务管理局", "公务用车租赁、绩效评价", "");
    double allowed = verdict.ranking.all[place_of("B", "B1010")].score;
    rank("某县审计局", "公务用车租赁、绩效评价", "");
    double forbidden = verdict.ranking.all[place_of("B", "B1010")].score;
    assert_true(forbidden < allowed - 2);
}

static void test_words_that_point_elsewhere_cost_an_item(void **state)
{
    (void)state;
    rank("某县民政局", "居家养老", "");
    assert_true(verdict.ranking.all[place_of("民政", "A040101")].features[FEATURE_NOT] == 0.0);
    rank("某县民政局", "养老院居家养老", "");
    const struct scored *scored = &verdict.ranking.all[place_of("民政", "A040101")];
    assert_true(scored->features[FEATURE_NOT] == 1.0);
    assert_true(scored->features[FEATURE_LABELS] > 0);
    assert_true(scored->features[FEATURE_PARENT] > 0);
    assert_true(fixture_mind(fixture)->model->features[FEATURE_NOT] < 0);
}

static void test_a_score_is_the_sum_of_the_weighted_features(void **state)
{
    (void)state;
    const struct ranking *ranking = rank("某县民政局", "居家养老与社工站", "委托机构服务老人");
    for (size_t i = 0; i < ranking->top; i++) {
        double sum = 0;
        for (int f = 0; f < FEATURES; f++)
            sum += fixture_mind(fixture)->model->features[f] * ranking->all[i].features[f];
        if (!*leaf_at(i)->restriction)
            assert_true(fabs(sum - ranking->all[i].score) < 1e-9);
    }
}

static void test_shares_are_those_of_all_candidates_and_fall(void **state)
{
    (void)state;
    const struct ranking *ranking =
        rank("", "居家养老、公路养护、桥梁检测、审计、绩效评价、律师接访、社工站、留守儿童", "");
    double total = 0;
    assert_int_equal(ranking->top, RANK_TOP);
    for (size_t i = 0; i < ranking->top; i++) {
        total += ranking->all[i].share;
        assert_true(ranking->all[i].share > 0);
        if (i > 0)
            assert_true(ranking->all[i].score <= ranking->all[i - 1].score);
    }
    assert_true(total <= 1 + 1e-9);
    ranking = rank("某县审计局", "绩效评价", "");
    total = 0;
    for (size_t i = 0; i < ranking->top; i++)
        total += ranking->all[i].share;
    assert_true(ranking->count <= RANK_TOP && fabs(total - 1) < 1e-9);
}

static void test_a_text_without_known_words_has_no_candidate(void **state)
{
    (void)state;
    assert_int_equal(rank("", "甲乙丙丁", "戊己庚辛")->top, 0);
    assert_int_not_equal(verdict.decision, DECISION_AUTO);
    assert_true(verdict.confidence >= 0 && verdict.confidence <= 1);
    assert_int_equal(rank("", "，", "")->top, 0);
}

static void test_a_ranking_knows_nothing_of_the_one_before(void **state)
{
    (void)state;
    struct verdict kept = verdict;
    verdict = (struct verdict){0};
    rank("某县民政局", "居家养老", "为老人服务");
    double score = verdict.ranking.all[0].score, confidence = verdict.confidence;
    verdict_free(&verdict);
    verdict = kept;
    rank("某县交通局", "公路养护、审计与绩效评价", "老年餐");
    rank("某县民政局", "居家养老", "为老人服务");
    assert_true(verdict.ranking.all[0].score == score);
    assert_true(verdict.confidence == confidence);
}

static void test_phrases_count_by_the_best_place_where_they_stand(void **state)
{
    (void)state;
    const struct mind *mind = fixture_mind(fixture);
    rank("", "甲", "居家养老");
    uint32_t phrase = thesaurus_phrase(mind->thesaurus, "居家养老");
    assert_true(ranking_phrase_weight(&verdict.ranking, phrase) == 1.0f);
    rank("", "居家养老", "居家养老");
    assert_true(ranking_phrase_weight(&verdict.ranking, phrase) == 2.0f);
    rank("", "甲", "");
    assert_true(ranking_phrase_weight(&verdict.ranking, phrase) == 0.0f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_item_whose_words_the_text_has_comes_first),
        cmocka_unit_test(test_typing_errors_that_the_keeper_knows_lead_there_too),
        cmocka_unit_test(test_a_unit_is_offered_its_departments_items_and_class_b),
        cmocka_unit_test(test_an_unknown_unit_is_offered_every_department),
        cmocka_unit_test(test_a_department_that_the_revision_lacks_is_offered_class_b_alone),
        cmocka_unit_test(test_an_item_of_another_revision_is_no_candidate),
        cmocka_unit_test(test_restrictions_say_who_may_use_an_item),
        cmocka_unit_test(test_a_restricted_item_falls_behind_for_those_who_may_not_use_it),
        cmocka_unit_test(test_words_that_point_elsewhere_cost_an_item),
        cmocka_unit_test(test_a_score_is_the_sum_of_the_weighted_features),
        cmocka_unit_test(test_shares_are_those_of_all_candidates_and_fall),
        cmocka_unit_test(test_a_text_without_known_words_has_no_candidate),
        cmocka_unit_test(test_a_ranking_knows_nothing_of_the_one_before),
        cmocka_unit_test(test_phrases_count_by_the_best_place_where_they_stand),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
