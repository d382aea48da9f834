#include "catalog/engine/memory.h"

#include "catalog/engine/sketch.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

const double memory_alike = 0.85;
const double memory_names_alike = 0.5;
const double memory_as_close = 0.03;

/* Two texts that are alike as memory_alike says agree in all rows of some band but once in 100,000
 * times; two with half their pairs in common meet in a band about as often as not. */
enum { ROWS = 4, BANDS = SKETCH_MINIMA / ROWS };
enum {
    HOMES = 3,     /* departments of one project that are looked up */
    COMPARED = 32, /* memories that one project is compared with, the newest of a bucket first */
    DIGEST_WORDS = crypto_hash_sha256_BYTES / sizeof(uint64_t),
};
static const uint32_t whole_fields = 1u << FIELD_NAME | 1u << FIELD_DESCRIPTION;
static const uint32_t name_field = 1u << FIELD_NAME;

/* A memory under one of its bands. */
struct entry {
    uint32_t key;
    uint32_t number;
};

/* A memory that came after the load, under one of its bands. */
struct late_entry {
    struct entry entry;
    uint32_t next; /* in its chain, NO_NUMBER at the end */
};

/* Those: chains by the lower bits of the key, the newest memory first. */
struct late {
    struct late_entry *entries;
    size_t count, capacity;
    uint32_t *heads;
    size_t chains; /* a power of two, or 0 */
};

struct memory {
    struct remembered *all;
    size_t count, capacity;
    struct strbuf sketches;
    int64_t last_row; /* of the table, up to which it was read */
    /* entries by the upper bits of their key: bucket b is [first[b], first[b + 1]), newest first */
    struct entry *entries;
    size_t entry_count;
    uint32_t *first;
    unsigned shift;
    struct late late;
    struct arena arena;
    struct succession *succession;
    uint64_t digest[DIGEST_WORDS]; /* the sum of the hashes of what is remembered, in any order */
};

/* Whether memory a was made after memory b, as they are told apart everywhere. */
static bool is_newer(const struct memory *memory, uint32_t a, uint32_t b)
{
    const struct remembered *x = &memory->all[a], *y = &memory->all[b];
    int order = strcmp(x->when, y->when);
    return order > 0 || (order == 0 && strcmp(x->review, y->review) < 0);
}

/* --- homes and keys --- */

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    return hash;
}
static const uint64_t hash_start = 0xCBF29CE484222325u;

static uint64_t hash_unit(const struct folder *folder, const char *unit, struct folded *scratch)
{
    uint64_t hash = hash_start;
    folder_fold(folder, unit, strlen(unit), scratch);
    for (size_t i = 0; i < scratch->length; i++)
        hash = (hash ^ scratch->units[i]) * 0x100000001B3u;
    return hash;
}

/* The departments by which a project is remembered and looked up; one of its own for a project that
 * tells none. */
struct homes {
    uint64_t all[HOMES];
    size_t count;
};

static struct homes homes_of(const struct guesses *guesses)
{
    struct homes homes = {{0}, 1};
    size_t count = guesses->count < HOMES ? guesses->count : HOMES;
    for (size_t g = 0; g < count; g++)
        homes.all[g] = hash_text(hash_start, guesses->all[g].name);
    if (count)
        homes.count = count;
    return homes;
}

static uint32_t band_key(const uint32_t *minima, uint64_t home, uint32_t band)
{
    uint64_t hash = home + band * 0x9E3779B97F4A7C15u;
    for (uint32_t row = 0; row < ROWS; row++)
        hash = (hash ^ minima[band * ROWS + row]) * 0xD6E8FEB86659FD93u;
    hash ^= hash >> 32;
    hash *= 0xD6E8FEB86659FD93u;
    return (uint32_t)(hash >> 32);
}

/* --- loading --- */

struct loading {
    struct memory *memory;
    const struct thesaurus *thesaurus;
    const struct directory *directory;
    struct trie *no_phrases;
    struct reading reading;
    struct guesses guesses;
    struct folded scratch;
    struct sketch sketch;
    size_t entry_capacity;
    bool is_late; /* the entries are settled already */
};

