#include "services/gateway/route.h"

#include <string.h>

static const struct route *const tables[] = {
    session_routes, user_routes,         token_routes,   audit_routes,   project_routes,
    receipt_routes, document_routes,     result_routes,  review_routes,  event_routes,
    catalog_routes, catalog_item_routes, change_routes,  manual_routes,  system_routes,
    dead_routes,    service_routes,      similar_routes, webhook_routes, reconcile_routes,
    map_routes,     proposal_routes,     skos_routes,
};
enum { TABLES = sizeof tables / sizeof *tables, PREFIX_SEGMENTS = 2 };

/* For probes and scrapers these stand at the root too. */
static bool is_bare_service(const struct exchange *exchange)
{
    static const char *const names[] = {"livez", "readyz", "metrics"};
    for (size_t i = 0; exchange->segment_count == 1 && i < sizeof names / sizeof *names; i++)
        if (strcmp(exchange->segments[0], names[i]) == 0)
            return true;
    return false;
}

/* What the "type" of a problem leads to. */
static bool is_problem_type(const struct exchange *exchange)
{
    return exchange->segment_count == 2 && strcmp(exchange->segments[0], "problems") == 0;
}

bool routes_is_open(const struct exchange *exchange)
{
    if (exchange->segment_count == 0)
        return false;
    const char *last = exchange->segments[exchange->segment_count - 1];
    const char *point = strrchr(last, '.');
    return strcmp(exchange->segments[0], "reconcile") == 0 ||
           (exchange->segment_count == 2 && strcmp(exchange->segments[0], "catalog") == 0 &&
            point && (strcmp(point, ".ttl") == 0 || strcmp(point, ".jsonld") == 0));
}

static bool has_prefix(const struct exchange *exchange)
{
    return exchange->segment_count >= PREFIX_SEGMENTS &&
           strcmp(exchange->segments[0], "api") == 0 && strcmp(exchange->segments[1], "v1") == 0;
}

bool routes_is_api(const struct exchange *exchange)
{
    return is_bare_service(exchange) || routes_is_open(exchange) || is_problem_type(exchange) ||
           (exchange->segment_count > 0 && strcmp(exchange->segments[0], "api") == 0);
}

/* Whether the segments from `first` on fit the pattern; fills the captures. */
static bool fits(struct exchange *exchange, size_t first, const char *pattern)
{
    size_t at = first, captured = 0;
    while (*pattern == '/') {
        const char *part = ++pattern;
        size_t length = strcspn(part, "/");
        pattern = part + length;
        if (at == exchange->segment_count)
            return false;
        const char *segment = exchange->segments[at++];
        if (length == 2 && memcmp(part, "{}", 2) == 0)
            exchange->captures[captured++] = segment;
        else if (strlen(segment) != length || memcmp(segment, part, length) != 0)
            return false;
    }
    return at == exchange->segment_count;
}

static bool same_method(const char *method, const char *wanted)
{
    return strcmp(method, wanted) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(wanted, "GET") == 0);
}

const struct route *routes_find(struct exchange *exchange)
{
    size_t first =
        is_bare_service(exchange) || routes_is_open(exchange) || is_problem_type(exchange)
            ? 0
            : PREFIX_SEGMENTS;
    struct strbuf allowed = {0};
    const struct route *found = NULL;
    /* The first that fits is taken: tables with a pattern of words stand before the one with
     * /catalog/{}, which the words would fit too. */
    bool is_ours = first == 0 || has_prefix(exchange);
    for (size_t t = 0; is_ours && t < TABLES && !found; t++)
        for (const struct route *route = tables[t]; route->method && !found; route++) {
            if (!fits(exchange, first, route->path))
                continue;
            if (same_method(exchange->method, route->method))
                found = route;
            else
                strbuf_printf(&allowed, "%s%s", allowed.length ? ", " : "", route->method);
        }
    if (found) {
        fits(exchange, first, found->path);
    } else if (allowed.length) {
        reply_problem(exchange, "method.not_allowed", "这里可用的方法：%s", allowed.text);
        reply_header(exchange, "Allow", allowed.text);
    } else {
        reply_problem(exchange, "not_found", "没有这个地址");
    }
    strbuf_free(&allowed);
    return found;
}
