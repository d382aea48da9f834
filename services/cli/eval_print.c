#include "services/cli/eval_print.h"

#include "services/cli/columns.h"
#include "services/cli/eval_words.h"

#include <math.h>
#include <stdio.h>

static void print_top(const char *title, const struct evaluation *evaluation, case_filter *wanted,
                      const void *argument)
{
    struct share first = evaluation_top(evaluation, 1, wanted, argument);
    struct share third = evaluation_top(evaluation, 3, wanted, argument);
    if (first.of)
        printf("  %-22s %5zu   top-1 %.3f   top-3 %.3f\n", title, first.of, share_value(first),
               share_value(third));
}

void print_figures(const struct evaluation *evaluation)
{
    struct none_figures none = evaluation_none(evaluation);
    struct auto_figures automatic = evaluation_auto(evaluation);
    struct calibration calibration;
    evaluation_calibration(evaluation, &calibration);
    printf("cases %zu\nservices\n", evaluation->count);
    print_top("all", evaluation, NULL, NULL);
    for (int d = 0; d < DIFFICULTIES; d++)
        print_top(difficulty_names[d], evaluation, case_of_difficulty, difficulty_names[d]);
    printf("not a service\n  precision %.3f   recall %.3f   F1 %.3f   kind named right %.3f "
           "(of %zu)\n",
           none.precision, none.recall, none.f1, share_value(none.kind), none.kind.of);
    printf("decision auto\n  coverage %.3f   right %.3f (%zu of %zu)\n",
           share_value(automatic.coverage), share_value(automatic.precision),
           automatic.precision.count, automatic.precision.of);
    printf("calibration\n  expected error %.3f\n", calibration.error);
    for (int b = 0; b < CALIBRATION_BINS; b++)
        if (calibration.bins[b].count)
            printf("  %.1f-%.1f %5zu   said %.3f   was %.3f\n", b / 10.0, (b + 1) / 10.0,
                   calibration.bins[b].count, calibration.bins[b].confidence,
                   calibration.bins[b].right);
}

/* Rows are set in under the title by an empty first column. */
static void begin_row(struct columns *table)
{
    columns_add(table, "");
}

static void add_titles(struct columns *table, const char *const *titles)
{
    begin_row(table);
    for (size_t i = 0; i + 1 < table->count; i++)
        columns_add(table, titles[i]);
}

static void add_share(struct columns *table, struct share share)
{
    char text[32] = "-";
    if (share.of)
        snprintf(text, sizeof text, "%.3f", share_value(share));
    columns_add(table, text);
}

static void add_words(struct columns *table, struct meaning meaning)
{
    struct strbuf text = {0};
    meaning_words(&text, meaning);
    columns_add(table, text.text);
    strbuf_free(&text);
}

static void print_kinds(const struct evaluation *evaluation)
{
    static const char *const titles[] = {"性质", "案例", "判对", "召回", "精确", "F1"};
    struct columns table = {.count = 7};
    struct kind_matrix matrix;
    kind_matrix_count(evaluation, &matrix);
    puts("by kind");
    add_titles(&table, titles);
    for (int k = 0; k < KINDS; k++) {
        struct kind_figures figures = kind_figures(&matrix, (enum kind)k);
        if (!figures.recall.of && !figures.precision.of)
            continue;
        begin_row(&table);
        columns_add(&table, kind_word((enum kind)k));
        columns_add_number(&table, (long)figures.recall.of);
        columns_add_number(&table, (long)figures.recall.count);
        add_share(&table, figures.recall);
        add_share(&table, figures.precision);
        char f1[32];
        snprintf(f1, sizeof f1, "%.3f", figures.f1);
        columns_add(&table, f1);
    }
    columns_print(&table);
}

static void print_departments(const struct evaluation *evaluation)
{
    static const char *const titles[] = {"部门", "案例", "首位", "前三", "自动覆盖", "自动正确"};
    struct columns table = {.count = 7};
    struct tallies tallies = {0};
    tallies_by_department(evaluation, &tallies);
    if (tallies.count) {
        puts("by department");
        add_titles(&table, titles);
    }
    for (size_t i = 0; i < tallies.count; i++) {
        const struct tally *tally = &tallies.all[i];
        begin_row(&table);
        columns_add(&table, department_word(tally->name));
        columns_add_number(&table, (long)tally->count);
        add_share(&table, tally->top1);
        add_share(&table, tally->top3);
        add_share(&table, tally->coverage);
        add_share(&table, tally->precision);
    }
    columns_print(&table);
    tallies_free(&tallies);
}

