#include "catalog/evaluate.h"

#include "catalog/train.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void judge_case(const struct mind *mind, const struct labelled *labelled,
                       struct verdict *verdict, struct outcome *outcome)
{
    *outcome = (struct outcome){.labelled = labelled, .decision = DECISION_REVIEW, .kind = KINDS};
    const struct project *project = &labelled->project;
    const struct revision *revision = verdict_revision(mind, project, NULL);
    if (!revision)
        return;
    verdict_project(verdict, mind, revision, project);
    outcome->decision = verdict->decision;
    outcome->kind = verdict->kind;
    outcome->confidence = verdict->confidence;
    for (size_t i = 0; i < verdict->ranking.top; i++) {
        const struct leaf *leaf = &revision->leaves[verdict->ranking.all[i].leaf];
        if (i == 0)
            outcome->first = leaf;
        if (!outcome->rank && case_accepts(labelled, mind->thesaurus, leaf->department, leaf->code))
            outcome->rank = (int)i + 1;
    }
    outcome->right = labelled->kind == KIND_SERVICE
                         ? outcome->decision != DECISION_NONE && outcome->rank == 1
                         : outcome->decision == DECISION_NONE;
}

void evaluate(const struct mind *mind, const struct cases *cases, struct evaluation *evaluation)
{
    struct verdict verdict = {0};
    evaluation->outcomes = xcalloc(cases->count, sizeof *evaluation->outcomes);
    evaluation->count = cases->count;
    for (size_t i = 0; i < cases->count; i++)
        judge_case(mind, &cases->all[i], &verdict, &evaluation->outcomes[i]);
    verdict_free(&verdict);
}

static struct cases cases_outside(const struct cases *base, const struct cases *cases, int folds,
                                  int fold)
{
    struct cases chosen = {xcalloc(base->count + cases->count, sizeof *chosen.all), 0};
    for (size_t i = 0; i < base->count; i++)
        chosen.all[chosen.count++] = base->all[i];
    for (size_t i = 0; i < cases->count; i++)
        if ((int)(i % (size_t)folds) != fold)
            chosen.all[chosen.count++] = cases->all[i];
    return chosen;
}

void evaluate_crosswise(const struct mind *mind, const struct cases *cases,
                        const struct cases *base, int folds, struct evaluation *evaluation)
{
    struct verdict verdict = {0};
    evaluation->outcomes = xcalloc(cases->count, sizeof *evaluation->outcomes);
    evaluation->count = cases->count;
    for (int fold = 0; fold < folds; fold++) {
        struct cases others = cases_outside(base, cases, folds, fold);
        struct mind trained = *mind;
        trained.model = train_model(mind, &others);
        trained.index = index_new(mind->thesaurus, trained.model);
        kind_table_learn(mind->kinds, trained.model);
        for (size_t i = (size_t)fold; i < cases->count; i += (size_t)folds)
            judge_case(&trained, &cases->all[i], &verdict, &evaluation->outcomes[i]);
        index_destroy(&trained.index);
        model_destroy(&trained.model);
        free(others.all);
    }
    kind_table_learn(mind->kinds, mind->model);
    verdict_free(&verdict);
}

void evaluation_free(struct evaluation *evaluation)
{
    free(evaluation->outcomes);
    *evaluation = (struct evaluation){0};
}

double share_value(struct share share)
{
    return share.of ? (double)share.count / (double)share.of : 0;
}

struct share evaluation_top(const struct evaluation *evaluation, int rank, case_filter *wanted,
                            const void *argument)
{
    struct share share = {0, 0};
    for (size_t i = 0; i < evaluation->count; i++) {
        const struct outcome *outcome = &evaluation->outcomes[i];
        if (outcome->labelled->kind != KIND_SERVICE ||
            (wanted && !wanted(outcome->labelled, argument)))
            continue;
        share.of++;
        share.count += outcome->rank > 0 && outcome->rank <= rank;
    }
    return share;
}

