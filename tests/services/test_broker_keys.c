/* The broker over tcp: who gets in, and what each role may say. */
#include "common/guard.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "tests/services/stage.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOG_MS = 10000, RETRY_MS = 500 };

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage_open_tcp(stage, "--max-message 100000 --heartbeat-ms 100");
    *state = stage;
    return 0;
}

static int close_stage(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(process_stop(&stage->broker, LOG_MS), 0);
    stage_close(stage);
    free(stage);
    return 0;
}

static void revoke_key(const struct stage *stage, const char *name)
{
    char *folder = state_path(stage->directory, "keys");
    struct keys *keys = keys_open(folder, NULL);
    assert_int_equal(keys_revoke(keys, name, NULL), 0);
    keys_close(&keys);
    free(folder);
}

static void assert_greeted(const struct stage *stage, const struct identity *identity,
                           const char *code)
{
    struct fault fault = {0};
    guard_greet(stage->endpoint, identity, &fault);
    assert_string_equal(fault.code, code);
}

/* A peer of a new key; the identity goes with the socket. */
static zsock_t *peer_of_role(const struct stage *stage, const char *role, const char *name)
{
    struct identity *identity = stage_identity(stage, role, name);
    zsock_t *peer = stage_peer_as(stage, identity);
    identity_destroy(&identity);
    return peer;
}

static void test_a_worker_and_a_client_meet_over_keys(void **state)
{
    struct stage *stage = *state;
    zsock_t *client = peer_of_role(stage, "client", "c");
    zsock_t *worker = peer_of_role(stage, "worker", "w");
    char uuid[33], body[64];
    zsock_send(worker, "sss", "MDPW02", "\001", "echo");
    peer_submit(client, "echo", "hello", uuid);
    worker_serve(worker, "olleh", body);
    assert_string_equal(body, "hello");
    zmsg_t *reply = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(reply, 0), "200");
    assert_string_equal(frame_text(reply, 1), "olleh");
    zmsg_destroy(&reply);
    zsock_destroy(&worker);
    zsock_destroy(&client);
}

static void test_the_key_of_a_worker_cannot_submit(void **state)
{
    struct stage *stage = *state;
    zsock_t *worker = peer_of_role(stage, "worker", "w");
    zmsg_t *answer = peer_ask(worker, "titanic.request", "echo", "x");
    assert_string_equal(frame_text(answer, 0), "403");
    assert_non_null(strstr(frame_text(answer, 1), "access.refused"));
    zmsg_destroy(&answer);
    answer = peer_ask(worker, "echo", "x", NULL);
    assert_non_null(strstr(frame_text(answer, 0), "access.refused"));
    zmsg_destroy(&answer);
    assert_int_equal(stage_number(stage, "totals.accepted"), 0);
    assert_int_equal(stage_number(stage, "totals.direct"), 0);
    assert_int_equal(process_log_count(stage->broker, "bad_peer peer=w "), 1);
    zsock_destroy(&worker);
}

static void test_the_key_of_a_client_cannot_register_as_worker(void **state)
{
    struct stage *stage = *state;
    zsock_t *client = peer_of_role(stage, "client", "c");
    zsock_send(client, "sss", "MDPW02", "\001", "echo");
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, 0), "MDPW02");
    assert_string_equal(frame_text(answer, 1), "\006"); /* DISCONNECT */
    zmsg_destroy(&answer);
    assert_int_equal(stage_number(stage, "workers"), 0);
    zsock_destroy(&client);
}

static void test_only_an_admin_may_look_at_dead_jobs(void **state)
{
    struct stage *stage = *state;
    zsock_t *client = peer_of_role(stage, "client", "c"), *admin = stage_peer(stage);
    zmsg_t *answer = peer_ask(client, "jinmu.dead", "{\"do\":\"list\"}", NULL);
    assert_string_equal(frame_text(answer, 0), "403");
    zmsg_destroy(&answer);
    answer = peer_ask(admin, "jinmu.dead", "{\"do\":\"list\"}", NULL);
    assert_string_equal(frame_text(answer, 0), "200");
    zmsg_destroy(&answer);
    zsock_destroy(&client);
    zsock_destroy(&admin);
}

static void test_an_unknown_key_is_refused_and_logged_once(void **state)
{
    struct stage *stage = *state;
    struct identity *stranger = stage_stranger(stage);
    for (int i = 0; i < 5; i++)
        assert_greeted(stage, stranger, "keys.refused");
    assert_true(process_logged(stage->broker, "bad_peer peer=127.0.0.1 ", LOG_MS));
    assert_int_equal(process_log_count(stage->broker, "bad_peer"), 1);
    identity_destroy(&stranger);
}

