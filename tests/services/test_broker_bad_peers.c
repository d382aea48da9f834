/* What bad peers do costs them an error or a line in the log, and nobody else anything. */
#include "tests/services/stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage_open(stage, "--max-message 100000");
    *state = stage;
    return 0;
}

/* After each test: the broker is the same process, and a good client is served by a good worker. */
static int close_stage(void **state)
{
    struct stage *stage = *state;
    char body[64];
    zsock_t *client = stage_peer(stage);
    zsock_t *worker = stage_worker(stage, "good");
    zsock_send(client, "ssss", "MDPC02", "\001", "good", "question");
    worker_serve(worker, "answer", body);
    assert_string_equal(body, "question");
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, 3), "answer");
    zmsg_destroy(&answer);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    assert_int_equal(process_stop(&stage->broker, 60000), 0);
    stage_close(stage);
    free(stage);
    return 0;
}

static void test_wrong_headers_and_short_frames_are_dropped_with_one_line_a_peer(void **state)
{
    struct stage *stage = *state;
    zsock_t *peer = stage_peer(stage);
    for (int i = 0; i < 100; i++) {
        zsock_send(peer, "ss", "HTTP/1.1", "GET");
        zsock_send(peer, "s", "MDPC02");
        zsock_send(peer, "z");
        zsock_send(peer, "zz");
        zsock_send(peer, "sss", "MDPW02", "\011", "x");
        zsock_send(peer, "sssss", "MDPW02", "\002", "c", "", "x");
        zsock_send(peer, "ssb", "MDPC02", "\001", "\xff\xff", (size_t)2);
    }
    zsock_t *other = stage_peer(stage);
    zsock_send(other, "s", "nonsense");
    stage_await(stage, "totals.bad_messages", 701);
    assert_true(peer_is_silent(peer, 50));
    assert_int_equal(process_log_count(stage->broker, "bad_peer"), 2);
    zsock_destroy(&peer);
    zsock_destroy(&other);
}

static void test_a_body_over_the_limit_is_refused(void **state)
{
    struct stage *stage = *state;
    zsock_t *peer = stage_peer(stage);
    char *large = calloc(100001, 1);
    memset(large, 'x', 100000);
    zsock_send(peer, "ssssss", "MDPC02", "\001", "titanic.request", "echo", large, "too much");
    zmsg_t *answer = peer_receive(peer);
    assert_string_equal(frame_text(answer, 3), "400");
    assert_non_null(strstr(frame_text(answer, 4), "input.too_large"));
    zmsg_destroy(&answer);
    zsock_send(peer, "sssss", "MDPC02", "\001", "echo", large, "too much");
    answer = peer_receive(peer);
    assert_non_null(strstr(frame_text(answer, 3), "input.too_large"));
    zmsg_destroy(&answer);
    zsock_destroy(&peer);
    free(large);
}

static void test_an_oversized_frame_costs_its_peer_the_connection(void **state)
{
    struct stage *stage = *state;
    zsock_t *peer = stage_peer(stage);
    size_t size = 1000000;
    char *large = calloc(size, 1);
    zsock_send(peer, "sssb", "MDPC02", "\001", "echo", large, size);
    assert_true(peer_is_silent(peer, 50));
    assert_int_equal(stage_number(stage, "totals.direct"), 0);
    zsock_destroy(&peer);
    free(large);
}

static void test_a_body_of_countless_frames_is_refused(void **state)
{
    struct stage *stage = *state;
    zsock_t *peer = stage_peer(stage);
    zmsg_t *frames = zmsg_new();
    zmsg_addstr(frames, "MDPC02");
    zmsg_addstr(frames, "\001");
    zmsg_addstr(frames, "echo");
    for (int i = 0; i < 5000; i++)
        zmsg_addmem(frames, "", 0);
    zmsg_send(&frames, peer);
    zmsg_t *answer = peer_receive(peer);
    assert_non_null(strstr(frame_text(answer, 3), "input.too_large"));
    zmsg_destroy(&answer);
    zsock_destroy(&peer);
}

