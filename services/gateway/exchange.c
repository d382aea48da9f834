#include "services/gateway/exchange.h"

#include "common/text.h"
#include "services/gateway/gateway.h"

#include <czmq.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { TARGET_LOGGED = 500, WAIT_S_MAX = 30 };

/* Decodes in place. false when what comes out is no text. */
static bool decode(char *text, bool is_query)
{
    if (is_query)
        for (char *at = text; (at = strchr(at, '+'));)
            *at = ' ';
    size_t length = MHD_http_unescape(text);
    return length == strlen(text) && text_is_utf8(text, length);
}

static void split_path(struct exchange *exchange, char *path)
{
    char *rest = path, *segment;
    while ((segment = strsep(&rest, "/"))) {
        if (!*segment)
            continue;
        if (exchange->segment_count == PATH_SEGMENTS || !decode(segment, false)) {
            exchange->bad_target = true;
            return;
        }
        exchange->segments[exchange->segment_count++] = xstrdup(segment);
    }
}

static void split_query(struct exchange *exchange, char *query)
{
    char *rest = query, *part;
    while ((part = strsep(&rest, "&"))) {
        if (!*part)
            continue;
        char *value = strchr(part, '=');
        if (value)
            *value++ = 0;
        if (exchange->parameter_count == PARAMETERS || !decode(part, true) ||
            (value && !decode(value, true))) {
            exchange->bad_target = true;
            return;
        }
        exchange->parameters[exchange->parameter_count++] =
            (struct parameter){xstrdup(part), xstrdup(value ? value : "")};
    }
}

struct exchange *exchange_new(struct gateway *gateway, const char *target,
                              struct MHD_Connection *connection)
{
    struct exchange *exchange = xcalloc(1, sizeof *exchange);
    unsigned char random[(EXCHANGE_ID_BYTES - 1) / 2];
    exchange->gateway = gateway;
    exchange->connection = connection;
    exchange->started_us = zclock_usecs();
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(exchange->id, sizeof exchange->id, random, sizeof random);
    char *copy = xstrdup(target), *query = strchr(copy, '?');
    if (query)
        *query++ = 0;
    /* The log gets the path alone: a query may hold what nobody should read there. */
    exchange->target = xstrndup(copy, strnlen(copy, TARGET_LOGGED));
    exchange->bad_target = *copy != '/';
    split_path(exchange, copy);
    if (query)
        split_query(exchange, query);
    free(copy);
    return exchange;
}

static void clear_answer(struct reply *answer)
{
    if (!answer->borrowed)
        free(answer->body);
    for (size_t i = 0; i < answer->header_count; i++) {
        free(answer->headers[i].name);
        free(answer->headers[i].value);
    }
    *answer = (struct reply){0};
}

void exchange_destroy(struct exchange **exchange)
{
    struct exchange *old = *exchange;
    if (!old)
        return;
    clear_answer(&old->answer);
    principal_clear(&old->principal);
    strbuf_free(&old->body);
    for (size_t i = 0; i < old->segment_count; i++)
        free(old->segments[i]);
    for (size_t i = 0; i < old->parameter_count; i++) {
        free(old->parameters[i].name);
        free(old->parameters[i].value);
    }
    free(old->method);
    free(old->target);
    free(old);
    *exchange = NULL;
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *exchange_cookie(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, name);
}

const char *exchange_query(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->parameter_count; i++)
        if (strcmp(exchange->parameters[i].name, name) == 0)
            return *exchange->parameters[i].value ? exchange->parameters[i].value : NULL;
    return NULL;
}

bool exchange_query_number(struct exchange *exchange, const char *name, int64_t least, int64_t most,
                           int64_t otherwise, int64_t *number)
{
    const char *text = exchange_query(exchange, name);
    char *end;
    *number = otherwise;
    if (!text)
        return true;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (!errno && end != text && !*end && value >= least && value <= most) {
        *number = value;
        return true;
    }
    reply_problem(exchange, "query.bad_number", "参数 %s 应为 %lld 至 %lld 的整数", name,
                  (long long)least, (long long)most);
    return false;
}

struct jv *exchange_json(struct exchange *exchange)
{
    struct fault fault;
    const char *type = exchange_header(exchange, "Content-Type");
    static const char json[] = "application/json";
    if (!type || strncasecmp(type, json, sizeof json - 1) != 0 ||
        (type[sizeof json - 1] && !strchr("; ", type[sizeof json - 1]))) {
        reply_problem(exchange, "input.media_type", "请求体应为 application/json");
        return NULL;
    }
    struct jv *value =
        jv_read(exchange->body.text ? exchange->body.text : "", exchange->body.length, &fault);
    if (!value)
        reply_fault(exchange, &fault);
    return value;
}

