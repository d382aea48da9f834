#ifndef JINMU_GATEWAY_RECEIPT_H
#define JINMU_GATEWAY_RECEIPT_H

#include "services/gateway/backend.h"
#include "services/gateway/exchange.h"

/* Answers with the Receipt: at once, or, when the request prefers to wait, as soon as its results are
 * there. `status` is that of an answer without results. */
void receipt_answer_or_wait(struct exchange *exchange, struct backend *backend, const char *receipt,
                            unsigned status);

/* The Receipt that the broker's answer to titanic.reply stands for: dead is only what the broker says
 * it gave up. NULL with a fault "service.…" when it says anything else than how far the job is. The
 * status frame is taken off the answer. */
struct jv *receipt_read(const struct submission_row *row, zmsg_t *answer, bool *is_pending,
                        struct fault *fault);

#endif
