#ifndef JINMU_GUARD_H
#define JINMU_GUARD_H

#include "common/zap.h"

/* The sockets of a server that are reached over tcp: CURVE, only for keys of the folder, and at each
 * message the question whose it is. */
struct guard;

/* For the server of that role (KEY_BROKER, KEY_COLLECTOR), whose own pair is made when it is missing.
 * NULL with a fault. Destroy it after the sockets. */
struct guard *guard_new(const char *keys_folder, enum key_role role,
                        const struct connection_limits *limits, struct fault *fault);
void guard_destroy(struct guard **guard);

/* Binds the socket for keys of those roles ("client,admin"), and makes sure that an unknown key is
 * refused there. 0, or -1 with a fault: "guard.open" when it was let in. */
int guard_bind(struct guard *guard, zsock_t *socket, const char *roles, const char *endpoint,
               struct fault *fault);
/* Ends all connections of a bound socket; their peers may come again. */
void guard_cut(struct guard *guard, const zsock_t *socket);
/* Closes a bound socket, which ends the connection of everybody. */
void guard_close(zsock_t **socket);

/* The key of that text; NULL when there is none, or when it was revoked. Valid until the next call of
 * the guard. */
const struct key *guard_key(struct guard *guard, const char *public_key);
/* The key of the connection that a frame came over; else as above. */
const struct key *guard_sender(struct guard *guard, zframe_t *frame);

/* From now on, for new connections. */
void guard_limit(struct guard *guard, const struct connection_limits *limits);

uint64_t guard_generation(struct guard *guard);  /* changes when keys do */
uint64_t guard_losses(struct guard *guard);      /* changes when somebody lost access */
int guard_descriptor(const struct guard *guard); /* readable when keys may have changed */
int guard_ended(const struct guard *guard);      /* readable when a connection ended: zap_ended */

/* Makes a connecting socket speak as `identity`; before it is connected. NULL: without keys. */
void guard_identify(zsock_t *socket, const struct identity *identity);

/* Connects to an endpoint with keys. 0, or -1 with a fault: "keys.refused", or "services.none" when
 * nobody answers within seconds. */
int guard_greet(const char *endpoint, const struct identity *identity, struct fault *fault);
/* Connects to an endpoint as somebody whom it should not know. 0 when it refuses, else -1 with a fault
 * "guard.open". `type` is that of our socket. */
int guard_test_refusal(const char *endpoint, const struct identity *stranger, int type,
                       struct fault *fault);

#endif