static void test_an_answer_before_ready_is_dismissed(void **state)
{
    struct stage *stage = *state;
    zsock_t *peer = stage_peer(stage);
    zsock_send(peer, "ssszs", "MDPW02", "\004", "somebody", "x");
    zmsg_t *dismissal = peer_receive(peer);
    assert_string_equal(frame_text(dismissal, 1), "\006");
    zmsg_destroy(&dismissal);
    assert_int_equal(process_log_count(stage->broker, "not ready"), 1);
    zsock_destroy(&peer);
}

static void test_an_answer_to_a_job_of_another_worker_changes_nothing(void **state)
{
    struct stage *stage = *state;
    char uuid[33];
    zsock_t *client = stage_peer(stage);
    zsock_t *honest = stage_worker(stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(honest);
    zsock_t *liar = stage_worker(stage, "echo");
    stage_await(stage, "workers", 2);
    worker_answer(liar, request, "a lie");
    zsock_send(liar, "ssszs", "MDPW02", "\004", "unheard of", "x");
    stage_await(stage, "totals.bad_messages", 2);
    worker_answer(honest, request, "the truth");
    worker_answer(honest, request, "twice");
    zmsg_t *answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 1), "the truth");
    zmsg_destroy(&answer);
    zmsg_destroy(&request);
    zsock_destroy(&client);
    zsock_destroy(&honest);
    zsock_destroy(&liar);
}

static void test_a_worker_cannot_answer_for_a_service_that_it_did_not_register_for(void **state)
{
    struct stage *stage = *state;
    char uuid[33];
    zsock_t *client = stage_peer(stage);
    zsock_t *honest = stage_worker(stage, "echo");
    zsock_t *liar = stage_worker(stage, "other");
    stage_await(stage, "workers", 2);
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(honest);
    worker_answer(liar, request, "a lie");
    stage_await(stage, "totals.bad_messages", 1);
    peer_submit(client, "echo", "y", uuid);
    assert_true(peer_is_silent(liar, 50)); /* nor is it given any of its jobs */
    worker_answer(honest, request, "the truth");
    zmsg_destroy(&request);
    zsock_destroy(&client);
    zsock_destroy(&honest);
    zsock_destroy(&liar);
}

static void test_commands_in_the_wrong_order_change_nothing(void **state)
{
    struct stage *stage = *state;
    char uuid[33];
    zsock_t *client = stage_peer(stage);
    zsock_t *worker = stage_worker(stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(worker);
    const char *address = frame_text(request, 2);
    zsock_send(worker, "ssszs", "MDPW02", "\003", address, "a part of what nobody waits for");
    worker_answer(worker, request, "done");
    zsock_send(worker, "ssszs", "MDPW02", "\003", frame_text(request, 2), "a part after the end");
    stage_await(stage, "totals.bad_messages", 1);
    zsock_send(worker, "ss", "MDPW02", "\006");
    worker_answer(worker, request, "an answer after leaving");
    stage_await(stage, "totals.bad_messages", 2);
    zmsg_t *answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 1), "done");
    zmsg_destroy(&answer);
    zmsg_destroy(&request);
    zsock_destroy(&client);
    zsock_destroy(&worker);
}

