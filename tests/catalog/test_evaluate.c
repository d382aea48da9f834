/* What `jinmu eval` says of outcomes, on a handful whose figures can be counted by hand. */
#include "catalog/learn/evaluate_compare.h"
#include "catalog/learn/evaluate_tables.h"
#include "services/cli/eval_report.h"
#include "services/cli/html.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct leaf rescue = {.department = "民政", .code = "A1", .name = "救助服务"};
static const struct leaf adoption = {.department = "民政", .code = "A2", .name = "收养服务"};
static const struct leaf road = {.department = "交通运输", .code = "A3", .name = "养护服务"};
static const struct leaf printing = {.department = "B", .code = "B1", .name = "印刷服务"};

enum { CASES = 12 };

/* Labels and outcomes that stay where they are, since outcomes point to labels. */
struct sample {
    struct labelled labelled[CASES];
    struct outcome outcomes[CASES];
    struct evaluation evaluation;
};

static struct outcome *add(struct sample *sample, const char *id, enum kind kind,
                           enum decision decision, double confidence)
{
    size_t number = sample->evaluation.count++;
    assert_true(number < CASES);
    struct labelled *labelled = &sample->labelled[number];
    *labelled = (struct labelled){.kind = kind, .difficulty = "easy", .department = ""};
    labelled->project = (struct project){.id = id};
    for (int f = 0; f < FIELDS; f++)
        labelled->project.fields[f] = "";
    labelled->project.fields[FIELD_NAME] = id;
    sample->evaluation.outcomes = sample->outcomes;
    sample->outcomes[number] = (struct outcome){
        .labelled = labelled, .decision = decision, .kind = KINDS, .confidence = confidence};
    return &sample->outcomes[number];
}

/* A service case of `wanted`, answered by `first`; the wanted one stands at `rank`. */
static void add_service(struct sample *sample, const char *id, const char *difficulty,
                        const struct leaf *wanted, const struct leaf *first, int rank,
                        enum decision decision, double confidence)
{
    struct outcome *outcome = add(sample, id, KIND_SERVICE, decision, confidence);
    struct labelled *labelled = &sample->labelled[sample->evaluation.count - 1];
    labelled->difficulty = difficulty;
    labelled->department = wanted->department;
    labelled->codes[labelled->code_count++] = wanted->code;
    outcome->wanted = wanted;
    outcome->first = first;
    outcome->rank = rank;
    outcome->kind = KIND_SERVICE;
    outcome->right = rank == 1;
}

/* A case of another kind, taken for `said` (a service: then `first` is its item). */
static void add_other(struct sample *sample, const char *id, enum kind kind, enum kind said,
                      const struct leaf *first, double confidence)
{
    enum decision decision = said == KIND_SERVICE ? DECISION_REVIEW : DECISION_NONE;
    struct outcome *outcome = add(sample, id, kind, decision, confidence);
    outcome->kind = said;
    outcome->first = first;
    outcome->right = said != KIND_SERVICE;
}

static void fill(struct sample *sample)
{
    *sample = (struct sample){.evaluation = {NULL, 0}};
    add_service(sample, "s1", "easy", &rescue, &rescue, 1, DECISION_AUTO, 0.95);
    add_service(sample, "s2", "easy", &printing, &printing, 1, DECISION_AUTO, 0.95);
    add_service(sample, "s3", "hard", &rescue, &adoption, 2, DECISION_AUTO, 0.95);
    add_service(sample, "s4", "hard", &rescue, &adoption, 3, DECISION_REVIEW, 0.65);
    add_service(sample, "s5", "hard", &road, &printing, 0, DECISION_REVIEW, 0.35);
    add_service(sample, "s6", "medium", &road, &road, 1, DECISION_REVIEW, 0.65);
    add_other(sample, "g1", KIND_GOODS, KIND_GOODS, NULL, 0.95);
    add_other(sample, "g2", KIND_GOODS, KIND_WORKS, NULL, 0.95);
    add_other(sample, "g3", KIND_GOODS, KIND_SERVICE, &printing, 0.65);
    add_other(sample, "w1", KIND_WORKS, KIND_WORKS, NULL, 0.65);
}

