/* Labelled cases, the fitting, and the training: what it learns, and that it learns it again. */
#include "catalog/learn/fit.h"
#include "catalog/learn/train.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"
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

/* Cases whose words the small catalog does not know: 竹马 is for A040101, 石子 for A170101. */
static void put_cases(struct strbuf *out)
{
    static const char *const services[][4] = {{"竹马陪伴", "民政", "A040101", "服务"},
                                              {"石子铺筑", "交通运输", "A170101", "服务"},
                                              {"铁索查验", "交通运输", "A170102", "服务"},
                                              {"账簿核对", "B", "B0302", "服务"}};
    static const char *const others[][2] = {
        {"goods", "木椅采买"}, {"works", "高楼浇筑"}, {"internal", "水电支出"}};
    for (int i = 0; i < 6; i++) {
        for (size_t s = 0; s < sizeof services / sizeof *services; s++)
            strbuf_printf(out,
                          "{\"id\":\"s%d-%zu\",\"name\":\"第%d批%s%s\",\"catalog\":\"" REVISION_OLD
                          "\",\"description\":\"%s\",\"kind\":\"service\",\"label\":"
                          "{\"department_label\":\"%s\",\"code\":\"%s\",\"also\":[]}}\n",
                          i, s, i, services[s][0], services[s][3], services[s][0], services[s][1],
                          services[s][2]);
        for (size_t o = 0; o < sizeof others / sizeof *others; o++)
            strbuf_printf(out,
                          "{\"id\":\"o%d-%zu\",\"name\":\"第%d批%s\",\"kind\":\"%s\",\"label\":"
                          "{\"department_label\":null,\"code\":null,\"also\":[]}}\n",
                          i, o, i, others[o][1], others[o][0]);
    }
}

static struct cases read_cases(const char *text)
{
    struct cases cases = {0};
    struct fault fault = {0};
    struct strbuf path = {0};
    file_write(fixture->directory, "cases.jsonl", text);
    strbuf_printf(&path, "%s/cases.jsonl", fixture->directory);
    if (cases_read(&cases, path.text, &fault))
        fail_msg("%s", fault.message);
    strbuf_free(&path);
    return cases;
}

static struct cases own_cases(void)
{
    struct strbuf text = {0};
    put_cases(&text);
    struct cases cases = read_cases(text.text);
    strbuf_free(&text);
    return cases;
}

static char *trained(const struct fixture *where, const struct cases *cases)
{
    struct strbuf text = {0};
    struct model *model = train_model(fixture_mind(where), cases);
    model_write(model, &text);
    model_destroy(&model);
    return strbuf_take(&text);
}

static void test_the_same_cases_give_the_same_model(void **state)
{
    (void)state;
    struct cases cases = own_cases();
    struct fixture *other = fixture_new();
    char *first = trained(fixture, &cases), *again = trained(fixture, &cases),
         *elsewhere = trained(other, &cases);
    assert_true(strlen(first) > 1000);
    assert_string_equal(first, again);
    assert_string_equal(first, elsewhere);
    free(first);
    free(again);
    free(elsewhere);
    fixture_destroy(&other);
    cases_free(&cases);
}

static void test_training_leaves_the_engine_as_it_was(void **state)
{
    (void)state;
    static const char body[] = "{\"projects\":[{\"name\":\"居家养老服务\"},{\"name\":\"设备购置\"},"
                               "{\"name\":\"竹马陪伴、木椅采买\"}]}";
    struct cases cases = own_cases();
    struct answers before = answers_of(fixture, body, strlen(body));
    free(trained(fixture, &cases));
    struct answers after = answers_of(fixture, body, strlen(body));
    assert_string_equal(before.text, after.text);
    answers_free(&before);
    answers_free(&after);
    cases_free(&cases);
}

static void test_an_engine_built_with_the_model_knows_what_the_cases_taught(void **state)
{
    (void)state;
    struct cases cases = own_cases();
    char *model = trained(fixture, &cases);
    struct strbuf data = {0};
    strbuf_printf(&data, "%s/trained", fixture->directory);
    fixture_write_data(data.text, model);
    struct fixture *taught = fixture_of(data.text);
    struct jv *before = answer_of(fixture, "{\"name\":\"竹马陪伴\"}");
    struct jv *after = answer_of(taught, "{\"name\":\"竹马陪伴\"}");
    assert_string_equal(first_code(before), "");
    assert_string_equal(first_code(after), "A040103");
    assert_string_equal(jv_get_text(after, "kind"), "service");
    assert_string_not_equal(engine_model(fixture->engine), engine_model(taught->engine));
    jv_destroy(&after);
    after = answer_of(taught, "{\"name\":\"某单位木椅采买\"}");
    assert_string_equal(jv_get_text(after, "kind"), "goods");
    assert_string_equal(jv_get_text(after, "decision"), "none");
    jv_destroy(&before);
    jv_destroy(&after);
    fixture_destroy(&taught);
    strbuf_free(&data);
    free(model);
    cases_free(&cases);
}

