#ifndef JINMU_STAGE_H
#define JINMU_STAGE_H

#include "common/keys.h"
#include "common/mdp.h"
#include "tests/services/process.h"

/* A real broker in a directory of its own, and raw peers that talk frames to it. */
struct stage {
    char *directory;
    char *endpoint;
    struct process *broker;
    struct identity *admin; /* with stage_open_tcp: who stage_peer is */
};

/* Starts jinmu-broker with further options, separated by spaces. */
void stage_open(struct stage *stage, const char *options);
/* The same over tcp with keys, on a free port; stage_peer then is an admin. */
void stage_open_tcp(struct stage *stage, const char *options);
/* Makes a key of that role, and lets it in under that name; identity_destroy. */
struct identity *stage_identity(const struct stage *stage, const char *role, const char *name);
/* One that nobody let in. */
struct identity *stage_stranger(const struct stage *stage);
/* Starts it again after its end, on the same directory. */
void stage_restart(struct stage *stage, const char *options);
void stage_close(struct stage *stage);

/* A DEALER connected to the broker. Send with zsock_send and its pictures; destroy with
 * zsock_destroy. */
zsock_t *stage_peer(const struct stage *stage);
/* The same as somebody else; NULL: without a key. */
zsock_t *stage_peer_as(const struct stage *stage, const struct identity *identity);
/* A peer that said READY for the service: 18/MDP. */
zsock_t *stage_worker(const struct stage *stage, const char *service);
/* The next message that is no heartbeat; fails the test when none comes within ten seconds. */
zmsg_t *peer_receive(zsock_t *peer);
/* Whether nothing but heartbeats comes for so long. */
bool peer_is_silent(zsock_t *peer, int ms);
/* A frame of a message as text; "" when there is none. Valid until the next call. */
const char *frame_text(zmsg_t *message, size_t index);

/* As an 18/MDP client: FINAL's body for a request whose body is one or two frames (`second` may be
 * NULL). */
zmsg_t *peer_ask(zsock_t *peer, const char *service, const char *first, const char *second);
/* titanic.request with one body frame; the receipt. Fails the test when it is not accepted. */
void peer_submit(zsock_t *peer, const char *service, const char *body, char uuid[33]);
/* Asks titanic.reply until the status is not 300; the answer. */
zmsg_t *peer_await_reply(zsock_t *peer, const char *uuid);
/* Waits for a REQUEST and answers it with FINAL; the request's body text goes to `body`. */
void worker_serve(zsock_t *worker, const char *reply, char body[64]);
/* Answers a REQUEST that was received. */
void worker_answer(zsock_t *worker, zmsg_t *request, const char *reply);
/* A number in the answer of jinmu.status, by a path such as "queue.bulk.ready"; -1 without it. */
double stage_number(const struct stage *stage, const char *path);
/* Waits until that number has the value; fails the test after ten seconds. */
void stage_await(const struct stage *stage, const char *path, double value);

#endif
