#include "catalog/engine/trie.h"

#include "catalog/engine/map.h"
#include "catalog/engine/pair_table.h"
#include "common/strbuf.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { UNITS = 0x10000, NO_PHRASE = 0, NO_NODE = UINT32_MAX, USE_BITS = 2 };

/* A place in the phrases after two units or more. Children stand side by side, sorted by their units:
 * those of node i are [nodes[i].first, nodes[i + 1].first). */
struct node {
    uint32_t first;
    uint32_t phrase; /* number << USE_BITS | uses of the phrase that ends here, or NO_PHRASE */
};

struct trie {
    size_t phrases;
    bool settled;

    /* While phrases are added: their units, and their numbers by hash. */
    uint16_t *texts;
    uint32_t *starts; /* by phrase, one more ends the last */
    uint8_t *uses;    /* by phrase */
    size_t text_capacity, start_capacity;
    struct map numbers;

    /* Settled. Most places of a text open no phrase: the filter of the pairs says so. */
    struct pair_table openings; /* first two units → node */
    uint64_t alone[UNITS / 64]; /* which units are phrases by themselves … */
    struct map alone_numbers;   /* … and which ones, with their uses */
    struct node *nodes;
    uint16_t *units; /* by node: the last unit of its path */
    size_t node_count, node_capacity;
};

struct trie *trie_new(void)
{
    struct trie *trie = xcalloc(1, sizeof *trie);
    trie->start_capacity = 64;
    trie->starts = xcalloc(trie->start_capacity, sizeof *trie->starts);
    trie->uses = xcalloc(trie->start_capacity, sizeof *trie->uses);
    return trie;
}

static void free_texts(struct trie *trie)
{
    free(trie->texts);
    free(trie->starts);
    free(trie->uses);
    map_free(&trie->numbers);
    trie->texts = NULL;
    trie->starts = NULL;
    trie->uses = NULL;
}

void trie_destroy(struct trie **address)
{
    struct trie *trie = *address;
    if (!trie)
        return;
    free_texts(trie);
    pair_table_free(&trie->openings);
    map_free(&trie->alone_numbers);
    free(trie->nodes);
    free(trie->units);
    free(trie);
    *address = NULL;
}

size_t trie_count(const struct trie *trie)
{
    return trie->phrases;
}

/* ---- adding ---- */

static size_t length_of(const struct trie *trie, uint32_t phrase)
{
    return trie->starts[phrase + 1] - trie->starts[phrase];
}

/* FNV-1a; another one for each `attempt`, for phrases whose hashes are equal. */
static uint64_t hash_of(const uint16_t *units, size_t length, uint64_t attempt)
{
    uint64_t hash = 0xCBF29CE484222325u + attempt;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ units[i]) * 0x100000001B3u;
    return hash & (UINT64_MAX >> 1);
}

/* The number of the phrase or UINT32_MAX, and the key under which it is or would be known. */
static uint32_t find_text(const struct trie *trie, const uint16_t *units, size_t length,
                          uint64_t *key)
{
    for (uint64_t attempt = 0;; attempt++) {
        *key = hash_of(units, length, attempt);
        uint32_t number = map_get(&trie->numbers, *key);
        if (number == MAP_NONE)
            return UINT32_MAX;
        if (length_of(trie, number) == length &&
            memcmp(trie->texts + trie->starts[number], units, length * sizeof *units) == 0)
            return number;
    }
}

static uint32_t add_text(struct trie *trie, const uint16_t *units, size_t length, uint64_t key)
{
    uint32_t number = (uint32_t)trie->phrases++, start = trie->starts[number];
    if (trie->phrases == trie->start_capacity) {
        trie->start_capacity *= 2;
        trie->starts = xrealloc(trie->starts, trie->start_capacity * sizeof *trie->starts);
        trie->uses = xrealloc(trie->uses, trie->start_capacity * sizeof *trie->uses);
    }
    if (start + length > trie->text_capacity) {
        trie->text_capacity = (start + length) * 2;
        trie->texts = xrealloc(trie->texts, trie->text_capacity * sizeof *trie->texts);
    }
    memcpy(trie->texts + start, units, length * sizeof *units);
    trie->starts[number + 1] = start + (uint32_t)length;
    trie->uses[number] = 0;
    map_put(&trie->numbers, key, number);
    return number;
}

