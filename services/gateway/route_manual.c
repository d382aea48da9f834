/* For people who write clients: openapi.json as a page at /api/v1/, and a page for each problem type.
 * Without scripts; the styles are the review page's. */
#include "services/cli/html.h"
#include "services/gateway/openapi.json.h"
#include "services/gateway/route.h"

#include "common/strbuf.h"

#include <string.h>

struct page_text {
    struct strbuf out;
    const struct jv *document;
    const char *path; /* of the operations that are being written */
};

static void begin(struct strbuf *out, const char *title)
{
    strbuf_puts(out, "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                     "<meta name=\"color-scheme\" content=\"light dark\"><title>");
    html_text(out, title);
    strbuf_puts(out, "</title><link rel=\"stylesheet\" href=\"/tokens.css\">"
                     "<link rel=\"stylesheet\" href=\"/base.css\">"
                     "<link rel=\"stylesheet\" href=\"/parts.css\"></head><body><main><h1>");
    html_text(out, title);
    strbuf_puts(out, "</h1>\n");
}

static void answer(struct exchange *exchange, struct strbuf *out)
{
    strbuf_puts(out, "</main></body></html>\n");
    size_t length = out->length;
    reply_bytes(exchange, MHD_HTTP_OK, "text/html; charset=utf-8", strbuf_take(out), length);
    exchange->answer.is_page = true;
    reply_etag_of_body(exchange);
}

static void add_element(struct strbuf *out, const char *element, const char *text)
{
    if (!text || !*text)
        return;
    strbuf_printf(out, "<%s>", element);
    html_text(out, text);
    strbuf_printf(out, "</%s>", element);
}

/* --- what values look like --- */

static const char *name_of_reference(const char *reference)
{
    const char *slash = strrchr(reference, '/');
    return slash ? slash + 1 : reference;
}

static void add_choices(struct strbuf *out, const struct jv *choices)
{
    for (size_t i = 0; i < jv_count(choices); i++) {
        strbuf_puts(out, i ? " | " : "");
        html_text(out, jv_is_text(jv_at(choices, i)) ? jv_text(jv_at(choices, i)) : "null");
    }
}

/* In a few words: array of Result, "auto" | "review", integer. */
static void add_type(struct strbuf *out, const struct jv *schema)
{
    const char *reference = jv_get_text(schema, "$ref"), *type = jv_get_text(schema, "type");
    const struct jv *types = jv_get(schema, "type"), *any = jv_get(schema, "anyOf");
    while (jv_is_object(jv_get(schema, "items"))) {
        strbuf_puts(out, "array of ");
        schema = jv_get(schema, "items");
        reference = jv_get_text(schema, "$ref");
        type = jv_get_text(schema, "type");
        types = jv_get(schema, "type");
    }
    if (reference) {
        const char *name = name_of_reference(reference);
        strbuf_puts(out, "<a href=\"#schema-");
        html_text(out, name);
        strbuf_puts(out, "\">");
        html_text(out, name);
        strbuf_puts(out, "</a>");
    } else if (jv_is_array(jv_get(schema, "enum"))) {
        add_choices(out, jv_get(schema, "enum"));
    } else if (jv_is_array(types)) {
        add_choices(out, types);
    } else if (jv_is_array(any)) {
        strbuf_puts(out, "one of several");
    } else {
        html_text(out, type ? type : "any");
    }
}

static void add_row(struct strbuf *out, const char *name, const struct jv *schema,
                    const char *remark, const char *description)
{
    strbuf_puts(out, "<tr><td><code>");
    html_text(out, name);
    strbuf_puts(out, "</code></td><td>");
    if (schema)
        add_type(out, schema);
    strbuf_puts(out, "</td><td>");
    html_text(out, remark);
    strbuf_puts(out, *remark && description ? "; " : "");
    html_text(out, description ? description : "");
    strbuf_puts(out, "</td></tr>\n");
}

/* --- operations --- */

/* A parameter, or the one of the document's components that stands for it. */
static const struct jv *parameter_of(const struct jv *document, const struct jv *parameter)
{
    const char *reference = jv_get_text(parameter, "$ref");
    const struct jv *shared = jv_get(jv_get(document, "components"), "parameters");
    return reference ? jv_get(shared, name_of_reference(reference)) : parameter;
}

static void add_parameters(struct strbuf *out, const struct jv *document,
                           const struct jv *parameters)
{
    if (!jv_count(parameters))
        return;
    strbuf_puts(out, "<table>\n");
    for (size_t i = 0; i < jv_count(parameters); i++) {
        const struct jv *one = parameter_of(document, jv_at(parameters, i));
        const char *in = jv_get_text(one, "in"), *name = jv_get_text(one, "name");
        bool required = jv_get_bool(one, "required", false);
        struct strbuf remark = {0};
        strbuf_printf(&remark, "%s%s", in ? in : "", required ? ", required" : "");
        add_row(out, name ? name : "", jv_get(one, "schema"), remark.text ? remark.text : "",
                jv_get_text(one, "description"));
        strbuf_free(&remark);
    }
    strbuf_puts(out, "</table>\n");
}

