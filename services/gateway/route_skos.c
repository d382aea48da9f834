/* /catalog/{revision}.ttl and .jsonld: a revision in SKOS. */
#include "catalog/revision/skos.h"
#include "services/gateway/catalog_json.h"
#include "services/gateway/route.h"

#include <stdlib.h>
#include <string.h>

static void export_revision(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    struct strbuf text = {0};
    enum skos_format format;
    char stamp[32];
    const char *point = strrchr(exchange->captures[0], '.');
    if (!point || skos_format_of_name(point + 1, &format)) {
        reply_problem(exchange, "not_found", "没有这个地址");
        return;
    }
    char *wanted = xstrndup(exchange->captures[0], (size_t)(point - exchange->captures[0]));
    struct store *store = catalog_json_store(exchange, backend);
    char *revision = store ? catalog_json_revision(exchange, store, wanted) : NULL;
    if (revision && skos_write(store, revision, format, &text, &fault)) {
        reply_fault(exchange, &fault);
    } else if (revision) {
        size_t length = text.length;
        reply_bytes(exchange, MHD_HTTP_OK,
                    format == SKOS_TURTLE ? "text/turtle; charset=utf-8" : "application/ld+json",
                    strbuf_take(&text), length);
        backend_catalog_stamp(backend, stamp);
        reply_etag(exchange, stamp);
    }
    strbuf_free(&text);
    free(revision);
    free(wanted);
}

/* After the other routes of /catalog: one segment that is none of their words. */
const struct route skos_routes[] = {{"GET", "/catalog/{}", export_revision, ANYBODY, ROUTE_OPEN},
                                    {0}};