static void add_to_digest(struct memory *memory, const struct review *review)
{
    const char *texts[] = {review->id, review->department, review->item, review->kind};
    unsigned char digest[crypto_hash_sha256_BYTES];
    uint64_t words[DIGEST_WORDS];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        crypto_hash_sha256_update(&state, (const unsigned char *)texts[i], strlen(texts[i]) + 1);
    crypto_hash_sha256_final(&state, digest);
    memcpy(words, digest, sizeof words);
    for (size_t w = 0; w < DIGEST_WORDS; w++)
        memory->digest[w] += words[w];
}

static uint32_t pack(struct loading *loading, uint32_t fields, uint32_t *prints)
{
    struct strbuf *sketches = &loading->memory->sketches;
    size_t before = sketches->length;
    sketch_take(&loading->sketch, &loading->reading, fields);
    sketch_pack(&loading->sketch, sketches);
    *prints = loading->sketch.count;
    return (uint32_t)(sketches->length - before);
}

/* A class A item of one of several departments (a merged organ's) is remembered for that one alone. */
static struct homes homes_of_review(const struct loading *loading, const struct review *review)
{
    uint32_t department = thesaurus_department(loading->thesaurus, review->department);
    for (size_t g = 0; g < loading->guesses.count && *review->code == 'A'; g++)
        if (loading->guesses.all[g].department == department)
            return (struct homes){{hash_text(hash_start, loading->guesses.all[g].name)}, 1};
    return homes_of(&loading->guesses);
}

static void chain(struct memory *memory, uint32_t e)
{
    struct late *late = &memory->late;
    struct late_entry *added = &late->entries[e];
    uint32_t *link = &late->heads[added->entry.key & (late->chains - 1)];
    while (*link != NO_NUMBER &&
           is_newer(memory, late->entries[*link].entry.number, added->entry.number))
        link = &late->entries[*link].next;
    added->next = *link;
    *link = e;
}

static void add_late(struct memory *memory, struct entry entry)
{
    struct late *late = &memory->late;
    if (late->count == late->capacity) {
        late->capacity = late->capacity ? late->capacity * 2 : 1024;
        late->entries = xrealloc(late->entries, late->capacity * sizeof *late->entries);
        late->heads = xrealloc(late->heads, late->capacity * sizeof *late->heads);
        late->chains = late->capacity;
        memset(late->heads, 0xFF, late->chains * sizeof *late->heads);
        for (uint32_t e = 0; e < late->count; e++)
            chain(memory, e);
    }
    late->entries[late->count] = (struct late_entry){entry, NO_NUMBER};
    chain(memory, (uint32_t)late->count++);
}

static void add_entry(struct loading *loading, struct entry entry)
{
    struct memory *memory = loading->memory;
    if (loading->is_late) {
        add_late(memory, entry);
        return;
    }
    if (memory->entry_count == loading->entry_capacity) {
        loading->entry_capacity = loading->entry_capacity * 3 / 2 + 1024;
        memory->entries =
            xrealloc(memory->entries, loading->entry_capacity * sizeof *memory->entries);
    }
    memory->entries[memory->entry_count++] = entry;
}

static void add_entries(struct loading *loading, const struct homes *homes, uint32_t number)
{
    uint32_t minima[SKETCH_MINIMA];
    sketch_minima(&loading->reading, minima);
    for (size_t h = 0; h < homes->count; h++)
        for (uint32_t band = 0; band < BANDS; band++)
            add_entry(loading, (struct entry){band_key(minima, homes->all[h], band), number});
}

static struct remembered *new_remembered(struct memory *memory)
{
    if (memory->count == memory->capacity) {
        memory->capacity = memory->capacity * 3 / 2 + 64;
        memory->all = xrealloc(memory->all, memory->capacity * sizeof *memory->all);
    }
    return &memory->all[memory->count++];
}

