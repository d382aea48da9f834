#ifndef JINMU_GATEWAY_RECEIPT_H
#define JINMU_GATEWAY_RECEIPT_H

#include "services/gateway/backend.h"
#include "services/gateway/exchange.h"

/* Answers with the Receipt: at once, or, when the request prefers to wait, as soon as its results are
 * there. `status` is that of an answer without results. */
void receipt_answer_or_wait(struct exchange *exchange, struct backend *backend, const char *receipt,
                            unsigned status);

#endif
