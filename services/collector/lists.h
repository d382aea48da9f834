#ifndef JINMU_COLLECTOR_LISTS_H
#define JINMU_COLLECTOR_LISTS_H

#include "common/fault.h"
#include "common/json.h"
#include "common/store.h"
#include "common/strbuf.h"

#include <stdbool.h>

/* Questions that read what lists show, for the HTTP API; the answer is one JSON object as
 * openapi.json describes it:
 *
 *   {"ask":"results", filter…, "since","order","limit","cursor"}  ResultPage
 *   {"ask":"result","number":N[,"units":[…]]}                     ResultFull
 *   {"ask":"project_view","id":"…"[,"units"]}                     ProjectView
 *   {"ask":"history","id":"…"[,"units"]}                          History
 *   {"ask":"feed","since":N,"limit":L}                            {"last":…,"events":[…]}
 *   {"ask":"stats","by":["month"], filter…}                       Stats
 *   {"ask":"usage","catalog":"…","from","to"}                     Usage, without its revision
 *   {"ask":"unfit","catalog","below":P,"after":N[,"units"]}       {"unfit":[…],"looked_at","next":N},
 *       one stride of unfit.h
 *
 *   {"ask":"deliveries"}                                          the counts of deliveries.h
 *
 * and, for admins alone (outbox.h):
 *
 *   {"ask":"webhooks"}                                            {"webhooks":[Webhook,…]}
 *   {"ask":"webhook","id":"…"}                                    Webhook
 *   {"ask":"webhook_log","id":"…","limit","cursor"}               {"deliveries":[Delivery,…],"next"}
 *   {"ask":"webhook_due","now":T,"busy":[delivery numbers]}       {"webhooks":N,"due":[{"delivery",
 *       "webhook","url","message","attempt","tries","type","secrets":[…],"body":"…"},…]}: what may be
 *       sent at T, a project's deliveries one after the other, none of those that are busy
 *
 * `store` is results.db opened read-only. */
typedef int list_fn(struct store *store, const struct jv *question, struct strbuf *answer,
                    struct fault *fault);
/* The function of a question's "ask"; NULL when it is none of these. */
list_fn *lists_find(const char *ask);
/* Whether its answer is found by a key, whatever is stored: it must not wait behind one that counts. */
bool lists_is_short(const char *ask);

/* lists_results.c, lists_views.c, lists_stats.c, lists_unfit.c, deliveries.c; 0, or -1 with a fault. */
list_fn lists_results, lists_result, lists_project, lists_history, lists_feed, lists_stats,
    lists_usage, lists_unfit, lists_deliveries, lists_webhooks, lists_webhook, lists_webhook_log,
    lists_webhook_due;

/* lists_webhooks.c: a Webhook (jv_destroy), or NULL with a fault "webhook.unknown"; a Delivery. */
struct jv *lists_webhook_of(struct store *store, const char *id, struct fault *fault);
int lists_delivery_of(struct store *store, int64_t number, struct strbuf *answer,
                      struct fault *fault);

/* "2026-03-01T01:00:00Z" */
enum { LIST_TIME_BYTES = 32 };
void lists_time(int64_t seconds, char text[LIST_TIME_BYTES]);

#endif
