#ifndef JINMU_COLLECTOR_OUTBOX_H
#define JINMU_COLLECTOR_OUTBOX_H

#include "common/fault.h"
#include "common/json.h"
#include "common/strbuf.h"
#include "services/collector/deliveries.h"
#include "services/collector/results.h"

#include <stdbool.h>

/* Webhooks and what is to be sent to them. The postman (services/postman) sends; here is written down
 * to whom, what, and what became of it. Questions, for admins alone (read ones: lists.h):
 *
 *   {"ask":"webhook_add","url","events":[…],"departments":[…]}   Webhook and "secret"
 *   {"ask":"webhook_remove","id"}                                {}
 *   {"ask":"webhook_enable","id"}                                Webhook
 *   {"ask":"webhook_rotate","id"}                                {"secret"}
 *   {"ask":"webhook_test","id"}                                  Delivery
 *   {"ask":"webhook_replay","id","delivery":"…"}                 Delivery
 *   {"ask":"webhook_report","outcomes":[{"delivery":N,"attempt":A,"state":"delivered|failed|pending",
 *     "status":…,"error","at","took_ms","due_at","not_before","gone":bool},…]}   {"noted":N}
 *
 * Webhook and Delivery are those of openapi.json. That the target is one that the administrator allows
 * is seen to by the asker, and by the postman each time. A report that comes twice counts once. */

/* Whether a question is about webhooks, and whether it is one of those above. */
bool outbox_is_about(const char *ask);
bool outbox_changes(const char *ask);
/* Answers one of those above between results_begin and results_commit, and adds to the tally what came
 * of deliveries. 0, or -1 with a fault. */
int outbox_change(struct results *results, const struct jv *question, struct strbuf *answer,
                  struct delivery_tally *tally, struct fault *fault);

/* Takes up events that webhooks have to get and removes what is too old, some of it, in a transaction
 * of its own when there is any. 0, or -1 with a fault. */
int outbox_advance(struct results *results, struct fault *fault);

#endif
