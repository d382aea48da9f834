/* Leases, retries, dead letters and direct requests, against the real broker. */
#include "tests/services/stage.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_final(zsock_t *client, const char *header, size_t at, const char *body)
{
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, at), header);
    assert_string_equal(frame_text(answer, zmsg_size(answer) - 1), body);
    zmsg_destroy(&answer);
}

static void test_a_direct_request_gets_the_workers_final(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    zsock_send(client, "ssss", "MDPC02", "\001", "echo", "hello");
    zmsg_t *request = peer_receive(worker);
    assert_string_equal(frame_text(request, 4), "hello");
    zsock_send(worker, "ssszs", "MDPW02", "\003", frame_text(request, 2), "half");
    worker_answer(worker, request, "all");
    zmsg_destroy(&request);
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, 1), "\002");
    assert_string_equal(frame_text(answer, 3), "half");
    zmsg_destroy(&answer);
    assert_final(client, "MDPC02", 0, "all");
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_both_protocol_versions_meet(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "");
    zsock_t *old_client = zsock_new(ZMQ_REQ); /* adds and takes the empty frame */
    zsock_set_rcvtimeo(old_client, 60000);
    zsock_connect(old_client, "%s", stage.endpoint);
    zsock_t *new_client = stage_peer(&stage);
    zsock_t *worker = stage_peer(&stage);
    zsock_send(worker, "zsss", "MDPW01", "\001", "echo");

    zsock_send(old_client, "sss", "MDPC01", "echo", "from the old");
    zmsg_t *request = peer_receive(worker);
    assert_int_equal(zmsg_size(request), 6);
    assert_string_equal(frame_text(request, 0), "");
    assert_string_equal(frame_text(request, 5), "from the old");
    zsock_send(worker, "zssszs", "MDPW01", "\003", frame_text(request, 3), "to the old");
    zmsg_destroy(&request);
    zmsg_t *answer = zmsg_recv(old_client);
    assert_int_equal(zmsg_size(answer), 3);
    assert_string_equal(frame_text(answer, 0), "MDPC01");
    assert_string_equal(frame_text(answer, 1), "echo");
    assert_string_equal(frame_text(answer, 2), "to the old");
    zmsg_destroy(&answer);

    /* A client of 0.2 that still sends the empty frame gets it back. */
    zsock_send(new_client, "zssss", "MDPC02", "\001", "echo", "from the new");
    request = peer_receive(worker);
    zsock_send(worker, "zssszs", "MDPW01", "\003", frame_text(request, 3), "to the new");
    zmsg_destroy(&request);
    answer = peer_receive(new_client);
    assert_int_equal(zmsg_size(answer), 5);
    assert_string_equal(frame_text(answer, 0), "");
    assert_string_equal(frame_text(answer, 1), "MDPC02");
    assert_string_equal(frame_text(answer, 4), "to the new");
    zmsg_destroy(&answer);
    zsock_destroy(&old_client);
    zsock_destroy(&new_client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_a_lost_workers_job_goes_to_another(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33], body[64];
    stage_open(&stage, "--heartbeat-ms 50 --backoff-ms 1");
    zsock_t *client = stage_peer(&stage);
    zsock_t *first = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "durable", uuid);
    zsock_send(client, "ssss", "MDPC02", "\001", "echo", "direct");
    for (int i = 0; i < 2; i++) {
        zmsg_t *request = peer_receive(first);
        zmsg_destroy(&request);
    }
    zsock_destroy(&first); /* gone without a word, as after kill -9 */
    zsock_t *second = stage_worker(&stage, "echo");
    bool durable = false, direct = false;
    for (int i = 0; i < 2; i++) {
        worker_serve(second, "done", body);
        durable = durable || strcmp(body, "durable") == 0;
        direct = direct || strcmp(body, "direct") == 0;
    }
    assert_true(durable && direct);
    assert_final(client, "MDPC02", 0, "done");
    zmsg_t *answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 1), "done");
    zmsg_destroy(&answer);
    assert_int_equal(stage_number(&stage, "totals.retries"), 2);
    zsock_destroy(&client);
    zsock_destroy(&second);
    stage_close(&stage);
}

