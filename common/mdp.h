#ifndef JINMU_MDP_H
#define JINMU_MDP_H

#include "common/fault.h"
#include "common/key_file.h"

#include <czmq.h>
#include <stdbool.h>

/* The Majordomo protocol, both versions: 18/MDP (v0.2, MDPC02/MDPW02) and 7/MDP (v0.1,
 * MDPC01/MDPW01). Commands have the same names in both; the codec knows the bytes. */
enum mdp_version { MDP_V1 = 1, MDP_V2 = 2 };
enum mdp_role { MDP_CLIENT, MDP_WORKER };
enum mdp_command { MDP_REQUEST, MDP_PARTIAL, MDP_FINAL, MDP_READY, MDP_HEARTBEAT, MDP_DISCONNECT };

enum {
    MDP_HEARTBEAT_MS = 1000,             /* between two heartbeats of one peer */
    MDP_LIVENESS = 4,                    /* missed heartbeats after which a peer is dead */
    MDP_NAME_BYTES = 255,                /* longest service name and client address */
    MDP_MAX_BODY_BYTES = 8 * 1024 * 1024 /* of one message, all its body frames */
};

/* Whether the bytes may name a service: 1 to MDP_NAME_BYTES bytes of UTF-8 without controls. */
bool mdp_is_service(const void *bytes, size_t length);

/* One message as read off a ROUTER or DEALER, without the peer's address. A leading empty frame is
 * accepted in both versions and remembered, so that an answer can mirror it. */
struct mdp_message {
    enum mdp_version version;
    enum mdp_role role;
    enum mdp_command command;
    bool delimited;   /* had a leading empty frame */
    char *service;    /* client requests and replies, worker READY; else NULL */
    zframe_t *client; /* worker REQUEST/PARTIAL/FINAL: the client's address; else NULL */
    zmsg_t *body;     /* never NULL; empty when the command has none */
    char key[KEY_CHARACTERS + 1]; /* of the connection that it came over; empty: none */
};

/* Takes the frames (always consumed). 0, or -1 with a fault "mdp.malformed" that says which frame is
 * wrong. `from_broker` says in which direction the message went. */
int mdp_decode(struct mdp_message *message, zmsg_t **frames, bool from_broker, struct fault *fault);
/* The frames of a message, to be sent (zmsg_send) after the peer's address where there is one.
 * Consumes client and body of the message. */
zmsg_t *mdp_encode(struct mdp_message *message, bool from_broker);
void mdp_message_clear(struct mdp_message *message);

/* A client of the broker, 18/MDP v0.2, asynchronous. */
struct mdp_client;
struct mdp_client *mdp_client_new(const char *endpoint, struct fault *fault);
/* The same, over an endpoint with keys; the identity is copied. NULL: without. */
struct identity;
struct mdp_client *mdp_client_new_as(const struct identity *identity, const char *endpoint,
                                     struct fault *fault);
void mdp_client_destroy(struct mdp_client **client);
/* Sends a request; consumes the body. 0, or -1 with a fault ("mdp.too_large", "mdp.send"). */
int mdp_client_send(struct mdp_client *client, const char *service, zmsg_t **body,
                    struct fault *fault);
/* Waits for the next PARTIAL or FINAL. Its body, or NULL at the time-out (timeout_ms; -1 waits for
 * ever) with fault "mdp.timeout". `final` and `service` (may be NULL; service is free()d by the
 * caller) say what it was. */
zmsg_t *mdp_client_receive(struct mdp_client *client, int timeout_ms, bool *final, char **service,
                           struct fault *fault);
/* Sends a request and waits for its FINAL; answers to other services stay for mdp_client_receive.
 * After a time-out the connection is made anew, so that a late answer is never taken for another
 * one. Consumes the body; its answer, or NULL with a fault. */
zmsg_t *mdp_client_call(struct mdp_client *client, const char *service, zmsg_t **body,
                        int timeout_ms, struct fault *fault);
zsock_t *mdp_client_socket(struct mdp_client *client); /* to poll on */

/* 9/TSP over an mdp_client, each waiting for its answer. Status is 200, 300, 400, 500, or 503 with a
 * fault when the queue is full; -1 with a fault when no answer came.
 *
 * With a priority ("interactive" or "bulk") the request goes to jinmu.submit, our own service beside
 * titanic.request: frames options, service, body+, answered as titanic.request is. The options are
 * a JSON object: {"priority":…,"idempotency_key":…}; a key that was seen gives the receipt of the
 * first request. titanic_request makes such a key, so that it may ask again when a broker restarts
 * and the request is still accepted once. Consumes the body. */
int titanic_request(struct mdp_client *client, const char *service, const char *priority,
                    zmsg_t **body, char uuid[33], struct fault *fault);
int titanic_reply(struct mdp_client *client, const char *uuid, zmsg_t **reply, struct fault *fault);
int titanic_close(struct mdp_client *client, const char *uuid, struct fault *fault);

/* A worker of the broker, 18/MDP v0.2: says READY, heartbeats both ways, and after the broker has
 * been silent for several intervals makes a new socket and says READY again.
 *
 * The broker may send a second request before the first is answered. The client's address is
 * opaque, but one of our broker begins with "i." for an interactive and "b." for a bulk request and
 * goes on with the job's UUID, the number of the lease, and that of the request: greater than those of
 * all requests that were accepted before ("b.UUID.7.1767225600000000"). mdp_worker_next gives
 * interactive ones first. */
struct mdp_worker;
struct mdp_worker *mdp_worker_new(const char *endpoint, const char *service, struct fault *fault);
/* As mdp_client_new_as. */
struct mdp_worker *mdp_worker_new_as(const struct identity *identity, const char *endpoint,
                                     const char *service, struct fault *fault);
void mdp_worker_destroy(struct mdp_worker **worker); /* says DISCONNECT */
/* Handles what has arrived and what is due. Gives the body of the next request and the client's
 * address to answer to (the caller owns both), or NULL when there is none now. Never blocks. */
zmsg_t *mdp_worker_next(struct mdp_worker *worker, zframe_t **client);
/* Answers with FINAL; consumes both. An answer to a request of an earlier connection is dropped by
 * the broker, which has given the request to another worker by then. */
void mdp_worker_reply(struct mdp_worker *worker, zframe_t **client, zmsg_t **body);
/* Gives all requests back to the broker, those that were given out here too, by taking leave and
 * saying READY anew soon after: for one that leaves they count no lost attempt. */
void mdp_worker_give_back(struct mdp_worker *worker);
zsock_t *mdp_worker_socket(struct mdp_worker *worker);   /* to poll on; may change at reconnect */
int mdp_worker_wait_ms(const struct mdp_worker *worker); /* until something is due */

#endif
