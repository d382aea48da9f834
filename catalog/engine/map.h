#ifndef JINMU_MAP_H
#define JINMU_MAP_H

#include <stddef.h>
#include <stdint.h>

/* Numbers by number, open addressed; a key is below UINT64_MAX. `{0}` is a valid empty map. */
struct map {
    struct map_slot {
        uint64_t key; /* plus 1, so that 0 is free */
        uint32_t value;
    } * slots;
    size_t capacity;
    size_t count;
};

enum { MAP_NONE = UINT32_MAX };

void map_put(struct map *map, uint64_t key, uint32_t value);
void map_free(struct map *map);

/* The value of a key, or MAP_NONE. In the header since the engine's inner loop lives here. */
static inline uint32_t map_get(const struct map *map, uint64_t key)
{
    if (!map->capacity)
        return MAP_NONE;
    size_t mask = map->capacity - 1;
    size_t slot = (size_t)(((key + 1) * 0x9E3779B97F4A7C15u) >> 24) & mask;
    while (map->slots[slot].key) {
        if (map->slots[slot].key == key + 1)
            return map->slots[slot].value;
        slot = (slot + 1) & mask;
    }
    return MAP_NONE;
}

#endif
