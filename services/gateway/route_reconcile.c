/* /reconcile/{revision}: the Reconciliation Service API 0.2 (W3C Entity Reconciliation Community
 * Group), for OpenRefine and its like. Open to every site: it shows the catalog alone. */
#include "services/gateway/catalog_json.h"
#include "services/gateway/concept.h"
#include "services/gateway/gateway.h"
#include "services/gateway/reconcile.h"
#include "services/gateway/route.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

enum { SUGGESTED = 20, SUGGESTED_MAX_FROM = 10000, CALLBACK_BYTES = 100, EXTENDED_MAX = 500 };

static const struct reconcile_property shown[] = {
    {"code", "代码"},       {"department", "部门"},      {"level", "级次"}, {"path", "所属类目"},
    {"parent", "上级条目"}, {"restriction", "适用范围"}, {"label", "别名"}, {NULL, NULL}};

/* What is asked of one revision. */
struct call {
    struct exchange *exchange;
    struct store *store;
    char *revision;
    struct strbuf queries, extend, callback; /* of the form or the address */
};

static struct strbuf *field_of(struct call *call, const char *name)
{
    return strcmp(name, "queries") == 0    ? &call->queries
           : strcmp(name, "extend") == 0   ? &call->extend
           : strcmp(name, "callback") == 0 ? &call->callback
                                           : NULL;
}

static enum MHD_Result take_field(void *argument, enum MHD_ValueKind kind, const char *name,
                                  const char *file, const char *type, const char *encoding,
                                  const char *bytes, uint64_t offset, size_t length)
{
    struct strbuf *field = name ? field_of(argument, name) : NULL;
    (void)kind, (void)file, (void)type, (void)encoding, (void)offset;
    if (field)
        strbuf_add(field, bytes, length);
    return MHD_YES;
}

/* Takes the fields of the address and of the form. */
static void read_fields(struct call *call)
{
    struct exchange *exchange = call->exchange;
    for (size_t i = 0; i < exchange->parameter_count; i++) {
        struct strbuf *field = field_of(call, exchange->parameters[i].name);
        if (field)
            strbuf_puts(field, exchange->parameters[i].value);
    }
    struct MHD_PostProcessor *form =
        exchange->body.length
            ? MHD_create_post_processor(exchange->connection, 4096, take_field, call)
            : NULL;
    if (form) {
        MHD_post_process(form, exchange->body.text, exchange->body.length);
        MHD_destroy_post_processor(form);
    }
}

/* false with an answer. */
static bool open_call(struct call *call, struct exchange *exchange, struct backend *backend)
{
    *call = (struct call){.exchange = exchange};
    read_fields(call);
    call->store = catalog_json_store(exchange, backend);
    if (call->store)
        call->revision = catalog_json_revision(exchange, call->store, exchange->captures[0]);
    return call->revision != NULL;
}

static void close_call(struct call *call)
{
    strbuf_free(&call->queries);
    strbuf_free(&call->extend);
    strbuf_free(&call->callback);
    free(call->revision);
}

static bool is_function_name(const char *name)
{
    size_t length = 0;
    for (; name[length]; length++)
        if (!isalnum((unsigned char)name[length]) && !strchr("_$.", name[length]))
            return false;
    return length > 0 && length <= CALLBACK_BYTES;
}

/* JSON, or a call of the function that older clients name (JSONP). Destroys the value. */
static void answer_with(struct call *call, struct jv *value)
{
    if (!call->callback.length) {
        reply_json(call->exchange, MHD_HTTP_OK, value);
        return;
    }
    struct strbuf script = {0};
    if (!is_function_name(call->callback.text)) {
        reply_problem(call->exchange, "query.bad_callback", "callback 不是函数名");
    } else {
        strbuf_printf(&script, "/**/%s(", call->callback.text);
        jv_append(value, &script);
        strbuf_puts(&script, ");");
        size_t length = script.length;
        reply_bytes(call->exchange, MHD_HTTP_OK, "application/javascript; charset=utf-8",
                    strbuf_take(&script), length);
    }
    strbuf_free(&script);
    jv_destroy(&value);
}

/* --- the manifest --- */

static bool is_host(const char *host)
{
    for (; host && *host; host++)
        if (!isalnum((unsigned char)*host) && !strchr(".-:[]_", *host))
            return false;
    return host != NULL;
}

