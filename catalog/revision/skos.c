#include "catalog/revision/skos.h"

#include "catalog/revision/turtle.h"
#include "common/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The graph is made once, as JSON-LD nodes; Turtle is written from these. Each member of a node is one
 * of these properties, with a text or an array of texts. */
enum value_kind { VALUE_NAME, VALUE_TEXT, VALUE_CHINESE, VALUE_DATE };
static const struct property {
    const char *member, *name;
    enum value_kind kind;
} properties[] = {{"title", "dcterms:title", VALUE_CHINESE},
                  {"identifier", "dcterms:identifier", VALUE_TEXT},
                  {"issued", "dcterms:issued", VALUE_DATE},
                  {"available", "dcterms:available", VALUE_DATE},
                  {"replaces", "dcterms:replaces", VALUE_NAME},
                  {"inScheme", "skos:inScheme", VALUE_NAME},
                  {"topConceptOf", "skos:topConceptOf", VALUE_NAME},
                  {"hasTopConcept", "skos:hasTopConcept", VALUE_NAME},
                  {"notation", "skos:notation", VALUE_TEXT},
                  {"prefLabel", "skos:prefLabel", VALUE_CHINESE},
                  {"altLabel", "skos:altLabel", VALUE_CHINESE},
                  {"hiddenLabel", "skos:hiddenLabel", VALUE_CHINESE},
                  {"scopeNote", "skos:scopeNote", VALUE_CHINESE},
                  {"broader", "skos:broader", VALUE_NAME},
                  {"exactMatch", "skos:exactMatch", VALUE_NAME},
                  {"broadMatch", "skos:broadMatch", VALUE_NAME},
                  {"narrowMatch", "skos:narrowMatch", VALUE_NAME},
                  {"member", "skos:member", VALUE_NAME}};
enum { PROPERTIES = sizeof properties / sizeof *properties };
static const struct {
    const char *prefix, *name;
} prefixes[] = {{"skos", "http://www.w3.org/2004/02/skos/core#"},
                {"dcterms", "http://purl.org/dc/terms/"},
                {"xsd", "http://www.w3.org/2001/XMLSchema#"}};
enum { PREFIXES = sizeof prefixes / sizeof *prefixes };

int skos_format_of_name(const char *name, enum skos_format *format)
{
    *format = strcmp(name, "jsonld") == 0 ? SKOS_JSON_LD : SKOS_TURTLE;
    return *format == SKOS_JSON_LD || strcmp(name, "ttl") == 0 ? 0 : -1;
}

/* --- the graph --- */

static struct jv *name_of(const char *revision, const char *department, const char *code)
{
    struct strbuf name = {0};
    turtle_add_name(&name, revision, department, code);
    struct jv *value = jv_of_text(name.text);
    strbuf_free(&name);
    return value;
}

static struct jv *node_new(struct jv *graph, struct jv *name, const char *type)
{
    struct jv *node = jv_object();
    jv_set(node, "id", name);
    jv_set_text(node, "type", type);
    jv_push(graph, node);
    return node;
}

/* Adds a value to an array member, which it takes over. */
static void add_value(struct jv *node, const char *member, struct jv *value)
{
    if (!jv_get(node, member))
        jv_set(node, member, jv_array());
    jv_push((struct jv *)(uintptr_t)jv_get(node, member), value);
}

static void set_date(struct jv *node, const char *member, const char *text)
{
    if (strlen(text) == strlen("2025-07-15")) /* not the year alone */
        jv_set_text(node, member, text);
}

static struct jv *add_scheme(struct jv *graph, struct store *store, const char *revision,
                             struct fault *fault)
{
    struct jv *scheme = NULL;
    sqlite3_stmt *row = store_prepare(
        store, "SELECT title, issued, effective, repeals FROM revision WHERE number = ?", fault);
    int got = row ? store_next(store, store_bind(row, "t", revision), fault) : -1;
    if (got == 1) {
        scheme = node_new(graph, name_of(revision, NULL, NULL), "skos:ConceptScheme");
        if (*store_text(row, 0))
            jv_set_text(scheme, "title", store_text(row, 0));
        jv_set_text(scheme, "identifier", revision);
        set_date(scheme, "issued", store_text(row, 1));
        set_date(scheme, "available", store_text(row, 2));
        if (*store_text(row, 3))
            jv_set(scheme, "replaces", name_of(store_text(row, 3), NULL, NULL));
    } else if (got == 0) {
        fault_set(fault, "catalog.unknown_revision", "没有目录 %.100s", revision);
    }
    sqlite3_finalize(row);
    return scheme;
}