static uint32_t add(struct trie *trie, const uint16_t *units, size_t length, uint8_t use)
{
    uint64_t key;
    if (trie->settled) {
        uint32_t known = trie_get(trie, units, length);
        assert(known != UINT32_MAX);
        return known;
    }
    uint32_t number = find_text(trie, units, length, &key);
    if (number == UINT32_MAX)
        number = add_text(trie, units, length, key);
    trie->uses[number] |= use;
    return number;
}

uint32_t trie_add(struct trie *trie, const uint16_t *units, size_t length)
{
    return add(trie, units, length, TRIE_PHRASE);
}

uint32_t trie_add_word(struct trie *trie, const uint16_t *units, size_t length)
{
    return add(trie, units, length, TRIE_WORD);
}

/* ---- settling ---- */

static const uint16_t *text_of(const struct trie *trie, uint32_t phrase)
{
    return trie->texts + trie->starts[phrase];
}

static int by_units(const void *a, const void *b, void *argument)
{
    const struct trie *trie = argument;
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    size_t length = length_of(trie, one), other_length = length_of(trie, other);
    for (size_t i = 0; i < length && i < other_length; i++) {
        int difference = text_of(trie, one)[i] - text_of(trie, other)[i];
        if (difference)
            return difference;
    }
    return length < other_length ? -1 : length > other_length;
}

/* Phrases in order, and which of them lie below each node that has no children yet. */
struct settling {
    struct trie *trie;
    uint32_t *sorted;
    struct stretch {
        uint32_t from, to;
    } * below;
};

static void add_node(struct settling *settling, uint16_t unit, uint32_t from, uint32_t to)
{
    struct trie *trie = settling->trie;
    if (trie->node_count + 1 >= trie->node_capacity) {
        trie->node_capacity = trie->node_capacity * 2 + 1024;
        trie->nodes = xrealloc(trie->nodes, trie->node_capacity * sizeof *trie->nodes);
        trie->units = xrealloc(trie->units, trie->node_capacity * sizeof *trie->units);
        settling->below = xrealloc(settling->below, trie->node_capacity * sizeof *settling->below);
    }
    trie->units[trie->node_count] = unit;
    settling->below[trie->node_count++] = (struct stretch){from, to};
}

/* Where the phrases that share their first `depth` units with that of `from` end. */
static uint32_t end_of_group(const struct settling *settling, uint32_t from, uint32_t limit,
                             size_t depth)
{
    const struct trie *trie = settling->trie;
    const uint16_t *units = text_of(trie, settling->sorted[from]);
    uint32_t to = from + 1;
    while (to < limit && length_of(trie, settling->sorted[to]) >= depth &&
           memcmp(text_of(trie, settling->sorted[to]), units, depth * sizeof *units) == 0)
        to++;
    return to;
}

/* Where those end that open with the same two units. */
static uint32_t end_of_opening(const struct settling *settling, uint32_t from)
{
    const struct trie *trie = settling->trie;
    return length_of(trie, settling->sorted[from]) == 1
               ? from + 1
               : end_of_group(settling, from, (uint32_t)trie->phrases, 2);
}

static size_t count_openings(const struct settling *settling)
{
    size_t count = 0;
    for (uint32_t from = 0; from < settling->trie->phrases; count++)
        from = end_of_opening(settling, from);
    return count;
}

static uint32_t with_uses(const struct trie *trie, uint32_t phrase)
{
    return phrase << USE_BITS | trie->uses[phrase];
}