static uint32_t concept_of(const struct thesaurus *thesaurus, const struct review *review)
{
    uint32_t department = thesaurus_department(thesaurus, review->department);
    return department == NO_NUMBER ? NO_NUMBER
                                   : thesaurus_concept(thesaurus, department, review->item);
}

static int load_review(const struct review *review, void *argument)
{
    struct loading *loading = argument;
    struct memory *memory = loading->memory;
    const struct thesaurus *thesaurus = loading->thesaurus;
    const char *texts[FIELDS] = {review->name, review->description, "", "", "", ""};
    add_to_digest(memory, review);
    reading_take(&loading->reading, thesaurus->folder, loading->no_phrases, texts);
    if (!loading->reading.mass_count)
        return 0;
    directory_resolve(loading->directory, review->unit, review->unit_department, &loading->scratch,
                      &loading->guesses);
    struct homes homes = homes_of_review(loading, review);
    uint32_t number = (uint32_t)memory->count;

    struct remembered *one = new_remembered(memory);
    *one = (struct remembered){
        .review = arena_text(&memory->arena, review->id),
        .project = arena_text(&memory->arena, review->project),
        .name = arena_text(&memory->arena, review->name),
        .settled = *review->kind,
        .kind = *review->kind ? kind_of_name(review->kind) : KIND_SERVICE,
        .concept = *review->code ? concept_of(thesaurus, review) : NO_NUMBER,
        .code = arena_text(&memory->arena, review->code),
        .revision = thesaurus_revision(thesaurus, review->revision),
        .unit = hash_unit(thesaurus->folder, review->unit, &loading->scratch),
        .offset = memory->sketches.length,
        .when = arena_text(&memory->arena, review->reviewed_at),
    };
    if (*review->project)
        one->project_key = hash_text(one->unit, review->project);
    one->bytes = pack(loading, whole_fields, &one->prints);
    one->name_bytes = pack(loading, name_field, &one->name_prints);
    add_entries(loading, &homes, number);
    return 0;
}

/* Sorts the entries into buckets, about one each; within a bucket the newest stay first. */
static void settle(struct memory *memory)
{
    unsigned bits = 4;
    while (bits < 31 && (size_t)1 << bits < memory->entry_count)
        bits++;
    memory->shift = 32 - bits;
    memory->first = xcalloc(((size_t)1 << bits) + 2, sizeof *memory->first);
    struct entry *sorted = xcalloc(memory->entry_count + 1, sizeof *sorted);
    for (size_t i = 0; i < memory->entry_count; i++)
        memory->first[(memory->entries[i].key >> memory->shift) + 2]++;
    for (size_t b = 2; b < ((size_t)1 << bits) + 2; b++)
        memory->first[b] += memory->first[b - 1];
    for (size_t i = 0; i < memory->entry_count; i++) {
        struct entry entry = memory->entries[i];
        sorted[memory->first[(entry.key >> memory->shift) + 1]++] = entry;
    }
    free(memory->entries);
    memory->entries = sorted;
    memory->capacity = memory->count + 1;
    memory->all = xrealloc(memory->all, memory->capacity * sizeof *memory->all);
}

static struct loading *begin_loading(struct memory *memory, const struct thesaurus *thesaurus,
                                     const struct directory *directory)
{
    struct loading *loading = xcalloc(1, sizeof *loading);
    *loading = (struct loading){
        .memory = memory, .thesaurus = thesaurus, .directory = directory, .no_phrases = trie_new()};
    return loading;
}

static void end_loading(struct loading **loading)
{
    trie_destroy(&(*loading)->no_phrases);
    reading_free(&(*loading)->reading);
    folded_free(&(*loading)->scratch);
    free(*loading);
    *loading = NULL;
}