static void assert_share(struct share share, size_t count, size_t of)
{
    assert_int_equal(share.count, count);
    assert_int_equal(share.of, of);
}

static void assert_near(double value, double wanted)
{
    if (!(fabs(value - wanted) < 1e-9))
        fail_msg("%.12f is not %.12f", value, wanted);
}

static void test_top_counts_services_up_to_the_rank(void **state)
{
    (void)state;
    struct sample sample;
    fill(&sample);
    assert_share(evaluation_top(&sample.evaluation, 1, NULL, NULL), 3, 6);
    assert_share(evaluation_top(&sample.evaluation, 2, NULL, NULL), 4, 6);
    assert_share(evaluation_top(&sample.evaluation, 3, NULL, NULL), 5, 6);
    assert_share(evaluation_top(&sample.evaluation, 3, case_of_difficulty, "hard"), 2, 3);
    assert_share(evaluation_top(&sample.evaluation, 3, case_of_difficulty, "real"), 0, 0);
}

static void test_none_figures_weigh_missed_and_wrongly_refused(void **state)
{
    (void)state;
    struct sample sample;
    fill(&sample);
    /* And a service that was refused. */
    add_service(&sample, "s7", "easy", &road, &road, 1, DECISION_NONE, 0.9);
    struct none_figures none = evaluation_none(&sample.evaluation);
    assert_near(none.precision, 3.0 / 4);
    assert_near(none.recall, 3.0 / 4);
    assert_near(none.f1, 3.0 / 4);
    assert_share(none.kind, 2, 4);
}

static void test_auto_covers_all_cases_and_is_right_among_its_own(void **state)
{
    (void)state;
    struct sample sample;
    fill(&sample);
    struct auto_figures figures = evaluation_auto(&sample.evaluation);
    assert_share(figures.coverage, 3, 10);
    assert_share(figures.precision, 2, 3);
}

static void test_calibration_error_weighs_bins_by_their_cases(void **state)
{
    (void)state;
    struct sample sample;
    struct calibration calibration;
    fill(&sample);
    evaluation_calibration(&sample.evaluation, &calibration);
    assert_int_equal(calibration.bins[9].count, 5);
    assert_near(calibration.bins[9].confidence, 0.95);
    assert_near(calibration.bins[9].right, 0.8);
    assert_int_equal(calibration.bins[6].count, 4);
    assert_near(calibration.bins[6].right, 0.5);
    assert_int_equal(calibration.bins[3].count, 1);
    assert_near(calibration.bins[3].right, 0);
    /* 0.5 * |0.95 - 0.8| + 0.4 * |0.65 - 0.5| + 0.1 * |0.35 - 0| */
    assert_near(calibration.error, 0.075 + 0.06 + 0.035);
}

static void test_certainty_belongs_to_the_last_bin(void **state)
{
    (void)state;
    struct sample sample = {.evaluation = {NULL, 0}};
    struct calibration calibration;
    add_service(&sample, "s1", "easy", &rescue, &rescue, 1, DECISION_AUTO, 1.0);
    evaluation_calibration(&sample.evaluation, &calibration);
    assert_int_equal(calibration.bins[9].count, 1);
    assert_near(calibration.error, 0);
}

static void test_figures_without_cases_are_not_measured(void **state)
{
    (void)state;
    struct sample sample = {.evaluation = {NULL, 0}};
    double figures[FIGURES];
    add_other(&sample, "g1", KIND_GOODS, KIND_GOODS, NULL, 0.95);
    evaluation_figures(&sample.evaluation, figures);
    assert_true(isnan(figures[FIGURE_TOP1]));
    assert_true(isnan(figures[FIGURE_TOP1_HARD]));
    assert_true(isnan(figures[FIGURE_AUTO_PRECISION]));
    assert_near(figures[FIGURE_NONE_F1], 1);
    assert_near(figures[FIGURE_AUTO_COVERAGE], 0);
}

