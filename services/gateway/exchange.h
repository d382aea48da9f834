#ifndef JINMU_GATEWAY_EXCHANGE_H
#define JINMU_GATEWAY_EXCHANGE_H

#include "common/fault.h"
#include "common/json.h"
#include "common/strbuf.h"
#include "services/gateway/accounts.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One HTTP request and its answer, from the first header to the last byte. */

enum {
    EXCHANGE_ID_BYTES = 17,
    PATH_SEGMENTS = 12,
    PARAMETERS = 40,
    CAPTURES = 4,
    ADDRESS_TEXT_BYTES = 64,
    REPLY_HEADERS = 8,
};

struct parameter {
    char *name, *value;
};

struct reply_header {
    char *name, *value;
};

/* What is to be sent. `body` is owned unless `borrowed`. */
struct reply {
    unsigned status; /* 0: none yet */
    const char *type;
    char *body;
    size_t length;
    bool borrowed;
    bool cacheable; /* else Cache-Control: no-store */
    bool gzipped;   /* the body is */
    bool is_page;   /* belongs to the page: the page's content security policy */
    struct reply_header headers[REPLY_HEADERS];
    size_t header_count;
};

enum exchange_phase {
    EXCHANGE_HEADERS,
    EXCHANGE_BODY,   /* being received */
    EXCHANGE_WAITS,  /* suspended: a hand works on it */
    EXCHANGE_ANSWER, /* the answer is ready to be sent */
    EXCHANGE_SENT
};

struct gateway;
struct route;
struct exchange {
    struct gateway *gateway;
    struct MHD_Connection *connection;
    const struct route *route;
    enum exchange_phase phase;
    char id[EXCHANGE_ID_BYTES];
    char *method;
    char *target; /* as it was sent, for the log */
    char *segments[PATH_SEGMENTS];
    size_t segment_count;
    struct parameter parameters[PARAMETERS];
    size_t parameter_count;
    const char *captures[CAPTURES]; /* what the route's {…} stand for */
    bool bad_target;                /* not UTF-8, NUL, too many parts */
    struct strbuf body;
    size_t reserved; /* of all bodies' memory, for this one */
    char address[ADDRESS_TEXT_BYTES];
    struct principal principal;
    int64_t started_us;
    struct reply answer;
    struct exchange *next; /* in a queue */
    void *stream;          /* of an event stream */
};

/* For MHD_OPTION_URI_LOG_CALLBACK: made when the request line has been read. */
struct exchange *exchange_new(struct gateway *gateway, const char *target,
                              struct MHD_Connection *connection);
void exchange_destroy(struct exchange **exchange);

const char *exchange_header(const struct exchange *exchange, const char *name); /* NULL: none */
const char *exchange_cookie(const struct exchange *exchange, const char *name);
/* A query parameter, NULL when absent or empty. */
const char *exchange_query(const struct exchange *exchange, const char *name);
/* A whole number of the query: `otherwise` when absent; false, with a 422 answer, when it is none
 * between `least` and `most`. */
bool exchange_query_number(struct exchange *exchange, const char *name, int64_t least, int64_t most,
                           int64_t otherwise, int64_t *number);
/* The body as JSON (jv_destroy), or NULL with a 400 or 415 answer. */
struct jv *exchange_json(struct exchange *exchange);
/* Seconds that the client is ready to wait (Prefer: wait=N), 0 to 30. */
int exchange_wait_s(const struct exchange *exchange);

/* --- answers: the last one counts ------------------------------------------------------------- */

/* Destroys the value. */
void reply_json(struct exchange *exchange, unsigned status, struct jv *value);
/* Takes the body (free()) over. */
void reply_bytes(struct exchange *exchange, unsigned status, const char *type, char *body,
                 size_t length);
void reply_text(struct exchange *exchange, unsigned status, const char *type, const char *text);
void reply_nothing(struct exchange *exchange); /* 204 */
void reply_header(struct exchange *exchange, const char *name, const char *value);
/* application/problem+json (RFC 9457): the status and title come from the code (problem.c). */
void reply_problem(struct exchange *exchange, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a fault's code and message. */
void reply_fault(struct exchange *exchange, const struct fault *fault);
/* A problem with further members, which are taken over. */
void reply_problem_with(struct exchange *exchange, const char *code, const char *detail,
                        const char *member, struct jv *value);
/* Sets the ETag; when the request has it in If-None-Match the answer becomes 304. After the body. */
void reply_etag(struct exchange *exchange, const char *etag);
/* An ETag made from the body's bytes. */
void reply_etag_of_body(struct exchange *exchange);

/* problem.c */
unsigned problem_status(const char *code);
const char *problem_title(unsigned status);
/* What its receiver can do, in Chinese. */
const char *problem_advice(unsigned status);
/* Whether it is one of the codes that we give, or of their families. */
bool problem_is_known(const char *code);

#endif
