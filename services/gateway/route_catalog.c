/* /catalog: revisions, items, trees, search, changes. */
#include "services/gateway/catalog_json.h"
#include "services/gateway/route.h"

#include "catalog/catalog.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is asked of one revision. */
struct view {
    struct store *store;
    char *revision;
    const char *department; /* NULL: all */
    char stamp[CATALOG_STAMP_BYTES];
};

/* false with an answer: the revision is unknown, or the client has this version already. */
static bool open_view(struct view *view, struct exchange *exchange, struct backend *backend,
                      const char *revision)
{
    *view = (struct view){.department = exchange_query(exchange, "department")};
    view->store = catalog_json_store(exchange, backend);
    if (!view->store)
        return false;
    view->revision = catalog_json_revision(exchange, view->store, revision);
    if (!view->revision)
        return false;
    catalog_json_stamp(view->store, view->revision, false, view->stamp);
    if (!catalog_json_is_known(exchange, view->stamp))
        return true;
    free(view->revision);
    return false;
}

static void close_view(struct view *view, struct exchange *exchange, struct jv *body)
{
    reply_json(exchange, MHD_HTTP_OK, body);
    reply_etag(exchange, view->stamp);
    free(view->revision);
}

static struct jv *revision_json(sqlite3_stmt *row, const char *in_force)
{
    static const char *const texts[] = {"number",    "title", "issued",
                                        "effective", "ended", "repeals"};
    static const char *const numbers[] = {"departments", "items", "leaves", "quarantined"};
    struct jv *revision = jv_object();
    for (int i = 0; i < 6; i++)
        jv_set_text(revision, texts[i], store_text(row, i));
    jv_set(revision, "complete", jv_of_bool(sqlite3_column_int(row, 6)));
    jv_set(revision, "in_force", jv_of_bool(strcmp(in_force, store_text(row, 0)) == 0));
    for (int i = 0; i < 4; i++)
        jv_set_number(revision, numbers[i], (double)sqlite3_column_int64(row, 7 + i));
    return revision;
}

static void list_revisions(struct exchange *exchange, struct backend *backend)
{
    struct view view;
    if (!open_view(&view, exchange, backend, "current"))
        return;
    struct jv *body = jv_object(), *revisions = jv_array();
    sqlite3_stmt *statement = store_prepare(
        view.store,
        "SELECT number, title, issued, effective, ended, repeals, complete,"
        " count(DISTINCT department), count(*) FILTER (WHERE state <> 'quarantine'),"
        " count(*) FILTER (WHERE state = 'offered' AND level >= iif(code LIKE 'B%', 3, 4)),"
        " count(*) FILTER (WHERE state = 'quarantine') FROM revision"
        " LEFT JOIN item ON item.revision = number GROUP BY number ORDER BY effective DESC, number",
        NULL);
    while (statement && store_next(view.store, statement, NULL) == 1)
        jv_push(revisions, revision_json(statement, view.revision));
    sqlite3_finalize(statement);
    jv_set(body, "revisions", revisions);
    close_view(&view, exchange, body);
}

static void list_items(struct exchange *exchange, struct backend *backend)
{
    struct view view;
    int64_t level;
    if (!exchange_query_number(exchange, "level", 1, 4, 0, &level) ||
        !open_view(&view, exchange, backend, exchange->captures[0]))
        return;
    sqlite3_stmt *statement = store_prepare(
        view.store,
        "SELECT " ITEM_COLUMNS " FROM item WHERE revision = ?1 AND (?2 IS NULL OR department = ?2)"
        " AND (?3 = 0 OR level = ?3) AND (?4 IS NULL OR parent = ?4) AND (?5 IS NULL OR state = ?5)"
        " ORDER BY position",
        NULL);
    if (statement)
        store_bind(statement, "ttitt", view.revision, view.department, level,
                   exchange_query(exchange, "parent"), exchange_query(exchange, "state"));
    struct jv *body = jv_object();
    jv_set_text(body, "revision", view.revision);
    jv_set(body, "items", catalog_json_items(view.store, statement));
    close_view(&view, exchange, body);
}

/* --- the tree: rows come ordered by department and code, so that a parent stands before its
 * children and only the way down to the last row is open. --- */

enum { LEVELS = 5 };
struct growing {
    struct jv *departments;
    struct jv *leaves_of;    /* the open department */
    struct jv *open[LEVELS]; /* open[0]: its items; open[l]: the children of the last at level l */
    char department[300];
    char codes[LEVELS][16];
    int64_t leaves;
};

static void close_department(struct growing *tree)
{
    if (tree->leaves_of)
        jv_set_number(tree->leaves_of, "leaves", (double)tree->leaves);
    tree->leaves_of = NULL;
    tree->leaves = 0;
}

static void open_department(struct growing *tree, const char *department)
{
    struct jv *one = jv_object(), *items = jv_array();
    close_department(tree);
    jv_set_text(one, "department", department);
    jv_set_number(one, "leaves", 0);
    jv_set(one, "items", items);
    jv_push(tree->departments, one);
    tree->leaves_of = one;
    tree->open[0] = items;
    snprintf(tree->department, sizeof tree->department, "%s", department);
    memset(tree->codes, 0, sizeof tree->codes);
}