static void test_a_second_ready_gives_the_jobs_back(void **state)
{
    struct stage *stage = *state;
    char uuid[33], body[64];
    zsock_t *client = stage_peer(stage);
    zsock_t *worker = stage_worker(stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(worker);
    zmsg_destroy(&request);
    zsock_send(worker, "sss", "MDPW02", "\001", "echo");
    worker_serve(worker, "y", body);
    assert_string_equal(body, "x");
    stage_await(stage, "totals.done", 1);
    assert_int_equal(stage_number(stage, "workers"), 1);
    zsock_destroy(&client);
    zsock_destroy(&worker);
}

static void test_colliding_identities_do_not_share_jobs(void **state)
{
    struct stage *stage = *state;
    zsock_t *workers[2];
    for (int i = 0; i < 2; i++) {
        workers[i] = zsock_new(ZMQ_DEALER);
        zsock_set_identity(workers[i], "same");
        zsock_set_rcvtimeo(workers[i], 60000);
        assert_int_equal(zsock_connect(workers[i], "%s", stage->endpoint), 0);
        zsock_send(workers[i], "sss", "MDPW02", "\001", "echo");
        stage_await(stage, "workers", 1);
    }
    zsock_t *client = stage_peer(stage);
    for (int i = 0; i < 4; i++)
        zsock_send(client, "ssss", "MDPC02", "\001", "echo", "x");
    zmsg_t *request = peer_receive(workers[0]);
    assert_true(peer_is_silent(workers[1], 100));
    zmsg_destroy(&request);
    zsock_destroy(&client);
    zsock_destroy(&workers[0]);
    zsock_destroy(&workers[1]);
}

static void test_nobody_can_register_for_the_brokers_own_services(void **state)
{
    struct stage *stage = *state;
    const char *services[] = {"titanic.request", "mmi.service", "jinmu.status"};
    for (int i = 0; i < 3; i++) {
        zsock_t *liar = stage_worker(stage, services[i]);
        zmsg_t *dismissal = peer_receive(liar);
        assert_string_equal(frame_text(dismissal, 1), "\006");
        zmsg_destroy(&dismissal);
        zsock_destroy(&liar);
    }
    assert_int_equal(stage_number(stage, "workers"), 0);
}

static void test_a_flood_of_heartbeats_is_logged_once(void **state)
{
    struct stage *stage = *state;
    zsock_t *worker = stage_worker(stage, "echo");
    stage_await(stage, "workers", 1);
    for (int i = 0; i < 20000; i++)
        zsock_send(worker, "ss", "MDPW02", "\005");
    zsock_send(worker, "ss", "MDPW02", "\006");
    stage_await(stage, "workers", 0);
    assert_int_equal(process_log_count(stage->broker, "flood of heartbeats"), 1);
    zsock_destroy(&worker);
}

/* Submits bodies of 20 KB until one is refused with 503; how many were acknowledged. */
static int fill(struct stage *stage)
{
    enum { MOST = 1000 };
    char *body = calloc(20001, 1);
    memset(body, 'x', 20000);
    zsock_t *client = stage_peer(stage);
    int accepted = 0;
    bool refused = false;
    while (!refused && accepted < MOST) {
        zmsg_t *answer = peer_ask(client, "titanic.request", "echo", body);
        refused = strcmp(frame_text(answer, 0), "503") == 0;
        accepted += !refused;
        zmsg_destroy(&answer);
    }
    assert_true(refused);
    zsock_destroy(&client);
    free(body);
    return accepted;
}

static void test_a_full_disk_becomes_a_refusal_and_nothing_acknowledged_is_lost(void **state)
{
    struct stage *stage = *state;
    struct rlimit old, small;
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 500000;
    setrlimit(RLIMIT_FSIZE, &small); /* inherited by the broker: its files cannot grow beyond */
    stage_restart(stage, "");
    setrlimit(RLIMIT_FSIZE, &old);
    int accepted = fill(stage);
    assert_true(accepted > 0);
    assert_true(stage_number(stage, "commits.failed") > 0);
    assert_int_equal(stage_number(stage, "spool.unfinished"), accepted);
    stage_restart(stage, "");
    assert_int_equal(stage_number(stage, "spool.unfinished"), accepted);
    assert_int_equal(stage_number(stage, "queue.interactive.ready"), accepted);
}

#define BAD(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
int main(void)
{
    const struct CMUnitTest tests[] = {
        BAD(test_wrong_headers_and_short_frames_are_dropped_with_one_line_a_peer),
        BAD(test_a_body_over_the_limit_is_refused),
        BAD(test_an_oversized_frame_costs_its_peer_the_connection),
        BAD(test_a_body_of_countless_frames_is_refused),
        BAD(test_an_answer_before_ready_is_dismissed),
        BAD(test_an_answer_to_a_job_of_another_worker_changes_nothing),
        BAD(test_a_worker_cannot_answer_for_a_service_that_it_did_not_register_for),
        BAD(test_commands_in_the_wrong_order_change_nothing),
        BAD(test_a_second_ready_gives_the_jobs_back),
        BAD(test_colliding_identities_do_not_share_jobs),
        BAD(test_nobody_can_register_for_the_brokers_own_services),
        BAD(test_a_flood_of_heartbeats_is_logged_once),
        BAD(test_a_full_disk_becomes_a_refusal_and_nothing_acknowledged_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
