#include "catalog/engine/rank.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a restricted item loses for a unit that may not use it. */
static const double restriction_penalty = 3.0;

struct rank_sum {
    uint32_t round;
    float words, labels, parent, not ;
    float department;
};

struct rank_phrase {
    uint32_t round;
    float weight;
};

static void make_room(struct ranking *ranking, const struct thesaurus *thesaurus)
{
    size_t concepts = thesaurus->concept_count, phrases = trie_count(thesaurus->phrases);
    if (ranking->concept_count != concepts || ranking->phrase_count != phrases) {
        ranking_free(ranking);
        ranking->sums = xcalloc(concepts, sizeof *ranking->sums);
        ranking->touched = xcalloc(concepts, sizeof *ranking->touched);
        ranking->phrases = xcalloc(phrases, sizeof *ranking->phrases);
        ranking->found = xcalloc(phrases, sizeof *ranking->found);
        ranking->concept_count = concepts;
        ranking->phrase_count = phrases;
    }
    if (++ranking->round == 0) {
        memset(ranking->sums, 0, concepts * sizeof *ranking->sums);
        memset(ranking->phrases, 0, phrases * sizeof *ranking->phrases);
        ranking->round = 1;
    }
    ranking->touched_count = ranking->found_count = ranking->count = ranking->top = 0;
}

static void find_phrases(struct ranking *ranking, const struct reading *reading)
{
    for (int f = 0; f < FIELDS; f++) {
        const struct reading_field *field = &reading->fields[f];
        for (size_t i = 0; i < field->hit_count; i++) {
            struct rank_phrase *phrase = &ranking->phrases[field->hits[i].phrase];
            if (phrase->round != ranking->round) {
                *phrase = (struct rank_phrase){ranking->round, 0};
                ranking->found[ranking->found_count++] = field->hits[i].phrase;
            }
            if (phrase->weight < reading_field_weight[f])
                phrase->weight = reading_field_weight[f];
        }
    }
}

float ranking_phrase_weight(const struct ranking *ranking, uint32_t phrase)
{
    const struct rank_phrase *found = &ranking->phrases[phrase];
    return found->round == ranking->round ? found->weight : 0;
}

static inline struct rank_sum *sum_of(struct ranking *ranking, uint32_t concept, float department)
{
    struct rank_sum *sum = &ranking->sums[concept];
    if (sum->round != ranking->round) {
        *sum = (struct rank_sum){.round = ranking->round, .department = department};
        ranking->touched[ranking->touched_count++] = concept;
    }
    return sum;
}

/* Memory is slower than arithmetic here: what will be read is asked for some pairs ahead. */
enum { AHEAD = 12, AT_ONCE = 64 };

static size_t look_up_pairs(const struct pair_table *table, const struct index *index,
                            const struct mass *masses, size_t count, const struct pair_slot **slots)
{
    for (size_t i = 0; i < count && i < AHEAD; i++)
        pair_table_expect(table, masses[i].units);
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            pair_table_expect(table, masses[i + AHEAD].units);
        slots[i] = pair_table_get(table, masses[i].units);
        __builtin_prefetch(&index->postings[slots[i]->first]);
    }
    return count;
}

static void sum_pairs(struct ranking *ranking, const struct index *index,
                      const struct reading *reading, uint32_t department, float weight)
{
    const struct pair_slot *slots[AT_ONCE];
    for (size_t from = 0; from < reading->mass_count; from += AT_ONCE) {
        const struct mass *masses = reading->masses + from;
        size_t left = reading->mass_count - from;
        size_t count = look_up_pairs(&index->pairs[department], index, masses,
                                     left < AT_ONCE ? left : AT_ONCE, slots);
        for (size_t i = 0; i < count; i++) {
            const struct posting *posting = index->postings + slots[i]->first;
            for (uint32_t p = 0; p < slots[i]->count; p++)
                sum_of(ranking, posting[p].concept, weight)->words +=
                    masses[i].weight * posting[p].weight;
        }
    }
}

static void sum_labels(struct ranking *ranking, const struct index *index, uint32_t department,
                       float weight)
{
    for (size_t i = 0; i < ranking->found_count; i++) {
        struct range range = index_label(index, department, ranking->found[i]);
        float found = ranking->phrases[ranking->found[i]].weight;
        for (uint32_t p = 0; p < range.count; p++) {
            const struct label_posting *posting = &index->label_postings[range.first + p];
            struct rank_sum *sum = sum_of(ranking, posting->concept, weight);
            float full = found < 1 ? found : 1;
            if (posting->kind == LABEL_NOT)
                sum->not += full;
            else if (posting->kind == LABEL_PARENT)
                sum->parent += full;
            else
                sum->labels += found * posting->weight;
        }
    }
}

