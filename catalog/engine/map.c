#include "catalog/engine/map.h"

#include "common/strbuf.h"

#include <stdlib.h>

static struct map_slot *slot_for(struct map *map, uint64_t key)
{
    size_t mask = map->capacity - 1;
    size_t slot = (size_t)(((key + 1) * 0x9E3779B97F4A7C15u) >> 24) & mask;
    while (map->slots[slot].key && map->slots[slot].key != key + 1)
        slot = (slot + 1) & mask;
    return &map->slots[slot];
}

static void grow(struct map *map)
{
    struct map larger = {.capacity = map->capacity ? map->capacity * 2 : 64};
    larger.slots = xcalloc(larger.capacity, sizeof *larger.slots);
    for (size_t i = 0; i < map->capacity; i++)
        if (map->slots[i].key)
            *slot_for(&larger, map->slots[i].key - 1) = map->slots[i];
    larger.count = map->count;
    free(map->slots);
    *map = larger;
}

void map_put(struct map *map, uint64_t key, uint32_t value)
{
    if ((map->count + 1) * 2 > map->capacity)
        grow(map);
    struct map_slot *slot = slot_for(map, key);
    map->count += slot->key == 0;
    *slot = (struct map_slot){key + 1, value};
}

void map_free(struct map *map)
{
    free(map->slots);
    *map = (struct map){0};
}
