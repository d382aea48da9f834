#ifndef JINMU_ZAP_H
#define JINMU_ZAP_H

#include "common/connections.h"
#include "common/keys.h"

#include <czmq.h>

/* The ZAP handler of this process (RFC 27), in a thread of its own: says to libzmq whether the key of
 * a new connection is let in. The user id that it gives to a connection is its public key. The ZAP
 * domain of a socket is the list of roles that it admits: "client,admin".
 *
 * It also counts connections and cuts those that are over the limits. What it refuses or cuts is logged
 * once a minute for each address.
 *
 * There can be one in a process. Start it before a socket with keys is bound. Takes the keys over.
 * NULL with a fault. */
struct zap;
struct zap *zap_new(struct keys **keys, const struct connection_limits *limits,
                    struct fault *fault);
void zap_destroy(struct zap **zap);

/* Counts the connections of a socket: before it is bound. 0, or -1 with a fault. */
int zap_watch(struct zap *zap, zsock_t *socket, struct fault *fault);
/* Ends all connections of a socket that is watched; their peers may come again. */
void zap_cut(struct zap *zap, const zsock_t *socket);
/* From now on, for new connections. */
void zap_limit(struct zap *zap, const struct connection_limits *limits);
/* This key is a test: that it is refused is no news for the log. */
void zap_expect(struct zap *zap, const char *public_key);
/* An eventfd, readable when one of them has ended since it was read. */
int zap_ended(const struct zap *zap);

#endif
