#include "catalog/learn/evaluate_compare.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A case of either side. The place keeps cases of the same id in their order. */
struct known {
    const char *key;
    size_t place;
    bool right;
};

static int by_key(const void *left, const void *right)
{
    const struct known *a = left, *b = right;
    int order = strcmp(a->key, b->key);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

static struct known *known_now(const struct evaluation *evaluation)
{
    struct known *all = xcalloc(evaluation->count + 1, sizeof *all);
    for (size_t i = 0; i < evaluation->count; i++) {
        const struct outcome *outcome = &evaluation->outcomes[i];
        const struct project *project = &outcome->labelled->project;
        all[i] = (struct known){*project->id ? project->id : project->fields[FIELD_NAME], i,
                                outcome->right};
    }
    qsort(all, evaluation->count, sizeof *all, by_key);
    return all;
}

static struct known *known_before(const struct jv *outcomes, struct fault *fault)
{
    size_t count = jv_count(outcomes);
    struct known *all = xcalloc(count + 1, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const struct jv *outcome = jv_at(outcomes, i);
        const char *key = jv_get_text(outcome, "id");
        if (!key || !*key)
            key = jv_get_text(outcome, "name");
        if (!key) {
            fault_set(fault, "eval.not_an_evaluation", "outcome %zu has neither id nor name",
                      i + 1);
            free(all);
            return NULL;
        }
        all[i] = (struct known){key, i, jv_get_bool(outcome, "right", false)};
    }
    qsort(all, count, sizeof *all, by_key);
    return all;
}

static void changes_add(struct changes *changes, const struct outcome *now, const struct jv *before)
{
    changes->all = xrealloc(changes->all, (changes->count + 1) * sizeof *changes->all);
    changes->all[changes->count++] = (struct change){now, before};
}

static void compare_known(struct comparison *comparison, const struct evaluation *evaluation,
                          const struct known *now, const struct jv *outcomes,
                          const struct known *before)
{
    size_t n = 0, b = 0, before_count = jv_count(outcomes);
    while (n < evaluation->count && b < before_count) {
        int order = strcmp(now[n].key, before[b].key);
        if (order == 0) {
            comparison->common++;
            if (now[n].right != before[b].right)
                changes_add(now[n].right ? &comparison->better : &comparison->worse,
                            &evaluation->outcomes[now[n].place], jv_at(outcomes, before[b].place));
        }
        n += order <= 0;
        b += order >= 0;
    }
    comparison->only_now = evaluation->count - comparison->common;
    comparison->only_before = before_count - comparison->common;
}

int evaluation_compare(const struct evaluation *now, const struct jv *before,
                       struct comparison *comparison, struct fault *fault)
{
    *comparison = (struct comparison){0};
    const struct jv *outcomes = jv_get(before, "outcomes");
    if (!jv_is_array(outcomes))
        return fault_set(fault, "eval.not_an_evaluation",
                         "no list of outcomes: not what `jinmu eval --json` prints");
    struct known *those_before = known_before(outcomes, fault);
    if (!those_before)
        return -1;
    struct known *those_now = known_now(now);
    compare_known(comparison, now, those_now, outcomes, those_before);
    evaluation_figures(now, comparison->now);
    for (int f = 0; f < FIGURES; f++)
        comparison->before[f] = jv_get_number(before, figure_meanings[f].name, NAN);
    free(those_now);
    free(those_before);
    return 0;
}

static struct jv *ids_json(const struct changes *changes)
{
    struct jv *ids = jv_array();
    for (size_t i = 0; i < changes->count; i++)
        jv_push(ids, jv_of_text(changes->all[i].now->labelled->project.id));
    return ids;
}

struct jv *comparison_json(const struct comparison *comparison)
{
    struct jv *json = jv_object();
    jv_set(json, "better", ids_json(&comparison->better));
    jv_set(json, "worse", ids_json(&comparison->worse));
    jv_set_number(json, "common", (double)comparison->common);
    jv_set_number(json, "only_now", (double)comparison->only_now);
    jv_set_number(json, "only_before", (double)comparison->only_before);
    return json;
}

void comparison_free(struct comparison *comparison)
{
    free(comparison->better.all);
    free(comparison->worse.all);
    *comparison = (struct comparison){0};
}
