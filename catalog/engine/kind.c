#include "catalog/engine/kind.h"

#include "catalog/engine/pair_table.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { IN_NAME = 1, IN_BODY = 2 };

/* Feature values: a pair of the name counts a fixed amount; those of the body share theirs. */
static const float name_value = 0.6f;
/* … so that a long text, which has all the common pairs, does not outweigh its name. */
static const double body_value = 9.0, body_power = 0.75;
static const double lexicon_scale = 6.0, rank_scale = 5.0;

struct lexicon_entry {
    uint32_t phrase;
    enum kind kind;
    int places;
    float weight;
};

struct kind_table {
    struct lexicon_entry *entries; /* by phrase */
    size_t entry_count;
    struct map first; /* phrase → first entry */
    uint64_t *listed; /* bit: the phrase has one; small, for most have none */
    size_t phrase_count;
    struct pair_table words[PLACES]; /* first: number in weights */
    float (*weights)[KINDS];
};

static int by_phrase(const void *a, const void *b)
{
    const struct lexicon_entry *x = a, *y = b;
    if (x->phrase != y->phrase)
        return x->phrase < y->phrase ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

static int places_of(const char *word)
{
    return strcmp(word, "name") == 0   ? IN_NAME
           : strcmp(word, "body") == 0 ? IN_BODY
                                       : IN_NAME | IN_BODY;
}

struct kind_table *kind_table_load(struct store *store, struct thesaurus *thesaurus,
                                   struct fault *fault)
{
    struct kind_table *table = xcalloc(1, sizeof *table);
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT phrase, kind, weight, place FROM kind_phrase ORDER BY phrase, kind", fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0) {
        struct lexicon_entry entry = {thesaurus_phrase(thesaurus, store_text(statement, 0)),
                                      kind_of_name(store_text(statement, 1)),
                                      places_of(store_text(statement, 3)),
                                      (float)sqlite3_column_double(statement, 2)};
        if (entry.phrase == NO_NUMBER || entry.kind == KINDS)
            continue;
        table->entries = xgrow(table->entries, table->entry_count, sizeof *table->entries);
        table->entries[table->entry_count++] = entry;
    }
    sqlite3_finalize(statement);
    qsort(table->entries, table->entry_count, sizeof *table->entries, by_phrase);
    table->phrase_count = trie_count(thesaurus->phrases);
    table->listed = xcalloc(table->phrase_count / 64 + 1, sizeof *table->listed);
    for (size_t i = table->entry_count; i-- > 0;) {
        uint32_t phrase = table->entries[i].phrase;
        map_put(&table->first, phrase, (uint32_t)i);
        table->listed[phrase >> 6] |= (uint64_t)1 << (phrase & 63);
    }
    if (got < 0)
        kind_table_destroy(&table);
    return table;
}

void kind_table_learn(struct kind_table *table, const struct model *model)
{
    size_t counts[PLACES] = {0};
    for (size_t i = 0; i < model->kind_word_count; i++)
        counts[model->kind_words[i].place]++;
    for (int p = 0; p < PLACES; p++) {
        pair_table_free(&table->words[p]);
        table->words[p] = pair_table_new(counts[p]);
    }
    free(table->weights);
    table->weights = xcalloc(model->kind_word_count, sizeof *table->weights);
    for (size_t i = 0; i < model->kind_word_count; i++) {
        const struct kind_word *word = &model->kind_words[i];
        struct pair_slot *slot = pair_table_add(&table->words[word->place], word->pair);
        memcpy(table->weights[i], word->weights, sizeof word->weights);
        slot->value.first = (uint32_t)i;
        slot->value.count = 1;
    }
}

void kind_table_destroy(struct kind_table **table)
{
    if (!*table)
        return;
    free((*table)->entries);
    map_free(&(*table)->first);
    free((*table)->listed);
    for (int p = 0; p < PLACES; p++)
        pair_table_free(&(*table)->words[p]);
    free((*table)->weights);
    free(*table);
    *table = NULL;
}

static inline bool is_listed(const struct kind_table *table, uint32_t phrase)
{
    return phrase < table->phrase_count && table->listed[phrase >> 6] >> (phrase & 63) & 1;
}

