/* /catalog/{revision}.ttl and .jsonld: a revision in SKOS. */
#include "catalog/revision/skos.h"
#include "services/gateway/catalog_json.h"
#include "services/gateway/route.h"

#include <stdlib.h>
#include <string.h>

static void answer_revision(struct exchange *exchange, struct store *store, const char *revision,
                            enum skos_format format)
{
    struct fault fault;
    struct strbuf text = {0};
    char stamp[CATALOG_STAMP_BYTES];
    catalog_json_stamp(store, revision, true, stamp);
    if (catalog_json_is_known(exchange, stamp))
        return;
    if (skos_write(store, revision, format, &text, &fault)) {
        reply_fault(exchange, &fault);
    } else {
        size_t length = text.length;
        reply_bytes(exchange, MHD_HTTP_OK,
                    format == SKOS_TURTLE ? "text/turtle; charset=utf-8" : "application/ld+json",
                    strbuf_take(&text), length);
        reply_etag(exchange, stamp);
    }
    strbuf_free(&text);
}

static void export_revision(struct exchange *exchange, struct backend *backend)
{
    enum skos_format format;
    const char *point = strrchr(exchange->captures[0], '.');
    if (!point || skos_format_of_name(point + 1, &format)) {
        reply_problem(exchange, "not_found", "没有这个地址");
        return;
    }
    char *wanted = xstrndup(exchange->captures[0], (size_t)(point - exchange->captures[0]));
    struct store *store = catalog_json_store(exchange, backend);
    char *revision = store ? catalog_json_revision(exchange, store, wanted) : NULL;
    if (revision)
        answer_revision(exchange, store, revision, format);
    free(revision);
    free(wanted);
}

/* After the other routes of /catalog: one segment that is none of their words. */
const struct route skos_routes[] = {{"GET", "/catalog/{}", export_revision, ANYBODY, ROUTE_OPEN},
                                    {0}};
