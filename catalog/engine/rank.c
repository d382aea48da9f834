#include "catalog/engine/rank.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double rank_forbidden = 3.0;

/* What was found for a concept. */
struct rank_sum {
    float words, labels, parent, not ;
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
        ranking->phrases = xcalloc(phrases, sizeof *ranking->phrases);
        ranking->found = xcalloc(phrases, sizeof *ranking->found);
        ranking->concept_count = concepts;
        ranking->phrase_count = phrases;
    }
    if (++ranking->round == 0) {
        memset(ranking->phrases, 0, phrases * sizeof *ranking->phrases);
        ranking->round = 1;
    }
    ranking->found_count = ranking->count = ranking->top = 0;
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

enum { AT_ONCE = 64 };

/* The pairs that the table may have, of at most AT_ONCE. Memory is slower than arithmetic here: what
 * will be read is asked for ahead. */
static size_t sift_pairs(const struct pair_table *table, const struct mass *masses, size_t count,
                         const struct mass **sifted)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        sifted[kept] = &masses[i];
        kept += pair_table_may_have(table, masses[i].hash);
    }
    for (size_t i = 0; i < kept; i++)
        pair_table_expect(table, sifted[i]->hash);
    return kept;
}

static inline void add_postings(struct rank_sum *sums, struct postings postings, float weight)
{
    const struct posting *posting = postings.all, *end = posting + postings.count;
    for (; posting < end; posting++)
        sums[posting->concept].words += weight * posting->weight;
}

static void sum_postings(struct rank_sum *sums, const struct index *index,
                         const struct pair_table *table, const struct mass **masses, size_t count)
{
    struct postings found[AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        const struct pair_slot *slot = pair_table_find(table, masses[i]->units, masses[i]->hash);
        found[i] = index_postings(index, &slot->value);
        __builtin_prefetch(found[i].all);
    }
    for (size_t i = 0; i < count; i++)
        add_postings(sums, found[i], masses[i]->weight);
}

/* The same in all departments at once. */
static void sum_everywhere(struct rank_sum *sums, const struct index *index,
                           const struct mass **masses, size_t count)
{
    union pair_value found[AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        found[i] = pair_table_find(&index->everywhere, masses[i]->units, masses[i]->hash)->value;
        __builtin_prefetch(&index->values[found[i].first]);
    }
    for (size_t i = 0; i < count; i++) {
        const union pair_value *value = index->values + found[i].first;
        for (const union pair_value *end = value + found[i].count; value < end; value++)
            add_postings(sums, index_postings(index, value), masses[i]->weight);
    }
}

enum { EVERYWHERE = NO_NUMBER }; /* in the place of a department */

static void sum_pairs(struct rank_sum *sums, const struct index *index,
                      const struct reading *reading, uint32_t department)
{
    const struct pair_table *table =
        department == EVERYWHERE ? &index->everywhere : &index->pairs[department];
    const struct mass *sifted[AT_ONCE + 1];
    for (size_t from = 0; from < reading->mass_count; from += AT_ONCE) {
        size_t left = reading->mass_count - from;
        size_t count =
            sift_pairs(table, reading->masses + from, left < AT_ONCE ? left : AT_ONCE, sifted);
        if (department == EVERYWHERE)
            sum_everywhere(sums, index, sifted, count);
        else
            sum_postings(sums, index, table, sifted, count);
    }
}

static void add_labels(struct rank_sum *sums, const struct index *index, struct range postings,
                       float found)
{
    float full = found < 1 ? found : 1;
    for (uint32_t p = 0; p < postings.count; p++) {
        const struct label_posting *posting = &index->label_postings[postings.first + p];
        struct rank_sum *sum = &sums[posting->concept];
        if (posting->kind == LABEL_NOT)
            sum->not += full;
        else if (posting->kind == LABEL_PARENT)
            sum->parent += full;
        else
            sum->labels += found * posting->weight;
    }
}

