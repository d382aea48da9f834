#include "catalog/learn/evaluate.h"

#include "catalog/learn/train.h"
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
    outcome->wanted = case_leaf(labelled, mind->thesaurus, revision);
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

static bool is_among(const struct labelled *labelled, const struct cases *cases)
{
    const char *const *texts = labelled->project.fields;
    for (size_t i = 0; i < cases->count; i++) {
        const char *const *others = cases->all[i].project.fields;
        if (strcmp(texts[FIELD_NAME], others[FIELD_NAME]) == 0 &&
            strcmp(texts[FIELD_DESCRIPTION], others[FIELD_DESCRIPTION]) == 0)
            return true;
    }
    return false;
}

/* The base without the cases that are judged, then room for those of the other folds. */
static struct cases cases_for_training(const struct cases *base, const struct cases *judged)
{
    struct cases chosen = {xcalloc(base->count + judged->count, sizeof *chosen.all), 0};
    for (size_t i = 0; i < base->count; i++)
        if (!is_among(&base->all[i], judged))
            chosen.all[chosen.count++] = base->all[i];
    return chosen;
}

static void add_other_folds(struct cases *chosen, const struct cases *cases, int folds, int fold)
{
    for (size_t i = 0; i < cases->count; i++)
        if ((int)(i % (size_t)folds) != fold)
            chosen->all[chosen->count++] = cases->all[i];
}

void evaluate_crosswise(const struct mind *mind, const struct cases *cases,
                        const struct cases *base, int folds, struct evaluation *evaluation)
{
    struct verdict verdict = {0};
    evaluation->outcomes = xcalloc(cases->count, sizeof *evaluation->outcomes);
    evaluation->count = cases->count;
    struct cases others = cases_for_training(base, cases);
    size_t base_count = others.count;
    for (int fold = 0; fold < folds; fold++) {
        others.count = base_count;
        add_other_folds(&others, cases, folds, fold);
        struct mind trained = *mind;
        trained.model = train_model(mind, &others);
        trained.index = index_new(mind->thesaurus, trained.model);
        kind_table_learn(mind->kinds, trained.model);
        for (size_t i = (size_t)fold; i < cases->count; i += (size_t)folds)
            judge_case(&trained, &cases->all[i], &verdict, &evaluation->outcomes[i]);
        index_destroy(&trained.index);
        model_destroy(&trained.model);
    }
    free(others.all);
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

const char *const difficulty_names[DIFFICULTIES] = {"easy", "medium", "hard", "real"};

bool case_of_difficulty(const struct labelled *labelled, const void *difficulty)
{
    return strcmp(labelled->difficulty, difficulty) == 0;
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

const struct figure_meaning figure_meanings[FIGURES] = {
    {"top1", 0.90, false},           {"top1_hard", 0.80, false},
    {"top3", 0.97, false},           {"none_f1", 0.95, false},
    {"none_kind", 0.90, false},      {"auto_coverage", 0.60, false},
    {"auto_precision", 0.98, false}, {"calibration_error", 0.05, true},
};

bool figure_on_target(enum figure figure, double value)
{
    const struct figure_meaning *meaning = &figure_meanings[figure];
    return meaning->is_error ? value <= meaning->target : value >= meaning->target;
}

static double known_share(struct share share)
{
    return share.of ? share_value(share) : NAN;
}

void evaluation_figures(const struct evaluation *evaluation, double figures[FIGURES])
{
    struct none_figures none = evaluation_none(evaluation);
    struct auto_figures automatic = evaluation_auto(evaluation);
    struct calibration calibration;
    evaluation_calibration(evaluation, &calibration);
    figures[FIGURE_TOP1] = known_share(evaluation_top(evaluation, 1, NULL, NULL));
    figures[FIGURE_TOP1_HARD] =
        known_share(evaluation_top(evaluation, 1, case_of_difficulty, "hard"));
    figures[FIGURE_TOP3] = known_share(evaluation_top(evaluation, 3, NULL, NULL));
    figures[FIGURE_NONE_F1] = none.kind.of ? none.f1 : NAN;
    figures[FIGURE_NONE_KIND] = known_share(none.kind);
    figures[FIGURE_AUTO_COVERAGE] = known_share(automatic.coverage);
    figures[FIGURE_AUTO_PRECISION] = known_share(automatic.precision);
    figures[FIGURE_CALIBRATION_ERROR] = evaluation->count ? calibration.error : NAN;
}
