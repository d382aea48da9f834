#include "common/guard.h"

#include "common/log.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENFORCE_DOMAIN = 93, /* ZMQ_ZAP_ENFORCE_DOMAIN; czmq's function for it does nothing */
    HANDSHAKE_MS = 5000,
    HEARTBEAT_MS = 5000,
    SILENCE_MS = 20000,
    TEST_MS = 5000,
};

struct guard {
    struct keys *keys; /* of this thread; zap has its own */
    struct zap *zap;
    struct key_pair own;
};

struct guard *guard_new(const char *keys_folder, enum key_role role,
                        const struct connection_limits *limits, struct fault *fault)
{
    struct guard *guard = xcalloc(1, sizeof *guard);
    struct keys *keys = NULL;
    guard->keys = keys_open(keys_folder, fault);
    if (!guard->keys || keys_own_or_make(guard->keys, role, &guard->own, fault) ||
        !(keys = keys_open(keys_folder, fault)) || !(guard->zap = zap_new(&keys, limits, fault)))
        guard_destroy(&guard);
    keys_close(&keys);
    return guard;
}

void guard_destroy(struct guard **guard)
{
    if (!*guard)
        return;
    zap_destroy(&(*guard)->zap);
    keys_close(&(*guard)->keys);
    key_pair_clear(&(*guard)->own);
    free(*guard);
    *guard = NULL;
}

/* libzmq admits everybody unless all of this is set, and ZAP runs, before the socket is bound. */
static int require_keys(const struct guard *guard, zsock_t *socket, const char *roles,
                        struct fault *fault)
{
    zsock_set_zap_domain(socket, roles);
    zsock_set_curve_server(socket, 1);
    zsock_set_curve_publickey(socket, guard->own.public_key);
    zsock_set_curve_secretkey(socket, guard->own.secret_key);
    zsock_set_handshake_ivl(socket, HANDSHAKE_MS);
    zsock_set_heartbeat_ivl(socket, HEARTBEAT_MS);
    zsock_set_heartbeat_timeout(socket, SILENCE_MS);
    if (zmq_setsockopt(zsock_resolve(socket), ENFORCE_DOMAIN, &(int){1}, sizeof(int)))
        return fault_set(fault, "guard.socket", "cannot enforce the ZAP domain: %s",
                         zmq_strerror(zmq_errno()));
    return 0;
}

int guard_bind(struct guard *guard, zsock_t *socket, const char *roles, const char *endpoint,
               struct fault *fault)
{
    if (require_keys(guard, socket, roles, fault) || zap_watch(guard->zap, socket, fault))
        return -1;
    if (zsock_bind(socket, "%s", endpoint) < 0)
        return fault_set(fault, "guard.bind", "%s: %s", endpoint, zmq_strerror(zmq_errno()));
    int type = zsock_type(socket) == ZMQ_XPUB ? ZMQ_SUB : ZMQ_DEALER;
    char *bound = zsock_last_endpoint(socket);
    struct identity stranger = {0};
    int status = key_pair_make(&stranger.own, fault);
    memcpy(stranger.server, guard->own.public_key, sizeof stranger.server);
    zap_expect(guard->zap, stranger.own.public_key);
    if (status == 0)
        status = guard_test_refusal(bound, &stranger, type, fault);
    key_pair_clear(&stranger.own);
    free(bound);
    return status;
}

void guard_cut(struct guard *guard, const zsock_t *socket)
{
    zap_cut(guard->zap, socket);
}

void guard_close(zsock_t **socket)
{
    if (*socket)
        zmq_socket_monitor(zsock_resolve(*socket), NULL, 0);
    zsock_destroy(socket);
}

const struct key *guard_sender(struct guard *guard, zframe_t *frame)
{
    const char *public_key = frame ? zframe_meta(frame, "User-Id") : NULL;
    return public_key ? keys_find(guard->keys, public_key) : NULL;
}

const struct key *guard_key(struct guard *guard, const char *public_key)
{
    return keys_find(guard->keys, public_key);
}