static void sum_labels(const struct ranking *ranking, const struct index *index,
                       uint32_t department)
{
    for (size_t i = 0; i < ranking->found_count; i++) {
        uint32_t phrase = ranking->found[i];
        float found = ranking->phrases[phrase].weight;
        if (department != EVERYWHERE) {
            add_labels(ranking->sums, index, index_label(index, department, phrase), found);
            continue;
        }
        struct range groups = index_label_groups(index, phrase);
        for (uint32_t g = 0; g < groups.count; g++)
            add_labels(ranking->sums, index, index->label_groups[groups.first + g].postings, found);
    }
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

/* One search: what is the same for all its candidates. */
struct search {
    struct ranking *ranking;
    const struct thesaurus *thesaurus;
    const struct index *index;
    const struct model *model;
    const struct revision *revision;
    const struct reading *reading;
    const struct guesses *guesses;
    double root;        /* of the mass of the text */
    double label_scale; /* labels tell less in a long text */
};

static void score_leaf(const struct search *search, uint32_t concept, double department)
{
    struct ranking *ranking = search->ranking;
    const struct rank_sum *sum = &ranking->sums[concept];
    uint32_t number = search->revision->leaf_of_concept[concept];
    if (number == NO_NUMBER)
        return;
    const struct leaf *leaf = &search->revision->leaves[number];
    struct scored *scored = &ranking->all[ranking->count++];
    *scored = (struct scored){
        .leaf = number,
        .features =
            {
                [FEATURE_WORDS] = (double)sum->words / search->root,
                [FEATURE_LENGTH] = (double)search->index->length_weight[concept] * search->root,
                [FEATURE_LABELS] = 2 * (double)sum->labels / search->label_scale,
                [FEATURE_PARENT] = (double)sum->parent,
                [FEATURE_NOT] = (double)sum->not,
                [FEATURE_CLASS_B] = leaf->class_b,
                [FEATURE_DEPARTMENT] = department,
            },
    };
    for (int f = 0; f < FEATURES; f++)
        scored->score += search->model->features[f] * scored->features[f];
    scored->forbidden = leaf->restricted && !rank_allows(leaf, search->guesses);
    if (scored->forbidden)
        scored->score -= rank_forbidden;
}

/* What the text says for the concepts of a department, or of all. */
static void sum_up(const struct search *search, uint32_t department)
{
    struct ranking *ranking = search->ranking;
    const uint32_t *firsts = search->thesaurus->first_concept;
    size_t first = 0, end = ranking->concept_count;
    if (department != EVERYWHERE) {
        first = firsts[department];
        end = firsts[department + 1];
    }
    memset(ranking->sums + first, 0, (end - first) * sizeof *ranking->sums);
    sum_pairs(ranking->sums, search->index, search->reading, department);
    sum_labels(ranking, search->index, department);
}

static void score_department(const struct search *search, uint32_t department, float weight)
{
    struct ranking *ranking = search->ranking;
    uint32_t first = search->thesaurus->first_concept[department];
    size_t count = search->thesaurus->first_concept[department + 1] - first;
    double certainty = log((double)weight);
    if (ranking->count + count > ranking->capacity) {
        ranking->capacity = (ranking->count + count) * 2;
        ranking->all = xrealloc(ranking->all, ranking->capacity * sizeof *ranking->all);
    }
    for (size_t i = first; i < first + count; i++) {
        const struct rank_sum *sum = &ranking->sums[i];
        if (sum->words + sum->labels + sum->parent + sum->not > 0)
            score_leaf(search, (uint32_t)i, certainty);
    }
}

static void search_guesses(const struct search *search)
{
    const struct guesses *guesses = search->guesses;
    uint32_t serves_all = search->thesaurus->department_b;
    for (size_t g = 0; g < guesses->count; g++) {
        uint32_t department = guesses->all[g].department;
        if (department == NO_NUMBER || department == serves_all)
            continue;
        sum_up(search, department);
        score_department(search, department, guesses->all[g].weight);
    }
    sum_up(search, serves_all);
    score_department(search, serves_all, 1.0f);
}

static void search_everywhere(const struct search *search)
{
    uint32_t serves_all = search->thesaurus->department_b;
    sum_up(search, EVERYWHERE);
    for (uint32_t d = 0; d < search->thesaurus->department_count; d++)
        if (d != serves_all)
            score_department(search, d, 1.0f);
    score_department(search, serves_all, 1.0f);
}

static bool is_better(const struct scored *one, const struct scored *other)
{
    return one->score > other->score || (one->score == other->score && one->leaf < other->leaf);
}

/* The numbers of the best, best first; ties go to the earlier item of the catalog. */
static size_t find_top(const struct ranking *ranking, size_t best[RANK_TOP])
{
    size_t count = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        if (count == RANK_TOP && !is_better(&ranking->all[i], &ranking->all[best[count - 1]]))
            continue;
        size_t at = count < RANK_TOP ? count++ : count - 1;
        for (; at > 0 && is_better(&ranking->all[i], &ranking->all[best[at - 1]]); at--)
            best[at] = best[at - 1];
        best[at] = i;
    }
    return count;
}

/* Brings them to the front, in order. */
static void select_top(struct ranking *ranking)
{
    size_t best[RANK_TOP];
    ranking->top = find_top(ranking, best);
    for (size_t t = 0; t < ranking->top; t++) {
        struct scored moved = ranking->all[t];
        ranking->all[t] = ranking->all[best[t]];
        ranking->all[best[t]] = moved;
        for (size_t later = t + 1; later < ranking->top; later++)
            if (best[later] == t)
                best[later] = best[t];
    }
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
    double mass = reading->total_mass > 1 ? reading->total_mass : 1;
    struct search search = {.ranking = ranking,
                            .thesaurus = thesaurus,
                            .index = index,
                            .model = model,
                            .revision = revision,
                            .reading = reading,
                            .guesses = guesses,
                            .root = sqrt(mass),
                            .label_scale = sqrt(10 + mass)};
    make_room(ranking, thesaurus);
    find_phrases(ranking, reading);
    if (guesses->count)
        search_guesses(&search);
    else
        search_everywhere(&search);
    select_top(ranking);
    share_out(ranking);
}

void ranking_free(struct ranking *ranking)
{
    free(ranking->all);
    free(ranking->sums);
    free(ranking->phrases);
    free(ranking->found);
    *ranking = (struct ranking){0};
}