static void test_calibration_target_is_a_limit_from_above(void **state)
{
    (void)state;
    assert_true(figure_on_target(FIGURE_CALIBRATION_ERROR, 0.05));
    assert_false(figure_on_target(FIGURE_CALIBRATION_ERROR, 0.06));
    assert_true(figure_on_target(FIGURE_TOP1, 0.9));
    assert_false(figure_on_target(FIGURE_TOP1, 0.89));
}

static void test_departments_come_with_most_cases_first(void **state)
{
    (void)state;
    struct sample sample;
    struct tallies tallies;
    fill(&sample);
    tallies_by_department(&sample.evaluation, &tallies);
    assert_int_equal(tallies.count, 3);
    assert_string_equal(tallies.all[0].name, "民政");
    assert_int_equal(tallies.all[0].count, 3);
    assert_share(tallies.all[0].top1, 1, 3);
    assert_share(tallies.all[0].top3, 3, 3);
    assert_share(tallies.all[0].coverage, 2, 3);
    assert_share(tallies.all[0].precision, 1, 2);
    assert_string_equal(tallies.all[1].name, "交通运输");
    assert_share(tallies.all[1].precision, 0, 0);
    assert_string_equal(tallies.all[2].name, "B");
    tallies_free(&tallies);
}

static void test_kinds_are_counted_against_kinds(void **state)
{
    (void)state;
    struct sample sample;
    struct kind_matrix matrix;
    fill(&sample);
    add(&sample, "unknown revision", KIND_WORKS, DECISION_REVIEW, 0);
    kind_matrix_count(&sample.evaluation, &matrix);
    assert_int_equal(matrix.cells[KIND_SERVICE][KIND_SERVICE], 6);
    assert_int_equal(matrix.cells[KIND_GOODS][KIND_WORKS], 1);
    assert_int_equal(matrix.cells[KIND_WORKS][KINDS], 1);
    struct kind_figures goods = kind_figures(&matrix, KIND_GOODS);
    assert_share(goods.recall, 1, 3);
    assert_share(goods.precision, 1, 1);
    assert_near(goods.f1, 0.5);
    struct kind_figures works = kind_figures(&matrix, KIND_WORKS);
    assert_share(works.recall, 1, 2);
    assert_share(works.precision, 1, 2);
    assert_near(kind_figures(&matrix, KIND_SUBSIDY).f1, 0);
}

static void assert_confusion(const struct confusion *confusion, size_t count, const char *first_id)
{
    assert_int_equal(confusion->count, count);
    assert_string_equal(confusion->outcomes[0]->labelled->project.id, first_id);
}

static void test_confusions_are_listed_by_frequency_then_sureness(void **state)
{
    (void)state;
    struct sample sample;
    struct confusions confusions;
    fill(&sample);
    confusions_find(&sample.evaluation, &confusions);
    assert_int_equal(confusions.count, 4);
    assert_confusion(&confusions.all[0], 2, "s3"); /* before s4, which is less sure */
    assert_string_equal(confusions.all[0].outcomes[1]->labelled->project.id, "s4");
    assert_confusion(&confusions.all[1], 1, "g2"); /* rightly none, of the wrong kind */
    assert_confusion(&confusions.all[2], 1, "g3");
    assert_confusion(&confusions.all[3], 1, "s5");
    struct meaning wanted = outcome_wanted(confusions.all[0].outcomes[0]);
    struct meaning said = outcome_said(confusions.all[0].outcomes[0]);
    assert_string_equal(wanted.code, "A1");
    assert_string_equal(wanted.name, "救助服务");
    assert_string_equal(said.code, "A2");
    assert_int_equal(outcome_said(confusions.all[1].outcomes[0]).kind, KIND_WORKS);
    assert_null(outcome_said(confusions.all[1].outcomes[0]).code);
    confusions_free(&confusions);
}

