#include "common/arena.h"

#include "common/strbuf.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024 };

struct arena_block {
    struct arena_block *previous;
    size_t used, capacity;
    alignas(max_align_t) char bytes[];
};

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t rounded =
        (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct arena_block *block = arena->last;
    if (!block || block->capacity - block->used < rounded) {
        size_t capacity = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        block = xcalloc(1, sizeof *block + capacity);
        block->capacity = capacity;
        block->previous = arena->last;
        arena->last = block;
    }
    void *memory = block->bytes + block->used;
    block->used += rounded;
    return memory;
}

char *arena_text(struct arena *arena, const char *text)
{
    size_t bytes = strlen(text) + 1;
    return memcpy(arena_alloc(arena, bytes), text, bytes);
}

void arena_free(struct arena *arena)
{
    for (struct arena_block *block = arena->last, *previous; block; block = previous) {
        previous = block->previous;
        free(block);
    }
    arena->last = NULL;
}
