#include "catalog/revision/outline.h"

#include "catalog/catalog.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* The beginning of a restriction in brackets at the end of a name: 审计服务（仅限非审计部门）. The whole
 * length when there is none. */
static size_t bare_length(const char *name)
{
    static const char *const opening[] = {"（", "("}, *const words[] = {"限", "除", "不含"};
    size_t length = strlen(name);
    const char *open = NULL;
    for (size_t i = 0; i < 2; i++)
        for (const char *at = strstr(name, opening[i]); at; at = strstr(at + 1, opening[i]))
            open = !open || at > open ? at : open;
    if (!open || open == name || (name[length - 1] != ')' && strcmp(name + length - 3, "）") != 0))
        return length;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(open, words[i]))
            return (size_t)(open - name);
    return length;
}

static const char *fold_bytes(struct outline *outline, const struct folder *folder,
                              const char *text, size_t length)
{
    char *part = xstrndup(text, length), *folded = folder_fold_utf8(folder, part);
    const char *kept = arena_text(&outline->arena, folded);
    free(part);
    free(folded);
    return kept;
}

static int add_department(struct outline *outline, const struct folder *folder, const char *name)
{
    struct outline_department *last =
        outline->department_count ? &outline->departments[outline->department_count - 1] : NULL;
    if (last && strcmp(last->name, name) == 0)
        return (int)outline->department_count - 1;
    outline->departments = xrealloc(outline->departments,
                                    (outline->department_count + 1) * sizeof *outline->departments);
    outline->departments[outline->department_count] = (struct outline_department){
        .name = arena_text(&outline->arena, name),
        .folded = fold_bytes(outline, folder, name, strlen(name)),
        .first = outline->item_count,
    };
    return (int)outline->department_count++;
}

static void add_item(struct outline *outline, const struct folder *folder, sqlite3_stmt *row)
{
    outline->items = xrealloc(outline->items, (outline->item_count + 1) * sizeof *outline->items);
    const char *name = store_text(row, 2), *restriction = store_text(row, 3);
    size_t bare = bare_length(name);
    int department = add_department(outline, folder, store_text(row, 0));
    struct outline_item *item = &outline->items[outline->item_count++];
    *item = (struct outline_item){
        .department = department,
        .code = arena_text(&outline->arena, store_text(row, 1)),
        .name = arena_text(&outline->arena, name),
        .folded = fold_bytes(outline, folder, name, bare),
        .restriction = arena_text(&outline->arena, *restriction ? restriction : name + bare),
        .parent = NOWHERE,
    };
    item->level = catalog_code_level(item->code);
    item->leaf = item->level == catalog_leaf_level(item->code);
    outline->departments[department].count++;
    outline->departments[department].leaves += item->leaf;
}

static int load_items(struct outline *outline, struct store *store, const struct folder *folder,
                      struct vocabulary *vocabulary, struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        "SELECT department, code, name, restriction FROM item WHERE revision = ? AND state <>"
        " 'quarantine' AND name <> '' ORDER BY department, code",
        fault);
    int got = statement ? 1 : -1;
    if (statement)
        store_bind(statement, "t", outline->number);
    while (got > 0 && (got = store_next(store, statement, fault)) > 0) {
        add_item(outline, folder, statement);
        vocabulary_count(vocabulary, store_text(statement, 2));
    }
    sqlite3_finalize(statement);
    return got;
}

/* Codes of a department are in order, so that a parent stands before its children. */
static void find_parents(struct outline *outline)
{
    for (size_t i = 0; i < outline->item_count; i++) {
        struct outline_item *item = &outline->items[i];
        size_t length = strlen(item->code);
        char parent[16] = "";
        if (length > 2 && length < sizeof parent)
            memcpy(parent, item->code, length - 2);
        item->parent = *parent ? outline_find(outline, item->department, parent) : NOWHERE;
    }
}

static int load_labels(struct outline *outline, struct store *store, const struct folder *folder,
                       struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT text FROM label WHERE department = ? AND name = ? AND kind = 'alt'", fault);
    if (!statement)
        return -1;
    int got = 0;
    for (size_t i = 0; i < outline->item_count && got == 0; i++) {
        struct outline_item *item = &outline->items[i];
        size_t count = 0;
        const char **labels = NULL;
        store_bind(statement, "tt", outline->departments[item->department].folded, item->name);
        while ((got = store_next(store, statement, fault)) > 0) {
            const char *text = store_text(statement, 0);
            labels = xrealloc(labels, (count + 1) * sizeof *labels);
            labels[count++] = fold_bytes(outline, folder, text, strlen(text));
        }
        item->labels = arena_alloc(&outline->arena, (count + 1) * sizeof *labels);
        if (count)
            memcpy(item->labels, labels, count * sizeof *labels);
        free(labels);
    }
    sqlite3_finalize(statement);
    return got;
}

static int load_head(struct outline *outline, struct store *store, struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT complete FROM revision WHERE number = ?", fault);
    int got =
        statement ? store_next(store, store_bind(statement, "t", outline->number), fault) : -1;
    if (got == 0)
        fault_set(fault, "catalog.unknown_revision", "没有文号为“%s”的目录", outline->number);
    outline->complete = got > 0 && sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return got > 0 ? 0 : -1;
}

struct outline *outline_load(struct store *store, const char *number, const struct folder *folder,
                             struct vocabulary *vocabulary, struct fault *fault)
{
    struct outline *outline = xcalloc(1, sizeof *outline);
    outline->number = xstrdup(number);
    if (load_head(outline, store, fault) || load_items(outline, store, folder, vocabulary, fault) ||
        load_labels(outline, store, folder, fault))
        outline_destroy(&outline);
    else
        find_parents(outline);
    return outline;
}

void outline_profile(struct outline *outline, const struct vocabulary *vocabulary)
{
    for (size_t i = 0; i < outline->item_count; i++)
        profile_make(vocabulary, outline->items[i].folded, &outline->items[i].profile);
}

void outline_destroy(struct outline **outline)
{
    if (!*outline)
        return;
    free((*outline)->number);
    free((*outline)->departments);
    free((*outline)->items);
    arena_free(&(*outline)->arena);
    free(*outline);
    *outline = NULL;
}

int outline_department(const struct outline *outline, const char *folded)
{
    for (size_t i = 0; i < outline->department_count; i++)
        if (strcmp(outline->departments[i].folded, folded) == 0)
            return (int)i;
    return NOWHERE;
}

int outline_find(const struct outline *outline, int department, const char *code)
{
    const struct outline_department *one = &outline->departments[department];
    size_t low = one->first, high = one->first + one->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(outline->items[middle].code, code);
        if (order == 0)
            return (int)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NOWHERE;
}

char *outline_path(const struct outline *outline, int item)
{
    const char *names[4];
    size_t depth = 0;
    struct strbuf path = {0};
    for (int at = item; at != NOWHERE && depth < 4; at = outline->items[at].parent)
        names[depth++] = outline->items[at].name;
    while (depth-- > 0)
        strbuf_printf(&path, "%s%s", path.length ? " › " : "", names[depth]);
    return strbuf_take(&path);
}