struct memory *memory_load(struct store *store, const struct thesaurus *thesaurus,
                           const struct directory *directory, struct fault *fault)
{
    struct memory *memory = xcalloc(1, sizeof *memory);
    struct loading *loading = begin_loading(memory, thesaurus, directory);
    memory->succession = succession_load(store, thesaurus, fault);
    memory->last_row = reviews_last_row(store);
    int failed = !memory->succession || reviews_each(store, false, load_review, loading, fault);
    settle(memory);
    end_loading(&loading);
    if (failed)
        memory_destroy(&memory);
    return memory;
}

int memory_update(struct memory *memory, struct store *store, const struct thesaurus *thesaurus,
                  const struct directory *directory, struct fault *fault)
{
    struct loading *loading = begin_loading(memory, thesaurus, directory);
    loading->is_late = true;
    int failed = reviews_since(store, &memory->last_row, load_review, loading, fault);
    end_loading(&loading);
    return failed ? -1 : 0;
}

void memory_destroy(struct memory **memory)
{
    if (!*memory)
        return;
    free((*memory)->all);
    free((*memory)->entries);
    free((*memory)->first);
    free((*memory)->late.entries);
    free((*memory)->late.heads);
    succession_destroy(&(*memory)->succession);
    strbuf_free(&(*memory)->sketches);
    arena_free(&(*memory)->arena);
    free(*memory);
    *memory = NULL;
}

size_t memory_count(const struct memory *memory)
{
    return memory->count;
}

char *memory_model(const struct memory *memory, const char *model)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[sizeof digest * 2 + 1];
    struct strbuf name = {0};
    if (!memory->count && !succession_count(memory->succession))
        return xstrdup(model);
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)model, strlen(model) + 1);
    crypto_hash_sha256_update(&state, (const unsigned char *)memory->digest, sizeof memory->digest);
    succession_hash(memory->succession, &state);
    crypto_hash_sha256_final(&state, digest);
    strbuf_printf(&name, "sha256:%s", sodium_bin2hex(hex, sizeof hex, digest, sizeof digest));
    return strbuf_take(&name);
}

/* --- recall --- */

struct found {
    uint32_t all[COMPARED];
    size_t count;
};

static void add_found(struct found *found, uint32_t number)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->all[i] == number)
            return;
    if (found->count < COMPARED)
        found->all[found->count++] = number;
}

/* Those of one key, the newest first, of what was loaded and of what came since. */
static void find_key(const struct memory *memory, uint32_t key, struct found *found)
{
    const struct late *late = &memory->late;
    uint32_t e = memory->first[key >> memory->shift],
             end = (&memory->first[key >> memory->shift])[1];
    uint32_t l = late->count ? late->heads[key & (late->chains - 1)] : NO_NUMBER;
    while (found->count < COMPARED && (e < end || l != NO_NUMBER)) {
        const struct entry *entry;
        if (l == NO_NUMBER || (e < end && is_newer(memory, memory->entries[e].number,
                                                   late->entries[l].entry.number))) {
            entry = &memory->entries[e++];
        } else {
            entry = &late->entries[l].entry;
            l = late->entries[l].next;
        }
        if (entry->key == key)
            add_found(found, entry->number);
    }
}

/* The buckets are far apart in memory: all are asked for before the first is read. */
static void find_home(const struct memory *memory, const uint32_t *minima, uint64_t home,
                      struct found *found)
{
    uint32_t keys[BANDS];
    for (uint32_t band = 0; band < BANDS; band++) {
        keys[band] = band_key(minima, home, band);
        __builtin_prefetch(&memory->first[keys[band] >> memory->shift]);
    }
    for (uint32_t band = 0; band < BANDS; band++)
        __builtin_prefetch(&memory->entries[memory->first[keys[band] >> memory->shift]]);
    for (uint32_t band = 0; band < BANDS; band++)
        find_key(memory, keys[band], found);
}

struct match {
    const struct remembered *one;
    double similarity;
    uint32_t concept; /* of the revision that is asked for */
};

