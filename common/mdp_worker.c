#include "common/mdp.h"

#include "common/guard.h"
#include "common/log.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum {
    LINGER_MS = 500,         /* for the last answers and DISCONNECT to leave */
    RECONNECT_MIN_MS = 1000, /* between two new sockets */
};

struct request {
    zframe_t *client;
    zmsg_t *body;
};

struct mdp_worker {
    char *endpoint;
    char *service;
    struct identity *identity; /* or NULL */
    zsock_t *socket;
    zlist_t *interactive; /* of struct request, received and not yet given out */
    zlist_t *bulk;
    int64_t heard;        /* of the broker last, ms */
    int64_t heartbeat_at; /* when ours is due */
    int64_t connected;    /* when the socket was made */
    bool dismissed;       /* the broker said DISCONNECT */
    int silences;         /* connections in a row on which nothing was heard */
};

static void request_destroy(struct request **request)
{
    if (!*request)
        return;
    zframe_destroy(&(*request)->client);
    zmsg_destroy(&(*request)->body);
    free(*request);
    *request = NULL;
}

static void forget_requests(zlist_t *list)
{
    struct request *request;
    while ((request = zlist_pop(list)))
        request_destroy(&request);
}

static void say(struct mdp_worker *worker, enum mdp_command command, zframe_t **client,
                zmsg_t **body)
{
    struct mdp_message message = {.version = MDP_V2, .role = MDP_WORKER, .command = command};
    if (command == MDP_READY)
        message.service = worker->service;
    if (client) {
        message.client = *client;
        message.body = *body;
        *client = NULL;
        *body = NULL;
    }
    zmsg_t *frames = mdp_encode(&message, false);
    if (zmsg_send(&frames, worker->socket))
        log_warning("worker_send_failed", "endpoint=%s reason=\"%s\"", worker->endpoint,
                    zmq_strerror(zmq_errno()));
    zmsg_destroy(&frames);
    worker->heartbeat_at = zclock_mono() + MDP_HEARTBEAT_MS;
}

/* Replaces the socket by a new one that says READY; what came through the old one is void, since
 * the broker gives it to others. On failure the old socket stays. */
static int connect_broker(struct mdp_worker *worker, struct fault *fault)
{
    worker->connected = worker->heard = zclock_mono();
    zsock_t *socket = zsock_new(ZMQ_DEALER);
    if (!socket)
        return fault_set(fault, "mdp.connect", "no socket: %s", zmq_strerror(zmq_errno()));
    zsock_set_linger(socket, LINGER_MS);
    zsock_set_sndtimeo(socket, 0);
    zsock_set_reconnect_ivl_max(socket, RECONNECT_MIN_MS);
    guard_identify(socket, worker->identity);
    if (zsock_connect(socket, "%s", worker->endpoint)) {
        fault_set(fault, "mdp.connect", "%s: %s", worker->endpoint, zmq_strerror(zmq_errno()));
        zsock_destroy(&socket);
        return -1;
    }
    zsock_destroy(&worker->socket);
    worker->socket = socket;
    worker->dismissed = false;
    forget_requests(worker->interactive);
    forget_requests(worker->bulk);
    say(worker, MDP_READY, NULL, NULL);
    return 0;
}

struct mdp_worker *mdp_worker_new(const char *endpoint, const char *service, struct fault *fault)
{
    return mdp_worker_new_as(NULL, endpoint, service, fault);
}

struct mdp_worker *mdp_worker_new_as(const struct identity *identity, const char *endpoint,
                                     const char *service, struct fault *fault)
{
    struct mdp_worker *worker = xcalloc(1, sizeof *worker);
    worker->identity = identity_copy(identity);
    worker->endpoint = xstrdup(endpoint);
    worker->service = xstrdup(service);
    worker->interactive = zlist_new();
    worker->bulk = zlist_new();
    if (connect_broker(worker, fault))
        mdp_worker_destroy(&worker);
    return worker;
}

void mdp_worker_destroy(struct mdp_worker **worker)
{
    if (!*worker)
        return;
    if ((*worker)->socket)
        say(*worker, MDP_DISCONNECT, NULL, NULL);
    zsock_destroy(&(*worker)->socket);
    forget_requests((*worker)->interactive);
    forget_requests((*worker)->bulk);
    zlist_destroy(&(*worker)->interactive);
    zlist_destroy(&(*worker)->bulk);
    identity_destroy(&(*worker)->identity);
    free((*worker)->endpoint);
    free((*worker)->service);
    free(*worker);
    *worker = NULL;
}

