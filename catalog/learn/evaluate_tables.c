#include "catalog/learn/evaluate_tables.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

static struct tally *tally_of(struct tallies *tallies, const char *name)
{
    for (size_t i = 0; i < tallies->count; i++)
        if (strcmp(tallies->all[i].name, name) == 0)
            return &tallies->all[i];
    tallies->all = xrealloc(tallies->all, (tallies->count + 1) * sizeof *tallies->all);
    tallies->all[tallies->count] = (struct tally){.name = name};
    return &tallies->all[tallies->count++];
}

static void tally_add(struct tally *tally, const struct outcome *outcome)
{
    bool automatic = outcome->decision == DECISION_AUTO;
    tally->count++;
    tally->top1.of++;
    tally->top1.count += outcome->rank == 1;
    tally->top3.of++;
    tally->top3.count += outcome->rank >= 1 && outcome->rank <= 3;
    tally->coverage.of++;
    tally->coverage.count += automatic;
    tally->precision.of += automatic;
    tally->precision.count += automatic && outcome->right;
}

static int by_size(const void *left, const void *right)
{
    const struct tally *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return strcmp(a->name, b->name);
}

void tallies_by_department(const struct evaluation *evaluation, struct tallies *tallies)
{
    *tallies = (struct tallies){0};
    for (size_t i = 0; i < evaluation->count; i++) {
        const struct outcome *outcome = &evaluation->outcomes[i];
        if (outcome->labelled->kind == KIND_SERVICE)
            tally_add(tally_of(tallies, outcome->labelled->department), outcome);
    }
    if (tallies->count)
        qsort(tallies->all, tallies->count, sizeof *tallies->all, by_size);
}

void tallies_free(struct tallies *tallies)
{
    free(tallies->all);
    *tallies = (struct tallies){0};
}

void kind_matrix_count(const struct evaluation *evaluation, struct kind_matrix *matrix)
{
    memset(matrix, 0, sizeof *matrix);
    for (size_t i = 0; i < evaluation->count; i++) {
        const struct outcome *outcome = &evaluation->outcomes[i];
        matrix->cells[outcome->labelled->kind][outcome->kind]++;
    }
}

struct kind_figures kind_figures(const struct kind_matrix *matrix, enum kind kind)
{
    struct kind_figures figures = {0};
    for (int k = 0; k < KINDS; k++)
        figures.precision.of += matrix->cells[k][kind];
    for (int k = 0; k <= KINDS; k++)
        figures.recall.of += matrix->cells[kind][k];
    figures.recall.count = figures.precision.count = matrix->cells[kind][kind];
    size_t both = figures.recall.of + figures.precision.of;
    figures.f1 = both ? 2.0 * (double)figures.recall.count / (double)both : 0;
    return figures;
}

struct meaning outcome_wanted(const struct outcome *outcome)
{
    const struct labelled *labelled = outcome->labelled;
    struct meaning meaning = {.kind = labelled->kind};
    if (labelled->code_count) {
        meaning.department = labelled->department;
        meaning.code = labelled->codes[0];
    }
    if (outcome->wanted)
        meaning.name = outcome->wanted->name;
    return meaning;
}

struct meaning outcome_said(const struct outcome *outcome)
{
    struct meaning meaning = {.kind = outcome->kind};
    if (outcome->kind == KIND_SERVICE && outcome->first) {
        meaning.department = outcome->first->department;
        meaning.code = outcome->first->code;
        meaning.name = outcome->first->name;
    }
    return meaning;
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_meanings(struct meaning a, struct meaning b)
{
    if (a.kind != b.kind)
        return a.kind < b.kind ? -1 : 1;
    int order = compare_texts(a.department, b.department);
    if (!order)
        order = compare_texts(a.code, b.code);
    return order ? order : compare_texts(a.name, b.name);
}

static int compare_confusion(const struct outcome *a, const struct outcome *b)
{
    int order = compare_meanings(outcome_wanted(a), outcome_wanted(b));
    return order ? order : compare_meanings(outcome_said(a), outcome_said(b));
}

static int compare_sureness(const struct outcome *a, const struct outcome *b)
{
    if (a->confidence > b->confidence || a->confidence < b->confidence)
        return a->confidence > b->confidence ? -1 : 1;
    return 0;
}

static int by_confusion(const void *left, const void *right)
{
    const struct outcome *a = *(const struct outcome *const *)left,
                         *b = *(const struct outcome *const *)right;
    int order = compare_confusion(a, b);
    if (!order)
        order = compare_sureness(a, b);
    return order ? order : strcmp(a->labelled->project.id, b->labelled->project.id);
}

static int by_weight(const void *left, const void *right)
{
    const struct confusion *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    int order = compare_sureness(a->outcomes[0], b->outcomes[0]);
    return order ? order : compare_confusion(a->outcomes[0], b->outcomes[0]);
}

static bool is_confused(const struct outcome *outcome)
{
    enum kind wanted = outcome->labelled->kind;
    return !outcome->right || (wanted != KIND_SERVICE && outcome->kind != wanted);
}

void confusions_find(const struct evaluation *evaluation, struct confusions *confusions)
{
    size_t count = 0;
    *confusions = (struct confusions){0};
    confusions->outcomes = xcalloc(evaluation->count + 1, sizeof *confusions->outcomes);
    confusions->all = xcalloc(evaluation->count + 1, sizeof *confusions->all);
    for (size_t i = 0; i < evaluation->count; i++)
        if (is_confused(&evaluation->outcomes[i]))
            confusions->outcomes[count++] = &evaluation->outcomes[i];
    qsort(confusions->outcomes, count, sizeof *confusions->outcomes, by_confusion);
    for (size_t i = 0; i < count; i++) {
        const struct outcome **at = &confusions->outcomes[i];
        if (i == 0 || compare_confusion(at[-1], at[0]) != 0)
            confusions->all[confusions->count++].outcomes = at;
        confusions->all[confusions->count - 1].count++;
    }
    qsort(confusions->all, confusions->count, sizeof *confusions->all, by_weight);
}

void confusions_free(struct confusions *confusions)
{
    free(confusions->all);
    free(confusions->outcomes);
    *confusions = (struct confusions){0};
}

static int by_sureness(const void *left, const void *right)
{
    return compare_sureness(*(const struct outcome *const *)left,
                            *(const struct outcome *const *)right);
}

void curve_draw(const struct evaluation *evaluation, struct curve *curve)
{
    const struct outcome **services = xcalloc(evaluation->count + 1, sizeof *services);
    size_t count = 0;
    for (size_t i = 0; i < evaluation->count; i++)
        if (evaluation->outcomes[i].decision != DECISION_NONE)
            services[count++] = &evaluation->outcomes[i];
    qsort(services, count, sizeof *services, by_sureness);

    *curve = (struct curve){xcalloc(count + 1, sizeof *curve->points), 0};
    struct curve_point point = {.coverage.of = evaluation->count};
    for (size_t i = 0; i < count; i++) {
        point.threshold = services[i]->confidence;
        point.coverage.count = point.precision.of = i + 1;
        point.precision.count += services[i]->right;
        if (i + 1 == count || compare_sureness(services[i], services[i + 1]) != 0)
            curve->points[curve->count++] = point;
    }
    free(services);
}

void curve_free(struct curve *curve)
{
    free(curve->points);
    *curve = (struct curve){0};
}
