#include "services/gateway/concept.h"

#include "catalog/revision/turtle.h"
#include "services/gateway/catalog_json.h"

#include <stdlib.h>
#include <string.h>

void concept_space(struct strbuf *uri, const char *revision)
{
    turtle_add_name(uri, revision, "", NULL);
}

const char *concept_type_name(const char *department)
{
    return strcmp(department, "B") == 0 ? "B类（各部门通用）" : department;
}

struct jv *concept_type(const char *department)
{
    struct jv *type = jv_object();
    jv_set_text(type, "id", department);
    jv_set_text(type, "name", concept_type_name(department));
    return type;
}

static struct jv *concept_of(struct store *store, sqlite3_stmt *row)
{
    struct jv *concept = catalog_json_item(row);
    const char *department = jv_get_text(concept, "department");
    struct strbuf id = {0};
    strbuf_printf(&id, "%s:%s", department, jv_get_text(concept, "code"));
    jv_set_text(concept, "id", id.text);
    jv_set(concept, "path",
           catalog_json_path(store, jv_get_text(concept, "revision"), department,
                             jv_get_text(concept, "code")));
    strbuf_free(&id);
    return concept;
}

struct jv *concept_find(struct store *store, const char *revision, const char *id)
{
    const char *colon = strrchr(id, ':');
    struct jv *concept = NULL;
    if (!colon)
        return NULL;
    char *department = xstrndup(id, (size_t)(colon - id));
    sqlite3_stmt *row = store_prepare(
        store,
        "SELECT " ITEM_COLUMNS " FROM item WHERE (item.revision = ?1 OR item.department = 'B')"
        " AND item.department = ?2 AND item.code = ?3 AND item.state <> 'quarantine'",
        NULL);
    if (row &&
        store_next(store, store_bind(row, "ttt", revision, department, colon + 1), NULL) == 1)
    concept = concept_of(store, row);
    sqlite3_finalize(row);
    free(department);
    return concept;
}

struct jv *concept_search(struct store *store, const char *revision, const char *department,
                          const char *text, int limit, int from)
{
    struct jv *found = jv_array();
    sqlite3_stmt *row = store_prepare(
        store,
        "SELECT " ITEM_COLUMNS ", CASE WHEN item.code = upper(?1) THEN 0 WHEN item.name = ?1 THEN 1"
        " WHEN instr(item.name, ?1) = 1 THEN 2 WHEN instr(item.name, ?1) THEN 3"
        " WHEN instr(item.code, upper(?1)) = 1 THEN 4 ELSE 5 END AS rank FROM item"
        " WHERE (item.revision = ?2 OR item.department = 'B') AND item.state <> 'quarantine'"
        " AND (?3 IS NULL OR item.department = ?3) AND (instr(item.name, ?1) OR"
        " instr(item.code, upper(?1)) = 1 OR (item.code, item.name) IN (SELECT code, name FROM"
        " label WHERE kind = 'alt' AND instr(text, ?1))) ORDER BY rank, length(item.name),"
        " item.position"
        " LIMIT ?4 OFFSET ?5",
        NULL);
    if (row)
        store_bind(row, "tttii", text, revision, department, (int64_t)limit, (int64_t)from);
    while (row && store_next(store, row, NULL) == 1) {
        struct jv *concept = concept_of(store, row);
        jv_set_number(concept, "rank", sqlite3_column_int(row, ITEM_COLUMN_COUNT));
        jv_push(found, concept);
    }
    sqlite3_finalize(row);
    return found;
}

/* Those whose names begin with the text, or those that only hold it. */
static void add_types(struct jv *types, const struct jv *departments, const char *text, bool begin)
{
    for (size_t i = 0; i < jv_count(departments); i++) {
        const char *department = jv_text(jv_at(departments, i));
        const char *name = concept_type_name(department), *at = strstr(name, text);
        if (at && (at == name) == begin)
            jv_push(types, concept_type(department));
    }
}

struct jv *concept_types(struct store *store, const char *revision, const char *text)
{
    struct jv *types = jv_array(), *departments = jv_array();
    sqlite3_stmt *row = store_prepare(
        store,
        "SELECT department FROM item WHERE (revision = ?1 OR department = 'B') AND state <>"
        " 'quarantine' GROUP BY department ORDER BY min(position), department",
        NULL);
    if (row)
        store_bind(row, "t", revision);
    while (row && store_next(store, row, NULL) == 1)
        jv_push(departments, jv_of_text(store_text(row, 0)));
    sqlite3_finalize(row);
    add_types(types, departments, text, true);
    add_types(types, departments, text, false);
    jv_destroy(&departments);
    return types;
}

char *concept_place(const struct jv *concept)
{
    const struct jv *path = jv_get(concept, "path");
    const char *department = jv_get_text(concept, "department");
    struct strbuf text = {0};
    strbuf_puts(&text, concept_type_name(department ? department : ""));
    for (size_t i = 0; i + 1 < jv_count(path); i++)
        strbuf_printf(&text, " › %s", jv_text(jv_at(path, i)));
    return strbuf_take(&text);
}