static void keep_request(struct mdp_worker *worker, struct mdp_message *message)
{
    struct request *request = xcalloc(1, sizeof *request);
    request->client = message->client;
    request->body = message->body;
    message->client = NULL;
    message->body = NULL;
    bool bulk = zframe_size(request->client) > 2 && !memcmp(zframe_data(request->client), "b.", 2);
    zlist_append(bulk ? worker->bulk : worker->interactive, request);
}

static void receive_all(struct mdp_worker *worker)
{
    while (zsock_events(worker->socket) & ZMQ_POLLIN) {
        zmsg_t *frames = zmsg_recv(worker->socket);
        struct mdp_message message;
        struct fault fault;
        if (!frames)
            return;
        if (mdp_decode(&message, &frames, true, &fault)) {
            log_warning("broker_malformed", "endpoint=%s reason=\"%s\"", worker->endpoint,
                        fault.message);
            continue;
        }
        worker->heard = zclock_mono();
        worker->silences = 0;
        if (message.role == MDP_WORKER && message.command == MDP_REQUEST)
            keep_request(worker, &message);
        else if (message.role == MDP_WORKER && message.command == MDP_DISCONNECT)
            worker->dismissed = true;
        mdp_message_clear(&message);
    }
}

/* When the connection is to be made anew: at once for a broker that restarted, but never more
 * often than RECONNECT_MIN_MS. */
static int64_t reconnect_at(const struct mdp_worker *worker)
{
    if (worker->dismissed)
        return worker->connected + RECONNECT_MIN_MS;
    return worker->heard + MDP_HEARTBEAT_MS * MDP_LIVENESS;
}

static struct request *next_request(struct mdp_worker *worker)
{
    struct request *request = zlist_pop(worker->interactive);
    return request ? request : zlist_pop(worker->bulk);
}

/* A broker that does not let our key in is as silent as one that is down: the second time in a row it
 * is asked which it is, for the log. */
static void explain_silence(struct mdp_worker *worker)
{
    struct fault fault;
    if (++worker->silences == 2 && worker->identity &&
        guard_greet(worker->endpoint, worker->identity, &fault))
        log_error("worker_unheard", "code=%s reason=\"%s\"", fault.code, fault.message);
}

zmsg_t *mdp_worker_next(struct mdp_worker *worker, zframe_t **client)
{
    receive_all(worker);
    int64_t now = zclock_mono();
    if (now >= reconnect_at(worker)) {
        struct fault fault;
        log_info("worker_reconnects", "endpoint=%s reason=%s", worker->endpoint,
                 worker->dismissed ? "dismissed" : "silence");
        if (!worker->dismissed)
            explain_silence(worker);
        if (connect_broker(worker, &fault))
            log_error("worker_connect_failed", "reason=\"%s\"", fault.message);
    } else if (now >= worker->heartbeat_at && !worker->dismissed) {
        say(worker, MDP_HEARTBEAT, NULL, NULL);
    }
    struct request *request = next_request(worker);
    if (!request)
        return NULL;
    zmsg_t *body = request->body;
    *client = request->client;
    free(request);
    return body;
}

void mdp_worker_reply(struct mdp_worker *worker, zframe_t **client, zmsg_t **body)
{
    say(worker, MDP_FINAL, client, body);
}

void mdp_worker_give_back(struct mdp_worker *worker)
{
    if (worker->dismissed)
        return;
    say(worker, MDP_DISCONNECT, NULL, NULL);
    forget_requests(worker->interactive);
    forget_requests(worker->bulk);
    worker->connected = zclock_mono();
    worker->dismissed = true;
}

zsock_t *mdp_worker_socket(struct mdp_worker *worker)
{
    return worker->socket;
}

int mdp_worker_wait_ms(const struct mdp_worker *worker)
{
    if (zlist_size(worker->interactive) || zlist_size(worker->bulk))
        return 0;
    int64_t due = reconnect_at(worker);
    if (!worker->dismissed && worker->heartbeat_at < due)
        due = worker->heartbeat_at;
    int64_t wait = due - zclock_mono();
    return wait < 0 ? 0 : (int)wait;
}