/* An item's labels: a text is one of them, the official name before what units write (SKOS, S13). */
static int add_labels(struct jv *concept, struct store *store, sqlite3_stmt *labels,
                      const char *code, const char *name, struct fault *fault)
{
    int got;
    store_bind(labels, "tt", code, name);
    while ((got = store_next(store, labels, fault)) == 1)
        add_value(concept, strcmp(store_text(labels, 0), "alt") == 0 ? "altLabel" : "hiddenLabel",
                  jv_of_text(store_text(labels, 1)));
    return got;
}

static const char *match_of(const char *relation, bool from_old)
{
    if (strcmp(relation, "split") == 0)
        return from_old ? "narrowMatch" : "broadMatch";
    if (strcmp(relation, "merged") == 0)
        return from_old ? "broadMatch" : "narrowMatch";
    return "exactMatch";
}

static int add_matches(struct jv *concept, struct store *store, sqlite3_stmt *matches,
                       const char *revision, const char *department, const char *code,
                       struct fault *fault)
{
    int got;
    store_bind(matches, "ttt", revision, department, code);
    while ((got = store_next(store, matches, fault)) == 1)
        add_value(concept, match_of(store_text(matches, 3), sqlite3_column_int(matches, 4) != 0),
                  name_of(store_text(matches, 0), store_text(matches, 1), store_text(matches, 2)));
    return got;
}

static const char labels_sql[] =
    "SELECT DISTINCT min(kind), text FROM label WHERE code = ?1 AND name = ?2 AND kind IN ('alt',"
    " 'hidden') AND text <> ?2 GROUP BY text ORDER BY 1, 2";
/* What a keeper has confirmed. */
static const char matches_sql[] =
    "SELECT new_revision, new_department, new_code, relation, 1 FROM correspondence WHERE"
    " old_revision = ?1 AND old_department = ?2 AND old_code = ?3 AND new_code <> '' AND state ="
    " 'confirmed' UNION ALL SELECT old_revision, old_department, old_code, relation, 0 FROM"
    " correspondence WHERE new_revision = ?1 AND new_department = ?2 AND new_code = ?3 AND old_code"
    " <> '' AND state = 'confirmed' ORDER BY 1, 2, 3";
/* A parent that the revision lacks leaves its child at the top. */
static const char items_sql[] =
    "SELECT department, code, name, restriction, ifnull((SELECT p.code FROM item p WHERE p.revision"
    " = item.revision AND p.department = item.department AND p.code = item.parent AND p.state <>"
    " 'quarantine'), '') FROM item WHERE revision = ? AND state <> 'quarantine' ORDER BY (SELECT"
    " min(position) FROM item f WHERE f.revision = item.revision AND f.department ="
    " item.department), department, code";

struct drawing {
    struct jv *graph, *scheme, *collection;
    struct store *store;
    const char *revision;
    sqlite3_stmt *items, *labels, *matches;
    char department[300];
};

static void begin_department(struct drawing *drawing, const char *department)
{
    snprintf(drawing->department, sizeof drawing->department, "%s", department);
    drawing->collection =
        node_new(drawing->graph, name_of(drawing->revision, department, NULL), "skos:Collection");
    jv_set_text(drawing->collection, "prefLabel", department);
}

static int add_item(struct drawing *drawing, struct fault *fault)
{
    sqlite3_stmt *row = drawing->items;
    const char *department = store_text(row, 0), *code = store_text(row, 1);
    const char *name = store_text(row, 2), *restriction = store_text(row, 3);
    const char *parent = store_text(row, 4);
    if (!drawing->collection || strcmp(drawing->department, department) != 0)
        begin_department(drawing, department);
    add_value(drawing->collection, "member", name_of(drawing->revision, department, code));
    struct jv *concept =
        node_new(drawing->graph, name_of(drawing->revision, department, code), "skos:Concept");
    jv_set(concept, "inScheme", name_of(drawing->revision, NULL, NULL));
    jv_set_text(concept, "notation", code);
    jv_set_text(concept, "prefLabel", name);
    if (*restriction)
        jv_set_text(concept, "scopeNote", restriction);
    if (*parent) {
        jv_set(concept, "broader", name_of(drawing->revision, department, parent));
    } else {
        jv_set(concept, "topConceptOf", name_of(drawing->revision, NULL, NULL));
        add_value(drawing->scheme, "hasTopConcept", name_of(drawing->revision, department, code));
    }
    return add_labels(concept, drawing->store, drawing->labels, code, name, fault) ||
                   add_matches(concept, drawing->store, drawing->matches, drawing->revision,
                               department, code, fault)
               ? -1
               : 0;
}