static void test_the_servers_own_keys_open_no_door(void **state)
{
    struct stage *stage = *state;
    struct identity *identity = stage_stranger(stage);
    char *folder = state_path(stage->directory, "keys");
    struct keys *keys = keys_open(folder, NULL);
    assert_int_equal(keys_own(keys, KEY_BROKER, &identity->own, NULL), 0);
    assert_greeted(stage, identity, "keys.refused");
    identity_destroy(&identity);
    keys_close(&keys);
    free(folder);
}

static void test_without_a_key_nothing_gets_in_or_out(void **state)
{
    struct stage *stage = *state;
    int64_t deadline = zclock_mono() + LOG_MS;
    bool logged = false;
    /* libzmq closes its side at the greeting and never comes again. When that is before the broker's
     * thread has asked whose connection it is, it has no address to log: then another peer comes. */
    while (!logged && zclock_mono() < deadline) {
        zsock_t *peer = stage_peer_as(stage, NULL);
        zsock_send(peer, "ssss", "MDPC02", "\001", "mmi.service", "echo");
        logged = process_logged(stage->broker, "bad_peer peer=127.0.0.1 ", RETRY_MS);
        assert_true(peer_is_silent(peer, 50));
        zsock_set_linger(peer, 0);
        zsock_destroy(&peer);
    }
    assert_true(logged);
    assert_int_equal(stage_number(stage, "totals.bad_messages"), 0);
}

static void test_a_key_that_is_let_in_or_revoked_counts_at_once(void **state)
{
    struct stage *stage = *state;
    struct identity *identity = stage_stranger(stage);
    assert_greeted(stage, identity, "keys.refused");
    char *folder = state_path(stage->directory, "keys");
    struct keys *keys = keys_open(folder, NULL);
    struct key key;
    assert_int_equal(key_init(&key, "late", "client", identity->own.public_key, NULL), 0);
    assert_int_equal(keys_add(keys, &key, NULL), 0);
    assert_greeted(stage, identity, "");
    zsock_t *client = stage_peer_as(stage, identity);
    zmsg_t *answer = peer_ask(client, "mmi.service", "echo", NULL);
    assert_string_equal(frame_text(answer, 0), "404");
    zmsg_destroy(&answer);

    assert_int_equal(keys_revoke(keys, "late", NULL), 0);
    assert_greeted(stage, identity, "keys.refused");
    answer = peer_ask(client, "mmi.service", "echo", NULL); /* over the connection that it had */
    assert_string_equal(frame_text(answer, 0), "403");
    assert_non_null(strstr(frame_text(answer, 1), "this key was revoked"));
    zmsg_destroy(&answer);
    zsock_destroy(&client);
    keys_close(&keys);
    free(folder);
    identity_destroy(&identity);
}

static void test_the_job_of_a_worker_whose_key_is_revoked_goes_to_another(void **state)
{
    struct stage *stage = *state;
    zsock_t *client = stage_peer(stage), *one = peer_of_role(stage, "worker", "one");
    char uuid[33], body[64];
    zsock_send(one, "sss", "MDPW02", "\001", "echo");
    stage_await(stage, "workers", 1);
    peer_submit(client, "echo", "hello", uuid);
    zmsg_t *request = peer_receive(one);
    assert_string_equal(frame_text(request, 1), "\002");
    revoke_key(stage, "one");
    zmsg_t *dismissal = peer_receive(one);
    assert_string_equal(frame_text(dismissal, 1), "\006");
    worker_answer(one, request, "too late");
    zsock_t *other = peer_of_role(stage, "worker", "other");
    zsock_send(other, "sss", "MDPW02", "\001", "echo");
    worker_serve(other, "in time", body);
    assert_string_equal(body, "hello");
    zmsg_t *reply = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(reply, 1), "in time");
    zmsg_destroy(&reply);
    zmsg_destroy(&dismissal);
    zmsg_destroy(&request);
    zsock_destroy(&one);
    zsock_destroy(&other);
    zsock_destroy(&client);
}

static void test_a_reply_does_not_reach_a_key_that_was_revoked_meanwhile(void **state)
{
    struct stage *stage = *state;
    zsock_t *client = peer_of_role(stage, "client", "c");
    zsock_t *worker = peer_of_role(stage, "worker", "w");
    zsock_send(worker, "sss", "MDPW02", "\001", "echo");
    zsock_send(client, "ssss", "MDPC02", "\001", "echo", "hello");
    zmsg_t *request = peer_receive(worker);
    revoke_key(stage, "c");
    assert_true(process_logged(stage->broker, "keys_changed generation=", LOG_MS));
    worker_answer(worker, request, "secret");
    stage_await(stage, "totals.done", 1);
    assert_true(peer_is_silent(client, 50));
    zmsg_destroy(&request);
    zsock_destroy(&client);
    zsock_destroy(&worker);
}

