#ifndef JINMU_GATEWAY_RESPONSE_H
#define JINMU_GATEWAY_RESPONSE_H

#include "services/gateway/exchange.h"

/* Compresses the body (gzip) where the client takes it and it pays. */
void response_compress(struct exchange *exchange);
/* gzip of some bytes (free()), or NULL when it is not smaller. */
char *gzip(const char *bytes, size_t length, int level, size_t *compressed);

/* Hands the answer to the library with all headers; what MHD_queue_response says. */
enum MHD_Result response_send(struct exchange *exchange);
/* Adds the headers that every response has. */
void response_add_headers(struct exchange *exchange, struct MHD_Response *response);

#endif