struct none_figures evaluation_none(const struct evaluation *evaluation)
{
    struct none_figures figures = {0};
    double hit = 0, said = 0, meant = 0;
    for (size_t i = 0; i < evaluation->count; i++) {
        const struct outcome *outcome = &evaluation->outcomes[i];
        bool none = outcome->labelled->kind != KIND_SERVICE;
        said += outcome->decision == DECISION_NONE;
        meant += none;
        hit += none && outcome->decision == DECISION_NONE;
        figures.kind.of += none;
        figures.kind.count += none && outcome->kind == outcome->labelled->kind;
    }
    figures.precision = said > 0 ? hit / said : 0;
    figures.recall = meant > 0 ? hit / meant : 0;
    figures.f1 = said + meant > 0 ? 2 * hit / (said + meant) : 0;
    return figures;
}

struct auto_figures evaluation_auto(const struct evaluation *evaluation)
{
    struct auto_figures figures = {{0, evaluation->count}, {0, 0}};
    for (size_t i = 0; i < evaluation->count; i++)
        if (evaluation->outcomes[i].decision == DECISION_AUTO) {
            figures.coverage.count++;
            figures.precision.of++;
            figures.precision.count += evaluation->outcomes[i].right;
        }
    return figures;
}

void evaluation_calibration(const struct evaluation *evaluation, struct calibration *calibration)
{
    memset(calibration, 0, sizeof *calibration);
    for (size_t i = 0; i < evaluation->count; i++) {
        const struct outcome *outcome = &evaluation->outcomes[i];
        int number = (int)(outcome->confidence * CALIBRATION_BINS);
        struct bin *bin =
            &calibration->bins[number < CALIBRATION_BINS ? number : CALIBRATION_BINS - 1];
        bin->count++;
        bin->confidence += outcome->confidence;
        bin->right += outcome->right;
    }
    for (int b = 0; b < CALIBRATION_BINS; b++) {
        struct bin *bin = &calibration->bins[b];
        if (!bin->count)
            continue;
        bin->confidence /= (double)bin->count;
        bin->right /= (double)bin->count;
        calibration->error +=
            fabs(bin->confidence - bin->right) * (double)bin->count / (double)evaluation->count;
    }
}

static struct jv *outcome_json(const struct outcome *outcome)
{
    struct jv *one = jv_object();
    jv_set_text(one, "id", outcome->labelled->project.id);
    jv_set_text(one, "name", outcome->labelled->project.fields[FIELD_NAME]);
    jv_set_text(one, "difficulty", outcome->labelled->difficulty);
    jv_set_text(one, "kind", kind_name(outcome->labelled->kind));
    jv_set_text(one, "department", outcome->labelled->department);
    jv_set_text(one, "code", outcome->labelled->code_count ? outcome->labelled->codes[0] : NULL);
    jv_set_text(one, "said_kind", outcome->kind == KINDS ? NULL : kind_name(outcome->kind));
    jv_set_text(one, "said_code", outcome->first ? outcome->first->code : NULL);
    jv_set_text(one, "said_name", outcome->first ? outcome->first->name : NULL);
    jv_set_text(one, "decision", decision_name(outcome->decision));
    jv_set_number(one, "confidence", round(outcome->confidence * 1e4) / 1e4);
    jv_set_number(one, "rank", outcome->rank);
    jv_set(one, "right", jv_of_bool(outcome->right));
    return one;
}

struct jv *evaluation_json(const struct evaluation *evaluation)
{
    struct jv *json = jv_object(), *outcomes = jv_array();
    struct none_figures none = evaluation_none(evaluation);
    struct auto_figures automatic = evaluation_auto(evaluation);
    struct calibration calibration;
    evaluation_calibration(evaluation, &calibration);
    jv_set_number(json, "cases", (double)evaluation->count);
    jv_set_number(json, "top1", share_value(evaluation_top(evaluation, 1, NULL, NULL)));
    jv_set_number(json, "top3", share_value(evaluation_top(evaluation, 3, NULL, NULL)));
    jv_set_number(json, "none_f1", none.f1);
    jv_set_number(json, "none_kind", share_value(none.kind));
    jv_set_number(json, "auto_coverage", share_value(automatic.coverage));
    jv_set_number(json, "auto_precision", share_value(automatic.precision));
    jv_set_number(json, "calibration_error", calibration.error);
    for (size_t i = 0; i < evaluation->count; i++)
        jv_push(outcomes, outcome_json(&evaluation->outcomes[i]));
    jv_set(json, "outcomes", outcomes);
    return json;
}