static void test_cases_of_an_unknown_revision_or_item_teach_nothing(void **state)
{
    (void)state;
    struct strbuf text = {0};
    put_cases(&text);
    struct cases cases = read_cases(text.text);
    char *model = trained(fixture, &cases);
    cases_free(&cases);
    strbuf_puts(&text, "{\"name\":\"竹马\",\"catalog\":\"无〔1999〕1号\",\"kind\":\"service\","
                       "\"label\":{\"department_label\":\"民政\",\"code\":\"A040101\"}}\n"
                       "{\"name\":\"竹马\",\"kind\":\"service\",\"label\":{\"department_label\":"
                       "\"民政\",\"code\":\"A999999\"}}\n");
    cases = read_cases(text.text);
    char *again = trained(fixture, &cases);
    assert_string_equal(model, again);
    cases_free(&cases);
    free(model);
    free(again);
    strbuf_free(&text);
}

static void test_a_bad_case_is_named_by_its_line_and_nothing_is_added(void **state)
{
    (void)state;
    static const struct {
        const char *line, *code;
    } bad[] = {{"{\"name\":", "input.not_json"},
               {"{\"name\":\"\xFF\"}", "input.not_utf8"},
               {"{\"label\":{},\"kind\":\"goods\"}", "project.name_missing"},
               {"{\"name\":\"甲\",\"kind\":\"goods\"}", "case.no_label"},
               {"{\"name\":\"甲\",\"kind\":\"thing\",\"label\":{}}", "case.no_label"},
               {"{\"name\":\"甲\",\"label\":{\"code\":null}}", "case.no_label"}};
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/bad.jsonl", fixture->directory);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct cases cases = own_cases();
        size_t before = cases.count;
        struct fault fault = {0};
        struct strbuf text = {0};
        strbuf_printf(&text, "{\"name\":\"甲\",\"kind\":\"goods\",\"label\":{}}\n\n%s\n",
                      bad[i].line);
        file_write(fixture->directory, "bad.jsonl", text.text);
        assert_int_equal(cases_read(&cases, path.text, &fault), -1);
        assert_string_equal(fault.code, bad[i].code);
        assert_non_null(strstr(fault.message, "bad.jsonl:3: "));
        assert_int_equal(cases.count, before);
        strbuf_free(&text);
        cases_free(&cases);
    }
    struct cases cases = {0};
    struct fault fault = {0};
    assert_int_equal(cases_read(&cases, "/nonexistent.jsonl", &fault), -1);
    assert_string_equal(fault.code, "case.open");
    assert_int_equal(cases_read_all(&cases, fixture->directory, &fault), -1);
    strbuf_free(&path);
}

static void test_a_case_accepts_its_codes_in_its_department(void **state)
{
    (void)state;
    const struct thesaurus *thesaurus = fixture_mind(fixture)->thesaurus;
    struct cases cases = read_cases(
        "{\"name\":\"甲\",\"kind\":\"service\",\"label\":{\"department_label\":\"民政\",\"code\":"
        "\"A040101\",\"also\":[\"A040102\",7,\"B0302\"]}}\n"
        "{\"name\":\"乙\",\"label\":{\"department_label\":\"信访\",\"code\":\"A040101\"}}\n");
    const struct labelled *first = &cases.all[0];
    assert_true(case_accepts(first, thesaurus, "民政", "A040101"));
    assert_true(case_accepts(first, thesaurus, "民 政", "A040102"));
    assert_true(case_accepts(first, thesaurus, "B", "B0302"));
    assert_false(case_accepts(first, thesaurus, "信访", "A040101"));
    assert_false(case_accepts(first, thesaurus, "民政", "A040201"));
    assert_int_equal(cases.all[1].kind, KIND_SERVICE);
    const struct leaf *leaf = case_leaf(&cases.all[1], thesaurus, &thesaurus->revisions[0]);
    assert_string_equal(leaf->department, "信访");
    assert_null(case_leaf(&cases.all[1], thesaurus, &thesaurus->revisions[1]));
    cases_free(&cases);
}

