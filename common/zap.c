#include "common/zap.h"

#include "common/complaints.h"
#include "common/deaf.h"
#include "common/strbuf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static const char handler_endpoint[] = "inproc://zeromq.zap.01";
enum { PUBLIC_KEY_BYTES = 32, MOST_WATCHED = 4, DEAF_MS = 1000 };

/* What the thread works with. */
struct handler {
    struct keys *keys;
    zsock_t *requests; /* from libzmq */
    zsock_t *monitors[MOST_WATCHED];
    struct deaf *deaf;          /* to those who come too often */
    bool failing[MOST_WATCHED]; /* the connection that is told of next failed in its handshake */
    unsigned watched;
    struct connections *connections;
    struct complaints *complaints;
    char expected[KEY_CHARACTERS + 1]; /* to be refused: zap_expect */
    int ended;
};

struct zap {
    zactor_t *actor;
    int ended;
    const zsock_t *sockets[MOST_WATCHED];
    unsigned watched;
};

/* --- Keys ----------------------------------------------------------------------------------- */

static bool admits(const char *domain, enum key_role role)
{
    const char *name = key_role_names[role];
    size_t length = strlen(name);
    for (const char *at = domain; at && *at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == 0))
            return true;
    }
    return false;
}

/* The request's frames are version, id, domain, address, routing id, mechanism, credentials. */
static const struct key *judge(struct handler *handler, zmsg_t *request,
                               char user[KEY_CHARACTERS + 1])
{
    const struct key *key = NULL;
    zframe_t *frames[7] = {zmsg_first(request)};
    for (int i = 1; i < 7; i++)
        frames[i] = zmsg_next(request);
    if (zmsg_size(request) != 7 || !zframe_streq(frames[0], "1.0") ||
        !zframe_streq(frames[5], "CURVE") || zframe_size(frames[6]) != PUBLIC_KEY_BYTES)
        return NULL;
    char *domain = zframe_strdup(frames[2]);
    if (zmq_z85_encode(user, zframe_data(frames[6]), PUBLIC_KEY_BYTES))
        key = keys_find(handler->keys, user);
    if (key && !admits(domain, key->role))
        key = NULL;
    zstr_free(&domain);
    return key;
}

static void complain_of_key(struct handler *handler, zmsg_t *request, const char *user)
{
    zframe_t *frame = zmsg_first(request);
    for (int i = 0; frame && i < 3; i++)
        frame = zmsg_next(request);
    char *address = frame ? zframe_strdup(frame) : NULL;
    if (strcmp(user, handler->expected) != 0)
        complain_of(handler->complaints, address ? address : "",
                    "its key is unknown, revoked, or of a role that has no access here");
    free(address);
}

static void answer_request(struct handler *handler)
{
    char user[KEY_CHARACTERS + 1] = "";
    zmsg_t *request = zmsg_recv(handler->requests);
    if (!request)
        return;
    const struct key *key = judge(handler, request, user);
    zframe_t *id = zmsg_first(request) ? zmsg_next(request) : NULL;
    zmsg_t *answer = zmsg_new();
    zmsg_addstr(answer, "1.0");
    zmsg_addmem(answer, id ? zframe_data(id) : NULL, id ? zframe_size(id) : 0);
    zmsg_addstr(answer, key ? "200" : "400");
    zmsg_addstr(answer, key ? "OK" : "no access");
    zmsg_addstr(answer, key ? user : "");
    zmsg_addmem(answer, NULL, 0);
    if (zmsg_send(&answer, handler->requests))
        zmsg_destroy(&answer);
    if (!key)
        complain_of_key(handler, request, user);
    zmsg_destroy(&request);
}

/* --- Connections ---------------------------------------------------------------------------- */

static bool address_of(int connection, struct sockaddr_storage *address,
                       char text[INET6_ADDRSTRLEN])
{
    socklen_t length = sizeof *address;
    if (getpeername(connection, (struct sockaddr *)address, &length))
        return false;
    if (address->ss_family == AF_INET)
        return inet_ntop(AF_INET, &((struct sockaddr_in *)address)->sin_addr, text,
                         INET6_ADDRSTRLEN);
    if (address->ss_family == AF_INET6)
        return inet_ntop(AF_INET6, &((struct sockaddr_in6 *)address)->sin6_addr, text,
                         INET6_ADDRSTRLEN);
    return false;
}

