#include "catalog/checks/items.h"

#include "common/arena.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

struct items {
    struct item *all; /* by code, then revision */
    size_t count;
    struct arena arena;
};

static int by_code(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    int order = strcmp(x->code, y->code);
    if (order == 0)
        order = strcmp(x->revision, y->revision);
    return order ? order : strcmp(x->department, y->department);
}

static void add_item(struct items *items, const struct thesaurus *thesaurus,
                     sqlite3_stmt *statement)
{
    struct arena *arena = &items->arena;
    items->all = xrealloc(items->all, (items->count + 1) * sizeof *items->all);
    struct item *item = &items->all[items->count++];
    *item = (struct item){
        .revision = arena_text(arena, store_text(statement, 0)),
        .department = arena_text(arena, store_text(statement, 1)),
        .code = arena_text(arena, store_text(statement, 2)),
        .name = arena_text(arena, store_text(statement, 3)),
        .restriction = arena_text(arena, store_text(statement, 4)),
        .level = sqlite3_column_int(statement, 5),
    };
    item->number = thesaurus_department(thesaurus, item->department);
    char *folded = folder_fold_utf8(thesaurus->folder, item->name);
    item->folded_name = arena_text(arena, folded);
    free(folded);
}

struct items *items_load(struct store *catalog, const struct thesaurus *thesaurus,
                         struct fault *fault)
{
    struct items *items = xcalloc(1, sizeof *items);
    sqlite3_stmt *statement = store_prepare(
        catalog, "SELECT revision, department, code, name, restriction, level FROM item", fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(catalog, statement, fault)) > 0)
        add_item(items, thesaurus, statement);
    sqlite3_finalize(statement);
    if (items->count)
        qsort(items->all, items->count, sizeof *items->all, by_code);
    if (got < 0)
        items_destroy(&items);
    return items;
}

void items_destroy(struct items **items)
{
    if (!*items)
        return;
    free((*items)->all);
    arena_free(&(*items)->arena);
    free(*items);
    *items = NULL;
}

/* The first item whose code is not below `code`. */
static size_t lower_bound(const struct items *items, const char *code)
{
    size_t low = 0, high = items->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(items->all[middle].code, code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct item *items_of_code(const struct items *items, const char *code, size_t *count)
{
    size_t first = lower_bound(items, code), end = first;
    while (end < items->count && strcmp(items->all[end].code, code) == 0)
        end++;
    *count = end - first;
    return end > first ? &items->all[first] : NULL;
}

bool items_have_prefix(const struct items *items, const char *prefix)
{
    size_t first = lower_bound(items, prefix);
    return first < items->count && strncmp(items->all[first].code, prefix, strlen(prefix)) == 0;
}
