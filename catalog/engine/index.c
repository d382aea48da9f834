#include "catalog/engine/index.h"

#include "catalog/engine/map.h"
#include "catalog/engine/reading.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How much a pair counts for a concept, by where it was written. */
static const float written_in[] = {[LABEL_PREF] = 3.0f,
                                   [LABEL_ALT] = 1.0f,
                                   [LABEL_HIDDEN] = 0.7f,
                                   [LABEL_NOT] = 0.0f,
                                   [LABEL_PARENT] = 0.25f};

/* Strength of the background in the language model (Dirichlet smoothing, Zhai & Lafferty 2001). */
static const double smoothing = 40.0;

/* Weights below this one are not kept: they cost time and tell nothing. */
static const double slight = 0.25;

/* One pair of one concept, while counting. */
struct count {
    uint32_t concept;
    uint32_t pair;
    float count;
};

struct counts {
    struct count *all;
    size_t count, capacity;
};

static void add_count(struct counts *counts, uint32_t concept, uint32_t pair, float count)
{
    if (counts->count == counts->capacity) {
        counts->capacity = counts->capacity ? counts->capacity * 2 : 4096;
        counts->all = xrealloc(counts->all, counts->capacity * sizeof *counts->all);
    }
    counts->all[counts->count++] = (struct count){concept, pair, count};
}

static void count_text(struct counts *counts, const struct folder *folder, uint32_t concept,
                       const char *text, float weight)
{
    struct folded folded = {0};
    folder_fold(folder, text, strlen(text), &folded);
    struct pair *pairs = xcalloc(folded.length, sizeof *pairs);
    size_t count = reading_pairs(&folded, pairs);
    for (size_t i = 0; i < count; i++)
        add_count(counts, concept, pairs[i].units, weight);
    free(pairs);
    folded_free(&folded);
}

static void count_labels(struct counts *counts, const struct thesaurus *thesaurus)
{
    for (uint32_t c = 0; c < thesaurus->concept_count; c++) {
        const struct concept *concept = &thesaurus->concepts[c];
        for (uint32_t i = 0; i < concept->label_count; i++) {
            const struct label *label = &thesaurus->labels[concept->first_label + i];
            if (label->kind != LABEL_NOT)
                count_text(counts, thesaurus->folder, c, thesaurus->phrase_text[label->phrase],
                           written_in[label->kind]);
        }
    }
}

static void count_cases(struct counts *counts, const struct thesaurus *thesaurus,
                        const struct model *model)
{
    for (size_t i = 0; i < model->item_count; i++) {
        const struct item_words *item = &model->items[i];
        uint32_t department = thesaurus_department(thesaurus, item->department);
        uint32_t concept = department == NO_NUMBER
                               ? NO_NUMBER
                               : thesaurus_concept(thesaurus, department, item->name);
        for (size_t w = 0; concept != NO_NUMBER && w < item->count; w++)
            add_count(counts, concept, item->words[w].pair, item->words[w].count);
    }
}

static int by_concept_and_pair(const void *a, const void *b)
{
    const struct count *x = a, *y = b;
    if (x->concept != y->concept)
    return x->concept < y->concept ? -1 : 1;
    return x->pair < y->pair ? -1 : x->pair > y->pair;
}

static void merge_counts(struct counts *counts)
{
    size_t kept = 0;
    qsort(counts->all, counts->count, sizeof *counts->all, by_concept_and_pair);
    for (size_t i = 0; i < counts->count; i++) {
        struct count *last = kept ? &counts->all[kept - 1] : NULL;
        if (last && by_concept_and_pair(last, &counts->all[i]) == 0)
            last->count += counts->all[i].count;
        else
            counts->all[kept++] = counts->all[i];
    }
    counts->count = kept;
}

/* A weight on its way to its department's postings. */
struct weighed {
    uint64_t key; /* department << 32 | pair */
    struct posting posting;
};

static int by_key_and_weight(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->posting.weight > y->posting.weight)
        return -1;
    if (x->posting.weight < y->posting.weight)
        return 1;
    return x->posting.concept < y->posting.concept ? -1 : x->posting.concept > y->posting.concept;
}

static size_t distinct_keys(const struct weighed *weighed, size_t count)
{
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || weighed[i].key != weighed[i - 1].key;
    return distinct;
}

