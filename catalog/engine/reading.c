#include "catalog/engine/reading.h"

#include "catalog/engine/pair_table.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_SENTENCE = 80, /* units of the description that count more, at most */
    NEGATION_REACH = 24, /* units that a negation covers, at most */
    DIGITS = '#'
};

/* A phrase in the name counts double; reasons and legal bases speak of other things too. */
const float reading_field_weight[FIELDS] = {2.0f, 1.0f, 0.3f, 0.3f, 0.2f, 0.05f};

/* What a pair adds in each field for standing there, and a little for each time again, which only the
 * description has. */
static const float pair_weight[FIELDS] = {2.0f, 0.7f, 0.15f, 0.15f, 0.1f, 0.02f};
static const float pair_again = 0.3f;
static const float first_sentence_weight = 0.6f;

struct reading_slot {
    uint32_t round;
    uint32_t mass; /* of round `round` */
};

static bool is_digit(uint16_t unit)
{
    return unit >= '0' && unit <= '9';
}

static bool is_word(uint16_t unit)
{
    return (unit >= 0x3400 && unit < 0xA000) || (unit >= 'a' && unit <= 'z') || is_digit(unit) ||
           (unit >= 0xC0 && unit < 0x2000);
}

size_t reading_pairs(const struct folded *folded, struct pair *out)
{
    size_t count = 0;
    uint32_t before = 0, before_at = 0;
    for (size_t i = 0; i < folded->length;) {
        size_t at = i;
        uint32_t unit = is_word(folded->units[i]) ? folded->units[i] : 0;
        i++;
        if (is_digit((uint16_t)unit)) {
            unit = DIGITS;
            while (i < folded->length && (is_digit(folded->units[i]) || folded->units[i] == '.' ||
                                          folded->units[i] == ','))
                i++;
        }
        if (before && unit)
            out[count++] = (struct pair){before << 16 | unit, before_at, (uint32_t)i};
        before = unit;
        before_at = (uint32_t)at;
    }
    return count;
}

static bool stands_at(const struct folded *folded, size_t at, const uint16_t *word, size_t length)
{
    return at + length <= folded->length &&
           memcmp(folded->units + at, word, length * sizeof *word) == 0;
}

static bool ends_clause(uint16_t unit)
{
    return unit == ',' || unit == '.' || unit == ';' || unit == ')' || unit == '(' || unit == '!';
}

enum { NOT = 0x4E0D, EXCEPT = 0x9664, OUTSIDE = 0x5916 }; /* 不 除 外 */

/* Where the negation that begins at `at` with one of these two ends, or `at` when there is none. */
static size_t negation_end(const struct folded *folded, size_t at)
{
    static const uint16_t without[] = {NOT, 0x542B};        /* 不含 */
    static const uint16_t excluding[] = {NOT, 0x5305};      /* 不包(括/含) */
    static const uint16_t not_concerning[] = {NOT, 0x6D89}; /* 不涉(及) */
    size_t limit = at + NEGATION_REACH < folded->length ? at + NEGATION_REACH : folded->length;
    if (stands_at(folded, at, without, 2) || stands_at(folded, at, excluding, 2) ||
        stands_at(folded, at, not_concerning, 2)) {
        size_t end = at + 2;
        while (end < limit && !ends_clause(folded->units[end]))
            end++;
        return end;
    }
    if (folded->units[at] != EXCEPT)
        return at;
    for (size_t end = at + 2; end < limit && !ends_clause(folded->units[end]); end++)
        if (folded->units[end] == OUTSIDE &&
            (end + 1 == folded->length || ends_clause(folded->units[end + 1])))
            return end + 1;
    return at;
}

/* Takes out what lies in [from, to). */
static void drop_negated(struct reading_field *field, size_t from, size_t to)
{
    size_t kept = 0;
    for (size_t i = 0; i < field->pair_count; i++)
        if (field->pairs[i].position < from || field->pairs[i].position >= to)
            field->pairs[kept++] = field->pairs[i];
    field->pair_count = kept;
    kept = 0;
    for (size_t i = 0; i < field->hit_count; i++)
        if (field->hits[i].start < from || field->hits[i].start >= to)
            field->hits[kept++] = field->hits[i];
    field->hit_count = kept;
}

/* Many negations in a row (hostile input) must not cost more than one pass each of a bounded few. */
enum { NEGATIONS = 32 };