static void add_ids(struct columns *table, const struct confusion *confusion)
{
    struct strbuf ids = {0};
    for (size_t i = 0; i < confusion->count; i++)
        strbuf_printf(&ids, "%s%s", i ? " " : "", confusion->outcomes[i]->labelled->project.id);
    columns_add(table, ids.text);
    strbuf_free(&ids);
}

static void print_confusions(const struct evaluation *evaluation)
{
    static const char *const titles[] = {"次数", "应为", "认作", "案例"};
    struct columns table = {.count = 5};
    struct confusions confusions = {0};
    confusions_find(evaluation, &confusions);
    if (confusions.count) {
        puts("taken for");
        add_titles(&table, titles);
    }
    for (size_t i = 0; i < confusions.count; i++) {
        const struct confusion *confusion = &confusions.all[i];
        begin_row(&table);
        columns_add_number(&table, (long)confusion->count);
        add_words(&table, outcome_wanted(confusion->outcomes[0]));
        add_words(&table, outcome_said(confusion->outcomes[0]));
        add_ids(&table, confusion);
    }
    columns_print(&table);
    confusions_free(&confusions);
}

void print_tables(const struct evaluation *evaluation)
{
    print_kinds(evaluation);
    print_departments(evaluation);
    print_confusions(evaluation);
}

void print_wrong(const struct evaluation *evaluation)
{
    puts("wrong");
    for (size_t i = 0; i < evaluation->count; i++) {
        const struct outcome *outcome = &evaluation->outcomes[i];
        if (outcome->right)
            continue;
        const struct labelled *labelled = outcome->labelled;
        printf("  %s %s %s %s%s -> %s %s %s %s %.2f | %s\n", labelled->project.id,
               labelled->difficulty, kind_name(labelled->kind), labelled->department,
               labelled->code_count ? labelled->codes[0] : "", decision_name(outcome->decision),
               outcome->kind == KINDS ? "" : kind_name(outcome->kind),
               outcome->first ? outcome->first->code : "",
               outcome->first ? outcome->first->name : "", outcome->confidence,
               labelled->project.fields[FIELD_NAME]);
    }
}

static void add_before(struct columns *table, const struct jv *before)
{
    const char *decision = jv_get_text(before, "decision");
    struct strbuf text = {0};
    meaning_words_before(&text, before);
    strbuf_printf(&text, " (%s %.2f)", decision ? decision : "?",
                  jv_get_number(before, "confidence", 0));
    columns_add(table, text.text);
    strbuf_free(&text);
}

static void add_now(struct columns *table, const struct outcome *now)
{
    struct strbuf text = {0};
    meaning_words(&text, outcome_said(now));
    strbuf_printf(&text, " (%s %.2f)", decision_name(now->decision), now->confidence);
    columns_add(table, text.text);
    strbuf_free(&text);
}

static void print_changes(const char *title, const struct changes *changes)
{
    static const char *const titles[] = {"案例", "项目", "原判", "现判"};
    struct columns table = {.count = 5};
    printf("%s %zu\n", title, changes->count);
    if (changes->count)
        add_titles(&table, titles);
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->all[i];
        begin_row(&table);
        columns_add(&table, change->now->labelled->project.id);
        columns_add(&table, change->now->labelled->project.fields[FIELD_NAME]);
        add_before(&table, change->before);
        add_now(&table, change->now);
    }
    columns_print(&table);
}

void print_comparison(const struct comparison *comparison, const char *earlier)
{
    printf("compared with %s\n  cases in both %zu   only now %zu   only before %zu\n", earlier,
           comparison->common, comparison->only_now, comparison->only_before);
    for (int f = 0; f < FIGURES; f++) {
        double before = comparison->before[f], now = comparison->now[f];
        if (isnan(before) || isnan(now))
            continue;
        printf("  %-18s %.3f -> %.3f", figure_meanings[f].name, before, now);
        if (fabs(now - before) >= 0.0005)
            printf("   %+.3f", now - before);
        putchar('\n');
    }
    print_changes("better", &comparison->better);
    print_changes("worse", &comparison->worse);
}