void guard_limit(struct guard *guard, const struct connection_limits *limits)
{
    zap_limit(guard->zap, limits);
}

uint64_t guard_generation(struct guard *guard)
{
    return keys_generation(guard->keys);
}

uint64_t guard_losses(struct guard *guard)
{
    return keys_losses(guard->keys);
}

int guard_descriptor(const struct guard *guard)
{
    return keys_descriptor(guard->keys);
}

int guard_ended(const struct guard *guard)
{
    return zap_ended(guard->zap);
}

void guard_identify(zsock_t *socket, const struct identity *identity)
{
    if (!identity)
        return;
    zsock_set_curve_serverkey(socket, identity->server);
    zsock_set_curve_publickey(socket, identity->own.public_key);
    zsock_set_curve_secretkey(socket, identity->own.secret_key);
    zsock_set_handshake_ivl(socket, HANDSHAKE_MS);
    zsock_set_heartbeat_ivl(socket, HEARTBEAT_MS);
    zsock_set_heartbeat_timeout(socket, SILENCE_MS);
}

/* --- The test ------------------------------------------------------------------------------- */

/* The first verdict on our connection; 0 when there is none in time. */
static uint16_t await_verdict(zsock_t *monitor)
{
    int64_t deadline = zclock_mono() + TEST_MS;
    for (;;) {
        int64_t left = deadline - zclock_mono();
        zmq_pollitem_t item = {zsock_resolve(monitor), 0, ZMQ_POLLIN, 0};
        if (left <= 0)
            return 0;
        if (zmq_poll(&item, 1, (long)left) <= 0)
            continue;
        uint16_t event = 0;
        zmsg_t *message = zmsg_recv(monitor);
        zframe_t *frame = message ? zmsg_first(message) : NULL;
        if (frame && zframe_size(frame) >= sizeof event)
            memcpy(&event, zframe_data(frame), sizeof event);
        zmsg_destroy(&message);
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED || event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
            return event;
    }
}

static uint16_t try_connection(const char *endpoint, const struct identity *stranger, int type)
{
    char events[64]; /* libzmq gives up a name some time after its socket was destroyed */
    uint16_t verdict = 0;
    zsock_t *socket = zsock_new(type), *monitor = zsock_new(ZMQ_PAIR);
    snprintf(events, sizeof events, "inproc://guard-test-%lld", (long long)zclock_usecs());
    guard_identify(socket, stranger);
    if (zmq_socket_monitor(zsock_resolve(socket), events,
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) == 0 &&
        zsock_connect(monitor, "%s", events) == 0 && zsock_connect(socket, "%s", endpoint) == 0)
        verdict = await_verdict(monitor);
    zmq_socket_monitor(zsock_resolve(socket), NULL, 0);
    while (zsock_events(monitor) & ZMQ_POLLIN) { /* libzmq leaks events that nobody has read */
        zmsg_t *event = zmsg_recv(monitor);
        zmsg_destroy(&event);
    }
    zsock_destroy(&socket);
    zsock_destroy(&monitor);
    return verdict;
}

int guard_greet(const char *endpoint, const struct identity *identity, struct fault *fault)
{
    switch (try_connection(endpoint, identity, ZMQ_DEALER)) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        return 0;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return fault_set(
            fault, "keys.refused",
            "%s refuses this key (%s): it is unknown there, revoked, or of another role", endpoint,
            identity->own.public_key);
    default:
        return fault_set(fault, "services.none",
                         "%s does not answer, or as somebody else than its key says", endpoint);
    }
}

int guard_test_refusal(const char *endpoint, const struct identity *stranger, int type,
                       struct fault *fault)
{
    uint16_t verdict = try_connection(endpoint, stranger, type);
    if (verdict == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        return 0;
    return fault_set(fault, "guard.open",
                     verdict ? "%s lets an unknown key in: refusing to run"
                             : "%s did not say that it refuses an unknown key: refusing to run",
                     endpoint);
}