/* Whether a longer phrase of the lexicon holds this hit: 设备维护 must not be read as 设备. */
static bool is_covered(const struct kind_table *table, const struct reading_field *field, size_t at)
{
    const struct hit *hit = &field->hits[at];
    uint32_t end = hit->start + hit->length;
    for (size_t i = at + 1; i < field->hit_count && field->hits[i].start == hit->start; i++)
        if (is_listed(table, field->hits[i].phrase))
            return true;
    for (size_t i = at; i-- > 0 && field->hits[i].start + 16 > hit->start;)
        if (field->hits[i].start < hit->start &&
            field->hits[i].start + field->hits[i].length >= end &&
            is_listed(table, field->hits[i].phrase))
            return true;
    return false;
}

static bool seen_before(const struct reading_field *field, size_t at)
{
    enum { LOOK_BACK = 256 };
    for (size_t i = at, looked = 0; i-- > 0 && looked < LOOK_BACK; looked++)
        if (field->hits[i].phrase == field->hits[at].phrase)
            return true;
    return false;
}

static void look_up_lexicon(const struct kind_table *table, const struct reading_field *field,
                            int place, double sums[KINDS])
{
    uint64_t seen[4] = {0}; /* bits by the last ones of a phrase: few need be looked for behind */
    for (size_t i = 0; i < field->hit_count; i++) {
        uint32_t phrase = field->hits[i].phrase;
        if (!is_listed(table, phrase))
            continue;
        uint64_t *word = &seen[phrase >> 6 & 3], bit = (uint64_t)1 << (phrase & 63);
        bool again = (*word & bit) && seen_before(field, i);
        *word |= bit;
        if (again || is_covered(table, field, i))
            continue;
        for (uint32_t entry = map_get(&table->first, phrase);
             entry < table->entry_count && table->entries[entry].phrase == phrase; entry++)
            if (table->entries[entry].places & place)
                sums[table->entries[entry].kind] += (double)table->entries[entry].weight;
    }
}

static void add_sparse(struct kind_view *view, enum place place, uint32_t pair, float value)
{
    if (view->sparse_count == view->sparse_capacity) {
        view->sparse_capacity = view->sparse_capacity ? view->sparse_capacity * 2 : 1024;
        view->sparse = xrealloc(view->sparse, view->sparse_capacity * sizeof *view->sparse);
    }
    view->sparse[view->sparse_count++] = (struct kind_feature){(uint64_t)place << 32 | pair, value};
}

/* What each pair of the description counts. */
static float body_share(const struct reading *reading)
{
    size_t in_body = 0;
    for (size_t i = 0; i < reading->mass_count; i++)
        in_body += reading->masses[i].fields >> FIELD_DESCRIPTION & 1;
    return (float)(body_value / pow((double)in_body + 10, body_power));
}

enum { ENDING = 2 }; /* pairs at the end of the name, which say what the thing is */

static size_t first_of_ending(const struct reading_field *name)
{
    return name->pair_count > ENDING ? name->pair_count - ENDING : 0;
}

void kind_features(const struct reading *reading, struct kind_view *view)
{
    const struct reading_field *name = &reading->fields[FIELD_NAME];
    view->sparse_count = 0;
    for (size_t i = 0; i < reading->mass_count; i++) {
        const struct mass *mass = &reading->masses[i];
        if (mass->fields >> FIELD_NAME & 1)
            add_sparse(view, PLACE_NAME, mass->units, name_value);
        if (mass->fields >> FIELD_DESCRIPTION & 1)
            add_sparse(view, PLACE_BODY, mass->units, view->body);
    }
    for (size_t i = first_of_ending(name); i < name->pair_count; i++)
        add_sparse(view, PLACE_ENDING, name->pairs[i].units, name_value);
}

