#include "catalog/engine/verdict.h"

#include "common/strbuf.h"

#include <math.h>
#include <string.h>

/* How sure a memory makes: nearly the same text is the same project; a less similar one may have
 * changed what it buys. */
static const double surely_alike = 0.95, sure = 0.99, least_sure = 0.93;
/* People disagreed about this project: its first candidate is right at most as often as not. */
static const double disputed_confidence = 0.5;

static double confidence_at(double similarity)
{
    double way = (similarity - memory_alike) / (surely_alike - memory_alike);
    return least_sure + (sure - least_sure) * fmin(fmax(way, 0), 1);
}

/* Where the leaf stands in the ranking; added at the end when it is not there. */
static size_t find_candidate(struct ranking *ranking, uint32_t leaf)
{
    for (size_t i = 0; i < ranking->count; i++)
        if (ranking->all[i].leaf == leaf)
            return i;
    if (ranking->count == ranking->capacity) {
        ranking->capacity = ranking->capacity * 2 + 1;
        ranking->all = xrealloc(ranking->all, ranking->capacity * sizeof *ranking->all);
    }
    ranking->all[ranking->count] = (struct scored){.leaf = leaf};
    return ranking->count++;
}

/* Brings the leaf to the front with the share it is given; the others divide what is left as before. */
static void place_first(struct ranking *ranking, uint32_t leaf, double share)
{
    size_t at = find_candidate(ranking, leaf);
    struct scored first = ranking->all[at];
    if (at >= ranking->top) {
        size_t last = ranking->top < RANK_TOP ? ranking->top++ : RANK_TOP - 1;
        ranking->all[at] = ranking->all[last];
        first.share = 0;
        at = last;
    }
    memmove(ranking->all + 1, ranking->all, at * sizeof *ranking->all);
    double others = 1 - first.share, scale = others > 0 ? (1 - share) / others : 0;
    for (size_t i = 1; i < ranking->top; i++)
        ranking->all[i].share *= scale;
    first.share = share;
    ranking->all[0] = first;
}

static void follow(struct verdict *verdict, double auto_threshold)
{
    const struct remembered *one = verdict->recalled.first;
    double confidence = confidence_at(verdict->recalled.similarity);
    verdict->sure = false;
    if (one->kind != KIND_SERVICE) {
        verdict->kind = one->kind;
        verdict->confidence = confidence;
        verdict->decision = DECISION_NONE;
        return;
    }
    place_first(&verdict->ranking, verdict->revision->leaf_of_concept[verdict->recalled.concept],
                confidence);
    verdict_pass(verdict, confidence, confidence >= auto_threshold);
    if (verdict->sure && one->revision == verdict->revision)
        verdict->decision = DECISION_AUTO; /* a person decided so by this very revision */
}

/* A person has to decide, unless all agree that it is no service. */
static void doubt(struct verdict *verdict)
{
    const struct recalled *recalled = &verdict->recalled;
    bool service = recalled->first->kind == KIND_SERVICE ||
                   (recalled->second && recalled->second->kind == KIND_SERVICE);
    if (verdict->decision == DECISION_NONE && !service)
        return;
    if (verdict->decision == DECISION_NONE)
        verdict->confidence = 1 - verdict->confidence;
    verdict->decision = DECISION_REVIEW;
    verdict->sure = false;
    verdict->kind = KIND_SERVICE;
    verdict->confidence = fmin(verdict->confidence, disputed_confidence);
}

void verdict_recall(struct verdict *verdict, const struct mind *mind, const char *unit)
{
    memory_recall(mind->memory, mind->thesaurus, verdict->revision, &verdict->guesses,
                  &verdict->reading, unit, &verdict->scratch, &verdict->recalled);
    if (verdict->recalled.outcome == RECALL_FOUND)
        follow(verdict, mind->model->auto_threshold);
    else if (verdict->recalled.outcome == RECALL_DISPUTED)
        doubt(verdict);
}