static void begin_connection(struct handler *handler, unsigned source, int connection)
{
    struct sockaddr_storage address;
    char text[INET6_ADDRSTRLEN];
    int64_t now = zclock_mono();
    if (!address_of(connection, &address, text))
        return; /* it has ended already */
    if (connections_begin(handler->connections, source, connection, text, now))
        return;
    deaf_turn(handler->deaf, &address, now, DEAF_MS);
    complain_of(handler->complaints, text, "too many connections");
}

static void end_connection(struct handler *handler, unsigned source, int connection)
{
    char address[ADDRESS_BYTES];
    enum connection_end end = connections_end(handler->connections, source, connection, address);
    if (end == CONNECTION_CUT)
        complain_of(handler->complaints, address,
                    "it sent no ZMTP, a frame over the limit, or nothing for too long");
    else if (end == CONNECTION_LEFT && handler->failing[source])
        complain_of(handler->complaints, address, "it did not shake hands as CURVE wants it");
    /* Only of one that was let in somebody may wait for an answer. */
    if (end != CONNECTION_TURNED_AWAY && !handler->failing[source])
        eventfd_write(handler->ended, 1);
    handler->failing[source] = false;
}

static void handle_event(struct handler *handler, unsigned source, zmq_msg_t *message)
{
    uint16_t event = 0;
    uint32_t value = 0;
    if (zmq_msg_size(message) != sizeof event + sizeof value)
        return;
    memcpy(&event, zmq_msg_data(message), sizeof event);
    memcpy(&value, (char *)zmq_msg_data(message) + sizeof event, sizeof value);
    switch (event) {
    case ZMQ_EVENT_LISTENING:
        deaf_add_listener(handler->deaf, (int)value);
        break;
    case ZMQ_EVENT_ACCEPTED:
        begin_connection(handler, source, (int)value);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        end_connection(handler, source, (int)value);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        handler->failing[source] = true;
        break;
    }
}

static void drain_monitor(struct handler *handler, unsigned source)
{
    void *monitor = zsock_resolve(handler->monitors[source]);
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, monitor, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_more(&message)) /* behind an event comes the endpoint */
            handle_event(handler, source, &message);
    }
    zmq_msg_close(&message);
}

/* --- The thread ----------------------------------------------------------------------------- */

static int watch(struct handler *handler, const char *endpoint)
{
    zsock_t *monitor = zsock_new(ZMQ_PAIR);
    if (!monitor || zsock_connect(monitor, "%s", endpoint)) {
        zsock_destroy(&monitor);
        return -1;
    }
    handler->monitors[handler->watched++] = monitor;
    return 0;
}

static void *read_value(zframe_t *frame, void *value, size_t size)
{
    assert(zframe_size(frame) == size);
    return memcpy(value, zframe_data(frame), size);
}

/* A command is its name and what belongs to it, and is answered with a signal. False: to end. */
static bool obey(struct handler *handler, zsock_t *pipe)
{
    zmsg_t *command = zmsg_recv(pipe);
    zframe_t *name = command ? zmsg_pop(command) : NULL;
    zframe_t *value = command ? zmsg_first(command) : NULL;
    bool goes_on = name && !zframe_streq(name, "$TERM");
    struct connection_limits limits;
    unsigned source;
    int status = 0;
    if (!goes_on)
        goto done;
    if (zframe_streq(name, "WATCH"))
        status = watch(handler, (const char *)zframe_data(value));
    else if (zframe_streq(name, "CUT"))
        connections_cut(handler->connections,
                        *(unsigned *)read_value(value, &source, sizeof source));
    else if (zframe_streq(name, "LIMITS"))
        connections_limit(handler->connections, read_value(value, &limits, sizeof limits));
    else if (zframe_streq(name, "EXPECT"))
        read_value(value, handler->expected, sizeof handler->expected);
    zsock_signal(pipe, status ? 1 : 0);
done:
    zframe_destroy(&name);
    zmsg_destroy(&command);
    return goes_on;
}

