#include "catalog/revision/likeness.h"

#include "catalog/engine/map.h"
#include "common/strbuf.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Shares of the three views of two names in their likeness: the same characters, in the same order,
 * as neighbours. */
static const double bag_share = 0.5, order_share = 0.25, pair_share = 0.25;
/* A character of nearly every name still counts a little: two names made of such are not alike. */
static const float least_weight = 0.15F;
static const double rounding = 1e-6;

struct synonym {
    uint16_t *units, *meaning;
    size_t length, meaning_length;
};

struct vocabulary {
    struct folder *folder;
    struct synonym *synonyms; /* the longest first */
    size_t synonym_count;
    struct map seen; /* character → names with it */
    size_t names;
};

static uint16_t *fold_copy(const struct folder *folder, const char *text, size_t *length)
{
    struct folded folded = {0};
    folder_fold(folder, text, strlen(text), &folded);
    *length = folded.length;
    uint16_t *units = xcalloc(folded.length + 1, sizeof *units);
    memcpy(units, folded.units, folded.length * sizeof *units);
    folded_free(&folded);
    return units;
}

static int longest_first(const void *a, const void *b)
{
    const struct synonym *x = a, *y = b;
    return x->length > y->length ? -1 : x->length < y->length;
}

static int load_synonyms(struct vocabulary *vocabulary, struct store *store, struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT word, meaning FROM synonym ORDER BY word", fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0) {
        vocabulary->synonyms = xrealloc(vocabulary->synonyms, (vocabulary->synonym_count + 1) *
                                                                  sizeof *vocabulary->synonyms);
        struct synonym *synonym = &vocabulary->synonyms[vocabulary->synonym_count++];
        synonym->units = fold_copy(vocabulary->folder, store_text(statement, 0), &synonym->length);
        synonym->meaning =
            fold_copy(vocabulary->folder, store_text(statement, 1), &synonym->meaning_length);
    }
    sqlite3_finalize(statement);
    if (vocabulary->synonym_count)
        qsort(vocabulary->synonyms, vocabulary->synonym_count, sizeof *vocabulary->synonyms,
              longest_first);
    return got;
}

struct vocabulary *vocabulary_new(struct store *store, struct fault *fault)
{
    struct vocabulary *vocabulary = xcalloc(1, sizeof *vocabulary);
    vocabulary->folder = folder_new();
    if (load_synonyms(vocabulary, store, fault))
        vocabulary_destroy(&vocabulary);
    return vocabulary;
}

void vocabulary_destroy(struct vocabulary **vocabulary)
{
    if (!*vocabulary)
        return;
    for (size_t i = 0; i < (*vocabulary)->synonym_count; i++) {
        free((*vocabulary)->synonyms[i].units);
        free((*vocabulary)->synonyms[i].meaning);
    }
    free((*vocabulary)->synonyms);
    map_free(&(*vocabulary)->seen);
    folder_destroy(&(*vocabulary)->folder);
    free(*vocabulary);
    *vocabulary = NULL;
}

static const struct synonym *synonym_at(const struct vocabulary *vocabulary,
                                        const struct folded *folded, size_t at)
{
    for (size_t i = 0; i < vocabulary->synonym_count; i++) {
        const struct synonym *synonym = &vocabulary->synonyms[i];
        if (synonym->length && synonym->length <= folded->length - at &&
            memcmp(folded->units + at, synonym->units, synonym->length * sizeof(uint16_t)) == 0)
            return synonym;
    }
    return NULL;
}

/* Signs between words say nothing: 、 ( ) — and the particle 的. */
static bool is_silent(uint16_t unit)
{
    static const uint16_t silent[] = {0x3001, '(',    ')',    ',',    '.',    ';',
                                      ':',    '-',    '"',    '\'',   '/',    0x201C,
                                      0x201D, 0x300A, 0x300B, 0x2014, 0x7684, 0xB7};
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        if (silent[i] == unit)
            return true;
    return false;
}

static void add_unit(struct profile *profile, uint16_t unit)
{
    if (profile->length < PROFILE_UNITS && !is_silent(unit))
        profile->units[profile->length++] = unit;
}

static void fold_name(const struct vocabulary *vocabulary, const char *name,
                      struct profile *profile)
{
    struct folded folded = {0};
    folder_fold(vocabulary->folder, name, strlen(name), &folded);
    profile->length = 0;
    for (size_t at = 0; at < folded.length;) {
        const struct synonym *synonym = synonym_at(vocabulary, &folded, at);
        if (!synonym) {
            add_unit(profile, folded.units[at++]);
            continue;
        }
        for (size_t i = 0; i < synonym->meaning_length; i++)
            add_unit(profile, synonym->meaning[i]);
        at += synonym->length;
    }
    folded_free(&folded);
}

bool profile_first(const struct profile *profile, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (profile->units[i] == profile->units[at])
            return false;
    return true;
}

void vocabulary_count(struct vocabulary *vocabulary, const char *name)
{
    struct profile profile;
    fold_name(vocabulary, name, &profile);
    vocabulary->names++;
    for (size_t i = 0; i < profile.length; i++) {
        if (!profile_first(&profile, i))
            continue;
        uint32_t names = map_get(&vocabulary->seen, (uint64_t)profile.units[i] + 1);
        map_put(&vocabulary->seen, (uint64_t)profile.units[i] + 1,
                names == MAP_NONE ? 1 : names + 1);
    }
}