static void test_lower_threshold_covers_more(void **state)
{
    (void)state;
    struct sample sample;
    struct curve curve;
    fill(&sample);
    curve_draw(&sample.evaluation, &curve);
    assert_int_equal(curve.count, 3); /* a point for each confidence among services */
    assert_near(curve.points[0].threshold, 0.95);
    assert_share(curve.points[0].coverage, 3, 10);
    assert_share(curve.points[0].precision, 2, 3);
    assert_near(curve.points[1].threshold, 0.65);
    assert_share(curve.points[1].coverage, 6, 10);
    assert_share(curve.points[1].precision, 3, 6);
    assert_share(curve.points[2].coverage, 7, 10);
    curve_free(&curve);
}

static void test_comparison_names_what_turned(void **state)
{
    (void)state;
    struct sample before, now;
    struct comparison comparison;
    fill(&before);
    fill(&now);
    struct jv *earlier = evaluation_json(&before.evaluation);
    now.outcomes[3].rank = 1; /* s4 */
    now.outcomes[3].right = true;
    now.outcomes[6].right = false; /* g1 */
    now.labelled[5].project.id = "s6-new";
    assert_int_equal(evaluation_compare(&now.evaluation, earlier, &comparison, NULL), 0);
    assert_int_equal(comparison.better.count, 1);
    assert_ptr_equal(comparison.better.all[0].now, &now.outcomes[3]);
    assert_string_equal(jv_get_text(comparison.better.all[0].before, "id"), "s4");
    assert_int_equal(comparison.worse.count, 1);
    assert_ptr_equal(comparison.worse.all[0].now, &now.outcomes[6]);
    assert_int_equal(comparison.common, 9);
    assert_int_equal(comparison.only_now, 1);
    assert_int_equal(comparison.only_before, 1);
    assert_near(comparison.before[FIGURE_TOP1], 3.0 / 6);
    assert_near(comparison.now[FIGURE_TOP1], 4.0 / 6);
    comparison_free(&comparison);
    jv_destroy(&earlier);
}

static void test_cases_of_the_same_id_are_compared_in_their_order(void **state)
{
    (void)state;
    struct sample before = {.evaluation = {NULL, 0}}, now = {.evaluation = {NULL, 0}};
    struct comparison comparison;
    for (int i = 0; i < 2; i++) {
        add_service(&before, "twin", "easy", &road, &road, i == 0, DECISION_REVIEW, 0.5);
        add_service(&now, "twin", "easy", &road, &road, 1, DECISION_REVIEW, 0.5);
    }
    add_service(&now, "twin", "easy", &road, &road, 0, DECISION_REVIEW, 0.5);
    struct jv *earlier = evaluation_json(&before.evaluation);
    assert_int_equal(evaluation_compare(&now.evaluation, earlier, &comparison, NULL), 0);
    assert_int_equal(comparison.common, 2);
    assert_int_equal(comparison.only_now, 1);
    assert_int_equal(comparison.worse.count, 0);
    assert_int_equal(comparison.better.count, 1);
    assert_ptr_equal(comparison.better.all[0].now, &now.outcomes[1]);
    comparison_free(&comparison);
    jv_destroy(&earlier);
}

static void test_comparison_refuses_what_is_no_evaluation(void **state)
{
    (void)state;
    struct sample now;
    struct comparison comparison;
    struct fault fault = {0};
    fill(&now);
    struct jv *project = jv_object();
    assert_int_equal(evaluation_compare(&now.evaluation, project, &comparison, &fault), -1);
    assert_string_equal(fault.code, "eval.not_an_evaluation");
    jv_destroy(&project);
}

static void test_html_text_reads_as_it_is(void **state)
{
    (void)state;
    struct strbuf out = {0};
    html_text(&out, "<a href=\"x\" b='y'>救助 & \x01</a>");
    assert_string_equal(out.text, "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;救助 &amp; "
                                  "\xEF\xBF\xBD&lt;/a&gt;");
    strbuf_free(&out);
}

