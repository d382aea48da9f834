#include "catalog/engine/directory.h"

#include "catalog/engine/heirs.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum { HITS = 64 };

/* The unit's own name tells a little more than that of the department above it. */
static const float department_field_weight = 0.95f;
static const float own_name_weight = 0.9f;

struct entry {
    uint32_t phrase;
    const char *name;
    uint32_t department;
    float weight;
};

struct directory {
    const struct thesaurus *thesaurus;
    struct trie *aliases;
    struct entry *entries; /* by phrase */
    size_t entry_count;
    uint32_t *first; /* by phrase: first entry; first[phrases] ends the last */
    struct arena arena;
};

static int by_phrase(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->phrase != y->phrase)
        return x->phrase < y->phrase ? -1 : 1;
    return x->weight > y->weight ? -1 : x->weight < y->weight;
}

static void add_entry(struct directory *directory, const char *alias, const char *name,
                      float weight)
{
    struct folded folded = {0};
    folder_fold(directory->thesaurus->folder, alias, strlen(alias), &folded);
    if (folded.length) {
        uint32_t department = *name ? thesaurus_department(directory->thesaurus, name) : NO_NUMBER;
        const char *canonical = department == NO_NUMBER
                                    ? arena_text(&directory->arena, name)
                                    : directory->thesaurus->departments[department];
        directory->entries =
            xrealloc(directory->entries, (directory->entry_count + 1) * sizeof *directory->entries);
        directory->entries[directory->entry_count++] =
            (struct entry){trie_add(directory->aliases, folded.units, folded.length), canonical,
                           department, weight};
    }
    folded_free(&folded);
}

static void settle(struct directory *directory)
{
    size_t phrases = trie_count(directory->aliases);
    trie_settle(directory->aliases);
    qsort(directory->entries, directory->entry_count, sizeof *directory->entries, by_phrase);
    directory->first = arena_alloc(&directory->arena, (phrases + 1) * sizeof *directory->first);
    size_t entry = 0;
    for (uint32_t phrase = 0; phrase <= phrases; phrase++) {
        while (entry < directory->entry_count && directory->entries[entry].phrase < phrase)
            entry++;
        directory->first[phrase] = (uint32_t)entry;
    }
}

struct directory *directory_load(struct store *store, const struct thesaurus *thesaurus,
                                 struct fault *fault)
{
    struct directory *directory = xcalloc(1, sizeof *directory);
    directory->thesaurus = thesaurus;
    directory->aliases = trie_new();
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT alias, department, weight FROM alias ORDER BY alias, department", fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0)
        add_entry(directory, store_text(statement, 0), store_text(statement, 1),
                  (float)sqlite3_column_double(statement, 2));
    sqlite3_finalize(statement);
    for (uint32_t d = 0; d < thesaurus->department_count; d++)
        if (d != thesaurus->department_b)
            add_entry(directory, thesaurus->departments[d], thesaurus->departments[d],
                      own_name_weight);
    settle(directory);
    if (got < 0)
        directory_destroy(&directory);
    return directory;
}

void directory_destroy(struct directory **directory)
{
    if (!*directory)
        return;
    trie_destroy(&(*directory)->aliases);
    free((*directory)->entries);
    arena_free(&(*directory)->arena);
    free(*directory);
    *directory = NULL;
}

/* Whether a longer alias holds this one: 水利局 in 农业农村水利局 tells no more than the whole. */
static bool is_covered(const struct hit *hits, size_t count, const struct hit *hit)
{
    for (size_t i = 0; i < count; i++)
        if (hits[i].length > hit->length && hits[i].start <= hit->start &&
            hits[i].start + hits[i].length >= hit->start + hit->length)
            return true;
    return false;
}

static void add_guess(struct guesses *guesses, const struct entry *entry, float weight)
{
    size_t at = 0;
    while (at < guesses->count && strcmp(guesses->all[at].name, entry->name) != 0)
        at++;
    if (at == GUESSES || *entry->name == 0)
        return;
    if (at == guesses->count)
        guesses->all[guesses->count++] = (struct guess){entry->name, entry->department, weight};
    else if (guesses->all[at].weight < weight)
        guesses->all[at].weight = weight;
    for (; at > 0 && guesses->all[at].weight > guesses->all[at - 1].weight; at--) {
        struct guess moved = guesses->all[at];
        guesses->all[at] = guesses->all[at - 1];
        guesses->all[at - 1] = moved;
    }
}

static void resolve_text(const struct directory *directory, const char *text, float weight,
                         struct folded *scratch, struct guesses *guesses)
{
    struct hit hits[HITS];
    folder_fold(directory->thesaurus->folder, text, strlen(text), scratch);
    size_t count = trie_find(directory->aliases, scratch->units, scratch->length, hits, HITS);
    for (size_t i = 0; i < count; i++) {
        if (is_covered(hits, count, &hits[i]))
            continue;
        uint32_t phrase = hits[i].phrase;
        for (uint32_t e = directory->first[phrase]; e < directory->first[phrase + 1]; e++)
            add_guess(guesses, &directory->entries[e], weight * directory->entries[e].weight);
    }
}

void directory_resolve(const struct directory *directory, const char *unit, const char *department,
                       struct folded *scratch, struct guesses *guesses)
{
    guesses->count = 0;
    resolve_text(directory, unit, 1.0f, scratch, guesses);
    resolve_text(directory, department, department_field_weight, scratch, guesses);
}

void directory_follow(const struct directory *directory, const struct revision *revision,
                      struct guesses *guesses)
{
    const struct thesaurus *thesaurus = directory->thesaurus;
    uint32_t number = (uint32_t)(revision - thesaurus->revisions);
    const struct guesses named = *guesses;
    for (size_t g = 0; g < named.count; g++) {
        size_t count;
        const struct heir *heirs =
            heirs_find(thesaurus->heirs, number, named.all[g].department, &count);
        for (size_t i = 0; i < count; i++) {
            struct entry entry = {.name = thesaurus->departments[heirs[i].heir],
                                  .department = heirs[i].heir};
            add_guess(guesses, &entry, named.all[g].weight);
        }
    }
}
