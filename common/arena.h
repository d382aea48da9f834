#ifndef JINMU_ARENA_H
#define JINMU_ARENA_H

#include <stddef.h>

/* Memory that is freed all at once: for texts and tables that live as long as their owner. */
struct arena {
    struct arena_block *last;
};

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *arena, size_t bytes);
char *arena_text(struct arena *arena, const char *text);
void arena_free(struct arena *arena);

#endif
