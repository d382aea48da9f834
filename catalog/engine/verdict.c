#include "catalog/engine/verdict.h"

#include <math.h>
#include <string.h>

static const char *const decision_names[] = {"auto", "review", "none"};

const char *decision_name(enum decision decision)
{
    return decision_names[decision];
}

double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

double logit(double probability)
{
    double bounded = fmin(fmax(probability, 1e-4), 1 - 1e-4);
    return log(bounded / (1 - bounded));
}

const struct revision *verdict_revision(const struct mind *mind, const struct project *project,
                                        struct fault *fault)
{
    if (!*project->catalog)
        return thesaurus_in_force(mind->thesaurus, project->year);
    const struct revision *revision = thesaurus_revision(mind->thesaurus, project->catalog);
    if (!revision)
        fault_set(fault, "project.unknown_catalog", "没有目录“%.200s”：请填写已导入目录的文号",
                  project->catalog);
    return revision;
}

void verdict_terms(const struct verdict *verdict, double terms[CONFIDENCE_TERMS])
{
    const struct ranking *ranking = &verdict->ranking;
    double service = verdict->kinds[KIND_SERVICE];
    memset(terms, 0, CONFIDENCE_TERMS * sizeof *terms);
    if (verdict->decision == DECISION_NONE) {
        terms[CONFIDENCE_NONE] = 1;
        terms[CONFIDENCE_NONE_LOGIT] = logit(1 - service);
        return;
    }
    terms[CONFIDENCE_BIAS] = 1;
    terms[CONFIDENCE_SERVICE] = logit(service);
    if (ranking->top == 0)
        return;
    terms[CONFIDENCE_TOP] = logit(ranking->all[0].share);
    terms[CONFIDENCE_MARGIN] =
        ranking->top > 1 ? log1p(ranking->all[0].score - ranking->all[1].score) : 2;
    terms[CONFIDENCE_LABELS] = log1p(ranking->all[0].features[FEATURE_LABELS]);
    terms[CONFIDENCE_FOUND] = ranking->all[0].features[FEATURE_LABELS] > 0;
    terms[CONFIDENCE_DENSITY] = ranking->all[0].score / sqrt(fmax(verdict->mass, 1));
}

static double confidence_of(const struct verdict *verdict, const struct model *model)
{
    double terms[CONFIDENCE_TERMS], sum = 0;
    if (verdict->decision != DECISION_NONE && verdict->ranking.top == 0)
        return 0;
    verdict_terms(verdict, terms);
    for (int c = 0; c < CONFIDENCE_TERMS; c++)
        sum += model->confidence[c] * terms[c];
    return logistic(sum);
}

/* That it is no service is said only when that is two to one; else a person decides. */
static const double doubtful_service = 1.0 / 3;

static enum kind likeliest(const double kinds[KINDS], int from)
{
    int best = from;
    for (int k = from; k < KINDS; k++)
        if (kinds[k] > kinds[best])
            best = k;
    return (enum kind)best;
}

void verdict_pass(struct verdict *verdict, double confidence, bool sure)
{
    const struct ranking *ranking = &verdict->ranking;
    bool provisional =
        ranking->top > 0 && verdict->revision->leaves[ranking->all[0].leaf].provisional;
    verdict->kind = KIND_SERVICE;
    verdict->confidence = confidence;
    verdict->sure = sure;
    verdict->decision = sure && !provisional ? DECISION_AUTO : DECISION_REVIEW;
}

void verdict_of_reading(struct verdict *verdict, const struct mind *mind, struct reading *reading)
{
    reading_weigh(reading);
    verdict->mass = reading->total_mass;
    rank_project(&verdict->ranking, mind->thesaurus, mind->index, mind->model, verdict->revision,
                 reading, &verdict->guesses);
    kind_observe(mind->kinds, reading, &verdict->ranking, &verdict->view);
    kind_decide(mind->kinds, mind->model, &verdict->view, reading, verdict->kinds);
    verdict_decide(verdict, mind->model);
}

/* Nothing passes by itself on pairs of characters alone: a phrase for the item must stand in the text,
 * that a person can be shown. */
static bool has_label(const struct ranking *ranking)
{
    return ranking->top > 0 && ranking->all[0].features[FEATURE_LABELS] > 0;
}

void verdict_decide(struct verdict *verdict, const struct model *model)
{
    bool service = verdict->kinds[KIND_SERVICE] >= doubtful_service;
    verdict->kind = service ? KIND_SERVICE : likeliest(verdict->kinds, KIND_SERVICE + 1);
    verdict->decision = service ? DECISION_REVIEW : DECISION_NONE;
    verdict->confidence = confidence_of(verdict, model);
    verdict->sure = false;
    if (service)
        verdict_pass(verdict, verdict->confidence,
                     verdict->confidence >= model->auto_threshold && has_label(&verdict->ranking));
}

void verdict_reach(struct verdict *verdict, const struct mind *mind,
                   const struct revision *revision, const char *unit, const char *department,
                   const char *const texts[FIELDS])
{
    verdict->revision = revision;
    verdict->item_count = 0;
    directory_resolve(mind->directory, unit, department, &verdict->scratch, &verdict->guesses);
    directory_follow(mind->directory, revision, &verdict->guesses);
    reading_find(&verdict->reading, mind->thesaurus->folder, mind->thesaurus->phrases, texts);
    verdict_of_reading(verdict, mind, &verdict->reading);
}

void verdict_free(struct verdict *verdict)
{
    reading_free(&verdict->reading);
    reading_free(&verdict->item_reading);
    ranking_free(&verdict->ranking);
    kind_view_free(&verdict->view);
    folded_free(&verdict->scratch);
    plain_free(&verdict->plain);
}