/* The nodes, or NULL with a fault. */
static struct jv *draw(struct store *store, const char *revision, struct fault *fault)
{
    struct drawing drawing = {.graph = jv_array(), .store = store, .revision = revision};
    int got = -1;
    if (!(drawing.scheme = add_scheme(drawing.graph, store, revision, fault)) ||
        !(drawing.items = store_prepare(store, items_sql, fault)) ||
        !(drawing.labels = store_prepare(store, labels_sql, fault)) ||
        !(drawing.matches = store_prepare(store, matches_sql, fault)))
        goto done;
    store_bind(drawing.items, "t", revision);
    while ((got = store_next(store, drawing.items, fault)) == 1)
        if (add_item(&drawing, fault)) {
            got = -1;
            break;
        }
done:
    sqlite3_finalize(drawing.items);
    sqlite3_finalize(drawing.labels);
    sqlite3_finalize(drawing.matches);
    if (got)
        jv_destroy(&drawing.graph);
    return drawing.graph;
}

/* --- JSON-LD 1.1 --- */

static struct jv *context_of(const struct property *property)
{
    struct jv *context = jv_object();
    jv_set_text(context, "@id", property->name);
    if (property->kind == VALUE_NAME)
        jv_set_text(context, "@type", "@id");
    else if (property->kind == VALUE_CHINESE)
        jv_set_text(context, "@language", "zh");
    else if (property->kind == VALUE_DATE)
        jv_set_text(context, "@type", "xsd:date");
    return context;
}

static void write_json_ld(const struct jv *graph, struct strbuf *out)
{
    struct jv *document = jv_object(), *context = jv_object();
    for (size_t i = 0; i < PREFIXES; i++)
        jv_set_text(context, prefixes[i].prefix, prefixes[i].name);
    jv_set_text(context, "id", "@id");
    jv_set_text(context, "type", "@type");
    for (size_t i = 0; i < PROPERTIES; i++)
        jv_set(context, properties[i].member, context_of(&properties[i]));
    jv_set(document, "@context", context);
    jv_set(document, "@graph", jv_copy(graph));
    jv_append(document, out);
    strbuf_puts(out, "\n");
    jv_destroy(&document);
}

/* --- Turtle --- */

static void write_value(struct strbuf *out, enum value_kind kind, const char *text)
{
    if (kind == VALUE_NAME) {
        strbuf_printf(out, "<%s>", text);
        return;
    }
    turtle_add_literal(out, text);
    if (kind != VALUE_TEXT)
        strbuf_puts(out, kind == VALUE_CHINESE ? "@zh" : "^^xsd:date");
}

static void write_property(struct strbuf *out, const struct property *property,
                           const struct jv *value)
{
    if (!value)
        return;
    strbuf_printf(out, " ;\n    %s ", property->name);
    if (jv_text(value))
        write_value(out, property->kind, jv_text(value));
    for (size_t i = 0; i < (jv_text(value) ? 0 : jv_count(value)); i++) {
        if (i)
            strbuf_puts(out, " ,\n        ");
        write_value(out, property->kind, jv_text(jv_at(value, i)));
    }
}

static void write_turtle(const struct jv *graph, struct strbuf *out)
{
    for (size_t i = 0; i < PREFIXES; i++)
        strbuf_printf(out, "@prefix %s: <%s> .\n", prefixes[i].prefix, prefixes[i].name);
    for (size_t i = 0; i < jv_count(graph); i++) {
        const struct jv *node = jv_at(graph, i);
        strbuf_printf(out, "\n<%s> a %s", jv_get_text(node, "id"), jv_get_text(node, "type"));
        for (size_t p = 0; p < PROPERTIES; p++)
            write_property(out, &properties[p], jv_get(node, properties[p].member));
        strbuf_puts(out, " .\n");
    }
}

int skos_write(struct store *store, const char *revision, enum skos_format format,
               struct strbuf *out, struct fault *fault)
{
    struct jv *graph = draw(store, revision, fault);
    if (!graph)
        return -1;
    if (format == SKOS_JSON_LD)
        write_json_ld(graph, out);
    else
        write_turtle(graph, out);
    jv_destroy(&graph);
    return 0;
}
