#include "common/mdp.h"

#include "common/guard.h"
#include "common/json.h"
#include "common/strbuf.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEND_TIMEOUT_MS = 10000, /* for a broker that is not there to take what is queued */
    CALL_TIMEOUT_MS = 5000,  /* then a titanic call is made again */
    CALL_TRIES = 4,
    RECONNECT_MAX_MS = 500,
    KEY_BYTES = 16,
};

struct mdp_client {
    char *endpoint;
    struct identity *identity; /* or NULL */
    zsock_t *socket;
    zlist_t *inbox; /* of struct mdp_message: answers that a call for another service passed by */
};

static void forget_message(struct mdp_message **message)
{
    if (!*message)
        return;
    mdp_message_clear(*message);
    free(*message);
    *message = NULL;
}

/* Replaces the socket by a new one; on failure the old one stays. */
static int connect_broker(struct mdp_client *client, struct fault *fault)
{
    zsock_t *socket = zsock_new(ZMQ_DEALER);
    if (!socket)
        return fault_set(fault, "mdp.connect", "no socket: %s", zmq_strerror(zmq_errno()));
    zsock_set_linger(socket, 0);
    zsock_set_sndtimeo(socket, SEND_TIMEOUT_MS);
    zsock_set_reconnect_ivl_max(socket, RECONNECT_MAX_MS);
    guard_identify(socket, client->identity);
    if (zsock_connect(socket, "%s", client->endpoint)) {
        fault_set(fault, "mdp.connect", "%s: %s", client->endpoint, zmq_strerror(zmq_errno()));
        zsock_destroy(&socket);
        return -1;
    }
    zsock_destroy(&client->socket);
    client->socket = socket;
    return 0;
}

struct mdp_client *mdp_client_new(const char *endpoint, struct fault *fault)
{
    return mdp_client_new_as(NULL, endpoint, fault);
}

struct mdp_client *mdp_client_new_as(const struct identity *identity, const char *endpoint,
                                     struct fault *fault)
{
    struct mdp_client *client = xcalloc(1, sizeof *client);
    client->endpoint = xstrdup(endpoint);
    client->identity = identity_copy(identity);
    client->inbox = zlist_new();
    if (connect_broker(client, fault))
        mdp_client_destroy(&client);
    return client;
}

void mdp_client_destroy(struct mdp_client **client)
{
    if (!*client)
        return;
    struct mdp_message *message;
    while ((message = zlist_pop((*client)->inbox)))
        forget_message(&message);
    zlist_destroy(&(*client)->inbox);
    zsock_destroy(&(*client)->socket);
    identity_destroy(&(*client)->identity);
    free((*client)->endpoint);
    free(*client);
    *client = NULL;
}

zsock_t *mdp_client_socket(struct mdp_client *client)
{
    return client->socket;
}

int mdp_client_send(struct mdp_client *client, const char *service, zmsg_t **body,
                    struct fault *fault)
{
    if (zmsg_content_size(*body) > MDP_MAX_BODY_BYTES) {
        fault_set(fault, "mdp.too_large", "a message of %zu bytes is over the limit of %d",
                  zmsg_content_size(*body), MDP_MAX_BODY_BYTES);
        zmsg_destroy(body);
        return -1;
    }
    char *name = xstrdup(service);
    struct mdp_message message = {.version = MDP_V2,
                                  .role = MDP_CLIENT,
                                  .command = MDP_REQUEST,
                                  .service = name,
                                  .body = *body};
    *body = NULL;
    zmsg_t *frames = mdp_encode(&message, false);
    int status = 0;
    if (zmsg_send(&frames, client->socket))
        status =
            fault_set(fault, "mdp.send", "%s: %s", client->endpoint, zmq_strerror(zmq_errno()));
    zmsg_destroy(&frames);
    free(name);
    return status;
}

/* Waits for one message that is an answer; malformed ones are passed over. 0, or -1 with a fault
 * "mdp.timeout" or, after a signal that czmq caught, "mdp.interrupted". */
static int read_answer(struct mdp_client *client, int64_t deadline, struct mdp_message *message,
                       struct fault *fault)
{
    for (;;) {
        long wait = -1;
        if (deadline >= 0) {
            int64_t left = deadline - zclock_mono();
            wait = left < 0 ? 0 : (long)left;
        }
        zmq_pollitem_t item = {zsock_resolve(client->socket), 0, ZMQ_POLLIN, 0};
        int ready = zmq_poll(&item, 1, wait);
        if (zsys_interrupted)
            return fault_set(fault, "mdp.interrupted", "interrupted");
        if (ready == 0)
            return fault_set(fault, "mdp.timeout", "%s: no answer in time", client->endpoint);
        if (ready < 0)
            continue; /* EINTR */
        zmsg_t *frames = zmsg_recv(client->socket);
        if (!frames || mdp_decode(message, &frames, true, NULL))
            continue;
        if (message->role == MDP_CLIENT)
            return 0;
        mdp_message_clear(message);
    }
}

static int64_t deadline_of(int timeout_ms)
{
    return timeout_ms < 0 ? -1 : zclock_mono() + timeout_ms;
}

zmsg_t *mdp_client_receive(struct mdp_client *client, int timeout_ms, bool *final, char **service,
                           struct fault *fault)
{
    struct mdp_message message = {0};
    struct mdp_message *kept = zlist_pop(client->inbox);
    if (kept) {
        message = *kept;
        free(kept);
    } else if (read_answer(client, deadline_of(timeout_ms), &message, fault)) {
        return NULL;
    }
    zmsg_t *body = message.body;
    message.body = NULL;
    if (final)
        *final = message.command == MDP_FINAL;
    if (service) {
        *service = message.service;
        message.service = NULL;
    }
    mdp_message_clear(&message);
    return body;
}

