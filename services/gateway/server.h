#ifndef JINMU_GATEWAY_SERVER_H
#define JINMU_GATEWAY_SERVER_H

#include "services/gateway/gateway.h"

/* The HTTP side: one thread reads and writes all sockets (libmicrohttpd), and hands whole requests to
 * the hands. */

/* Listens. 0, or -1 with a fault. */
int server_start(struct gateway *gateway, struct fault *fault);
/* Takes no new connections. */
void server_refuse(struct gateway *gateway);
/* Ends; no connection may be suspended any more. */
void server_stop(struct gateway *gateway);

#endif