/* Where this service is, as the asker reached it. */
static void add_address(struct strbuf *url, const struct exchange *exchange)
{
    const struct gateway_options *options = &exchange->gateway->options;
    const char *host = exchange_header(exchange, "Host");
    char *revision = curl_easy_escape(NULL, exchange->captures[0], 0);
    strbuf_printf(url, "%s://%s/reconcile/%s",
                  options->certificate || options->https_outside ? "https" : "http",
                  is_host(host) ? host : "localhost", revision ? revision : "");
    curl_free(revision);
}

static struct jv *suggest_service(const char *address, const char *kind)
{
    struct jv *service = jv_object();
    struct strbuf text = {0};
    jv_set_text(service, "service_url", address);
    strbuf_printf(&text, "/suggest/%s", kind);
    jv_set_text(service, "service_path", text.text);
    strbuf_reset(&text);
    jv_set_text(service, "flyout_service_url", address);
    strbuf_printf(&text, "/flyout/%s?id=${id}", kind);
    jv_set_text(service, "flyout_service_path", text.text);
    strbuf_free(&text);
    return service;
}

static struct jv *view(const char *address, bool sized)
{
    struct jv *view = jv_object();
    struct strbuf url = {0};
    strbuf_printf(&url, "%s/preview?id={{id}}", address);
    jv_set_text(view, "url", url.text);
    if (sized) {
        jv_set_number(view, "width", 420);
        jv_set_number(view, "height", 220);
    }
    strbuf_free(&url);
    return view;
}

static void describe_service(struct call *call)
{
    struct jv *manifest = jv_object(), *versions = jv_array(), *suggest = jv_object(),
              *extend = jv_object(), *propose = jv_object();
    struct strbuf address = {0}, name = {0}, identifiers = {0};
    add_address(&address, call->exchange);
    strbuf_printf(&name, "山西省政府购买服务指导性目录 %s", call->revision);
    concept_space(&identifiers, call->revision);
    jv_push(versions, jv_of_text("0.1")); /* which OpenRefine before 3.8 looks for */
    jv_push(versions, jv_of_text("0.2"));
    jv_set(manifest, "versions", versions);
    jv_set_text(manifest, "name", name.text);
    jv_set_text(manifest, "identifierSpace", identifiers.text);
    jv_set_text(manifest, "schemaSpace", "http://www.w3.org/2004/02/skos/core#");
    jv_set_text(manifest, "serviceVersion", JINMU_VERSION);
    jv_set(manifest, "defaultTypes", jv_array());
    jv_set(manifest, "view", view(address.text, false));
    jv_set(manifest, "preview", view(address.text, true));
    jv_set(suggest, "entity", suggest_service(address.text, "entity"));
    jv_set(suggest, "property", suggest_service(address.text, "property"));
    jv_set(suggest, "type", suggest_service(address.text, "type"));
    jv_set(manifest, "suggest", suggest);
    jv_set_text(propose, "service_url", address.text);
    jv_set_text(propose, "service_path", "/properties");
    jv_set(extend, "propose_properties", propose);
    jv_set(extend, "property_settings", jv_array());
    jv_set(manifest, "extend", extend);
    jv_set_number(manifest, "batchSize", RECONCILE_BATCH);
    answer_with(call, manifest);
    strbuf_free(&identifiers);
    strbuf_free(&name);
    strbuf_free(&address);
}

/* --- queries --- */

static void check_query(const char *key, struct jv *query, void *fine)
{
    (void)key;
    if (!jv_is_object(query) || !jv_get_text(query, "query"))
        *(bool *)fine = false;
}

/* What is wrong with a batch becomes the answer. */
static bool check_batch(struct exchange *exchange, const struct jv *queries)
{
    bool fine = jv_is_object(queries);
    if (jv_count(queries) > RECONCILE_BATCH) {
        reply_problem(exchange, "reconcile.batch", "一次最多 %d 个查询", RECONCILE_BATCH);
        return false;
    }
    jv_each(queries, check_query, &fine);
    if (!fine)
        reply_problem(exchange, "request.bad", "queries 应是对象，其每个成员是带有 query 的查询");
    return fine;
}