/* The postings of one department, sorted by pair and weight, become its table. */
static void settle_department(struct index *index, struct pair_table *table,
                              const struct weighed *weighed, size_t count)
{
    *table = pair_table_new(distinct_keys(weighed, count));
    for (size_t from = 0, to; from < count; from = to) {
        struct pair_slot *slot = pair_table_add(table, (uint32_t)weighed[from].key);
        for (to = from; to < count && weighed[to].key == weighed[from].key; to++) {
        }
        slot->value.posting = weighed[from].posting;
        if (to - from == 1)
            continue;
        uint32_t kept = to - from < POSTINGS_PER_PAIR ? (uint32_t)(to - from) : POSTINGS_PER_PAIR;
        slot->value.first = (uint32_t)index->posting_count;
        slot->value.count = kept;
        for (uint32_t i = 0; i < kept; i++)
            index->postings[index->posting_count++] = weighed[from + i].posting;
    }
}

static int by_pair(const void *a, const void *b)
{
    const struct pair_slot *x = *(const struct pair_slot *const *)a,
                           *y = *(const struct pair_slot *const *)b;
    return x->pair < y->pair ? -1 : x->pair > y->pair;
}

/* The taken slots of all departments, sorted by pair (free()). */
static const struct pair_slot **sorted_slots(const struct index *index, size_t count)
{
    const struct pair_slot **slots = xcalloc(count + 1, sizeof *slots);
    size_t taken = 0;
    for (size_t d = 0; d < index->department_count; d++)
        for (size_t i = 0; i <= index->pairs[d].mask; i++)
            if (index->pairs[d].slots[i].pair)
                slots[taken++] = &index->pairs[d].slots[i];
    qsort(slots, taken, sizeof *slots, by_pair);
    return slots;
}

static void settle_everywhere(struct index *index, size_t count)
{
    const struct pair_slot **slots = sorted_slots(index, count);
    size_t distinct = 0;
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || slots[i]->pair != slots[i - 1]->pair;
    index->everywhere = pair_table_new(distinct);
    index->values = xcalloc(count + 1, sizeof *index->values);
    struct pair_slot *slot = NULL;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || slots[i]->pair != slots[i - 1]->pair) {
            slot = pair_table_add(&index->everywhere, slots[i]->pair);
            slot->value.first = (uint32_t)i;
        }
        slot->value.count++;
        index->values[i] = slots[i]->value;
    }
    free(slots);
}

static void settle_postings(struct index *index, size_t departments, struct weighed *weighed,
                            size_t count)
{
    qsort(weighed, count, sizeof *weighed, by_key_and_weight);
    index->postings = xcalloc(count, sizeof *index->postings);
    index->pairs = xcalloc(departments, sizeof *index->pairs);
    index->department_count = departments;
    for (size_t d = 0, from = 0; d < departments; d++) {
        size_t to = from;
        while (to < count && weighed[to].key >> 32 == d)
            to++;
        settle_department(index, &index->pairs[d], weighed + from, to - from);
        from = to;
    }
    settle_everywhere(index, distinct_keys(weighed, count));
    index->postings =
        xrealloc(index->postings, (index->posting_count + 1) * sizeof *index->postings);
}

/* The language model's weight of each pair: log(1 + count / (smoothing * background)). */
static void weigh_pairs(struct index *index, const struct thesaurus *thesaurus,
                        const struct counts *counts)
{
    struct map numbers = {0};
    double *background = xcalloc(counts->count, sizeof *background), total = 0;
    double *written = xcalloc(thesaurus->concept_count, sizeof *written);
    struct weighed *weighed = xcalloc(counts->count, sizeof *weighed);
    for (size_t i = 0; i < counts->count; i++) {
        const struct count *count = &counts->all[i];
        uint32_t number = map_get(&numbers, count->pair);
        if (number == MAP_NONE)
            map_put(&numbers, count->pair, number = (uint32_t)numbers.count);
        background[number] += (double)count->count;
        written[count->concept] += (double)count->count;
        total += (double)count->count;
    }
    size_t kept = 0;
    for (size_t i = 0; i < counts->count; i++) {
        const struct count *count = &counts->all[i];
        double share = background[map_get(&numbers, count->pair)] / total;
        double weight = log1p((double)count->count / (smoothing * share));
        if (weight < slight)
            continue;
        weighed[kept++] = (struct weighed){
            (uint64_t)thesaurus->concepts[count->concept].department << 32 | count->pair,
            {count->concept, (float)weight}};
    }
    settle_postings(index, thesaurus->department_count, weighed, kept);
    index->length_weight = xcalloc(thesaurus->concept_count, sizeof *index->length_weight);
    for (size_t c = 0; c < thesaurus->concept_count; c++)
        index->length_weight[c] = (float)log1p(written[c] / smoothing);
    free(weighed);
    free(written);
    free(background);
    map_free(&numbers);
}