static void add_media(const char *name, struct jv *media, void *argument)
{
    struct strbuf *out = argument;
    strbuf_puts(out, " <code>");
    html_text(out, name);
    strbuf_puts(out, "</code>: ");
    add_type(out, jv_get(media, "schema"));
}

static void add_response(const char *status, struct jv *response, void *argument)
{
    struct strbuf *out = argument;
    const char *description = jv_get_text(response, "description");
    strbuf_puts(out, "<tr><td><code>");
    html_text(out, status);
    strbuf_puts(out, "</code></td><td>");
    html_text(out, description ? description : "");
    strbuf_puts(out, "</td><td>");
    jv_each(jv_get(response, "content"), add_media, out);
    strbuf_puts(out, "</td></tr>\n");
}

static void add_operation(const char *method, struct jv *operation, void *argument)
{
    struct page_text *page = argument;
    struct strbuf *out = &page->out;
    const char *id = jv_get_text(operation, "operationId");
    if (!id)
        return;
    strbuf_puts(out, "<section><h3 id=\"");
    html_text(out, id);
    strbuf_puts(out, "\"><code>");
    for (const char *letter = method; *letter; letter++)
        strbuf_printf(out, "%c", *letter >= 'a' && *letter <= 'z' ? *letter - 32 : *letter);
    strbuf_puts(out, " ");
    html_text(out, page->path);
    strbuf_puts(out, "</code></h3>\n");
    add_element(out, "p", jv_get_text(operation, "summary"));
    add_element(out, "p", jv_get_text(operation, "description"));
    add_parameters(out, page->document, jv_get(operation, "parameters"));
    const struct jv *body = jv_get(jv_get(operation, "requestBody"), "content");
    if (jv_is_object(body)) {
        strbuf_puts(out, "<p>Body:");
        jv_each(body, add_media, out);
        strbuf_puts(out, "</p>\n");
    }
    strbuf_puts(out, "<table>\n");
    jv_each(jv_get(operation, "responses"), add_response, out);
    strbuf_puts(out, "</table></section>\n");
}

static void add_path(const char *path, struct jv *operations, void *argument)
{
    struct page_text *page = argument;
    page->path = path;
    jv_each(operations, add_operation, page);
}

/* --- schemas --- */

static void add_property(const char *name, struct jv *property, void *argument)
{
    add_row(argument, name, property, "", jv_get_text(property, "description"));
}

static void add_schema(const char *name, struct jv *schema, void *argument)
{
    struct page_text *page = argument;
    struct strbuf *out = &page->out;
    strbuf_puts(out, "<section><h3 id=\"schema-");
    html_text(out, name);
    strbuf_puts(out, "\">");
    html_text(out, name);
    strbuf_puts(out, "</h3>\n");
    add_element(out, "p", jv_get_text(schema, "description"));
    if (jv_count(jv_get(schema, "required"))) {
        strbuf_puts(out, "<p>Always: ");
        add_choices(out, jv_get(schema, "required"));
        strbuf_puts(out, "</p>\n");
    }
    strbuf_puts(out, "<table>\n");
    jv_each(jv_get(schema, "properties"), add_property, out);
    strbuf_puts(out, "</table></section>\n");
}

static void get_manual(struct exchange *exchange, struct backend *backend)
{
    struct jv *document = jv_read(openapi_json, sizeof openapi_json - 1, NULL);
    struct page_text page = {.document = document};
    const struct jv *info = jv_get(document, "info");
    (void)backend;
    begin(&page.out, "晋目 HTTP 接口");
    strbuf_puts(&page.out, "<p><a href=\"/api/v1/openapi.json\">openapi.json</a> "
                           "(OpenAPI 3.1), version ");
    add_element(&page.out, "code", jv_get_text(info, "version"));
    strbuf_puts(&page.out, "</p>\n");
    add_element(&page.out, "p", jv_get_text(info, "description"));
    strbuf_puts(&page.out, "<h2>Operations</h2>\n");
    jv_each(jv_get(document, "paths"), add_path, &page);
    strbuf_puts(&page.out, "<h2>Schemas</h2>\n");
    jv_each(jv_get(jv_get(document, "components"), "schemas"), add_schema, &page);
    answer(exchange, &page.out);
    jv_destroy(&document);
}

/* --- problems --- */

static void get_problem(struct exchange *exchange, struct backend *backend)
{
    const char *code = exchange->captures[0];
    struct strbuf out = {0};
    (void)backend;
    if (!problem_is_known(code)) {
        reply_problem(exchange, "not_found", "没有这种问题：%.60s", code);
        return;
    }
    unsigned status = problem_status(code);
    begin(&out, code);
    strbuf_printf(&out, "<p>HTTP %u, “%s”.</p>\n", status, problem_title(status));
    add_element(&out, "p", problem_advice(status));
    strbuf_puts(&out, "<p>应答的 detail 写明这一次的原因，request 是日志中的请求编号。</p>\n"
                      "<p><a href=\"/api/v1/\">晋目 HTTP 接口</a></p>\n");
    answer(exchange, &out);
}

const struct route manual_routes[] = {{"GET", "", get_manual, 0, ROUTE_PUBLIC},
                                      {"GET", "/problems/{}", get_problem, 0, ROUTE_PUBLIC},
                                      {0}};
