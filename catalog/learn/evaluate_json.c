#include "catalog/learn/evaluate.h"
#include "catalog/learn/evaluate_tables.h"

#include <math.h>

static double rounded(double value)
{
    return round(value * 1e4) / 1e4;
}

static struct jv *outcome_json(const struct outcome *outcome)
{
    const struct labelled *labelled = outcome->labelled;
    struct jv *one = jv_object();
    jv_set_text(one, "id", labelled->project.id);
    jv_set_text(one, "name", labelled->project.fields[FIELD_NAME]);
    jv_set_text(one, "difficulty", labelled->difficulty);
    jv_set_text(one, "kind", kind_name(labelled->kind));
    jv_set_text(one, "department", labelled->department);
    jv_set_text(one, "code", labelled->code_count ? labelled->codes[0] : NULL);
    jv_set_text(one, "said_kind", outcome->kind == KINDS ? NULL : kind_name(outcome->kind));
    jv_set_text(one, "said_department", outcome->first ? outcome->first->department : NULL);
    jv_set_text(one, "said_code", outcome->first ? outcome->first->code : NULL);
    jv_set_text(one, "said_name", outcome->first ? outcome->first->name : NULL);
    jv_set_text(one, "decision", decision_name(outcome->decision));
    jv_set_number(one, "confidence", rounded(outcome->confidence));
    jv_set_number(one, "rank", outcome->rank);
    jv_set(one, "right", jv_of_bool(outcome->right));
    return one;
}

static void set_share(struct jv *object, const char *name, struct share share)
{
    jv_set(object, name, share.of ? jv_of_number(rounded(share_value(share))) : jv_of_text(NULL));
}

static struct jv *departments_json(const struct evaluation *evaluation)
{
    struct jv *list = jv_array();
    struct tallies tallies = {0};
    tallies_by_department(evaluation, &tallies);
    for (size_t i = 0; i < tallies.count; i++) {
        const struct tally *tally = &tallies.all[i];
        struct jv *one = jv_object();
        jv_set_text(one, "department", tally->name);
        jv_set_number(one, "cases", (double)tally->count);
        set_share(one, "top1", tally->top1);
        set_share(one, "top3", tally->top3);
        set_share(one, "auto_coverage", tally->coverage);
        set_share(one, "auto_precision", tally->precision);
        jv_push(list, one);
    }
    tallies_free(&tallies);
    return list;
}

static struct jv *kinds_json(const struct evaluation *evaluation)
{
    struct jv *list = jv_array();
    struct kind_matrix matrix;
    kind_matrix_count(evaluation, &matrix);
    for (int k = 0; k < KINDS; k++) {
        struct kind_figures figures = kind_figures(&matrix, (enum kind)k);
        struct jv *one = jv_object(), *said = jv_object();
        jv_set_text(one, "kind", kind_name((enum kind)k));
        jv_set_number(one, "cases", (double)figures.recall.of);
        set_share(one, "precision", figures.precision);
        set_share(one, "recall", figures.recall);
        jv_set_number(one, "f1", rounded(figures.f1));
        for (int other = 0; other < KINDS; other++)
            if (matrix.cells[k][other])
                jv_set_number(said, kind_name((enum kind)other), (double)matrix.cells[k][other]);
        jv_set(one, "said", said);
        jv_push(list, one);
    }
    return list;
}

static struct jv *meaning_json(struct meaning meaning)
{
    struct jv *one = jv_object();
    jv_set_text(one, "kind", meaning.kind == KINDS ? NULL : kind_name(meaning.kind));
    jv_set_text(one, "department", meaning.department);
    jv_set_text(one, "code", meaning.code);
    jv_set_text(one, "name", meaning.name);
    return one;
}

static struct jv *confusions_json(const struct evaluation *evaluation)
{
    struct jv *list = jv_array();
    struct confusions confusions = {0};
    confusions_find(evaluation, &confusions);
    for (size_t i = 0; i < confusions.count; i++) {
        const struct confusion *confusion = &confusions.all[i];
        struct jv *one = jv_object(), *ids = jv_array();
        jv_set(one, "wanted", meaning_json(outcome_wanted(confusion->outcomes[0])));
        jv_set(one, "taken_for", meaning_json(outcome_said(confusion->outcomes[0])));
        for (size_t k = 0; k < confusion->count; k++)
            jv_push(ids, jv_of_text(confusion->outcomes[k]->labelled->project.id));
        jv_set(one, "ids", ids);
        jv_push(list, one);
    }
    confusions_free(&confusions);
    return list;
}

struct jv *evaluation_json(const struct evaluation *evaluation)
{
    struct jv *json = jv_object(), *outcomes = jv_array();
    double figures[FIGURES];
    evaluation_figures(evaluation, figures);
    jv_set_number(json, "cases", (double)evaluation->count);
    for (int f = 0; f < FIGURES; f++)
        jv_set(json, figure_meanings[f].name,
               isnan(figures[f]) ? jv_of_text(NULL) : jv_of_number(figures[f]));
    jv_set(json, "departments", departments_json(evaluation));
    jv_set(json, "kinds", kinds_json(evaluation));
    jv_set(json, "taken_for", confusions_json(evaluation));
    for (size_t i = 0; i < evaluation->count; i++)
        jv_push(outcomes, outcome_json(&evaluation->outcomes[i]));
    jv_set(json, "outcomes", outcomes);
    return json;
}
