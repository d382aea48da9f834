#ifndef JINMU_PAIR_TABLE_H
#define JINMU_PAIR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a pair says for a concept. */
struct posting {
    uint32_t concept;
    float weight;
};

/* Ranges by pair of characters, open addressed: what the engine looks up for every pair of a text. A
 * pair is never 0. Most pairs of a text are not in the table: a bit or two by hash, small enough for
 * the first cache, say so of nine in ten of these. */
union pair_value {
    struct {
        uint32_t first, count;
    };
    struct posting posting; /* in the tables of the index, where there is but one */
};

struct pair_slot {
    uint32_t pair; /* 0: free */
    union pair_value value;
};

struct pair_table {
    struct pair_slot *slots;
    uint64_t *filter; /* a bit by the upper bits of the hash */
    uint32_t mask;
    int filter_shift;
};

/* An empty table with room for `pairs` pairs, no more. */
struct pair_table pair_table_new(size_t pairs);
/* The slot of a pair that is not in the table yet, to be filled in. */
struct pair_slot *pair_table_add(struct pair_table *table, uint32_t pair);
void pair_table_free(struct pair_table *table);

/* The hash of a pair, the same for all tables, so that a text computes it once. */
static inline uint32_t pair_hash(uint32_t pair)
{
    return (pair ^ pair >> 15) * 0x9E3779B1u;
}

/* False: the table has surely not the pair of this hash. */
static inline bool pair_table_may_have(const struct pair_table *table, uint32_t hash)
{
    uint32_t bit = hash >> table->filter_shift;
    return table->filter[bit >> 6] >> (bit & 63) & 1;
}

static inline uint32_t pair_table_start(const struct pair_table *table, uint32_t hash)
{
    return hash >> 8 & table->mask;
}

/* Tells the processor that the pair will be looked up soon. */
static inline void pair_table_expect(const struct pair_table *table, uint32_t hash)
{
    __builtin_prefetch(&table->slots[pair_table_start(table, hash)]);
}

/* The slot of the pair, or an empty one (value.count 0) when the table has it not. */
static inline const struct pair_slot *pair_table_find(const struct pair_table *table, uint32_t pair,
                                                      uint32_t hash)
{
    const struct pair_slot *slot = &table->slots[pair_table_start(table, hash)];
    while (slot->pair != pair && slot->pair != 0)
        slot = slot == &table->slots[table->mask] ? table->slots : slot + 1;
    return slot;
}

static inline const struct pair_slot *pair_table_get(const struct pair_table *table, uint32_t pair)
{
    return pair_table_find(table, pair, pair_hash(pair));
}

#endif