void profile_make(const struct vocabulary *vocabulary, const char *name, struct profile *profile)
{
    double all = log((double)vocabulary->names + 1);
    fold_name(vocabulary, name, profile);
    profile->weight = 0;
    for (size_t i = 0; i < profile->length; i++) {
        uint32_t names = map_get(&vocabulary->seen, (uint64_t)profile->units[i] + 1);
        double idf = all - log(names == MAP_NONE ? 1 : (double)names);
        profile->weights[i] = fmaxf(least_weight, (float)(idf / (all > 0 ? all : 1)));
        profile->weight += (double)profile->weights[i];
    }
}

/* --- the three views --- */

/* The weight of what `whole` shares with the other, each character counted as often as in both. */
static double shared_bag(const struct profile *whole, const struct profile *other)
{
    bool used[PROFILE_UNITS] = {false};
    double shared = 0;
    for (size_t i = 0; i < whole->length; i++)
        for (size_t j = 0; j < other->length; j++)
            if (!used[j] && other->units[j] == whole->units[i]) {
                used[j] = true;
                shared += (double)whole->weights[i];
                break;
            }
    return shared;
}

static double shared_pairs(const struct profile *a, const struct profile *b)
{
    bool used[PROFILE_UNITS] = {false};
    double shared = 0;
    for (size_t i = 0; i + 1 < a->length; i++)
        for (size_t j = 0; j + 1 < b->length; j++)
            if (!used[j] && b->units[j] == a->units[i] && b->units[j + 1] == a->units[i + 1]) {
                used[j] = true;
                shared += (double)(a->weights[i] + a->weights[i + 1]);
                break;
            }
    return shared;
}

double likeness_pairs(const struct profile *profile)
{
    double weight = 0;
    for (size_t i = 0; i + 1 < profile->length; i++)
        weight += (double)(profile->weights[i] + profile->weights[i + 1]);
    return weight;
}

/* The weight of the heaviest common subsequence. */
static double shared_order(const struct profile *a, const struct profile *b)
{
    double best[PROFILE_UNITS + 1] = {0};
    for (size_t i = 0; i < a->length; i++) {
        double diagonal = 0;
        for (size_t j = 0; j < b->length; j++) {
            double above = best[j + 1];
            if (a->units[i] == b->units[j])
                best[j + 1] = fmax(above, diagonal + (double)a->weights[i]);
            if (best[j] > best[j + 1])
                best[j + 1] = best[j];
            diagonal = above;
        }
    }
    return best[b->length];
}

double likeness(const struct profile *a, const struct profile *b)
{
    double both = a->weight + b->weight, pairs = likeness_pairs(a) + likeness_pairs(b);
    if (both <= 0)
        return 0;
    double bag = 2 * shared_bag(a, b) / both, order = 2 * shared_order(a, b) / both;
    double pair = pairs > 0 ? 2 * shared_pairs(a, b) / pairs : bag;
    return fmin(1, bag_share * bag + order_share * order + pair_share * pair);
}

/* A character that is shared is in at most two pairs that are. */
double likeness_bound(double shared, double both, double pairs)
{
    if (both <= 0)
        return 0;
    double bag = fmin(1, 2 * shared / both), pair = pairs > 0 ? fmin(1, 4 * shared / pairs) : bag;
    return (bag_share + order_share) * bag + pair_share * pair + rounding;
}

double likeness_cover(const struct profile *whole, const struct profile *part)
{
    return whole->weight > 0 ? shared_bag(whole, part) / whole->weight : 0;
}

/* Characters that follow each other in both names. */
struct run {
    size_t whole, part, length;
    double unsaid; /* the weight of those not said yet */
};

static struct run run_at(const struct profile *whole, const struct profile *part, struct run run,
                         const bool taken[], const bool used[], const bool said[])
{
    while (run.whole + run.length < whole->length && run.part + run.length < part->length &&
           !taken[run.whole + run.length] && !used[run.part + run.length] &&
           whole->units[run.whole + run.length] == part->units[run.part + run.length]) {
        size_t at = run.whole + run.length++;
        run.unsaid += said[at] ? 0 : (double)whole->weights[at];
    }
    return run;
}

/* The run that says most of what was not said yet; of such the longest. */
static struct run best_run(const struct profile *whole, const struct profile *part,
                           const bool taken[], const bool used[], const bool said[])
{
    struct run best = {0};
    for (size_t i = 0; i < whole->length; i++)
        for (size_t j = 0; j < part->length; j++) {
            struct run run =
                run_at(whole, part, (struct run){.whole = i, .part = j}, taken, used, said);
            bool more = run.unsaid > best.unsaid + rounding,
                 as_much = run.unsaid > best.unsaid - rounding;
            if (run.length > 1 && (more || (as_much && run.length > best.length)))
                best = run;
        }
    return best;
}

double likeness_mark(const struct profile *whole, const struct profile *part,
                     bool said[PROFILE_UNITS])
{
    bool taken[PROFILE_UNITS] = {false}, used[PROFILE_UNITS] = {false};
    double fresh = 0;
    for (;;) {
        struct run run = best_run(whole, part, taken, used, said);
        if (run.length < 2)
            return fresh;
        for (size_t i = 0; i < run.length; i++)
            taken[run.whole + i] = used[run.part + i] = said[run.whole + i] = true;
        fresh += run.unsaid;
    }
}