static void answer_queries(struct call *call, struct backend *backend)
{
    struct fault fault = {"", ""};
    struct jv *queries = jv_read(call->queries.text, call->queries.length, &fault);
    struct jv *answers = NULL;
    if (!queries) {
        reply_fault(call->exchange, &fault);
    } else if (check_batch(call->exchange, queries)) {
        answers = reconcile_batch(backend, call->store, call->revision, queries, &fault);
        if (answers)
            answer_with(call, answers);
        else
            reply_fault(call->exchange, &fault);
    }
    jv_destroy(&queries);
}

/* --- data extension --- */

static struct jv *cell(const char *member, const char *text)
{
    struct jv *cells = jv_array();
    if (text && *text) {
        struct jv *one = jv_object();
        jv_set_text(one, member, text);
        jv_push(cells, one);
    }
    return cells;
}

static struct jv *label_cells(struct call *call, const struct jv *concept)
{
    struct jv *cells = jv_array();
    sqlite3_stmt *row = store_prepare(
        call->store,
        "SELECT text FROM label WHERE code = ? AND name = ? AND kind = 'alt' ORDER BY text", NULL);
    if (row)
        store_bind(row, "tt", jv_get_text(concept, "code"), jv_get_text(concept, "name"));
    while (row && store_next(call->store, row, NULL) == 1) {
        struct jv *one = jv_object();
        jv_set_text(one, "str", store_text(row, 0));
        jv_push(cells, one);
    }
    sqlite3_finalize(row);
    return cells;
}

static struct jv *parent_cells(struct call *call, const struct jv *concept)
{
    struct strbuf id = {0};
    struct jv *cells = jv_array();
    strbuf_printf(&id, "%s:%s", jv_get_text(concept, "department"), jv_get_text(concept, "parent"));
    struct jv *parent = concept_find(call->store, call->revision, id.text);
    if (parent) {
        struct jv *one = jv_object();
        jv_set_text(one, "id", id.text);
        jv_set_text(one, "name", jv_get_text(parent, "name"));
        jv_push(cells, one);
    }
    jv_destroy(&parent);
    strbuf_free(&id);
    return cells;
}

static struct jv *cells_of(struct call *call, const struct jv *concept, const char *property)
{
    if (!concept)
        return jv_array();
    if (strcmp(property, "label") == 0)
        return label_cells(call, concept);
    if (strcmp(property, "parent") == 0)
        return parent_cells(call, concept);
    if (strcmp(property, "level") == 0) {
        struct jv *cells = jv_array(), *one = jv_object();
        jv_set_number(one, "int", jv_get_number(concept, "level", 0));
        jv_push(cells, one);
        return cells;
    }
    if (strcmp(property, "path") != 0)
        return cell("str", jv_get_text(concept, property));
    char *place = concept_place(concept);
    struct jv *cells = cell("str", place);
    free(place);
    return cells;
}

static const struct reconcile_property *find_shown(const char *id)
{
    for (const struct reconcile_property *property = shown; id && property->id; property++)
        if (strcmp(property->id, id) == 0)
            return property;
    return NULL;
}

static struct jv *property_json(const struct reconcile_property *property)
{
    struct jv *json = jv_object();
    jv_set_text(json, "id", property->id);
    jv_set_text(json, "name", property->name);
    return json;
}

static struct jv *extended_row(struct call *call, const char *id, const struct jv *properties)
{
    struct jv *row = jv_object(), *concept = concept_find(call->store, call->revision, id);
    for (size_t i = 0; i < jv_count(properties); i++) {
        const struct reconcile_property *property =
            find_shown(jv_get_text(jv_at(properties, i), "id"));
        if (property)
            jv_set(row, property->id, cells_of(call, concept, property->id));
    }
    jv_destroy(&concept);
    return row;
}

static void answer_extend(struct call *call)
{
    struct fault fault = {"", ""};
    struct jv *wish = jv_read(call->extend.text, call->extend.length, &fault);
    const struct jv *ids = jv_get(wish, "ids"), *properties = jv_get(wish, "properties");
    if (!wish) {
        reply_fault(call->exchange, &fault);
        return;
    }
    if (!jv_is_array(ids) || !jv_is_array(properties) || jv_count(properties) > PARAMETERS) {
        reply_problem(call->exchange, "request.bad", "extend 应有 ids 和 properties 两个数组");
    } else if (jv_count(ids) > EXTENDED_MAX) {
        reply_problem(call->exchange, "reconcile.batch", "一次最多 %d 个条目", EXTENDED_MAX);
    } else {
        struct jv *answer = jv_object(), *meta = jv_array(), *rows = jv_object();
        for (size_t i = 0; i < jv_count(properties); i++) {
            const struct reconcile_property *property =
                find_shown(jv_get_text(jv_at(properties, i), "id"));
            if (property)
                jv_push(meta, property_json(property));
        }
        for (size_t i = 0; i < jv_count(ids); i++)
            if (jv_text(jv_at(ids, i)))
                jv_set(rows, jv_text(jv_at(ids, i)),
                       extended_row(call, jv_text(jv_at(ids, i)), properties));
        jv_set(answer, "meta", meta);
        jv_set(answer, "rows", rows);
        answer_with(call, answer);
    }
    jv_destroy(&wish);
}

