#ifndef JINMU_GATEWAY_STREAM_H
#define JINMU_GATEWAY_STREAM_H

#include "services/gateway/exchange.h"
#include "services/gateway/gateway.h"

/* Server-sent events (WHATWG HTML, section 9.2): each open stream gets the collector's numbered events
 * in order and without a gap, from the number that it asked for. */

/* The thread that reads the collector's stream. NULL with a fault. */
struct feed *feed_new(struct gateway *gateway, struct fault *fault);
/* Ends all streams and the thread; from then on none can join. */
void feed_stop(struct feed *feed);
void feed_destroy(struct feed **feed); /* after feed_stop, and when no stream is left */
/* Makes the exchange a stream that begins after event `since` (-1: from now on). false when there are
 * too many. */
bool feed_join(struct feed *feed, struct exchange *exchange, int64_t since);

enum MHD_Result stream_send(struct exchange *exchange);
/* The exchange ends; does nothing to one that is no stream. */
void stream_closed(struct exchange *exchange);

#endif
