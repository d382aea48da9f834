#include "catalog/result.h"

#include "catalog/evidence.h"

#include <math.h>
#include <stdlib.h>

enum { SHOWN = 5, WITH_EVIDENCE = 3 };

/* Probabilities are written with four digits: more would feign a precision that nobody measured. */
static double rounded(double probability)
{
    return round(probability * 10000) / 10000;
}

static struct jv *evidence_json(const struct mind *mind, const struct verdict *verdict,
                                size_t candidate)
{
    struct evidence evidence[EVIDENCE];
    size_t count = evidence_collect(mind, verdict, candidate, evidence);
    struct jv *list = jv_array();
    for (size_t i = 0; i < count; i++) {
        struct jv *one = jv_object();
        jv_set_text(one, "field", field_name(evidence[i].field));
        jv_set_number(one, "start", (double)evidence[i].span.start);
        jv_set_number(one, "end", (double)evidence[i].span.end);
        jv_set_text(one, "label", evidence[i].label);
        jv_set_number(one, "share", rounded(evidence[i].share));
        jv_push(list, one);
    }
    return list;
}

static struct jv *path_json(const struct leaf *leaf)
{
    struct jv *path = jv_array();
    for (size_t i = 0; i < leaf->path_length; i++)
        jv_push(path, jv_of_text(leaf->path[i]));
    return path;
}

static struct jv *leaf_json(const struct leaf *leaf, double score)
{
    struct jv *one = jv_object();
    jv_set_text(one, "department", leaf->department);
    jv_set_text(one, "code", leaf->code);
    jv_set_text(one, "name", leaf->name);
    jv_set(one, "path", path_json(leaf));
    jv_set_number(one, "score", rounded(score));
    jv_set(one, "provisional", jv_of_bool(false));
    return one;
}

/* The probability of a candidate: the confidence is the first one's (or, for decision none, what is
 * left beside it), and the others have theirs in proportion of their shares. */
static double candidate_score(const struct verdict *verdict, size_t candidate)
{
    double first = verdict->decision == DECISION_NONE
                       ? (1 - verdict->confidence) * verdict->ranking.all[0].share
                       : verdict->confidence;
    return fmin(first,
                first * verdict->ranking.all[candidate].share / verdict->ranking.all[0].share);
}

struct jv *result_candidates(const struct mind *mind, const struct verdict *verdict, bool evidence)
{
    struct jv *list = jv_array();
    for (size_t i = 0; i < verdict->ranking.top && i < SHOWN; i++) {
        const struct leaf *leaf = &verdict->revision->leaves[verdict->ranking.all[i].leaf];
        struct jv *one = leaf_json(leaf, candidate_score(verdict, i));
        if (evidence && i < WITH_EVIDENCE)
            jv_set(one, "evidence", evidence_json(mind, verdict, i));
        jv_push(list, one);
    }
    return list;
}

static struct jv *item_json(const struct verdict *verdict, const struct project *project,
                            const struct item_verdict *item)
{
    struct jv *one = jv_object(), *candidates = jv_array();
    char *text = text_cut(project->fields[FIELD_DESCRIPTION], item->line.span);
    jv_set_text(one, "text", text);
    free(text);
    jv_set_text(one, "field", field_name(FIELD_DESCRIPTION));
    jv_set_number(one, "start", (double)item->line.span.start);
    jv_set_number(one, "end", (double)item->line.span.end);
    if (item->line.amount_fen >= 0)
        jv_set_number(one, "amount_yuan", (double)item->line.amount_fen / 100);
    jv_set_text(one, "kind", kind_name(item->kind));
    jv_set_number(one, "confidence", rounded(item->confidence));
    for (size_t c = 0; item->kind == KIND_SERVICE && c < item->candidate_count; c++)
        jv_push(candidates, leaf_json(&verdict->revision->leaves[item->candidates[c].leaf],
                                      item->confidence * item->candidates[c].share /
                                          fmax(item->candidates[0].share, 1e-9)));
    jv_set(one, "candidates", candidates);
    return one;
}

static struct jv *items_json(const struct verdict *verdict, const struct project *project)
{
    struct jv *list = jv_array();
    for (size_t i = 0; i < verdict->item_count; i++)
        jv_push(list, item_json(verdict, project, &verdict->items[i]));
    return list;
}

struct jv *result_json(const struct engine *engine, const struct project *project, const char *id,
                       const struct verdict *verdict)
{
    struct jv *result = jv_object();
    jv_set_text(result, "id", id);
    jv_set_text(result, "catalog", verdict->revision->number);
    jv_set_text(result, "engine", engine_version());
    jv_set_text(result, "model", engine_model(engine));
    jv_set_text(result, "decision", decision_name(verdict->decision));
    jv_set_text(result, "kind", kind_name(verdict->kind));
    jv_set_number(result, "confidence", rounded(verdict->confidence));
    jv_set(result, "candidates", result_candidates(engine_mind(engine), verdict, true));
    jv_set(result, "items", items_json(verdict, project));
    jv_set(result, "findings", jv_array());
    return result;
}

struct jv *result_error(const char *id, const struct fault *fault)
{
    struct jv *result = jv_object(), *error = jv_object();
    jv_set_text(error, "code", fault->code);
    jv_set_text(error, "message", fault->message);
    jv_set_text(result, "id", id && *id ? id : NULL);
    jv_set(result, "error", error);
    return result;
}