/* --- suggestions --- */

static struct jv *suggested_items(struct call *call, const char *prefix, int from)
{
    struct jv *found =
        concept_search(call->store, call->revision, exchange_query(call->exchange, "type"), prefix,
                       SUGGESTED, from);
    struct jv *list = jv_array();
    for (size_t i = 0; i < jv_count(found); i++) {
        const struct jv *concept = jv_at(found, i);
        struct jv *one = jv_object(), *notable = jv_array();
        char *place = concept_place(concept);
        jv_set_text(one, "id", jv_get_text(concept, "id"));
        jv_set_text(one, "name", jv_get_text(concept, "name"));
        jv_set_text(one, "description", place);
        jv_push(notable, concept_type(jv_get_text(concept, "department")));
        jv_set(one, "notable", notable);
        jv_push(list, one);
        free(place);
    }
    jv_destroy(&found);
    return list;
}

static struct jv *suggested_properties(const char *prefix)
{
    struct jv *list = jv_array();
    const struct reconcile_property *const tables[] = {shown, reconcile_properties};
    for (size_t t = 0; t < 2; t++)
        for (const struct reconcile_property *property = tables[t]; property->id; property++)
            if ((strstr(property->name, prefix) || strstr(property->id, prefix)) &&
                (t == 0 || !find_shown(property->id)))
                jv_push(list, property_json(property));
    return list;
}

static void suggest(struct exchange *exchange, struct backend *backend)
{
    struct call call;
    int64_t from;
    const char *kind = exchange->captures[1], *prefix = exchange_query(exchange, "prefix");
    if (!exchange_query_number(exchange, "cursor", 0, SUGGESTED_MAX_FROM, 0, &from))
        return;
    if (open_call(&call, exchange, backend)) {
        struct jv *list =
            strcmp(kind, "entity") == 0 ? suggested_items(&call, prefix ? prefix : "", (int)from)
            : strcmp(kind, "type") == 0
                ? concept_types(call.store, call.revision, prefix ? prefix : "")
            : strcmp(kind, "property") == 0 ? suggested_properties(prefix ? prefix : "")
                                            : NULL;
        struct jv *answer = jv_object();
        jv_set(answer, "result", list ? list : jv_array());
        if (list)
            answer_with(&call, answer);
        else
            reply_problem(exchange, "not_found", "没有这个地址");
        if (!list)
            jv_destroy(&answer);
    }
    close_call(&call);
}

static void propose_properties(struct exchange *exchange, struct backend *backend)
{
    struct call call;
    if (open_call(&call, exchange, backend)) {
        struct jv *answer = jv_object(), *list = jv_array();
        const char *type = exchange_query(exchange, "type");
        for (const struct reconcile_property *property = shown; property->id; property++)
            jv_push(list, property_json(property));
        if (type)
            jv_set_text(answer, "type", type);
        jv_set(answer, "properties", list);
        answer_with(&call, answer);
    }
    close_call(&call);
}

/* --- what a person sees of an item --- */

static void add_escaped(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '<'   ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '&' ? "&amp;"
                             : *text == '"' ? "&quot;"
                                            : NULL;
        if (entity)
            strbuf_puts(out, entity);
        else
            strbuf_add(out, text, 1);
    }
}

static void add_line(struct strbuf *out, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    strbuf_printf(out, "<p>%s：", name);
    add_escaped(out, text);
    strbuf_puts(out, "</p>");
}

