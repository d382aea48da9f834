#include "catalog/engine/pair_table.h"

#include "common/strbuf.h"

#include <stdlib.h>

enum { FILTER_BITS = 4 }; /* a slot; a slot in two to four is taken */

struct pair_table pair_table_new(size_t pairs)
{
    uint32_t capacity = 16;
    int shift = 32 - 6;
    for (; capacity < 2 * pairs; capacity *= 2)
        shift--;
    return (struct pair_table){xcalloc(capacity, sizeof(struct pair_slot)),
                               xcalloc((size_t)capacity * FILTER_BITS / 64, sizeof(uint64_t)),
                               capacity - 1, shift};
}

struct pair_slot *pair_table_add(struct pair_table *table, uint32_t pair)
{
    uint32_t hash = pair_hash(pair), bit = hash >> table->filter_shift;
    uint32_t at = pair_table_start(table, hash);
    table->filter[bit >> 6] |= (uint64_t)1 << (bit & 63);
    while (table->slots[at].pair)
        at = (at + 1) & table->mask;
    table->slots[at].pair = pair;
    return &table->slots[at];
}

void pair_table_free(struct pair_table *table)
{
    free(table->slots);
    free(table->filter);
    *table = (struct pair_table){0};
}