static void serve(zsock_t *pipe, void *argument)
{
    struct handler *handler = argument;
    enum { PIPE, REQUESTS, MONITORS };
    zmq_pollitem_t items[MONITORS + MOST_WATCHED] = {
        [PIPE] = {zsock_resolve(pipe), 0, ZMQ_POLLIN, 0},
        [REQUESTS] = {zsock_resolve(handler->requests), 0, ZMQ_POLLIN, 0}};
    zsock_signal(pipe, 0);
    for (;;) {
        for (unsigned i = 0; i < handler->watched; i++)
            items[MONITORS + i] =
                (zmq_pollitem_t){zsock_resolve(handler->monitors[i]), 0, ZMQ_POLLIN, 0};
        int wait_ms = deaf_refresh(handler->deaf, zclock_mono());
        if (zmq_poll(items, MONITORS + (int)handler->watched, wait_ms) < 0 && errno != EINTR)
            break;
        for (unsigned i = 0; i < handler->watched; i++)
            drain_monitor(handler, i);
        if (items[REQUESTS].revents & ZMQ_POLLIN)
            answer_request(handler);
        if ((items[PIPE].revents & ZMQ_POLLIN) && !obey(handler, pipe))
            break;
    }
    for (unsigned i = 0; i < handler->watched; i++) {
        drain_monitor(handler, i); /* libzmq leaks events that nobody has read */
        zsock_destroy(&handler->monitors[i]);
    }
    zsock_destroy(&handler->requests);
    connections_destroy(&handler->connections);
    complaints_destroy(&handler->complaints);
    deaf_destroy(&handler->deaf);
    keys_close(&handler->keys);
    free(handler);
}

struct zap *zap_new(struct keys **keys, const struct connection_limits *limits, struct fault *fault)
{
    zsock_t *requests = zsock_new(ZMQ_REP);
    int ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!requests || ended < 0 || zsock_bind(requests, "%s", handler_endpoint) < 0) {
        fault_set(fault, "zap.start", "%s: %s", handler_endpoint, zmq_strerror(zmq_errno()));
        zsock_destroy(&requests);
        if (ended >= 0)
            close(ended);
        return NULL;
    }
    struct handler *handler = xcalloc(1, sizeof *handler);
    handler->keys = *keys;
    handler->requests = requests;
    handler->connections = connections_new(limits);
    handler->complaints = complaints_new();
    handler->deaf = deaf_new();
    handler->ended = ended;
    *keys = NULL;
    struct zap *zap = xcalloc(1, sizeof *zap);
    zap->ended = ended;
    zap->actor = zactor_new(serve, handler);
    return zap;
}

void zap_destroy(struct zap **zap)
{
    if (!*zap)
        return;
    zactor_destroy(&(*zap)->actor);
    close((*zap)->ended);
    free(*zap);
    *zap = NULL;
}

/* 0 when the thread has done it. */
static int command(struct zap *zap, const char *name, const void *value, size_t size)
{
    zsock_send(zap->actor, "sb", name, value, size);
    return zsock_wait(zap->actor);
}

int zap_watch(struct zap *zap, zsock_t *socket, struct fault *fault)
{
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "inproc://zap-monitor-%u", zap->watched);
    assert(zap->watched < MOST_WATCHED);
    if (zmq_socket_monitor(zsock_resolve(socket), endpoint,
                           ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL))
        return fault_set(fault, "zap.monitor", "%s", zmq_strerror(zmq_errno()));
    zap->sockets[zap->watched++] = socket;
    if (command(zap, "WATCH", endpoint, strlen(endpoint) + 1))
        return fault_set(fault, "zap.monitor", "%s cannot be read", endpoint);
    return 0;
}

void zap_cut(struct zap *zap, const zsock_t *socket)
{
    for (unsigned i = 0; i < zap->watched; i++)
        if (zap->sockets[i] == socket)
            command(zap, "CUT", &i, sizeof i);
}

void zap_limit(struct zap *zap, const struct connection_limits *limits)
{
    command(zap, "LIMITS", limits, sizeof *limits);
}

void zap_expect(struct zap *zap, const char *public_key)
{
    char key[KEY_CHARACTERS + 1] = "";
    snprintf(key, sizeof key, "%s", public_key);
    command(zap, "EXPECT", key, sizeof key);
}

int zap_ended(const struct zap *zap)
{
    return zap->ended;
}