static void add_item(struct strbuf *out, const struct jv *concept)
{
    char *place = concept_place(concept);
    strbuf_puts(out, "<h1>");
    add_escaped(out, jv_get_text(concept, "code"));
    strbuf_puts(out, " ");
    add_escaped(out, jv_get_text(concept, "name"));
    strbuf_puts(out, "</h1>");
    add_line(out, "所属", place);
    add_line(out, "适用范围", jv_get_text(concept, "restriction"));
    add_line(out, "目录", jv_get_text(concept, "revision"));
    free(place);
}

static void preview(struct exchange *exchange, struct backend *backend)
{
    struct call call;
    const char *id = exchange_query(exchange, "id");
    struct strbuf page = {0};
    if (open_call(&call, exchange, backend)) {
        struct jv *concept = concept_find(call.store, call.revision, id ? id : "");
        strbuf_puts(&page, "<!DOCTYPE html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>"
                           "目录条目</title>");
        if (concept) {
            add_item(&page, concept);
            strbuf_puts(&page, "</html>");
            size_t length = page.length;
            reply_bytes(exchange, MHD_HTTP_OK, "text/html; charset=utf-8", strbuf_take(&page),
                        length);
        } else {
            reply_problem(exchange, "catalog.unknown", "目录里没有这个条目");
        }
        jv_destroy(&concept);
    }
    strbuf_free(&page);
    close_call(&call);
}

static void flyout(struct exchange *exchange, struct backend *backend)
{
    struct call call;
    const char *id = exchange_query(exchange, "id"), *kind = exchange->captures[1];
    struct strbuf html = {0};
    if (open_call(&call, exchange, backend)) {
        bool is_entity = strcmp(kind, "entity") == 0;
        struct jv *concept =
            is_entity ? concept_find(call.store, call.revision, id ? id : "") : NULL;
        strbuf_puts(&html, "");
        if (concept)
            add_item(&html, concept);
        else
            add_line(&html, is_entity ? "没有这个条目" : "名称", id);
        struct jv *answer = jv_object();
        jv_set_text(answer, "id", id ? id : "");
        jv_set_text(answer, "html", html.text);
        answer_with(&call, answer);
        jv_destroy(&concept);
    }
    strbuf_free(&html);
    close_call(&call);
}

/* --- routes --- */

static void serve(struct exchange *exchange, struct backend *backend)
{
    struct call call;
    if (!open_call(&call, exchange, backend))
        ;
    else if (call.queries.length)
        answer_queries(&call, backend);
    else if (call.extend.length)
        answer_extend(&call);
    else
        describe_service(&call);
    close_call(&call);
}

static void preflight(struct exchange *exchange, struct backend *backend)
{
    (void)backend;
    reply_nothing(exchange);
    reply_header(exchange, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    reply_header(exchange, "Access-Control-Allow-Headers", "Authorization, Content-Type");
    reply_header(exchange, "Access-Control-Max-Age", "86400");
}

const struct route reconcile_routes[] = {
    {"GET", "/reconcile/{}", serve, ANYBODY, ROUTE_OPEN},
    {"POST", "/reconcile/{}", serve, ANYBODY, ROUTE_OPEN | ROUTE_BODY},
    {"GET", "/reconcile/{}/suggest/{}", suggest, ANYBODY, ROUTE_OPEN},
    {"GET", "/reconcile/{}/flyout/{}", flyout, ANYBODY, ROUTE_OPEN},
    {"GET", "/reconcile/{}/preview", preview, ANYBODY, ROUTE_OPEN},
    {"GET", "/reconcile/{}/properties", propose_properties, ANYBODY, ROUTE_OPEN},
    {"OPTIONS", "/reconcile/{}", preflight, 0, ROUTE_OPEN | ROUTE_PUBLIC | ROUTE_AT_ONCE},
    {"OPTIONS", "/reconcile/{}/suggest/{}", preflight, 0,
     ROUTE_OPEN | ROUTE_PUBLIC | ROUTE_AT_ONCE},
    {"OPTIONS", "/reconcile/{}/flyout/{}", preflight, 0, ROUTE_OPEN | ROUTE_PUBLIC | ROUTE_AT_ONCE},
    {"OPTIONS", "/reconcile/{}/preview", preflight, 0, ROUTE_OPEN | ROUTE_PUBLIC | ROUTE_AT_ONCE},
    {"OPTIONS", "/reconcile/{}/properties", preflight, 0,
     ROUTE_OPEN | ROUTE_PUBLIC | ROUTE_AT_ONCE},
    {0}};