static void settle_openings(struct settling *settling)
{
    struct trie *trie = settling->trie;
    trie->openings = pair_table_new(count_openings(settling));
    for (uint32_t from = 0, to; from < trie->phrases; from = to) {
        const uint16_t *units = text_of(trie, settling->sorted[from]);
        to = end_of_opening(settling, from);
        if (length_of(trie, settling->sorted[from]) == 1) {
            trie->alone[units[0] >> 6] |= (uint64_t)1 << (units[0] & 63);
            map_put(&trie->alone_numbers, units[0], with_uses(trie, settling->sorted[from]));
            continue;
        }
        struct pair_slot *slot =
            pair_table_add(&trie->openings, (uint32_t)units[0] << 16 | units[1]);
        slot->value.first = (uint32_t)trie->node_count;
        slot->value.count = 1;
        add_node(settling, units[1], from, to);
    }
}

/* Gives the node its phrase and its children. */
static void settle_node(struct settling *settling, size_t number, size_t depth)
{
    struct trie *trie = settling->trie;
    uint32_t from = settling->below[number].from, limit = settling->below[number].to;
    bool ends = length_of(trie, settling->sorted[from]) == depth;
    trie->nodes[number] = (struct node){(uint32_t)trie->node_count,
                                        ends ? with_uses(trie, settling->sorted[from]) : NO_PHRASE};
    for (from += ends; from < limit;) {
        uint32_t to = end_of_group(settling, from, limit, depth + 1);
        add_node(settling, text_of(trie, settling->sorted[from])[depth], from, to);
        from = to;
    }
}

void trie_settle(struct trie *trie)
{
    if (trie->settled)
        return;
    struct settling settling = {trie, xcalloc(trie->phrases, sizeof(uint32_t)), NULL};
    for (uint32_t i = 0; i < trie->phrases; i++)
        settling.sorted[i] = i;
    qsort_r(settling.sorted, trie->phrases, sizeof *settling.sorted, by_units, trie);
    settle_openings(&settling);
    /* nodes come level by level: those that a level adds are the next one */
    for (size_t number = 0, depth = 2; number < trie->node_count; depth++)
        for (size_t level_end = trie->node_count; number < level_end; number++)
            settle_node(&settling, number, depth);
    if (trie->nodes)
        trie->nodes[trie->node_count] = (struct node){(uint32_t)trie->node_count, NO_PHRASE};
    free(settling.sorted);
    free(settling.below);
    free_texts(trie);
    trie->settled = true;
}

/* ---- searching ---- */

static inline uint32_t opened_by(const struct trie *trie, uint16_t first, uint16_t second)
{
    uint32_t pair = (uint32_t)first << 16 | second, hash = pair_hash(pair);
    if (!pair_table_may_have(&trie->openings, hash))
        return NO_NODE;
    const struct pair_slot *slot = pair_table_find(&trie->openings, pair, hash);
    return slot->value.count ? slot->value.first : NO_NODE;
}

static inline uint32_t child_of(const struct trie *trie, uint32_t node, uint16_t unit)
{
    enum { FEW = 8 };
    uint32_t low = trie->nodes[node].first, high = trie->nodes[node + 1].first;
    while (high - low > FEW) {
        uint32_t middle = low + (high - low) / 2;
        if (trie->units[middle] <= unit)
            low = middle;
        else
            high = middle;
    }
    for (; low < high; low++)
        if (trie->units[low] == unit)
            return low;
    return NO_NODE;
}

static inline bool is_alone(const struct trie *trie, uint16_t unit)
{
    return trie->alone[unit >> 6] >> (unit & 63) & 1;
}