/* Whether a memory says something in that revision; as which item goes to the match. */
static bool applies(const struct memory *memory, const struct remembered *one,
                    const struct revision *revision, struct match *match)
{
    *match = (struct match){.one = one, .concept = NO_NUMBER};
    if (!one->settled || one->kind != KIND_SERVICE)
        return true;
    if (one->concept != NO_NUMBER)
    match->concept = succession_find(memory->succession, one->revision, one->concept, revision);
    return match->concept != NO_NUMBER;
}

struct matches {
    struct match all[COMPARED];
    size_t count;
};

/* Later reviews of one project come first, so that an earlier one finds its successor here. */
static bool is_replaced(const struct matches *matches, const struct remembered *one)
{
    for (size_t i = 0; i < matches->count && one->project_key; i++)
        if (matches->all[i].one->project_key == one->project_key)
            return true;
    return false;
}

static int by_age(const void *a, const void *b, void *memory)
{
    const uint32_t *x = a, *y = b;
    return *x == *y ? 0 : is_newer(memory, *x, *y) ? -1 : 1;
}

static void compare(const struct memory *memory, const struct reading *reading, struct found *found,
                    const struct revision *revision, const struct folder *folder, const char *unit,
                    struct folded *scratch, struct matches *matches)
{
    struct sketch whole, name;
    sketch_take(&whole, reading, whole_fields);
    sketch_take(&name, reading, name_field);
    bool telling = whole.count >= MEMORY_TELLING_PAIRS;
    uint64_t unit_hash = telling ? 0 : hash_unit(folder, unit, scratch);
    qsort_r(found->all, found->count, sizeof *found->all, by_age, (void *)memory);
    for (size_t i = 0; i < found->count; i++) {
        const struct remembered *one = &memory->all[found->all[i]];
        const char *packed = memory->sketches.text + one->offset;
        struct match match;
        if (!applies(memory, one, revision, &match) || (!telling && one->unit != unit_hash))
            continue;
        match.similarity = sketch_similarity(&whole, packed, one->bytes, one->prints);
        if (match.similarity >= memory_alike &&
            sketch_similarity(&name, packed + one->bytes, one->name_bytes, one->name_prints) >=
                memory_names_alike &&
            !is_replaced(matches, one))
            matches->all[matches->count++] = match;
    }
}

static bool same_answer(const struct match *a, const struct match *b)
{
    return a->one->settled && b->one->settled && a->one->kind == b->one->kind &&
           a->concept == b->concept;
}

/* The closest, the newest of equally close ones; another answer as close disputes it. */
static void decide(const struct matches *matches, struct recalled *recalled)
{
    const struct match *best = NULL;
    for (size_t i = 0; i < matches->count; i++)
        if (!best || matches->all[i].similarity > best->similarity)
            best = &matches->all[i];
    if (!best)
        return;
    *recalled = (struct recalled){best->one->settled ? RECALL_FOUND : RECALL_DISPUTED, best->one,
                                  NULL, best->similarity, best->concept};
    for (size_t i = 0; i < matches->count && !recalled->second; i++) {
        const struct match *other = &matches->all[i];
        if (other->similarity >= best->similarity - memory_as_close && !same_answer(other, best)) {
            recalled->outcome = RECALL_DISPUTED;
            recalled->second = other->one;
        }
    }
}

void memory_recall(const struct memory *memory, const struct thesaurus *thesaurus,
                   const struct revision *revision, const struct guesses *guesses,
                   const struct reading *reading, const char *unit, struct folded *scratch,
                   struct recalled *recalled)
{
    *recalled = (struct recalled){.outcome = RECALL_NOTHING};
    if (!memory->count || !reading->mass_count)
        return;
    uint32_t minima[SKETCH_MINIMA];
    struct found found = {.count = 0};
    struct matches matches = {.count = 0};
    struct homes homes = homes_of(guesses);
    sketch_minima(reading, minima);
    for (size_t h = 0; h < homes.count; h++)
        find_home(memory, minima, homes.all[h], &found);
    if (!found.count)
        return;
    compare(memory, reading, &found, revision, thesaurus->folder, unit, scratch, &matches);
    decide(&matches, recalled);
}