void kind_observe(const struct kind_table *table, const struct reading *reading,
                  const struct ranking *ranking, struct kind_view *view)
{
    memset(view->dense, 0, sizeof view->dense);
    look_up_lexicon(table, &reading->fields[FIELD_NAME], IN_NAME, &view->dense[DENSE_LEXICON_NAME]);
    look_up_lexicon(table, &reading->fields[FIELD_DESCRIPTION], IN_BODY,
                    &view->dense[DENSE_LEXICON_BODY]);
    for (int d = 0; d < DENSE_TOP; d++)
        view->dense[d] = 2 * tanh(view->dense[d] / lexicon_scale);
    if (ranking->top > 0) {
        const struct scored *top = ranking->all;
        view->dense[DENSE_TOP] = top[0].score / rank_scale;
        view->dense[DENSE_MARGIN] =
            ranking->top > 1 ? (top[0].score - top[1].score) / rank_scale : 1;
        view->dense[DENSE_LABELS] = top[0].features[FEATURE_LABELS] / rank_scale;
    }
    view->dense[DENSE_BIAS] = 1;
    view->body = body_share(reading);
}

enum { AT_ONCE = 64 };

/* A pair that the table may know in that place. */
struct known {
    const struct mass *mass;
    enum place place;
};

/* Of at most AT_ONCE pairs, in the order of kind_features. */
static size_t sift_pairs(const struct kind_table *table, const struct mass *masses, size_t count,
                         struct known known[2 * AT_ONCE + 1])
{
    const struct pair_table name = table->words[PLACE_NAME], body = table->words[PLACE_BODY];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct mass *mass = &masses[i];
        if (mass->fields >> FIELD_NAME & 1) {
            known[kept] = (struct known){mass, PLACE_NAME};
            kept += pair_table_may_have(&name, mass->hash);
        }
        known[kept] = (struct known){mass, PLACE_BODY};
        kept += (mass->fields >> FIELD_DESCRIPTION & 1) & pair_table_may_have(&body, mass->hash);
    }
    for (size_t i = 0; i < kept; i++)
        pair_table_expect(&table->words[known[i].place], known[i].mass->hash);
    return kept;
}

static void add_pair(const struct kind_table *table, enum place place, uint32_t pair, uint32_t hash,
                     float value, double scores[KINDS])
{
    const struct pair_slot *slot = pair_table_find(&table->words[place], pair, hash);
    if (!slot->value.count)
        return;
    const float *weights = table->weights[slot->value.first];
    for (int k = 0; k < KINDS; k++)
        scores[k] += (double)(value * weights[k]);
}

static void add_pairs(const struct kind_table *table, const struct reading *reading, float body,
                      double scores[KINDS])
{
    const struct reading_field *name = &reading->fields[FIELD_NAME];
    struct known known[2 * AT_ONCE + 1];
    for (size_t from = 0; from < reading->mass_count; from += AT_ONCE) {
        size_t left = reading->mass_count - from;
        size_t count =
            sift_pairs(table, reading->masses + from, left < AT_ONCE ? left : AT_ONCE, known);
        for (size_t i = 0; i < count; i++)
            add_pair(table, known[i].place, known[i].mass->units, known[i].mass->hash,
                     known[i].place == PLACE_NAME ? name_value : body, scores);
    }
    for (size_t i = first_of_ending(name); i < name->pair_count; i++)
        add_pair(table, PLACE_ENDING, name->pairs[i].units, pair_hash(name->pairs[i].units),
                 name_value, scores);
}

void kind_decide(const struct kind_table *table, const struct model *model,
                 const struct kind_view *view, const struct reading *reading,
                 double probabilities[KINDS])
{
    double scores[KINDS] = {0}, highest = -HUGE_VAL, total = 0;
    for (int d = 0; d < DENSES; d++)
        for (int k = 0; k < KINDS; k++)
            scores[k] += view->dense[d] * model->kind_dense[d][k];
    add_pairs(table, reading, view->body, scores);
    for (int k = 0; k < KINDS; k++)
        highest = fmax(highest, scores[k]);
    for (int k = 0; k < KINDS; k++)
        total += probabilities[k] = exp(scores[k] - highest);
    for (int k = 0; k < KINDS; k++)
        probabilities[k] /= total;
}

void kind_view_free(struct kind_view *view)
{
    free(view->sparse);
    *view = (struct kind_view){0};
}