static void sum_department(struct ranking *ranking, const struct index *index,
                           const struct reading *reading, uint32_t department, float weight)
{
    sum_pairs(ranking, index, reading, department, weight);
    sum_labels(ranking, index, department, weight);
}

static bool lists(const char *names, const struct guesses *guesses)
{
    for (size_t g = 0; g < guesses->count; g++)
        if (strstr(names, guesses->all[g].name))
            return true;
    return false;
}

bool rank_allows(const struct leaf *leaf, const struct guesses *guesses)
{
    if (strncmp(leaf->restriction, "only:", 5) == 0)
        return lists(leaf->restriction + 5, guesses);
    if (strncmp(leaf->restriction, "not:", 4) == 0)
        return !lists(leaf->restriction + 4, guesses);
    return true;
}

static void score_leaf(struct ranking *ranking, const struct index *index,
                       const struct model *model, const struct revision *revision, uint32_t concept,
                       double mass, const struct guesses *guesses)
{
    const struct rank_sum *sum = &ranking->sums[concept];
    uint32_t number = revision->leaf_of_concept[concept];
    if (number == NO_NUMBER)
        return;
    const struct leaf *leaf = &revision->leaves[number];
    double root = sqrt(mass);
    struct scored *scored = &ranking->all[ranking->count++];
    *scored = (struct scored){
        .leaf = number,
        .features =
            {
                [FEATURE_WORDS] = (double)sum->words / root,
                [FEATURE_LENGTH] = (double)index->length_weight[concept] * root,
                [FEATURE_LABELS] = 2 * (double)sum->labels / sqrt(10 + mass),
                [FEATURE_PARENT] = (double)sum->parent,
                [FEATURE_NOT] = (double)sum->not,
                [FEATURE_CLASS_B] = leaf->code[0] == 'B',
                [FEATURE_DEPARTMENT] = log((double)sum->department),
            },
    };
    for (int f = 0; f < FEATURES; f++)
        scored->score += model->features[f] * scored->features[f];
    if (*leaf->restriction && !rank_allows(leaf, guesses))
        scored->score -= restriction_penalty;
}

/* Brings the best `top` to the front, in order; ties go to the earlier item of the catalog. */
static void select_top(struct ranking *ranking)
{
    size_t top = ranking->count < RANK_TOP ? ranking->count : RANK_TOP;
    for (size_t t = 0; t < top; t++) {
        size_t best = t;
        for (size_t i = t + 1; i < ranking->count; i++) {
            const struct scored *a = &ranking->all[i], *b = &ranking->all[best];
            if (a->score > b->score || (a->score == b->score && a->leaf < b->leaf))
                best = i;
        }
        struct scored moved = ranking->all[t];
        ranking->all[t] = ranking->all[best];
        ranking->all[best] = moved;
    }
    ranking->top = top;
}

static void share_out(struct ranking *ranking)
{
    double total = 0;
    for (size_t i = 0; i < ranking->count; i++)
        total += exp(ranking->all[i].score - ranking->all[0].score);
    for (size_t i = 0; i < ranking->top; i++)
        ranking->all[i].share = exp(ranking->all[i].score - ranking->all[0].score) / total;
}

void rank_project(struct ranking *ranking, const struct thesaurus *thesaurus,
                  const struct index *index, const struct model *model,
                  const struct revision *revision, const struct reading *reading,
                  const struct guesses *guesses)
{
    make_room(ranking, thesaurus);
    find_phrases(ranking, reading);
    for (size_t g = 0; g < guesses->count; g++)
        if (guesses->all[g].department != NO_NUMBER)
            sum_department(ranking, index, reading, guesses->all[g].department,
                           guesses->all[g].weight);
    for (uint32_t d = 0; guesses->count == 0 && d < thesaurus->department_count; d++)
        if (d != thesaurus->department_b)
            sum_department(ranking, index, reading, d, 1.0f);
    sum_department(ranking, index, reading, thesaurus->department_b, 1.0f);

    if (ranking->touched_count > ranking->all_capacity) {
        ranking->all_capacity = ranking->touched_count * 2;
        ranking->all = xrealloc(ranking->all, ranking->all_capacity * sizeof *ranking->all);
    }
    double mass = reading->total_mass > 1 ? reading->total_mass : 1;
    for (size_t i = 0; i < ranking->touched_count; i++)
        score_leaf(ranking, index, model, revision, ranking->touched[i], mass, guesses);
    select_top(ranking);
    share_out(ranking);
}

void ranking_free(struct ranking *ranking)
{
    free(ranking->all);
    free(ranking->sums);
    free(ranking->touched);
    free(ranking->phrases);
    free(ranking->found);
    *ranking = (struct ranking){0};
}
