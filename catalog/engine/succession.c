#include "catalog/engine/succession.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum { FARTHEST = 4 }; /* revisions that an item is followed through */

struct step {
    const struct revision *from, *to;
    uint32_t concept, becomes; /* becomes: NO_NUMBER when it has no successor */
};

struct succession {
    struct step *steps; /* each link both ways */
    size_t count;
    struct map first; /* (revision, concept) → its first step; others follow by `next` */
    uint32_t *next;
    struct revision *revisions; /* of the thesaurus, to number them */
};

static uint64_t key_of(const struct succession *succession, const struct revision *revision,
                       uint32_t concept)
{
    return (uint64_t)(revision - succession->revisions) << 32 | concept;
}

static void add_step(struct succession *succession, struct step step)
{
    size_t number = succession->count++;
    succession->steps = xrealloc(succession->steps, succession->count * sizeof *succession->steps);
    succession->next = xrealloc(succession->next, succession->count * sizeof *succession->next);
    succession->steps[number] = step;
    succession->next[number] =
        map_get(&succession->first, key_of(succession, step.from, step.concept));
    map_put(&succession->first, key_of(succession, step.from, step.concept), (uint32_t)number);
}

static uint32_t concept_of(const struct thesaurus *thesaurus, const char *department,
                           const char *name)
{
    uint32_t number = thesaurus_department(thesaurus, department);
    return number == NO_NUMBER ? NO_NUMBER : thesaurus_concept(thesaurus, number, name);
}

static void add_link(struct succession *succession, const struct thesaurus *thesaurus,
                     sqlite3_stmt *row)
{
    const struct revision *old = thesaurus_revision(thesaurus, store_text(row, 0)),
                          *new = thesaurus_revision(thesaurus, store_text(row, 3));
    uint32_t from = concept_of(thesaurus, store_text(row, 1), store_text(row, 2));
    bool removed = !*store_text(row, 4);
    uint32_t to =
        removed ? NO_NUMBER : concept_of(thesaurus, store_text(row, 4), store_text(row, 5));
    if (!old || !new || from == NO_NUMBER || (to == NO_NUMBER && !removed))
        return;
    add_step(succession, (struct step){old, new, from, to});
    if (!removed)
        add_step(succession, (struct step){new, old, to, from});
}

struct succession *succession_load(struct store *store, const struct thesaurus *thesaurus,
                                   struct fault *fault)
{
    struct succession *succession = xcalloc(1, sizeof *succession);
    succession->revisions = thesaurus->revisions;
    sqlite3_stmt *statement = store_prepare(
        store,
        "SELECT old_revision, old_department, old_name, new_revision, new_department, new_name"
        " FROM correspondence WHERE state = 'confirmed' AND old_code <> '' AND relation IN"
        " ('exact', 'renamed', 'recoded', 'moved', 'removed') ORDER BY id",
        fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0)
        add_link(succession, thesaurus, statement);
    sqlite3_finalize(statement);
    if (got < 0)
        succession_destroy(&succession);
    return succession;
}

void succession_destroy(struct succession **succession)
{
    if (!*succession)
        return;
    free((*succession)->steps);
    free((*succession)->next);
    map_free(&(*succession)->first);
    free(*succession);
    *succession = NULL;
}

size_t succession_count(const struct succession *succession)
{
    return succession->count;
}

void succession_hash(const struct succession *succession, crypto_hash_sha256_state *state)
{
    for (size_t i = 0; i < succession->count; i++) {
        const struct step *step = &succession->steps[i];
        uint32_t numbers[] = {(uint32_t)(step->from - succession->revisions), step->concept,
                              (uint32_t)(step->to - succession->revisions), step->becomes};
        crypto_hash_sha256_update(state, (const unsigned char *)numbers, sizeof numbers);
    }
}

enum finding { FOUND_NOTHING, FOUND_ITEM, FOUND_NONE };

/* Follows the confirmed links; FOUND_NOTHING when they do not lead there. */
static enum finding follow(const struct succession *succession, const struct revision *from,
                           uint32_t concept, const struct revision *to, int depth,
                           uint32_t *becomes)
{
    uint32_t at = map_get(&succession->first, key_of(succession, from, concept));
    for (uint32_t s = at; s != MAP_NONE; s = succession->next[s])
        if (succession->steps[s].to == to) {
            *becomes = succession->steps[s].becomes;
            return *becomes == NO_NUMBER ? FOUND_NONE : FOUND_ITEM;
        }
    for (uint32_t s = at; s != MAP_NONE && depth > 0; s = succession->next[s]) {
        const struct step *step = &succession->steps[s];
        enum finding found =
            step->becomes == NO_NUMBER
                ? FOUND_NOTHING
                : follow(succession, step->to, step->becomes, to, depth - 1, becomes);
        if (found != FOUND_NOTHING)
            return found;
    }
    return FOUND_NOTHING;
}

/* Whether the item of `to` is known to be another one's successor: then it only has the name. */
static bool is_taken(const struct succession *succession, const struct revision *from,
                     uint32_t concept, const struct revision *to)
{
    uint32_t at = map_get(&succession->first, key_of(succession, to, concept));
    for (uint32_t s = at; s != MAP_NONE; s = succession->next[s])
        if (succession->steps[s].to == from && succession->steps[s].becomes != concept)
            return true;
    return false;
}

uint32_t succession_find(const struct succession *succession, const struct revision *from,
                         uint32_t concept, const struct revision *to)
{
    uint32_t becomes;
    bool offered = to->leaf_of_concept[concept] != NO_NUMBER;
    if (succession->count && from && from != to) {
        enum finding found = follow(succession, from, concept, to, FARTHEST, &becomes);
        if (found == FOUND_NONE ||
            (found == FOUND_ITEM && to->leaf_of_concept[becomes] == NO_NUMBER))
            return NO_NUMBER;
        if (found == FOUND_ITEM)
            return becomes;
        offered = offered && !is_taken(succession, from, concept, to);
    }
    return offered ? concept : NO_NUMBER;
}