static void test_a_dead_workers_connection_is_noticed_before_the_next_heartbeat(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33];
    stage_open(&stage, "--heartbeat-ms 60000 --backoff-ms 1");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(worker);
    zmsg_destroy(&request);
    zsock_destroy(&worker);
    stage_await(&stage, "totals.workers_lost", 1);
    worker = stage_worker(&stage, "echo");
    worker_serve(worker, "y", NULL);
    zsock_destroy(&worker);
    zsock_destroy(&client);
    stage_close(&stage);
}

static void test_expired_lease_goes_back_to_the_queue(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33];
    stage_open(&stage, "--heartbeat-ms 20 --lease-ms 100 --backoff-ms 1");
    zsock_t *client = stage_peer(&stage);
    zsock_t *silent = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(silent);
    stage_await(&stage, "totals.lease_expiries", 1);
    stage_await(&stage, "queue.interactive.ready", 1);
    zmsg_t *dismissal = peer_receive(silent);
    assert_string_equal(frame_text(dismissal, 1), "\006");
    zmsg_destroy(&dismissal);
    /* Its late answer counts for nothing; it is told to say READY again. */
    worker_answer(silent, request, "late");
    dismissal = peer_receive(silent);
    assert_string_equal(frame_text(dismissal, 1), "\006");
    zmsg_destroy(&dismissal);
    zmsg_destroy(&request);
    zmsg_t *answer = peer_ask(client, "titanic.reply", uuid, NULL);
    assert_string_equal(frame_text(answer, 0), "300");
    zmsg_destroy(&answer);
    zsock_destroy(&client);
    zsock_destroy(&silent);
    stage_close(&stage);
}

static void test_heartbeats_renew_a_lease(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33];
    stage_open(&stage, "--heartbeat-ms 20 --lease-ms 500");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(worker);
    for (int64_t end = zclock_mono() + 1200; zclock_mono() < end;) { /* over two leases long */
        zsock_send(worker, "ss", "MDPW02", "\005");
        zclock_sleep(20);
    }
    worker_answer(worker, request, "at last");
    zmsg_destroy(&request);
    zmsg_t *answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 1), "at last");
    zmsg_destroy(&answer);
    assert_int_equal(stage_number(&stage, "totals.lease_expiries"), 0);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_heartbeats_do_not_renew_a_lease_for_ever(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33], body[64];
    stage_open(&stage, "--heartbeat-ms 20 --max-lease-ms 200 --backoff-ms 1");
    zsock_t *client = stage_peer(&stage);
    zsock_t *stuck = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(stuck);
    zmsg_destroy(&request);
    while (stage_number(&stage, "totals.lease_expiries") == 0) {
        zsock_send(stuck, "ss", "MDPW02", "\005");
        zclock_sleep(5);
    }
    zmsg_t *dismissal = peer_receive(stuck);
    assert_string_equal(frame_text(dismissal, 1), "\006");
    zmsg_destroy(&dismissal);
    zsock_t *other = stage_worker(&stage, "echo");
    worker_serve(other, "y", body);
    assert_string_equal(body, "x");
    zsock_destroy(&client);
    zsock_destroy(&stuck);
    zsock_destroy(&other);
    stage_close(&stage);
}

static void lose_workers(struct stage *stage, int count)
{
    for (int i = 0; i < count; i++) {
        zsock_t *worker = stage_worker(stage, "echo");
        zmsg_t *request = peer_receive(worker);
        zmsg_destroy(&request);
        zsock_destroy(&worker);
        stage_await(stage, "totals.workers_lost", i + 1);
    }
}

static zmsg_t *ask_dead(zsock_t *client, const char *request)
{
    zmsg_t *answer = peer_ask(client, "jinmu.dead", request, NULL);
    assert_string_equal(frame_text(answer, 0), "200");
    return answer;
}

