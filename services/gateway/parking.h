#ifndef JINMU_GATEWAY_PARKING_H
#define JINMU_GATEWAY_PARKING_H

#include "services/gateway/backend.h"
#include "services/gateway/exchange.h"

/* Requests that wait for their results (Prefer: wait=N) without keeping a hand busy. */
struct parking;
struct parking *parking_new(struct gateway *gateway);
/* Answers all with what is known. */
void parking_destroy(struct parking **parking);

/* Takes an exchange that has no answer yet from the hand whose backend this is; `look` is called now and then, until it gives it one, and
 * a last time with `last` when the seconds are over: then it must. */
typedef void parking_look_fn(struct exchange *exchange, struct backend *backend, bool last);
void parking_take(struct parking *parking, struct backend *backend, struct exchange *exchange,
                  int seconds, parking_look_fn *look);

#endif