static void test_a_frame_over_the_limit_ends_the_connection_and_is_logged_once(void **state)
{
    struct stage *stage = *state;
    zsock_t *client = peer_of_role(stage, "client", "c");
    size_t size = 10000000;
    char *large = calloc(size, 1);
    for (int i = 0; i < 3; i++)
        zsock_send(client, "sssb", "MDPC02", "\001", "echo", large, size);
    assert_true(process_logged(stage->broker, "a frame over the limit", LOG_MS));
    zmsg_t *answer = peer_ask(client, "mmi.service", "echo", NULL); /* it has connected again */
    assert_string_equal(frame_text(answer, 0), "404");
    zmsg_destroy(&answer);
    assert_int_equal(stage_number(stage, "totals.direct"), 0);
    assert_int_equal(process_log_count(stage->broker, "bad_peer"), 1);
    zsock_destroy(&client);
    free(large);
}

static void test_a_connection_that_says_nothing_is_ended(void **state)
{
    struct stage *stage = *state;
    struct sockaddr_in server = {.sin_family = AF_INET};
    char byte[64];
    server.sin_port = htons((uint16_t)atoi(strrchr(stage->endpoint, ':') + 1));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(connection, (struct sockaddr *)&server, sizeof server), 0);
    while (recv(connection, byte, sizeof byte, 0) > 0) { /* its greeting, then the end */
    }
    close(connection);
    assert_true(process_logged(stage->broker, "or nothing for too long", LOG_MS));
}

static void test_connections_of_one_address_have_a_limit(void **state)
{
    (void)state;
    enum { LIMIT = 6 };
    struct stage stage;
    zsock_t *peers[LIMIT];
    setenv("JINMU_LIMITS_CONNECTIONS_OF_ONE", "6", 1);
    stage_open_tcp(&stage, "");
    unsetenv("JINMU_LIMITS_CONNECTIONS_OF_ONE");
    for (int i = 0; i < LIMIT - 2; i++) { /* the test at the start, and its end, may still count */
        peers[i] = stage_peer(&stage);
        zmsg_t *answer = peer_ask(peers[i], "mmi.service", "echo", NULL);
        zmsg_destroy(&answer);
    }
    for (int i = LIMIT - 2; i < LIMIT; i++)
        peers[i] = stage_peer(&stage);
    zsock_t *more = stage_peer(&stage);
    assert_true(process_logged(stage.broker, "too many connections", LOG_MS));
    zmsg_t *answer = peer_ask(peers[0], "mmi.service", "echo", NULL); /* those that are in stay */
    assert_string_equal(frame_text(answer, 0), "404");
    zmsg_destroy(&answer);
    zsock_destroy(&more);
    for (int i = 0; i < LIMIT; i++)
        zsock_destroy(&peers[i]);
    stage_close(&stage);
}

static void test_a_peer_that_leaves_is_no_bad_peer(void **state)
{
    struct stage *stage = *state;
    zsock_t *client = peer_of_role(stage, "client", "c");
    zmsg_t *answer = peer_ask(client, "mmi.service", "echo", NULL);
    zmsg_destroy(&answer);
    zsock_destroy(&client);
    assert_int_equal(stage_number(stage, "workers"), 0);
    assert_int_equal(process_log_count(stage->broker, "bad_peer"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_worker_and_a_client_meet_over_keys, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_the_key_of_a_worker_cannot_submit, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_the_key_of_a_client_cannot_register_as_worker,
                                        open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_only_an_admin_may_look_at_dead_jobs, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_an_unknown_key_is_refused_and_logged_once, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_the_servers_own_keys_open_no_door, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_without_a_key_nothing_gets_in_or_out, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_a_key_that_is_let_in_or_revoked_counts_at_once,
                                        open_stage, close_stage),
        cmocka_unit_test_setup_teardown(
            test_the_job_of_a_worker_whose_key_is_revoked_goes_to_another, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(
            test_a_reply_does_not_reach_a_key_that_was_revoked_meanwhile, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(
            test_a_frame_over_the_limit_ends_the_connection_and_is_logged_once, open_stage,
            close_stage),
        cmocka_unit_test_setup_teardown(test_a_connection_that_says_nothing_is_ended, open_stage,
                                        close_stage),
        cmocka_unit_test(test_connections_of_one_address_have_a_limit),
        cmocka_unit_test_setup_teardown(test_a_peer_that_leaves_is_no_bad_peer, open_stage,
                                        close_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