static char *report_of(const struct evaluation *evaluation, const struct comparison *comparison,
                       const char *cases)
{
    struct strbuf page = {0};
    struct eval_report report = {.made = "2026-01-02 03:04",
                                 .engine = "0",
                                 .model = "sha256:0",
                                 .cases = cases,
                                 .plain = evaluation,
                                 .comparison = comparison,
                                 .earlier = cases};
    eval_report_write(&page, &report);
    return strbuf_take(&page);
}

static void test_report_lets_no_markup_through(void **state)
{
    (void)state;
    static const char evil[] = "<script>\"'&</script>";
    struct leaf leaf = {.department = evil, .code = evil, .name = evil};
    struct sample before = {.evaluation = {NULL, 0}}, now = {.evaluation = {NULL, 0}};
    struct comparison comparison;
    add_service(&before, evil, evil, &leaf, &leaf, 1, DECISION_AUTO, 0.5);
    add_service(&now, evil, evil, &leaf, &leaf, 2, DECISION_AUTO, 0.5);
    struct jv *earlier = evaluation_json(&before.evaluation);
    assert_int_equal(evaluation_compare(&now.evaluation, earlier, &comparison, NULL), 0);
    assert_int_equal(comparison.worse.count, 1);
    char *page = report_of(&now.evaluation, &comparison, evil);
    assert_null(strstr(page, "<script"));
    assert_non_null(strstr(page, "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;"));
    free(page);
    comparison_free(&comparison);
    jv_destroy(&earlier);
}

static void test_report_needs_nothing_from_elsewhere(void **state)
{
    (void)state;
    struct sample sample;
    fill(&sample);
    char *page = report_of(&sample.evaluation, NULL, "cases.jsonl");
    assert_null(strstr(page, "http:"));
    assert_null(strstr(page, "https:"));
    assert_null(strstr(page, "src="));
    assert_null(strstr(page, "url("));
    assert_non_null(strstr(page, "prefers-color-scheme: dark"));
    for (int i = 0; i < 3; i++) { /* the three plots */
        char *plot = strstr(page, "<svg");
        assert_non_null(plot);
        *plot = ' ';
    }
    assert_null(strstr(page, "nan"));
    free(page);
}

static void test_report_of_no_case_has_no_figures(void **state)
{
    (void)state;
    struct evaluation none = {NULL, 0};
    char *page = report_of(&none, NULL, "");
    assert_non_null(strstr(page, "0 个案例"));
    assert_null(strstr(page, "nan"));
    assert_null(strstr(page, "inf"));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top_counts_services_up_to_the_rank),
        cmocka_unit_test(test_none_figures_weigh_missed_and_wrongly_refused),
        cmocka_unit_test(test_auto_covers_all_cases_and_is_right_among_its_own),
        cmocka_unit_test(test_calibration_error_weighs_bins_by_their_cases),
        cmocka_unit_test(test_certainty_belongs_to_the_last_bin),
        cmocka_unit_test(test_figures_without_cases_are_not_measured),
        cmocka_unit_test(test_calibration_target_is_a_limit_from_above),
        cmocka_unit_test(test_departments_come_with_most_cases_first),
        cmocka_unit_test(test_kinds_are_counted_against_kinds),
        cmocka_unit_test(test_confusions_are_listed_by_frequency_then_sureness),
        cmocka_unit_test(test_lower_threshold_covers_more),
        cmocka_unit_test(test_comparison_names_what_turned),
        cmocka_unit_test(test_cases_of_the_same_id_are_compared_in_their_order),
        cmocka_unit_test(test_comparison_refuses_what_is_no_evaluation),
        cmocka_unit_test(test_html_text_reads_as_it_is),
        cmocka_unit_test(test_report_lets_no_markup_through),
        cmocka_unit_test(test_report_needs_nothing_from_elsewhere),
        cmocka_unit_test(test_report_of_no_case_has_no_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
