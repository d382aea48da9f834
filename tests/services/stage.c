#include "tests/services/stage.h"

#include "common/guard.h"
#include "common/json.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60000, START_MS = 60000, MOST_ARGUMENTS = 12 };

static void start(struct stage *stage, const char *options)
{
    const char *argv[MOST_ARGUMENTS + 1] = {"jinmu-broker", "--state", stage->directory};
    size_t count = 3;
    char *words = xstrdup(options), *save;
    for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        assert_true(count < MOST_ARGUMENTS);
        argv[count++] = word;
    }
    stage->broker = process_start(argv, "broker_ready", START_MS);
    free(words);
    assert_non_null(stage->broker);
}

void stage_open(struct stage *stage, const char *options)
{
    *stage = (struct stage){.directory = scratch_new()};
    struct strbuf endpoint = {0};
    strbuf_printf(&endpoint, "ipc://%s/broker.sock", stage->directory);
    stage->endpoint = strbuf_take(&endpoint);
    start(stage, options);
}

static struct keys *open_keys(const struct stage *stage)
{
    char *folder = state_path(stage->directory, "keys");
    struct keys *keys = keys_open(folder, NULL);
    assert_non_null(keys);
    free(folder);
    return keys;
}

void stage_open_tcp(struct stage *stage, const char *options)
{
    struct key_pair pair;
    struct strbuf all = {0};
    *stage = (struct stage){.directory = scratch_new()};
    struct keys *keys = open_keys(stage);
    assert_int_equal(keys_own_or_make(keys, KEY_BROKER, &pair, NULL), 0);
    keys_close(&keys);
    key_pair_clear(&pair);
    stage->admin = stage_identity(stage, "admin", "stage");
    strbuf_printf(&all, "--endpoint tcp://127.0.0.1:* %s", options);
    start(stage, all.text);
    stage->endpoint = process_log_value(stage->broker, "endpoint=");
    strbuf_free(&all);
}

struct identity *stage_stranger(const struct stage *stage)
{
    struct identity identity;
    struct key_pair server;
    struct keys *keys = open_keys(stage);
    assert_int_equal(key_pair_make(&identity.own, NULL), 0);
    assert_int_equal(keys_own(keys, KEY_BROKER, &server, NULL), 0);
    memcpy(identity.server, server.public_key, sizeof identity.server);
    keys_close(&keys);
    key_pair_clear(&server);
    return identity_copy(&identity);
}

struct identity *stage_identity(const struct stage *stage, const char *role, const char *name)
{
    struct key key;
    struct identity *identity = stage_stranger(stage);
    struct keys *keys = open_keys(stage);
    assert_int_equal(key_init(&key, name, role, identity->own.public_key, NULL), 0);
    assert_int_equal(keys_add(keys, &key, NULL), 0);
    keys_close(&keys);
    return identity;
}

void stage_restart(struct stage *stage, const char *options)
{
    process_destroy(&stage->broker);
    start(stage, options);
}

void stage_close(struct stage *stage)
{
    process_destroy(&stage->broker);
    scratch_destroy(&stage->directory);
    free(stage->endpoint);
    stage->endpoint = NULL;
    identity_destroy(&stage->admin);
}

zsock_t *stage_peer(const struct stage *stage)
{
    return stage_peer_as(stage, stage->admin);
}

zsock_t *stage_peer_as(const struct stage *stage, const struct identity *identity)
{
    zsock_t *peer = zsock_new(ZMQ_DEALER);
    guard_identify(peer, identity);
    zsock_set_rcvtimeo(peer, PATIENCE_MS);
    zsock_set_linger(peer, 1000);
    assert_int_equal(zsock_connect(peer, "%s", stage->endpoint), 0);
    return peer;
}

zsock_t *stage_worker(const struct stage *stage, const char *service)
{
    zsock_t *worker = stage_peer(stage);
    zsock_send(worker, "sss", "MDPW02", "\001", service);
    return worker;
}

const char *frame_text(zmsg_t *message, size_t index)
{
    static char text[4096];
    zframe_t *frame = zmsg_first(message);
    while (frame && index-- > 0)
        frame = zmsg_next(message);
    size_t size = frame ? zframe_size(frame) : 0;
    if (size > sizeof text - 1)
        size = sizeof text - 1;
    if (size)
        memcpy(text, zframe_data(frame), size);
    text[size] = 0;
    return text;
}

static bool is_heartbeat(zmsg_t *message)
{
    size_t count = zmsg_size(message);
    return (count == 2 && strcmp(frame_text(message, 0), "MDPW02") == 0 &&
            strcmp(frame_text(message, 1), "\005") == 0) ||
           (count == 3 && strcmp(frame_text(message, 1), "MDPW01") == 0 &&
            strcmp(frame_text(message, 2), "\004") == 0);
}