static bool may_negate(const struct folded *folded)
{
    unsigned any = 0;
    for (size_t at = 0; at < folded->length; at++) /* to the end: many at once, as they can be */
        any |= (unsigned)(folded->units[at] == NOT) | (unsigned)(folded->units[at] == EXCEPT);
    return any;
}

static void apply_negations(struct reading_field *field)
{
    int found = 0;
    const uint16_t *units = field->folded.units;
    if (!may_negate(&field->folded))
        return;
    for (size_t at = 0; at + 2 < field->folded.length && found < NEGATIONS; at++) {
        if (units[at] != NOT && units[at] != EXCEPT)
            continue;
        size_t end = negation_end(&field->folded, at);
        if (end == at)
            continue;
        drop_negated(field, at, end);
        found++;
        at = end - 1;
    }
}

static void find_hits(struct reading_field *field, const struct trie *phrases)
{
    if (!field->hit_capacity) {
        field->hit_capacity = 512;
        field->hits = xrealloc(NULL, field->hit_capacity * sizeof *field->hits);
    }
    for (;;) {
        field->hit_count = trie_find(phrases, field->folded.units, field->folded.length,
                                     field->hits, field->hit_capacity);
        if (field->hit_count < field->hit_capacity)
            return;
        field->hit_capacity *= 2;
        field->hits = xrealloc(field->hits, field->hit_capacity * sizeof *field->hits);
    }
}

static void find_phrases(struct reading_field *field, const struct trie *phrases)
{
    find_hits(field, phrases);
    if (field->word_capacity < field->hit_count) {
        field->word_capacity = field->hit_capacity;
        field->words = xrealloc(field->words, field->word_capacity * sizeof *field->words);
    }
    size_t kept = 0, words = 0;
    for (size_t i = 0; i < field->hit_count; i++) {
        struct hit hit = field->hits[i];
        if (hit.uses & TRIE_WORD)
            field->words[words++] = hit;
        if (hit.uses & TRIE_PHRASE)
            field->hits[kept++] = hit;
    }
    field->hit_count = kept;
    field->word_count = words;
}

static void find_pairs(struct reading_field *field)
{
    if (field->folded.length > field->pair_capacity) {
        field->pair_capacity = field->folded.length * 3 / 2;
        field->pairs = xrealloc(field->pairs, field->pair_capacity * sizeof *field->pairs);
    }
    field->pair_count = reading_pairs(&field->folded, field->pairs);
}

void reading_find(struct reading *reading, const struct folder *folder, const struct trie *phrases,
                  const char *const texts[FIELDS])
{
    for (int f = 0; f < FIELDS; f++) {
        struct reading_field *field = &reading->fields[f];
        folder_fold(folder, texts[f], strlen(texts[f]), &field->folded);
        find_pairs(field);
        find_phrases(field, phrases);
    }
}

