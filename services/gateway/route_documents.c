/* POST /documents reads a 预算公开 document, POST /check judges a project; neither stores anything. */
#include "services/gateway/route.h"

#include "catalog/intake/document.h"
#include "catalog/intake/document_pdf.h"

#include <stdlib.h>
#include <string.h>

enum { CHECK_MS = 10000, CHECKED_MAX = 64, PDFS_AT_ONCE = 2, NAME_BYTES_MAX = 255 };

/* The bytes as text: what pdftotext makes of a PDF, else as they are. NULL with a fault. */
static char *text_of(struct exchange *exchange, size_t *length, struct fault *fault)
{
    const struct strbuf *body = &exchange->body;
    _Atomic int64_t *pdfs = &exchange->gateway->counts.pdfs;
    const char *bytes = body->text ? body->text : "";
    if (!document_is_pdf(bytes, body->length)) {
        *length = body->length;
        return xstrndup(bytes, body->length);
    }
    char *text = NULL;
    if (++*pdfs > PDFS_AT_ONCE)
        fault_set(fault, "gateway.busy", "正在读取别的 PDF，请稍后再试");
    else
        text = document_pdf_text(bytes, body->length, length, fault);
    --*pdfs;
    return text;
}

static bool is_document_type(const char *type)
{
    static const char *const taken[] = {"text/plain", "application/pdf",
                                        "application/octet-stream"};
    for (size_t i = 0; type && i < sizeof taken / sizeof *taken; i++)
        if (strncasecmp(type, taken[i], strlen(taken[i])) == 0)
            return true;
    return false;
}

static void read_document(struct exchange *exchange, struct backend *backend)
{
    struct fault fault = {"", ""};
    size_t length;
    const char *name = exchange_query(exchange, "name");
    (void)backend;
    if (!is_document_type(exchange_header(exchange, "Content-Type"))) {
        reply_problem(exchange, "input.media_type", "请求体应为 text/plain 或 application/pdf");
        return;
    }
    if (name && strlen(name) > NAME_BYTES_MAX) {
        reply_problem(exchange, "query.too_long", "文件名太长");
        return;
    }
    char *text = text_of(exchange, &length, &fault);
    struct jv *document =
        text ? document_read(text, length, name ? name : "document", &fault) : NULL;
    if (document)
        reply_json(exchange, MHD_HTTP_OK, document);
    else
        reply_fault(exchange, &fault);
    if (strcmp(fault.code, "gateway.busy") == 0 && !document)
        reply_header(exchange, "Retry-After", "5");
    free(text);
}

/* --- check --- */

/* The worker's answer, JSON as it came. NULL with an answer. */
static zmsg_t *judge(struct exchange *exchange, struct backend *backend)
{
    struct fault fault;
    zmsg_t *body = zmsg_new();
    zmsg_addmem(body, exchange->body.text, exchange->body.length);
    zmsg_addstr(body, "{\"store\":false}");
    zmsg_t *answer = backend_call(backend, "classify", &body, CHECK_MS, &fault);
    if (!answer)
        reply_fault(exchange, &fault);
    return answer;
}

/* What is wrong with the whole request is a problem; what is wrong with one project is a result. */
static void pass_on(struct exchange *exchange, zframe_t *frame)
{
    const char *bytes = (const char *)zframe_data(frame);
    size_t length = zframe_size(frame);
    static const char error[] = "{\"error\":";
    if (length < sizeof error || memcmp(bytes, error, sizeof error - 1) != 0) {
        reply_bytes(exchange, MHD_HTTP_OK, "application/json", xstrndup(bytes, length), length);
        return;
    }
    struct jv *body = jv_read(bytes, length, NULL);
    const struct jv *inner = jv_get(body, "error");
    const char *code = jv_get_text(inner, "code"), *message = jv_get_text(inner, "message");
    reply_problem(exchange, code ? code : "service.failed", "%.300s", message ? message : "");
    if (exchange->answer.status == MHD_HTTP_SERVICE_UNAVAILABLE)
        reply_header(exchange, "Retry-After", "2");
    jv_destroy(&body);
}

static void check_project(struct exchange *exchange, struct backend *backend)
{
    struct jv *body = exchange_json(exchange);
    if (!body)
        return;
    if (jv_count(jv_get(body, "projects")) > CHECKED_MAX) {
        reply_problem(exchange, "batch.size", "一次最多检查 %d 个项目", CHECKED_MAX);
    } else {
        zmsg_t *answer = judge(exchange, backend);
        zframe_t *frame = answer ? zmsg_first(answer) : NULL;
        if (frame)
            pass_on(exchange, frame);
        zmsg_destroy(&answer);
    }
    jv_destroy(&body);
}

const struct route document_routes[] = {{"POST", "/documents", read_document, ANYBODY, ROUTE_BODY},
                                        {"POST", "/check", check_project, ANYBODY, ROUTE_BODY},
                                        {0}};