zmsg_t *peer_receive(zsock_t *peer)
{
    for (;;) {
        zmsg_t *message = zmsg_recv(peer);
        if (!message)
            fail_msg("no message within %d ms", PATIENCE_MS);
        if (!is_heartbeat(message))
            return message;
        zmsg_destroy(&message);
    }
}

bool peer_is_silent(zsock_t *peer, int ms)
{
    int64_t deadline = zclock_mono() + ms;
    bool silent = true;
    while (silent && zclock_mono() < deadline) {
        zmq_pollitem_t item = {zsock_resolve(peer), 0, ZMQ_POLLIN, 0};
        if (zmq_poll(&item, 1, deadline - zclock_mono()) <= 0)
            break;
        zmsg_t *message = zmsg_recv(peer);
        silent = is_heartbeat(message);
        zmsg_destroy(&message);
    }
    return silent;
}

/* The body of a FINAL for that service. */
static zmsg_t *final_body(zsock_t *peer, const char *service)
{
    zmsg_t *message = peer_receive(peer);
    assert_string_equal(frame_text(message, 0), "MDPC02");
    assert_string_equal(frame_text(message, 1), "\003");
    assert_string_equal(frame_text(message, 2), service);
    for (int i = 0; i < 3; i++) {
        zframe_t *frame = zmsg_pop(message);
        zframe_destroy(&frame);
    }
    return message;
}

zmsg_t *peer_ask(zsock_t *peer, const char *service, const char *first, const char *second)
{
    if (second)
        zsock_send(peer, "sssss", "MDPC02", "\001", service, first, second);
    else
        zsock_send(peer, "ssss", "MDPC02", "\001", service, first);
    return final_body(peer, service);
}

void peer_submit(zsock_t *peer, const char *service, const char *body, char uuid[33])
{
    zmsg_t *answer = peer_ask(peer, "titanic.request", service, body);
    assert_string_equal(frame_text(answer, 0), "200");
    assert_int_equal(zmsg_size(answer), 2);
    snprintf(uuid, 33, "%.32s", frame_text(answer, 1));
    assert_int_equal(strlen(uuid), 32);
    zmsg_destroy(&answer);
}

zmsg_t *peer_await_reply(zsock_t *peer, const char *uuid)
{
    int64_t deadline = zclock_mono() + PATIENCE_MS;
    for (;;) {
        zmsg_t *answer = peer_ask(peer, "titanic.reply", uuid, NULL);
        if (strcmp(frame_text(answer, 0), "300") != 0)
            return answer;
        zmsg_destroy(&answer);
        if (zclock_mono() > deadline)
            fail_msg("%s is still pending", uuid);
        zclock_sleep(2);
    }
}

void worker_answer(zsock_t *worker, zmsg_t *request, const char *reply)
{
    assert_string_equal(frame_text(request, 0), "MDPW02");
    assert_string_equal(frame_text(request, 1), "\002");
    zsock_send(worker, "ssszs", "MDPW02", "\004", frame_text(request, 2), reply);
}

void worker_serve(zsock_t *worker, const char *reply, char body[64])
{
    zmsg_t *request = peer_receive(worker);
    if (body)
        snprintf(body, 64, "%.63s", frame_text(request, 4));
    worker_answer(worker, request, reply);
    zmsg_destroy(&request);
}

double stage_number(const struct stage *stage, const char *path)
{
    zsock_t *peer = stage_peer(stage);
    zmsg_t *answer = peer_ask(peer, "jinmu.status", "{}", NULL);
    zframe_t *frame = zmsg_first(answer);
    struct jv *status = jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL);
    assert_non_null(status);
    const struct jv *value = status;
    char *copy = xstrdup(path);
    for (char *save, *name = strtok_r(copy, ".", &save); name; name = strtok_r(NULL, ".", &save))
        value = jv_get(value, name);
    double number = jv_is_array(value) ? (double)jv_count(value) : jv_number(value, -1);
    free(copy);
    jv_destroy(&status);
    zmsg_destroy(&answer);
    zsock_destroy(&peer);
    return number;
}

void stage_await(const struct stage *stage, const char *path, double value)
{
    int64_t deadline = zclock_mono() + PATIENCE_MS;
    double now;
    while ((now = stage_number(stage, path)) != value) {
        if (zclock_mono() > deadline)
            fail_msg("%s is %g, not %g", path, now, value);
        zclock_sleep(2);
    }
}
