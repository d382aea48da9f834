/* /catalog: one item with what surrounds it, the rules, how often items are used. */
#include "services/gateway/catalog_json.h"
#include "services/gateway/route.h"

#include "catalog/checks/rules.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>

static struct jv *labels_json(struct store *store, const char *code, const char *name)
{
    struct jv *labels = jv_array();
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT kind, text FROM label WHERE code = ? AND name = ? ORDER BY kind, text",
        NULL);
    if (statement)
        store_bind(statement, "tt", code, name);
    while (statement && store_next(store, statement, NULL) == 1) {
        struct jv *label = jv_object();
        jv_set_text(label, "kind", store_text(statement, 0));
        jv_set_text(label, "text", store_text(statement, 1));
        jv_push(labels, label);
    }
    sqlite3_finalize(statement);
    return labels;
}

static struct jv *items_below(struct store *store, const char *revision, const char *department,
                              const char *parent, const char *but)
{
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT " ITEM_COLUMNS " FROM item WHERE revision = ?1 AND department = ?2"
                      " AND parent = ?3 AND code <> ?4 AND state <> 'quarantine' ORDER BY code",
                      NULL);
    if (statement)
        store_bind(statement, "tttt", revision, department, parent, but);
    return catalog_json_items(store, statement);
}

/* Asks the collector how often the items of a revision are used. */
static struct jv *ask_usage(struct backend *backend, const char *revision, const char *from,
                            const char *to, struct fault *fault)
{
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "usage");
    jv_set_text(question, "catalog", revision);
    if (from)
        jv_set_text(question, "from", from);
    if (to)
        jv_set_text(question, "to", to);
    struct jv *answer = backend_ask_json(backend, question, fault);
    jv_destroy(&question);
    return answer;
}

static struct jv *usage_of(const struct jv *usage, const char *department, const char *code)
{
    const struct jv *items = jv_get(usage, "items");
    struct jv *one = jv_object();
    double results = 0, reviewed = 0;
    for (size_t i = 0; i < jv_count(items); i++) {
        const struct jv *item = jv_at(items, i);
        if (strcmp(jv_get_text(item, "department"), department) == 0 &&
            strcmp(jv_get_text(item, "code"), code) == 0) {
            results = jv_get_number(item, "results", 0);
            reviewed = jv_get_number(item, "reviewed", 0);
        }
    }
    jv_set_number(one, "results", results);
    jv_set_number(one, "reviewed", reviewed);
    return one;
}

static void get_item(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct store *store = catalog_json_store(exchange, backend);
    char *revision = store ? catalog_json_revision(exchange, store, exchange->captures[0]) : NULL;
    const char *department = exchange->captures[1], *code = exchange->captures[2];
    if (!revision)
        return;
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT " ITEM_COLUMNS " FROM item WHERE revision = ? AND department = ?"
                      " AND code = ? AND state <> 'quarantine'",
                      NULL);
    if (statement)
        store_bind(statement, "ttt", revision, department, code);
    struct jv *found = catalog_json_items(store, statement);
    const struct jv *item = jv_at(found, 0);
    if (!item) {
        reply_problem(exchange, "catalog.unknown", "%s 的“%.80s”没有条目 %.40s", revision,
                      department, code);
    } else {
        struct jv *body = jv_copy(item), *usage = ask_usage(backend, revision, NULL, NULL, &fault);
        jv_set(body, "path", catalog_json_path(store, revision, department, code));
        jv_set(body, "labels", labels_json(store, code, jv_get_text(item, "name")));
        jv_set(body, "siblings",
               items_below(store, revision, department, jv_get_text(item, "parent"), code));
        jv_set(body, "children", items_below(store, revision, department, code, ""));
        jv_set(body, "usage", usage_of(usage, department, code));
        jv_destroy(&usage);
        reply_json(exchange, MHD_HTTP_OK, body);
    }
    jv_destroy(&found);
    free(revision);
}

static void get_usage(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct store *store = catalog_json_store(exchange, backend);
    char *revision = store ? catalog_json_revision(exchange, store, exchange->captures[0]) : NULL;
    if (!revision)
        return;
    struct jv *usage = ask_usage(backend, revision, exchange_query(exchange, "from"),
                                 exchange_query(exchange, "to"), &fault);
    if (usage) {
        jv_set_text(usage, "revision", revision);
        reply_json(exchange, MHD_HTTP_OK, usage);
    } else {
        reply_fault(exchange, &fault);
    }
    free(revision);
}

static void list_rules(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct store *store = catalog_json_store(exchange, backend);
    if (!store)
        return;
    struct folder *folder = folder_new();
    struct rules *rules = rules_load(store, folder, &fault);
    folder_destroy(&folder);
    if (!rules) {
        reply_fault(exchange, &fault);
        return;
    }
    struct jv *body = jv_object(), *list = jv_array();
    for (size_t i = 0; i < rules->count; i++) {
        struct jv *rule = jv_object();
        jv_set_text(rule, "rule", rules->all[i].reported);
        jv_set_text(rule, "title", rules->all[i].title);
        jv_set_text(rule, "severity", severity_word(rules->all[i].severity));
        jv_set_text(rule, "basis", rules->all[i].basis);
        jv_push(list, rule);
    }
    jv_set(body, "rules", list);
    rules_destroy(&rules);
    reply_json(exchange, MHD_HTTP_OK, body);
    reply_etag_of_body(exchange);
}

const struct route catalog_item_routes[] = {
    {"GET", "/catalog/rules", list_rules, ANYBODY, 0},
    {"GET", "/catalog/{}/usage", get_usage, ANYBODY, 0},
    {"GET", "/catalog/{}/items/{}/{}", get_item, ANYBODY, 0},
    {0}};
