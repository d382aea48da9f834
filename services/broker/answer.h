#ifndef JINMU_ANSWER_H
#define JINMU_ANSWER_H

#include "common/key_file.h"
#include "common/mdp.h"

/* Where the answer to a client's request goes, and how that client wants it written. */
struct answer {
    zframe_t *peer; /* routing id on the ROUTER */
    enum mdp_version version;
    bool delimited;
    char *service;                /* that the request named */
    char key[KEY_CHARACTERS + 1]; /* of the client; empty: none */
    bool revoked;                 /* that key: nothing is sent any more */
};

/* Takes peer and the service of the message over. */
struct answer *answer_new(zframe_t **peer, struct mdp_message *request);
void answer_destroy(struct answer **answer);

/* Sends PARTIAL or FINAL; consumes the body. A client that has gone gets nothing, silently. 7/MDP has
 * no PARTIAL: none is sent to such a client. */
void answer_send(const struct answer *answer, zsock_t *router, enum mdp_command command,
                 zmsg_t **body);
/* FINAL with a status frame of 9/TSP or 8/MMI, and a second frame when `text` is not NULL. */
void answer_status(const struct answer *answer, zsock_t *router, const char *status,
                   const char *text);
/* FINAL with {"error":{"code":…,"message":…[,"retry_after_s":…]}}; behind a status frame when
 * `status` is not NULL; retry_after_s 0 leaves it out. */
void answer_error(const struct answer *answer, zsock_t *router, const char *status,
                  const char *code, const char *message, int retry_after_s);

/* Sends frames to a peer of the ROUTER without waiting; consumes the frames. 0, or the errno:
 * EHOSTUNREACH when the peer has gone, EAGAIN when it takes nothing. */
int router_send(zsock_t *router, const zframe_t *peer, zmsg_t **frames);

#endif