static void test_the_choice_is_fitted_to_what_tells_the_right_from_the_wrong(void **state)
{
    (void)state;
    /* Feature 0 is 1 for the right one, feature 1 for the first listed, feature 2 for all. */
    double features[] = {1, 1, 1, 0, 0, 1}, turned[] = {0, 1, 1, 1, 0, 1};
    bool right[] = {true, false}, left[] = {false, true}, neither[] = {false, false};
    const struct fit_choice choices[] = {
        {2, 1, features, right}, {2, 1, turned, left}, {2, 0, turned, neither}, {0, 0, NULL, NULL}};
    double weights[3] = {0, 0, 0}, again[3] = {0, 0, 0};
    fit_choices(choices, 4, 3, weights);
    assert_true(weights[0] > 2);
    assert_true(fabs(weights[1]) < 0.05 && fabs(weights[2]) < 0.05);
    fit_choices(choices, 4, 3, again);
    assert_memory_equal(weights, again, sizeof weights);
    double kept[3] = {1, 2, 3};
    fit_choices(choices + 2, 2, 3, kept);
    assert_true(kept[0] == 1.0 && kept[1] == 2.0 && kept[2] == 3.0);
}

static void test_kinds_are_fitted_without_the_fold_that_is_left_out(void **state)
{
    (void)state;
    struct kind_feature table = {.key = 1, .value = 1.0f}, chair = {.key = 2, .value = 1.0f};
    struct fit_example examples[12] = {{0}};
    for (int i = 0; i < 12; i++) {
        examples[i] = (struct fit_example){
            .kind = i % 2 ? KIND_GOODS : KIND_SERVICE,
            .fold = i >= 8,
            .sparse = i >= 8 ? &chair : &table,
            .sparse_count = i % 2 ? 1 : 0,
        };
        examples[i].dense[DENSE_BIAS] = 1;
    }
    struct model *model = model_new();
    fit_kinds(examples, 12, 1, model);
    assert_int_equal(model->kind_word_count, 1);
    assert_int_equal(model->kind_words[0].pair, 1);
    assert_true(model->kind_words[0].weights[KIND_GOODS] >
                model->kind_words[0].weights[KIND_SERVICE]);
    fit_kinds(examples, 12, -1, model);
    assert_int_equal(model->kind_word_count, 2);
    model_destroy(&model);
}

static void test_confidence_is_fitted_to_how_often_the_outcome_was_right(void **state)
{
    (void)state;
    enum { COUNT = 400 };
    struct fit_outcome *outcomes = xcalloc(COUNT, sizeof *outcomes);
    for (int i = 0; i < COUNT; i++) { /* at top = 2 nine in ten are right, at -2 one in ten */
        bool high = i % 2, odd = i / 2 % 10 == 0;
        outcomes[i].weight = 1;
        outcomes[i].terms[CONFIDENCE_BIAS] = 1;
        outcomes[i].terms[CONFIDENCE_TOP] = high ? 2 : -2;
        outcomes[i].right = high != odd;
    }
    struct model *model = model_new();
    fit_confidence(outcomes, COUNT, model);
    const double *weights = model->confidence;
    assert_true(fabs(logistic(weights[CONFIDENCE_BIAS] + 2 * weights[CONFIDENCE_TOP]) - 0.9) <
                0.01);
    assert_true(fabs(logistic(weights[CONFIDENCE_BIAS] - 2 * weights[CONFIDENCE_TOP]) - 0.1) <
                0.01);
    /* Nine in ten is not enough to pass by itself. */
    assert_true(model->auto_threshold >= 0.99);
    for (int i = 0; i < COUNT; i++)
        outcomes[i].right = i % 2;
    fit_confidence(outcomes, COUNT, model);
    assert_true(model->auto_threshold <=
                logistic(weights[CONFIDENCE_BIAS] + 2 * weights[CONFIDENCE_TOP]));
    assert_true(model->auto_threshold > 0.5);
    model_destroy(&model);
    free(outcomes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_cases_give_the_same_model),
        cmocka_unit_test(test_training_leaves_the_engine_as_it_was),
        cmocka_unit_test(test_an_engine_built_with_the_model_knows_what_the_cases_taught),
        cmocka_unit_test(test_cases_of_an_unknown_revision_or_item_teach_nothing),
        cmocka_unit_test(test_a_bad_case_is_named_by_its_line_and_nothing_is_added),
        cmocka_unit_test(test_a_case_accepts_its_codes_in_its_department),
        cmocka_unit_test(test_the_choice_is_fitted_to_what_tells_the_right_from_the_wrong),
        cmocka_unit_test(test_kinds_are_fitted_without_the_fold_that_is_left_out),
        cmocka_unit_test(test_confidence_is_fitted_to_how_often_the_outcome_was_right),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
