#ifndef JINMU_COLLECTOR_DELIVERIES_H
#define JINMU_COLLECTOR_DELIVERIES_H

#include "common/json.h"
#include "common/strbuf.h"
#include "services/collector/inquiry.h"

#include <stdint.h>

/* How the sending of webhooks goes, for operators. The collector's status has a member "deliveries":
 *
 *   "delivered", "retries", "given_up"  since the collector's start: deliveries that arrived, attempts
 *                                       that failed and are made again, deliveries given up
 *   "postman_silent_s"                  since the postman asked what is due; null: it never did
 *
 * to which deliveries_join adds what the question {"ask":"deliveries"} counts in results.db (lists.h):
 *
 *   "webhooks", "disabled"              in use; those of them that are disabled
 *   "waiting", "failing", "oldest_s"    to the others: deliveries that have yet to arrive, those of them
 *                                       that failed before, and how old the oldest is
 *   "failed"                            given up and still in the log, where they stay for 30 days
 *   "unresolved"                        those of them that somebody should look after: to webhooks that
 *                                       are not disabled, given up within a day, or later than the last
 *                                       delivery that arrived there
 */

/* What came of deliveries since the collector's start. */
struct delivery_tally {
    uint64_t delivered, retries, given_up;
};

/* Adds those figures to a status; when the collector does not count them, it stays as it is. */
void deliveries_join(struct jv *status, const struct jv *figures);
/* Asks for them and joins them. */
void deliveries_ask(struct inquiry *inquiry, int timeout_ms, struct jv *status);

/* Them in the text format of Prometheus, out of a joined status. */
void deliveries_metrics(const struct jv *status, struct strbuf *out);

/* How deliveries are, in words for an operator (Chinese). */
enum delivery_trouble {
    DELIVERIES_WELL,
    DELIVERIES_POSTMAN_GONE, /* some wait, and nobody comes for them */
    DELIVERIES_STUCK,        /* one fails for DELIVERIES_STUCK_S */
    DELIVERIES_GIVEN_UP,     /* some are unresolved */
    DELIVERIES_DISABLED
};
enum { DELIVERIES_STUCK_S = 3600, POSTMAN_SILENT_S = 30 };
/* The worst that a joined status tells. */
enum delivery_trouble deliveries_judge(const struct jv *status);

#endif
