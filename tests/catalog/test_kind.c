/* What the money is for, and what follows for the decision. */
#include "catalog/engine/kind.h"
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

static void reach(const char *name, const char *description)
{
    const struct mind *mind = fixture_mind(fixture);
    const char *texts[FIELDS] = {name, description, "", "", "", ""};
    verdict_reach(&verdict, mind, &mind->thesaurus->revisions[0], "", "", texts);
}

static double lexicon(enum place place, enum kind kind)
{
    return verdict.view
        .dense[(place == PLACE_NAME ? DENSE_LEXICON_NAME : DENSE_LEXICON_BODY) + (int)kind];
}

static double scaled(double sum)
{
    return 2 * tanh(sum / 6);
}

static void assert_near(double a, double b)
{
    if (fabs(a - b) > 1e-6)
        fail_msg("%f is not %f", a, b);
}

static void test_phrases_tell_the_kind(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum kind kind;
    } wanted[] = {{"居家养老服务", KIND_SERVICE}, {"检测设备购置", KIND_GOODS},
                  {"办公楼新建工程", KIND_WORKS}, {"聘用人员工资", KIND_PERSONNEL},
                  {"高龄老人补贴", KIND_SUBSIDY}, {"机关办公费", KIND_INTERNAL}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        reach(wanted[i].name, "");
        assert_int_equal(verdict.kind, wanted[i].kind);
        double total = 0;
        for (int k = 0; k < KINDS; k++)
            total += verdict.kinds[k];
        assert_near(total, 1);
    }
}

static void test_only_a_service_can_be_offered_a_code_without_doubt(void **state)
{
    (void)state;
    reach("检测设备购置", "");
    assert_int_equal(verdict.decision, DECISION_NONE);
    assert_true(verdict.kinds[KIND_SERVICE] < 0.5);
    reach("居家养老服务", "");
    assert_int_not_equal(verdict.decision, DECISION_NONE);
    assert_true(verdict.confidence > 0 && verdict.confidence < 1);
}

static void test_a_service_passes_by_itself_from_the_threshold_on(void **state)
{
    (void)state;
    struct model *model = fixture_mind(fixture)->model;
    double kept = model->auto_threshold;
    reach("居家养老服务", "");
    double confidence = verdict.confidence;
    model->auto_threshold = confidence;
    reach("居家养老服务", "");
    assert_int_equal(verdict.decision, DECISION_AUTO);
    assert_true(verdict.confidence == confidence);
    model->auto_threshold = nextafter(confidence, 2);
    reach("居家养老服务", "");
    assert_int_equal(verdict.decision, DECISION_REVIEW);
    model->auto_threshold = 0;
    reach("检测设备购置", "");
    assert_int_equal(verdict.decision, DECISION_NONE);
    model->auto_threshold = kept;
}

static void test_a_longer_phrase_is_not_read_as_the_shorter_within_it(void **state)
{
    (void)state;
    reach("设备维护", "");
    assert_near(lexicon(PLACE_NAME, KIND_GOODS), 0);
    assert_near(lexicon(PLACE_NAME, KIND_SERVICE), scaled(3));
    reach("设备购置", "");
    assert_near(lexicon(PLACE_NAME, KIND_GOODS), scaled(4));
    reach("设备、设备维护", "");
    assert_near(lexicon(PLACE_NAME, KIND_GOODS), scaled(1.5));
}

static void test_a_phrase_counts_once_however_often_it_is_said(void **state)
{
    (void)state;
    reach("补贴补贴补贴", "补贴");
    assert_near(lexicon(PLACE_NAME, KIND_SUBSIDY), scaled(4));
    assert_near(lexicon(PLACE_BODY, KIND_SUBSIDY), scaled(4));
}

static void test_a_phrase_for_one_place_does_not_count_in_the_other(void **state)
{
    (void)state;
    reach("委托", "委托");
    assert_near(lexicon(PLACE_NAME, KIND_SERVICE), 0);
    assert_near(lexicon(PLACE_BODY, KIND_SERVICE), scaled(2));
}

static void test_learned_pairs_count_in_their_place(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct fixture *own = fixture_new();
    const struct mind *mind = fixture_mind(own);
    struct model *model = model_read("jinmu-model 1\nkind\tending\t甲乙\t0\t0\t9\t0\t0\t0\n"
                                     "kind\tbody\t丙丁\t0\t0\t0\t0\t9\t0\n",
                                     &fault);
    assert_non_null(model);
    struct mind learned = *mind;
    learned.model = model;
    static const struct {
        const char *name, *description;
        enum kind kind;
        bool learned;
    } wanted[] = {{"某某甲乙", "", KIND_WORKS, true},
                  {"甲乙某某某", "", KIND_WORKS, false},
                  {"某某", "丙丁", KIND_SUBSIDY, true},
                  {"丙丁", "", KIND_SUBSIDY, false}};
    for (int again = 0; again < 2; again++) {
        kind_table_learn(mind->kinds, model);
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
            const char *texts[FIELDS] = {wanted[i].name, wanted[i].description, "", "", "", ""};
            verdict_reach(&verdict, &learned, &mind->thesaurus->revisions[0], "", "", texts);
            assert_int_equal(verdict.kinds[wanted[i].kind] > 0.5, wanted[i].learned);
        }
    }
    model_destroy(&model);
    verdict_free(&verdict);
    verdict = (struct verdict){0};
    fixture_destroy(&own);
}

static void test_the_logistic_curve_and_its_inverse(void **state)
{
    (void)state;
    assert_near(logistic(0), 0.5);
    assert_near(logit(logistic(1.25)), 1.25);
    assert_true(isfinite(logit(0)) && isfinite(logit(1)));
    assert_near(logit(0), -logit(1));
    assert_true(logistic(-1000) >= 0 && logistic(1000) <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phrases_tell_the_kind),
        cmocka_unit_test(test_only_a_service_can_be_offered_a_code_without_doubt),
        cmocka_unit_test(test_a_service_passes_by_itself_from_the_threshold_on),
        cmocka_unit_test(test_a_longer_phrase_is_not_read_as_the_shorter_within_it),
        cmocka_unit_test(test_a_phrase_counts_once_however_often_it_is_said),
        cmocka_unit_test(test_a_phrase_for_one_place_does_not_count_in_the_other),
        cmocka_unit_test(test_learned_pairs_count_in_their_place),
        cmocka_unit_test(test_the_logistic_curve_and_its_inverse),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
