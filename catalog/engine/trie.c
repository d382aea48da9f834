#include "catalog/engine/trie.h"

#include "common/strbuf.h"

#include <stdbool.h>
#include <stdlib.h>

enum { UNITS = 0x10000, NO_PHRASE = 0, ROOT = 0 };

/* Edges are kept in one open-addressed table keyed by (state, unit), but those of the root in an
 * array: most units of a text begin no phrase. */
struct edge {
    uint64_t key; /* state << 16 | unit, plus 1 so that 0 is free */
    uint32_t to;
};

enum { OPENING_BITS = 1 << 18 };

struct trie {
    /* Which pairs of units may open a phrase, by hash: small enough to stay in the first cache, it
     * spares most positions of a text the walk. Phrases of one unit are in `alone`. */
    uint64_t openings[OPENING_BITS / 64];
    uint64_t alone[UNITS / 64];
    uint32_t *first;    /* root edges by unit; 0 none */
    uint32_t *phrase;   /* by state: phrase number + 1 that ends here, or NO_PHRASE */
    struct edge *edges; /* capacity is a power of two */
    size_t edge_capacity;
    size_t edge_count;
    size_t states;
    size_t state_capacity;
    size_t phrases;
};

static inline uint32_t opening_of(uint16_t first, uint16_t second)
{
    return (((uint32_t)first << 16 | second) * 0x9E3779B1u) >> 14;
}

static inline bool may_open(const struct trie *trie, const uint16_t *units, size_t left)
{
    if (trie->alone[units[0] >> 6] >> (units[0] & 63) & 1)
        return true;
    if (left < 2)
        return false;
    uint32_t opening = opening_of(units[0], units[1]);
    return trie->openings[opening >> 6] >> (opening & 63) & 1;
}

static size_t slot_of(const struct trie *trie, uint64_t key)
{
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    return (size_t)(hash >> 20) & (trie->edge_capacity - 1);
}

static inline uint32_t next_state(const struct trie *trie, uint32_t state, uint16_t unit)
{
    uint64_t key = ((uint64_t)state << 16 | unit) + 1;
    for (size_t slot = slot_of(trie, key);; slot = (slot + 1) & (trie->edge_capacity - 1)) {
        if (trie->edges[slot].key == key)
            return trie->edges[slot].to;
        if (trie->edges[slot].key == 0)
            return 0;
    }
}

static void put_edge(struct trie *trie, uint64_t key, uint32_t to)
{
    size_t slot = slot_of(trie, key);
    while (trie->edges[slot].key != 0)
        slot = (slot + 1) & (trie->edge_capacity - 1);
    trie->edges[slot] = (struct edge){key, to};
}

static void grow_edges(struct trie *trie)
{
    struct edge *old = trie->edges;
    size_t old_capacity = trie->edge_capacity;
    trie->edge_capacity = old_capacity * 2;
    trie->edges = xcalloc(trie->edge_capacity, sizeof *trie->edges);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key)
            put_edge(trie, old[i].key, old[i].to);
    free(old);
}

struct trie *trie_new(void)
{
    struct trie *trie = xcalloc(1, sizeof *trie);
    trie->first = xcalloc(UNITS, sizeof *trie->first);
    trie->edge_capacity = 1024;
    trie->edges = xcalloc(trie->edge_capacity, sizeof *trie->edges);
    trie->state_capacity = 1024;
    trie->phrase = xcalloc(trie->state_capacity, sizeof *trie->phrase);
    trie->states = 1;
    return trie;
}

void trie_destroy(struct trie **trie)
{
    if (!*trie)
        return;
    free((*trie)->first);
    free((*trie)->phrase);
    free((*trie)->edges);
    free(*trie);
    *trie = NULL;
}

static uint32_t new_state(struct trie *trie)
{
    if (trie->states == trie->state_capacity) {
        trie->state_capacity *= 2;
        trie->phrase = xrealloc(trie->phrase, trie->state_capacity * sizeof *trie->phrase);
    }
    trie->phrase[trie->states] = NO_PHRASE;
    return (uint32_t)trie->states++;
}

static uint32_t state_after(struct trie *trie, uint32_t state, uint16_t unit)
{
    if (state == ROOT) {
        if (!trie->first[unit])
            trie->first[unit] = new_state(trie);
        return trie->first[unit];
    }
    uint32_t next = next_state(trie, state, unit);
    if (next)
        return next;
    if (++trie->edge_count * 2 > trie->edge_capacity)
        grow_edges(trie);
    next = new_state(trie);
    put_edge(trie, ((uint64_t)state << 16 | unit) + 1, next);
    return next;
}

uint32_t trie_add(struct trie *trie, const uint16_t *units, size_t length)
{
    uint32_t state = ROOT;
    if (length == 1) {
        trie->alone[units[0] >> 6] |= 1ull << (units[0] & 63);
    } else {
        uint32_t opening = opening_of(units[0], units[1]);
        trie->openings[opening >> 6] |= 1ull << (opening & 63);
    }
    for (size_t i = 0; i < length; i++)
        state = state_after(trie, state, units[i]);
    if (trie->phrase[state] == NO_PHRASE)
        trie->phrase[state] = (uint32_t)++trie->phrases;
    return trie->phrase[state] - 1;
}

uint32_t trie_get(const struct trie *trie, const uint16_t *units, size_t length)
{
    uint32_t state = length ? trie->first[units[0]] : 0;
    for (size_t i = 1; i < length && state; i++)
        state = next_state(trie, state, units[i]);
    return state && trie->phrase[state] ? trie->phrase[state] - 1 : UINT32_MAX;
}

size_t trie_count(const struct trie *trie)
{
    return trie->phrases;
}

static inline bool is_word_unit(uint16_t unit)
{
    return (unit >= 'a' && unit <= 'z') || (unit >= '0' && unit <= '9');
}

static inline bool cuts_word(const uint16_t *units, size_t length, size_t start, size_t end)
{
    if (start > 0 && is_word_unit(units[start]) && is_word_unit(units[start - 1]))
        return true;
    return end < length && is_word_unit(units[end - 1]) && is_word_unit(units[end]);
}

size_t trie_find(const struct trie *trie, const uint16_t *units, size_t length, struct hit *hits,
                 size_t max)
{
    size_t count = 0;
    for (size_t start = 0; start < length; start++) {
        if (!may_open(trie, units + start, length - start))
            continue;
        uint32_t state = trie->first[units[start]];
        for (size_t end = start + 1; state; end++) {
            if (trie->phrase[state] && !cuts_word(units, length, start, end)) {
                if (count == max)
                    return count;
                hits[count++] =
                    (struct hit){trie->phrase[state] - 1, (uint32_t)start, (uint32_t)(end - start)};
            }
            if (end == length)
                break;
            state = next_state(trie, state, units[end]);
        }
    }
    return count;
}