static void test_a_job_that_loses_every_worker_is_dead_until_retried_or_dropped(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33], request[100], body[64];
    stage_open(&stage, "--heartbeat-ms 20 --backoff-ms 1 --attempts 3");
    zsock_t *client = stage_peer(&stage);
    peer_submit(client, "echo", "poison", uuid);
    lose_workers(&stage, 3);
    zmsg_t *answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 0), "500");
    assert_non_null(strstr(frame_text(answer, 1), "job.dead"));
    zmsg_destroy(&answer);

    stage_restart(&stage, ""); /* dead letters stand on the disk */
    answer = ask_dead(client, "{\"do\":\"list\"}");
    assert_non_null(strstr(frame_text(answer, 1), uuid));
    assert_non_null(strstr(frame_text(answer, 1), "\"attempts\":3"));
    assert_non_null(strstr(frame_text(answer, 1), "every attempt"));
    zmsg_destroy(&answer);
    snprintf(request, sizeof request, "{\"do\":\"show\",\"uuid\":\"%s\"}", uuid);
    answer = ask_dead(client, request);
    assert_string_equal(frame_text(answer, 2), "poison");
    zmsg_destroy(&answer);
    answer = ask_dead(client, "{\"do\":\"retry\"}");
    assert_string_equal(frame_text(answer, 1), "1");
    zmsg_destroy(&answer);
    zsock_t *worker = stage_worker(&stage, "echo");
    worker_serve(worker, "cured", body);
    assert_string_equal(body, "poison");
    answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 1), "cured");
    zmsg_destroy(&answer);
    answer = ask_dead(client, "{\"do\":\"drop\"}");
    assert_string_equal(frame_text(answer, 1), "0");
    zmsg_destroy(&answer);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_a_worker_that_takes_leave_costs_no_attempt(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33], body[64];
    stage_open(&stage, "--attempts 1");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(worker);
    zmsg_destroy(&request);
    zsock_send(worker, "ss", "MDPW02", "\006");
    zsock_t *other = stage_worker(&stage, "echo");
    worker_serve(other, "y", body);
    assert_string_equal(body, "x");
    zsock_destroy(&client);
    zsock_destroy(&worker);
    zsock_destroy(&other);
    stage_close(&stage);
}

static void test_a_worker_holds_no_more_than_its_credit(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "--credit 2");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    for (int i = 0; i < 5; i++) {
        zsock_send(client, "ssssss", "MDPC02", "\001", "jinmu.submit", "{\"priority\":\"bulk\"}",
                   "echo", "x");
        zmsg_t *receipt = peer_receive(client);
        assert_string_equal(frame_text(receipt, 3), "200");
        zmsg_destroy(&receipt);
    }
    zmsg_t *held[2];
    for (int i = 0; i < 2; i++)
        held[i] = peer_receive(worker);
    assert_true(peer_is_silent(worker, 100));
    worker_answer(worker, held[0], "done");
    zmsg_t *third = peer_receive(worker);
    assert_true(peer_is_silent(worker, 100));
    zmsg_destroy(&held[0]);
    zmsg_destroy(&held[1]);
    zmsg_destroy(&third);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_a_direct_request_without_worker_gets_an_error_in_time(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "--wait-ms 50 --max-waiting 1");
    zsock_t *client = stage_peer(&stage);
    zsock_send(client, "ssss", "MDPC02", "\001", "nobody", "one");
    zsock_send(client, "ssss", "MDPC02", "\001", "nobody", "two");
    zmsg_t *refusal = peer_receive(client);
    assert_non_null(strstr(frame_text(refusal, 3), "\"code\":\"queue.full\""));
    zmsg_t *error = peer_receive(client);
    assert_non_null(strstr(frame_text(error, 3), "\"code\":\"no_worker\""));
    zmsg_destroy(&refusal);
    zmsg_destroy(&error);
    zsock_destroy(&client);
    stage_close(&stage);
}