uint32_t trie_get(const struct trie *trie, const uint16_t *units, size_t length)
{
    if (length == 0 || trie->phrases == 0)
        return UINT32_MAX;
    if (!trie->settled)
        return find_text(trie, units, length, &(uint64_t){0});
    if (length == 1)
        return is_alone(trie, units[0]) ? map_get(&trie->alone_numbers, units[0]) >> USE_BITS
                                        : UINT32_MAX;
    uint32_t node = opened_by(trie, units[0], units[1]);
    for (size_t i = 2; i < length && node != NO_NODE; i++)
        node = child_of(trie, node, units[i]);
    return node != NO_NODE && trie->nodes[node].phrase ? trie->nodes[node].phrase >> USE_BITS
                                                       : UINT32_MAX;
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

bool trie_cuts_word(const uint16_t *units, size_t length, size_t start, size_t end)
{
    return start < end && cuts_word(units, length, start, end);
}

/* One text on its way through the set. */
struct finding {
    const uint16_t *units;
    size_t length;
    struct hit *next, *end;
};

static inline bool add_hit(struct finding *finding, uint32_t phrase, size_t start, size_t end)
{
    if (cuts_word(finding->units, finding->length, start, end))
        return true;
    if (finding->next == finding->end)
        return false;
    *finding->next++ = (struct hit){phrase >> USE_BITS, (uint32_t)start, (uint32_t)(end - start),
                                    phrase & ((1u << USE_BITS) - 1)};
    return true;
}

/* The phrases of two units and more that begin at `start`. False when there is no more room. */
static inline bool follow(const struct trie *trie, struct finding *finding, size_t start,
                          uint32_t node)
{
    for (size_t end = start + 2;; end++) {
        uint32_t phrase = trie->nodes[node].phrase;
        if (phrase && !add_hit(finding, phrase, start, end))
            return false;
        if (end == finding->length)
            return true;
        node = child_of(trie, node, finding->units[end]);
        if (node == NO_NODE)
            return true;
    }
}

/* Where pairs of units may open a phrase: up to PLACES of them from *at on, which moves behind them.
 * First all of these, then the phrases: the processor cannot guess which place has one. */
enum { PLACES = 64 };
static inline size_t find_openings(const struct trie *trie, const uint16_t *units, size_t *at,
                                   size_t limit, uint32_t places[PLACES])
{
    const struct pair_table openings = trie->openings;
    size_t count = 0, start = *at, end = limit - start > PLACES ? start + PLACES : limit;
    for (; start < end; start++) {
        uint32_t hash = pair_hash((uint32_t)units[start] << 16 | units[start + 1]);
        bool alone = is_alone(trie, units[start]);
        places[count] = (uint32_t)start;
        count += pair_table_may_have(&openings, hash) | alone;
        __builtin_prefetch(&openings.slots[pair_table_start(&openings, hash)]);
    }
    *at = end;
    return count;
}

static inline bool find_at(const struct trie *trie, struct finding *finding, size_t start)
{
    const uint16_t *units = finding->units;
    if (is_alone(trie, units[start]) &&
        !add_hit(finding, map_get(&trie->alone_numbers, units[start]), start, start + 1))
        return false;
    if (start + 1 == finding->length)
        return true;
    uint32_t node = opened_by(trie, units[start], units[start + 1]);
    return node == NO_NODE || follow(trie, finding, start, node);
}

size_t trie_find(const struct trie *trie, const uint16_t *units, size_t length, struct hit *hits,
                 size_t max)
{
    struct finding finding = {units, length, hits, hits + max};
    uint32_t places[PLACES + 1];
    bool room = true;
    assert(trie->settled || trie->phrases == 0);
    if (trie->phrases == 0 || length == 0)
        return 0;
    for (size_t at = 0; at + 1 < length && room;) {
        size_t count = find_openings(trie, units, &at, length - 1, places);
        for (size_t i = 0; i < count && room; i++)
            room = find_at(trie, &finding, places[i]);
    }
    if (room)
        find_at(trie, &finding, length - 1);
    return (size_t)(finding.next - hits);
}
