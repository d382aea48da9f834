#ifndef JINMU_GATEWAY_HANDS_H
#define JINMU_GATEWAY_HANDS_H

#include "services/gateway/exchange.h"

/* The threads that work on requests, so that the one that reads sockets never waits. */
struct hands;
struct hands *hands_new(struct gateway *gateway, int count);
/* Works off what is queued and ends the threads; from then on hands_take takes nothing. */
void hands_stop(struct hands *hands);
void hands_destroy(struct hands **hands); /* after hands_stop, and when nobody calls hands_take */

/* Queues an exchange whose connection is suspended; it is resumed when its answer is there. false
 * when too many wait: the exchange was not taken. */
bool hands_take(struct hands *hands, struct exchange *exchange);
/* Gives an exchange that was parked its answer: the connection goes on. */
void hands_finished(struct exchange *exchange);

#endif