struct loose {
    uint64_t key; /* phrase << 32 | department */
    struct label_posting posting;
};

static int by_key(const void *a, const void *b)
{
    const struct loose *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->posting.concept < y->posting.concept ? -1 : x->posting.concept > y->posting.concept;
}

/* A label that few items of the department share, and a longer one, tells more. */
static float label_weight(enum label_kind kind, size_t length, double items, double sharing)
{
    static const double of_kind[] = {[LABEL_PREF] = 2.0, [LABEL_ALT] = 1.0, [LABEL_HIDDEN] = 0.8};
    if (kind == LABEL_NOT || kind == LABEL_PARENT)
        return 1.0f;
    double longer = 0.6 + 0.2 * (double)(length < 6 ? length : 6);
    return (float)(of_kind[kind] * log1p((items + 5) / sharing) * longer);
}

static bool names_item(enum label_kind kind)
{
    return kind == LABEL_PREF || kind == LABEL_ALT || kind == LABEL_HIDDEN;
}

/* The labels of one phrase in one department. */
static void add_label_group(struct index *index, const struct thesaurus *thesaurus,
                            const struct loose *loose, size_t count, const double *items)
{
    uint32_t phrase = (uint32_t)(loose->key >> 32), department = (uint32_t)loose->key;
    struct range *groups = &index->phrase_groups[phrase];
    double sharing = 0;
    if (groups->count++ == 0)
        groups->first = (uint32_t)index->label_group_count;
    index->label_groups[index->label_group_count++] =
        (struct label_group){department, {(uint32_t)index->label_posting_count, (uint32_t)count}};
    for (size_t i = 0; i < count; i++)
        sharing += names_item(loose[i].posting.kind);
    for (size_t i = 0; i < count; i++) {
        struct label_posting *posting = &index->label_postings[index->label_posting_count++];
        *posting = loose[i].posting;
        posting->weight = label_weight(posting->kind, thesaurus->phrase_units[phrase],
                                       items[department], sharing > 0 ? sharing : 1);
    }
}

static void settle_labels(struct index *index, const struct thesaurus *thesaurus,
                          struct loose *loose, size_t count, const double *items)
{
    qsort(loose, count, sizeof *loose, by_key);
    index->phrase_count = trie_count(thesaurus->phrases);
    index->phrase_groups = xcalloc(index->phrase_count, sizeof *index->phrase_groups);
    index->label_groups = xcalloc(count, sizeof *index->label_groups);
    index->label_postings = xcalloc(count, sizeof *index->label_postings);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && loose[end].key == loose[i].key;)
            end++;
        add_label_group(index, thesaurus, loose + i, end - i, items);
    }
}

static void index_labels(struct index *index, const struct thesaurus *thesaurus)
{
    struct loose *loose = xcalloc(thesaurus->label_count, sizeof *loose);
    double *items = xcalloc(thesaurus->department_count, sizeof *items);
    size_t count = 0;
    for (uint32_t c = 0; c < thesaurus->concept_count; c++) {
        const struct concept *concept = &thesaurus->concepts[c];
        items[concept->department]++;
        for (uint32_t i = 0; i < concept->label_count; i++) {
            const struct label *label = &thesaurus->labels[concept->first_label + i];
            loose[count++] = (struct loose){(uint64_t)label->phrase << 32 | concept->department,
                                            {c, label->kind, 0}};
        }
    }
    settle_labels(index, thesaurus, loose, count, items);
    free(items);
    free(loose);
}

struct index *index_new(const struct thesaurus *thesaurus, const struct model *model)
{
    struct index *index = xcalloc(1, sizeof *index);
    struct counts counts = {0};
    count_labels(&counts, thesaurus);
    count_cases(&counts, thesaurus, model);
    merge_counts(&counts);
    weigh_pairs(index, thesaurus, &counts);
    index_labels(index, thesaurus);
    free(counts.all);
    return index;
}

void index_destroy(struct index **address)
{
    struct index *index = *address;
    if (!index)
        return;
    for (size_t d = 0; d < index->department_count; d++)
        pair_table_free(&index->pairs[d]);
    free(index->pairs);
    pair_table_free(&index->everywhere);
    free(index->values);
    free(index->postings);
    free(index->phrase_groups);
    free(index->label_groups);
    free(index->label_postings);
    free(index->length_weight);
    free(index);
    *address = NULL;
}