int exchange_wait_s(const struct exchange *exchange)
{
    const char *prefer = exchange_header(exchange, "Prefer");
    const char *wait = prefer ? strstr(prefer, "wait=") : NULL;
    long seconds = wait ? strtol(wait + strlen("wait="), NULL, 10) : 0;
    return seconds < 0 ? 0 : seconds > WAIT_S_MAX ? WAIT_S_MAX : (int)seconds;
}

/* --- answers --- */

void reply_bytes(struct exchange *exchange, unsigned status, const char *type, char *body,
                 size_t length)
{
    struct reply *answer = &exchange->answer;
    if (!answer->borrowed)
        free(answer->body);
    answer->status = status;
    answer->type = type;
    answer->body = body;
    answer->length = length;
    answer->borrowed = answer->gzipped = false;
}

void reply_json(struct exchange *exchange, unsigned status, struct jv *value)
{
    struct strbuf text = {0};
    jv_append(value, &text);
    jv_destroy(&value);
    size_t length = text.length;
    reply_bytes(exchange, status, "application/json", strbuf_take(&text), length);
}

void reply_text(struct exchange *exchange, unsigned status, const char *type, const char *text)
{
    reply_bytes(exchange, status, type, xstrdup(text), strlen(text));
}

void reply_nothing(struct exchange *exchange)
{
    reply_bytes(exchange, MHD_HTTP_NO_CONTENT, NULL, NULL, 0);
}

void reply_header(struct exchange *exchange, const char *name, const char *value)
{
    struct reply *answer = &exchange->answer;
    if (answer->header_count == REPLY_HEADERS)
        return;
    answer->headers[answer->header_count++] = (struct reply_header){xstrdup(name), xstrdup(value)};
}

static struct jv *problem_json(const struct exchange *exchange, const char *code,
                               const char *detail)
{
    unsigned status = problem_status(code);
    struct strbuf type = {0};
    struct jv *problem = jv_object();
    strbuf_printf(&type, "/problems/%s", code);
    jv_set_text(problem, "type", type.text);
    jv_set_text(problem, "title", problem_title(status));
    jv_set_number(problem, "status", status);
    if (detail && *detail)
        jv_set_text(problem, "detail", detail);
    jv_set_text(problem, "code", code);
    jv_set_text(problem, "request", exchange->id);
    strbuf_free(&type);
    return problem;
}

void reply_problem_with(struct exchange *exchange, const char *code, const char *detail,
                        const char *member, struct jv *value)
{
    struct jv *problem = problem_json(exchange, code, detail);
    if (member)
        jv_set(problem, member, value);
    reply_json(exchange, problem_status(code), problem);
    exchange->answer.type = "application/problem+json";
    exchange->answer.cacheable = false;
}

void reply_problem(struct exchange *exchange, const char *code, const char *format, ...)
{
    struct fault fault;
    va_list values;
    va_start(values, format);
    vsnprintf(fault.message, sizeof fault.message, format, values);
    va_end(values);
    if (!text_is_utf8(fault.message, strlen(fault.message)))
        *fault.message = 0;
    reply_problem_with(exchange, code, fault.message, NULL, NULL);
}

void reply_fault(struct exchange *exchange, const struct fault *fault)
{
    reply_problem_with(exchange, fault->code, fault->message, NULL, NULL);
}

void reply_etag(struct exchange *exchange, const char *etag)
{
    const char *known = exchange_header(exchange, "If-None-Match");
    reply_header(exchange, "ETag", etag);
    exchange->answer.cacheable = true;
    if (!known || (!strstr(known, etag) && strcmp(known, "*") != 0))
        return;
    reply_bytes(exchange, MHD_HTTP_NOT_MODIFIED, NULL, NULL, 0);
}

void reply_etag_of_body(struct exchange *exchange)
{
    unsigned char digest[16];
    char hex[2 * 8 + 1], etag[24];
    const struct reply *answer = &exchange->answer;
    crypto_generichash(digest, sizeof digest, (const unsigned char *)answer->body, answer->length,
                       NULL, 0);
    sodium_bin2hex(hex, sizeof hex, digest, 8);
    snprintf(etag, sizeof etag, "\"%s\"", hex);
    reply_etag(exchange, etag);
}