/* The first unit that comes from this code point or a later one. */
static size_t unit_at(const struct folded *folded, size_t code_point)
{
    size_t low = 0, high = folded->length;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (folded->origin[middle] < code_point)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void copy_hits(struct reading_field *field, const struct reading_field *of, size_t from,
                      size_t to)
{
    if (field->hit_capacity < of->hit_count) {
        field->hit_capacity = of->hit_count + 64;
        field->hits = xrealloc(field->hits, field->hit_capacity * sizeof *field->hits);
    }
    size_t first = 0, end = of->hit_count;
    while (first < end) {
        size_t middle = (first + end) / 2;
        if (of->hits[middle].start < from)
            first = middle + 1;
        else
            end = middle;
    }
    field->hit_count = 0;
    for (const struct hit *hit = of->hits + first; hit < of->hits + of->hit_count; hit++) {
        if (hit->start >= to)
            return;
        if (hit->start + hit->length > to)
            continue;
        field->hits[field->hit_count] = *hit;
        field->hits[field->hit_count++].start -= (uint32_t)from;
    }
}

static void slice_field(struct reading_field *field, const struct reading_field *of,
                        const struct trie *phrases, struct span span)
{
    size_t from = unit_at(&of->folded, span.start), to = unit_at(&of->folded, span.end);
    folded_slice(&of->folded, from, to, &field->folded);
    find_pairs(field);
    /* a word that is cut in two is none there, but may be one here */
    if (trie_cuts_word(of->folded.units, of->folded.length, from, to))
        find_phrases(field, phrases);
    else
        copy_hits(field, of, from, to);
}

void reading_slice(struct reading *reading, const struct reading *of, const struct trie *phrases,
                   struct span name, struct span description)
{
    const struct reading_field *from = &of->fields[FIELD_DESCRIPTION];
    for (int f = 0; f < FIELDS; f++) {
        struct reading_field *field = &reading->fields[f];
        field->folded.length = field->folded.code_points = 0;
        field->pair_count = field->hit_count = field->word_count = 0;
    }
    slice_field(&reading->fields[FIELD_NAME], from, phrases, name);
    slice_field(&reading->fields[FIELD_DESCRIPTION], from, phrases, description);
}

static void make_room(struct reading *reading)
{
    size_t pairs = 0;
    for (int f = 0; f < FIELDS; f++)
        pairs += reading->fields[f].pair_count;
    if (reading->slot_capacity < pairs * 2 + 64) {
        size_t capacity = 1024;
        while (capacity < pairs * 2 + 64)
            capacity *= 2;
        free(reading->slots);
        reading->slots = xcalloc(capacity, sizeof *reading->slots);
        reading->masses = xrealloc(reading->masses, capacity * sizeof *reading->masses);
        reading->slot_capacity = capacity;
        reading->round = 0;
        for (int count = 2; count <= READING_REPEATS; count++)
            reading->again[count] = logf((float)count / (float)(count - 1));
    }
    if (++reading->round == 0) {
        memset(reading->slots, 0, reading->slot_capacity * sizeof *reading->slots);
        reading->round = 1;
    }
    reading->mass_count = 0;
}

static size_t first_sentence_end(const struct folded *folded)
{
    size_t limit = folded->length < FIRST_SENTENCE ? folded->length : FIRST_SENTENCE;
    size_t end = 0;
    while (end < limit && folded->units[end] != '.' && folded->units[end] != ';')
        end++;
    return end;
}

/* Masses on their way, in variables that the compiler need not read again after every write. */
struct weighing {
    struct reading_slot *slots;
    struct mass *masses;
    size_t mask, count;
    uint32_t round;
};

/* Where the pair stands in masses; added when it is new. */
static inline struct mass *mass_of(struct weighing *weighing, uint32_t units)
{
    uint32_t hash = pair_hash(units);
    size_t at = hash >> 8 & weighing->mask;
    for (; weighing->slots[at].round == weighing->round; at = (at + 1) & weighing->mask)
        if (weighing->masses[weighing->slots[at].mass].units == units)
            return &weighing->masses[weighing->slots[at].mass];
    struct mass *mass = &weighing->masses[weighing->count];
    weighing->slots[at] = (struct reading_slot){weighing->round, (uint32_t)weighing->count++};
    *mass = (struct mass){units, hash, 0, 0, 0};
    return mass;
}

static void weigh_field(struct reading *reading, int f)
{
    const struct reading_field *field = &reading->fields[f];
    size_t first = f == FIELD_DESCRIPTION ? first_sentence_end(&field->folded) : 0;
    const struct pair *pair = field->pairs, *end = pair + field->pair_count;
    struct weighing weighing = {reading->slots, reading->masses, reading->slot_capacity - 1,
                                reading->mass_count, reading->round};
    const uint16_t bit = (uint16_t)(1u << f);
    for (; pair < end; pair++) {
        struct mass *mass = mass_of(&weighing, pair->units);
        if (!(mass->fields & bit)) {
            mass->fields |= bit;
            mass->weight += pair_weight[f] + (pair->end <= first ? first_sentence_weight : 0);
            mass->repeats = 1;
        } else if (f == FIELD_DESCRIPTION && mass->repeats < READING_REPEATS) {
            mass->weight += pair_again * reading->again[++mass->repeats];
        }
    }
    reading->mass_count = weighing.count;
}

void reading_weigh(struct reading *reading)
{
    for (int f = 0; f < FIELDS; f++)
        apply_negations(&reading->fields[f]);
    make_room(reading);
    for (int f = 0; f < FIELDS; f++)
        weigh_field(reading, f);
    reading->total_mass = 0;
    for (size_t i = 0; i < reading->mass_count; i++)
        reading->total_mass += (double)reading->masses[i].weight;
}

void reading_take(struct reading *reading, const struct folder *folder, const struct trie *phrases,
                  const char *const texts[FIELDS])
{
    reading_find(reading, folder, phrases, texts);
    reading_weigh(reading);
}

void reading_free(struct reading *reading)
{
    for (int f = 0; f < FIELDS; f++) {
        folded_free(&reading->fields[f].folded);
        free(reading->fields[f].pairs);
        free(reading->fields[f].hits);
        free(reading->fields[f].words);
    }
    free(reading->masses);
    free(reading->slots);
    *reading = (struct reading){0};
}
