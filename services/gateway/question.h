#ifndef JINMU_GATEWAY_QUESTION_H
#define JINMU_GATEWAY_QUESTION_H

#include "services/gateway/backend.h"
#include "services/gateway/exchange.h"

/* Questions to the collector (services/collector/question.h) made from requests. */

/* {"ask":…}, with "units" when the asker may see only some. */
struct jv *question_new(const struct exchange *exchange, const char *ask);
/* Takes a query parameter over when it is there. */
void question_take_text(const struct exchange *exchange, struct jv *question, const char *name);
/* Takes the filters of GET /results over. false with an answer when one is wrong. */
bool question_take_filter(struct exchange *exchange, struct jv *question);
/* Asks, and answers with what comes back, as it is. Whether that is an answer and no problem. */
bool question_answer_with(struct exchange *exchange, struct backend *backend,
                          const struct jv *question);
/* The ETag of a ResultFull that was answered: its version. */
void question_version_etag(struct exchange *exchange);
/* The version in an If-Match header; false when it is none of ours. */
bool question_read_version(const char *etag, int64_t *version);

/* A cell of CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe. */
struct strbuf;
void question_add_csv(struct strbuf *out, const char *text);

#endif