static void test_mmi_tells_which_services_have_workers(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_send(client, "ssss", "MDPC02", "\001", "mmi.service", "echo");
    assert_final(client, "MDPC02", 0, "404");
    zsock_t *worker = stage_worker(&stage, "echo");
    stage_await(&stage, "workers", 1);
    zsock_send(client, "ssss", "MDPC02", "\001", "mmi.service", "echo");
    assert_final(client, "MDPC02", 0, "200");
    zsock_send(client, "ssss", "MDPC02", "\001", "mmi.echo", "x");
    assert_final(client, "MDPC02", 0, "501");
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_queued_jobs_can_be_cancelled_and_leased_ones_not(void **state)
{
    (void)state;
    struct stage stage;
    char leased[33], queued[33];
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "x", leased);
    zmsg_t *request = peer_receive(worker);
    peer_submit(client, "other", "x", queued);
    zmsg_t *answer = peer_ask(client, "jinmu.cancel", leased, NULL);
    assert_string_equal(frame_text(answer, 0), "409");
    zmsg_destroy(&answer);
    answer = peer_ask(client, "jinmu.cancel", queued, NULL);
    assert_string_equal(frame_text(answer, 0), "200");
    zmsg_destroy(&answer);
    answer = peer_ask(client, "jinmu.cancel", queued, NULL);
    assert_string_equal(frame_text(answer, 0), "400");
    zmsg_destroy(&answer);
    /* Closing a leased one drops its reply when it comes. */
    answer = peer_ask(client, "titanic.close", leased, NULL);
    assert_string_equal(frame_text(answer, 0), "200");
    zmsg_destroy(&answer);
    worker_answer(worker, request, "nobody reads this");
    stage_await(&stage, "totals.done", 1);
    assert_int_equal(stage_number(&stage, "spool.done"), 0);
    zmsg_destroy(&request);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_sigterm_waits_for_leases_and_dismisses_the_workers(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33], later[33];
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    zmsg_t *request = peer_receive(worker);
    process_signal(stage.broker, SIGTERM);
    assert_true(process_logged(stage.broker, "broker_stops", 60000));
    peer_submit(client, "echo", "accepted, for the next broker", later);
    worker_answer(worker, request, "done");
    zmsg_t *dismissal = peer_receive(worker);
    assert_string_equal(frame_text(dismissal, 1), "\006");
    assert_int_equal(process_wait(stage.broker, 60000), 0);
    stage_restart(&stage, "");
    zmsg_t *answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 1), "done");
    assert_int_equal(stage_number(&stage, "queue.interactive.ready"), 1);
    zmsg_destroy(&answer);
    zmsg_destroy(&dismissal);
    zmsg_destroy(&request);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_our_worker_says_ready_again_to_a_new_broker(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "");
    struct mdp_worker *worker = mdp_worker_new(stage.endpoint, "echo", NULL);
    stage_await(&stage, "workers", 1);
    process_signal(stage.broker, SIGKILL);
    process_wait(stage.broker, 60000);
    stage_restart(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_send(client, "ssss", "MDPC02", "\001", "echo", "ping");
    zmsg_t *body = NULL;
    zframe_t *address = NULL;
    int64_t deadline = zclock_mono() + 10000;
    while (!(body = mdp_worker_next(worker, &address)) && zclock_mono() < deadline) {
        zmq_pollitem_t item = {zsock_resolve(mdp_worker_socket(worker)), 0, ZMQ_POLLIN, 0};
        zmq_poll(&item, 1, mdp_worker_wait_ms(worker));
    }
    assert_non_null(body);
    assert_string_equal(frame_text(body, 0), "ping");
    mdp_worker_reply(worker, &address, &body);
    assert_final(client, "MDPC02", 0, "ping");
    mdp_worker_destroy(&worker);
    stage_await(&stage, "workers", 0);
    zsock_destroy(&client);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_direct_request_gets_the_workers_final),
        cmocka_unit_test(test_both_protocol_versions_meet),
        cmocka_unit_test(test_a_lost_workers_job_goes_to_another),
        cmocka_unit_test(test_a_dead_workers_connection_is_noticed_before_the_next_heartbeat),
        cmocka_unit_test(test_expired_lease_goes_back_to_the_queue),
        cmocka_unit_test(test_heartbeats_renew_a_lease),
        cmocka_unit_test(test_heartbeats_do_not_renew_a_lease_for_ever),
        cmocka_unit_test(test_a_job_that_loses_every_worker_is_dead_until_retried_or_dropped),
        cmocka_unit_test(test_a_worker_that_takes_leave_costs_no_attempt),
        cmocka_unit_test(test_a_worker_holds_no_more_than_its_credit),
        cmocka_unit_test(test_a_direct_request_without_worker_gets_an_error_in_time),
        cmocka_unit_test(test_mmi_tells_which_services_have_workers),
        cmocka_unit_test(test_queued_jobs_can_be_cancelled_and_leased_ones_not),
        cmocka_unit_test(test_sigterm_waits_for_leases_and_dismisses_the_workers),
        cmocka_unit_test(test_our_worker_says_ready_again_to_a_new_broker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