/* The children's array of the nearest open ancestor. */
static struct jv *place_of(struct growing *tree, const char *parent, int level)
{
    for (int above = level - 1; above > 0; above--)
        if (*parent && strcmp(tree->codes[above], parent) == 0)
            return tree->open[above];
    return tree->open[0];
}

static void grow(struct growing *tree, sqlite3_stmt *row)
{
    const char *department = store_text(row, 0), *code = store_text(row, 1);
    int level = sqlite3_column_int(row, 2);
    bool leaf = catalog_json_is_leaf(code);
    if (level < 1 || level >= LEVELS)
        return;
    if (!tree->leaves_of || strcmp(tree->department, department) != 0)
        open_department(tree, department);
    struct jv *node = jv_object(), *children = jv_array();
    jv_set_text(node, "code", code);
    jv_set_text(node, "name", store_text(row, 3));
    jv_set_number(node, "level", level);
    jv_set(node, "leaf", jv_of_bool(leaf));
    jv_set_text(node, "state", store_text(row, 5));
    jv_set(node, "children", children);
    jv_push(place_of(tree, store_text(row, 4), level), node);
    tree->open[level] = children;
    snprintf(tree->codes[level], sizeof tree->codes[level], "%s", code);
    tree->leaves += leaf;
}

static void get_tree(struct exchange *exchange, struct backend *backend)
{
    struct view view;
    if (!open_view(&view, exchange, backend, exchange->captures[0]))
        return;
    struct growing tree = {.departments = jv_array()};
    sqlite3_stmt *statement = store_prepare(
        view.store,
        "SELECT department, code, level, name, parent, state FROM (SELECT *, min(position) OVER"
        " (PARTITION BY department) AS first FROM item WHERE revision = ?1 AND state <>"
        " 'quarantine') WHERE ?2 IS NULL OR department = ?2 ORDER BY first, department, code",
        NULL);
    if (statement)
        store_bind(statement, "tt", view.revision, view.department);
    while (statement && store_next(view.store, statement, NULL) == 1)
        grow(&tree, statement);
    sqlite3_finalize(statement);
    close_department(&tree);
    struct jv *body = jv_object();
    jv_set_text(body, "revision", view.revision);
    jv_set(body, "departments", tree.departments);
    close_view(&view, exchange, body);
}

/* --- search --- */

static struct jv *found_json(struct store *store, sqlite3_stmt *row)
{
    struct jv *found = catalog_json_item(row);
    jv_set(found, "path",
           catalog_json_path(store, store_text(row, 0), store_text(row, 1), store_text(row, 2)));
    jv_set_text(found, "label", store_text(row, ITEM_COLUMN_COUNT));
    jv_set_number(found, "rank", sqlite3_column_int(row, ITEM_COLUMN_COUNT + 1));
    return found;
}

/* Best first: the code itself, the name itself, names that begin so, names and codes that hold it,
 * labels. B items stand in a document of their own and serve under every revision. */
static void search(struct exchange *exchange, struct backend *backend)
{
    struct view view;
    int64_t limit;
    const char *wanted = exchange_query(exchange, "q"), *leaf = exchange_query(exchange, "leaf");
    if (!exchange_query_number(exchange, "limit", 1, 100, 20, &limit))
        return;
    if (!wanted) {
        reply_problem(exchange, "query.missing", "请给出要查找的内容（q）");
        return;
    }
    if (!open_view(&view, exchange, backend, exchange_query(exchange, "revision")))
        return;
    sqlite3_stmt *statement = store_prepare(
        view.store,
        "SELECT " ITEM_COLUMNS ", ifnull(label.text, ''), CASE WHEN item.code = upper(?1) THEN 0"
        " WHEN item.name = ?1 THEN 1 WHEN instr(item.name, ?1) = 1 THEN 2"
        " WHEN instr(item.name, ?1) THEN 3 WHEN instr(item.code, upper(?1)) = 1 THEN 4 ELSE 5 END"
        " AS rank FROM item LEFT JOIN label ON label.code = item.code AND label.name = item.name"
        " AND label.kind = 'alt' AND instr(label.text, ?1)"
        " WHERE (item.revision = ?2 OR item.department = 'B') AND item.state <> 'quarantine'"
        " AND (?3 IS NULL OR item.department = ?3)"
        " AND (?4 IS NULL OR item.level >= iif(item.code LIKE 'B%', 3, 4))"
        " AND (instr(item.name, ?1) OR instr(item.code, upper(?1)) = 1 OR label.text IS NOT NULL)"
        " GROUP BY item.id ORDER BY rank, length(item.name), item.position LIMIT ?5",
        NULL);
    if (statement)
        store_bind(statement, "tttti", wanted, view.revision, view.department,
                   leaf && strcmp(leaf, "true") == 0 ? leaf : NULL, limit);
    struct jv *body = jv_object(), *items = jv_array();
    while (statement && store_next(view.store, statement, NULL) == 1)
        jv_push(items, found_json(view.store, statement));
    sqlite3_finalize(statement);
    jv_set(body, "items", items);
    close_view(&view, exchange, body);
}

const struct route catalog_routes[] = {{"GET", "/catalog/revisions", list_revisions, ANYBODY, 0},
                                       {"GET", "/catalog/search", search, ANYBODY, 0},
                                       {"GET", "/catalog/{}/items", list_items, ANYBODY, 0},
                                       {"GET", "/catalog/{}/tree", get_tree, ANYBODY, 0},
                                       {0}};
