#include "services/gateway/response.h"

#include "services/gateway/gateway.h"
#include "services/gateway/route.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { WORTH_BYTES = 1024, LEVEL = 4, GZIP_WINDOW = 15 + 16, MEMORY = 8 };

/* The page: everything from here, nothing from elsewhere, no script or style in the text. */
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types jinmu-xml";
static const char come_again_s[] = "5"; /* where nobody knows better when to come again */
static const char data_policy[] = "default-src 'none'; frame-ancestors 'none'";

/* May be shown in a frame of another site: an item's preview. */
static const char open_policy[] = "default-src 'none'";

char *gzip(const char *bytes, size_t length, int level, size_t *compressed)
{
    z_stream stream = {0};
    if (length < WORTH_BYTES || length > UINT32_MAX ||
        deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    char *out = xcalloc(1, length);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)length;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)length;
    bool smaller = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    *compressed = stream.total_out;
    deflateEnd(&stream);
    if (smaller)
        return out;
    free(out);
    return NULL;
}

static bool takes_gzip(const struct exchange *exchange)
{
    const char *accepted = exchange_header(exchange, "Accept-Encoding");
    const char *found = accepted ? strstr(accepted, "gzip") : NULL;
    return found && strncmp(found, "gzip;q=0", 8) != 0;
}

void response_compress(struct exchange *exchange)
{
    struct reply *answer = &exchange->answer;
    size_t compressed;
    if (answer->borrowed || answer->gzipped || !answer->body || !takes_gzip(exchange))
        return;
    char *smaller = gzip(answer->body, answer->length, LEVEL, &compressed);
    if (!smaller)
        return;
    free(answer->body);
    answer->body = smaller;
    answer->length = compressed;
    answer->gzipped = true;
}

static bool has_header(const struct reply *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return true;
    return false;
}

void response_add_headers(struct exchange *exchange, struct MHD_Response *response)
{
    const struct reply *answer = &exchange->answer;
    const struct gateway_options *options = &exchange->gateway->options;
    if (answer->type)
        MHD_add_response_header(response, "Content-Type", answer->type);
    if (answer->gzipped)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    MHD_add_response_header(response, "Vary", "Accept-Encoding, Cookie, Authorization");
    MHD_add_response_header(response, "X-Request-Id", exchange->id);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    bool is_open = routes_is_open(exchange);
    if (is_open)
        MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy",
                            is_open ? "cross-origin" : "same-origin");
    MHD_add_response_header(response, "Content-Security-Policy",
                            is_open           ? open_policy
                            : answer->is_page ? page_policy
                                              : data_policy);
    if (options->certificate || options->https_outside)
        MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
    if (!answer->cacheable)
        MHD_add_response_header(response, "Cache-Control", "no-store");
    else if (!answer->is_page)
        MHD_add_response_header(response, "Cache-Control", "private, no-cache");
    if (answer->status == MHD_HTTP_SERVICE_UNAVAILABLE && !has_header(answer, "Retry-After"))
        MHD_add_response_header(response, "Retry-After", come_again_s);
    for (size_t i = 0; i < answer->header_count; i++)
        MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
}

enum MHD_Result response_send(struct exchange *exchange)
{
    struct reply *answer = &exchange->answer;
    enum MHD_ResponseMemoryMode mode =
        answer->borrowed || !answer->body ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_FREE;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->length, answer->body, mode);
    if (!response)
        return MHD_NO;
    if (!answer->borrowed)
        answer->body = NULL; /* the library frees it */
    response_add_headers(exchange, response);
    enum MHD_Result queued = MHD_queue_response(exchange->connection, answer->status, response);
    MHD_destroy_response(response);
    return queued;
}