static void keep_for_later(struct mdp_client *client, struct mdp_message *message)
{
    struct mdp_message *kept = xcalloc(1, sizeof *kept);
    *kept = *message;
    zlist_append(client->inbox, kept);
    *message = (struct mdp_message){0};
}

zmsg_t *mdp_client_call(struct mdp_client *client, const char *service, zmsg_t **body,
                        int timeout_ms, struct fault *fault)
{
    if (mdp_client_send(client, service, body, fault))
        return NULL;
    int64_t deadline = deadline_of(timeout_ms);
    struct mdp_message message = {0};
    while (read_answer(client, deadline, &message, fault) == 0) {
        if (message.command != MDP_FINAL || strcmp(message.service, service) != 0) {
            keep_for_later(client, &message);
            continue;
        }
        zmsg_t *answer = message.body;
        message.body = NULL;
        mdp_message_clear(&message);
        return answer;
    }
    if (connect_broker(client, NULL))
        fault_set(fault, "mdp.connect", "%s: cannot connect again", client->endpoint);
    return NULL;
}

/* Makes a call that may be repeated without harm until there is an answer. */
static zmsg_t *call_again(struct mdp_client *client, const char *service, zmsg_t **body, int tries,
                          struct fault *fault)
{
    zmsg_t *answer = NULL;
    struct fault why = {.code = "mdp.timeout"};
    while (!answer && tries-- > 0 && strcmp(why.code, "mdp.timeout") == 0) {
        zmsg_t *copy = zmsg_dup(*body);
        answer = mdp_client_call(client, service, &copy, CALL_TIMEOUT_MS, &why);
    }
    zmsg_destroy(body);
    if (!answer && fault)
        *fault = why;
    return answer;
}

/* The status that an answer of 9/TSP begins with; its frame is taken off. -1 with a fault. */
static int take_status(zmsg_t *answer, struct fault *fault)
{
    char *text = zmsg_popstr(answer);
    char *end = NULL;
    long status = text ? strtol(text, &end, 10) : 0;
    bool fits = text && end != text && *end == 0 && status >= 100 && status <= 599;
    free(text);
    if (!fits)
        return fault_set(fault, "mdp.malformed", "the broker's answer has no status");
    return (int)status;
}

/* Takes over the error that goes with a status over 300: a JSON body of ours, else none. */
static void read_error(zmsg_t *answer, int status, struct fault *fault)
{
    zframe_t *frame = zmsg_first(answer);
    struct jv *body =
        frame ? jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL) : NULL;
    const struct jv *error = jv_get(body, "error");
    const char *code = jv_get_text(error, "code");
    const char *message = jv_get_text(error, "message");
    fault_set(fault, code ? code : "titanic.refused", "%s",
              message ? message : "the broker refused the request");
    if (status == 503 && !code)
        fault_set(fault, "queue.full", "the queue is full: try again later");
    jv_destroy(&body);
}

static char *submit_options(const char *priority)
{
    unsigned char random[KEY_BYTES];
    char key[2 * KEY_BYTES + 1];
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(key, sizeof key, random, sizeof random);
    struct jv *options = jv_object();
    jv_set_text(options, "priority", priority);
    jv_set_text(options, "idempotency_key", key);
    char *text = jv_write(options);
    jv_destroy(&options);
    return text;
}

int titanic_request(struct mdp_client *client, const char *service, const char *priority,
                    zmsg_t **body, char uuid[33], struct fault *fault)
{
    zmsg_pushstr(*body, service);
    if (priority) {
        char *options = submit_options(priority);
        zmsg_pushstr(*body, options);
        free(options);
    }
    /* Without a key a second try would be a second job. */
    zmsg_t *answer = priority ? call_again(client, "jinmu.submit", body, CALL_TRIES, fault)
                              : mdp_client_call(client, "titanic.request", body,
                                                CALL_TRIES * CALL_TIMEOUT_MS, fault);
    if (!answer)
        return -1;
    int status = take_status(answer, fault);
    zframe_t *receipt = zmsg_first(answer);
    if (status == 200 && receipt && zframe_size(receipt) == 32) {
        memcpy(uuid, zframe_data(receipt), 32);
        uuid[32] = 0;
    } else if (status == 200) {
        status = fault_set(fault, "mdp.malformed", "the broker's receipt is no UUID");
    } else if (status > 0) {
        read_error(answer, status, fault);
    }
    zmsg_destroy(&answer);
    return status;
}

static zmsg_t *uuid_body(const char *uuid)
{
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, uuid);
    return body;
}

int titanic_reply(struct mdp_client *client, const char *uuid, zmsg_t **reply, struct fault *fault)
{
    zmsg_t *body = uuid_body(uuid);
    zmsg_t *answer = call_again(client, "titanic.reply", &body, CALL_TRIES, fault);
    if (!answer)
        return -1;
    int status = take_status(answer, fault);
    if (status == 200 && reply) {
        *reply = answer;
        return status;
    }
    if (status > 300)
        read_error(answer, status, fault);
    zmsg_destroy(&answer);
    return status;
}

int titanic_close(struct mdp_client *client, const char *uuid, struct fault *fault)
{
    zmsg_t *body = uuid_body(uuid);
    zmsg_t *answer = call_again(client, "titanic.close", &body, CALL_TRIES, fault);
    if (!answer)
        return -1;
    int status = take_status(answer, fault);
    if (status > 300)
        read_error(answer, status, fault);
    zmsg_destroy(&answer);
    return status;
}
