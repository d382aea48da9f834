#include "catalog/engine/pair_table.h"

#include "common/strbuf.h"

#include <stdlib.h>

struct pair_table pair_table_new(size_t pairs)
{
    uint32_t capacity = 16;
    while (capacity < 2 * pairs)
        capacity *= 2;
    return (struct pair_table){xcalloc(capacity, sizeof(struct pair_slot)), capacity - 1};
}

struct pair_slot *pair_table_add(struct pair_table *table, uint32_t pair)
{
    uint32_t at = pair_table_start(table, pair);
    while (table->slots[at].pair)
        at = (at + 1) & table->mask;
    table->slots[at].pair = pair;
    return &table->slots[at];
}

void pair_table_free(struct pair_table *table)
{
    free(table->slots);
    *table = (struct pair_table){0};
}
