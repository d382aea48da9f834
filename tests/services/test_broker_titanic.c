/* 9/TSP and jinmu.submit, against the real broker. */
#include "tests/services/stage.h"

#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_status(zmsg_t **answer, const char *status)
{
    assert_string_equal(frame_text(*answer, 0), status);
    zmsg_destroy(answer);
}

static void test_a_request_is_accepted_served_and_its_reply_is_kept_until_closed(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33], body[64];
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    peer_submit(client, "echo", "hello", uuid);
    zmsg_t *answer = peer_ask(client, "titanic.reply", uuid, NULL);
    assert_status(&answer, "300");

    zsock_t *worker = stage_worker(&stage, "echo");
    worker_serve(worker, "world", body);
    assert_string_equal(body, "hello");
    for (int again = 0; again < 2; again++) {
        answer = peer_await_reply(client, uuid);
        assert_int_equal(zmsg_size(answer), 2);
        assert_string_equal(frame_text(answer, 1), "world");
        assert_status(&answer, "200");
    }
    answer = peer_ask(client, "titanic.close", uuid, NULL);
    assert_status(&answer, "200");
    answer = peer_ask(client, "titanic.reply", uuid, NULL);
    assert_status(&answer, "400");
    answer = peer_ask(client, "titanic.close", uuid, NULL);
    assert_status(&answer, "200");
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_a_body_of_several_frames_comes_through_whole(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    zsock_send(client, "sssszbs", "MDPC02", "\001", "titanic.request", "echo", "\0\1\2", (size_t)3,
               "last");
    zmsg_t *receipt = peer_receive(client);
    assert_string_equal(frame_text(receipt, 3), "200");
    zmsg_t *request = peer_receive(worker);
    assert_int_equal(zmsg_size(request), 7);
    assert_string_equal(frame_text(request, 4), "");
    zmsg_first(request);
    zframe_t *binary = NULL;
    for (int i = 0; i < 5; i++)
        binary = zmsg_next(request);
    assert_int_equal(zframe_size(binary), 3);
    assert_memory_equal(zframe_data(binary), "\0\1\2", 3);
    assert_string_equal(frame_text(request, 6), "last");
    zmsg_destroy(&receipt);
    zmsg_destroy(&request);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_what_was_acknowledged_survives_kill_9(void **state)
{
    (void)state;
    enum { JOBS = 50 };
    struct stage stage;
    char uuids[JOBS][33];
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    for (int i = 0; i < JOBS; i++)
        peer_submit(client, "echo", "body", uuids[i]);
    for (int i = 0; i < 10; i++)
        worker_serve(worker, "before", NULL); /* some done, two leased, others ready */
    process_signal(stage.broker, SIGKILL);
    assert_int_equal(process_wait(stage.broker, 60000), 128 + SIGKILL);
    zsock_destroy(&client);
    zsock_destroy(&worker);

    stage_restart(&stage, "");
    client = stage_peer(&stage);
    worker = stage_worker(&stage, "echo");
    stage_await(&stage, "workers", 1);
    int left = (int)stage_number(&stage, "spool.unfinished");
    assert_true(left >= JOBS - 10);
    for (int i = 0; i < left; i++)
        worker_serve(worker, "after", NULL);
    for (int i = 0; i < JOBS; i++) {
        zmsg_t *answer = peer_await_reply(client, uuids[i]);
        assert_status(&answer, "200");
    }
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

/* Serves a request; the number in its address (mdp.h). */
static int64_t serve_numbered(zsock_t *worker, const char *body)
{
    zmsg_t *request = peer_receive(worker);
    char uuid[33];
    unsigned long long lease;
    long long number;
    assert_string_equal(frame_text(request, 4), body);
    assert_int_equal(
        sscanf(frame_text(request, 2), "i.%32[0-9a-f].%llu.%lld", uuid, &lease, &number), 3);
    worker_answer(worker, request, "done");
    zmsg_destroy(&request);
    return number;
}

static void set_all_numbers(const struct stage *stage, long long number)
{
    char path[200], sql[100];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/spool.db", stage->directory);
    snprintf(sql, sizeof sql, "UPDATE job SET submitted = %lld", number);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void test_requests_are_numbered_in_their_order_though_the_clock_goes_back(void **state)
{
    (void)state;
    static const long long in_2100 = 4102444800000000;
    struct stage stage;
    char uuid[33];
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage), *worker = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "1", uuid);
    int64_t first = serve_numbered(worker, "1");
    zsock_send(client, "ssss", "MDPC02", "\001", "echo", "2"); /* not over the spool */
    assert_true(serve_numbered(worker, "2") > first);
    zmsg_t *answer = peer_receive(client);
    zmsg_destroy(&answer);
    zsock_destroy(&worker);
    peer_submit(client, "echo", "3", uuid);
    zsock_destroy(&client);
    process_signal(stage.broker, SIGKILL);
    assert_int_equal(process_wait(stage.broker, 10000), 128 + SIGKILL);

    set_all_numbers(&stage, in_2100);
    stage_restart(&stage, "");
    assert_true(process_logged(stage.broker, "clock_went_back", 10000));
    client = stage_peer(&stage);
    peer_submit(client, "echo", "4", uuid);
    worker = stage_worker(&stage, "echo");
    assert_true(serve_numbered(worker, "3") == in_2100);
    assert_true(serve_numbered(worker, "4") > in_2100);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_the_same_idempotency_key_gives_the_same_receipt(void **state)
{
    (void)state;
    struct stage stage;
    const char *options = "{\"priority\":\"bulk\",\"idempotency_key\":\"k-1\"}";
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    char first[33] = "", other[33] = "";
    /* Both at once too, so that they meet in one commit. */
    for (int i = 0; i < 2; i++)
        zsock_send(client, "ssssss", "MDPC02", "\001", "jinmu.submit", options, "echo", "x");
    for (int i = 0; i < 2; i++) {
        zmsg_t *answer = peer_receive(client);
        assert_string_equal(frame_text(answer, 3), "200");
        snprintf(i ? other : first, 33, "%.32s", frame_text(answer, 4));
        zmsg_destroy(&answer);
    }
    assert_string_equal(first, other);
    stage_restart(&stage, "");
    zsock_send(client, "ssssss", "MDPC02", "\001", "jinmu.submit", options, "echo", "x");
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, 4), first);
    zmsg_destroy(&answer);
    assert_int_equal(stage_number(&stage, "queue.bulk.ready"), 1);
    assert_int_equal(stage_number(&stage, "totals.duplicates"), 1);
    zsock_destroy(&client);
    stage_close(&stage);
}

/* It was acknowledged for something else: to give that receipt would be to lose this request. */
static void test_an_idempotency_key_is_not_taken_for_another_request(void **state)
{
    (void)state;
    struct stage stage;
    const char *options = "{\"idempotency_key\":\"k-1\"}";
    static const struct {
        const char *service, *body, *status;
    } requests[] = {
        {"echo", "x", "200"}, {"echo", "y", "400"}, {"other", "x", "400"}, {"echo", "x", "200"}};
    stage_open(&stage, "");
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        zsock_t *client = stage_peer(&stage);
        zsock_send(client, "ssssss", "MDPC02", "\001", "jinmu.submit", options, requests[i].service,
                   requests[i].body);
        zmsg_t *answer = peer_receive(client);
        assert_string_equal(frame_text(answer, 3), requests[i].status);
        if (*requests[i].status == '4')
            assert_non_null(strstr(frame_text(answer, 4), "submit.key_used"));
        zmsg_destroy(&answer);
        zsock_destroy(&client);
        if (i == 1)
            stage_restart(&stage, "");
    }
    assert_int_equal(stage_number(&stage, "queue.interactive.ready"), 1);
    stage_close(&stage);
}

static void submit_with(zsock_t *client, const char *options, const char *body)
{
    zsock_send(client, "ssssss", "MDPC02", "\001", "jinmu.submit", options, "echo", body);
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, 3), "200");
    zmsg_destroy(&answer);
}

static void test_interactive_jobs_come_first_and_bulk_keeps_its_share(void **state)
{
    (void)state;
    struct stage stage;
    char served[21] = "", body[64];
    stage_open(&stage, "--credit 1");
    zsock_t *client = stage_peer(&stage);
    for (int i = 0; i < 4; i++)
        submit_with(client, "{\"priority\":\"bulk\"}", "b");
    for (int i = 0; i < 16; i++)
        submit_with(client, "{\"priority\":\"interactive\"}", "i");
    /* A worker of 7/MDP takes one at a time. */
    zsock_t *worker = stage_peer(&stage);
    zsock_send(worker, "zsss", "MDPW01", "\001", "echo");
    for (int i = 0; i < 20; i++) {
        zmsg_t *request = peer_receive(worker);
        assert_string_equal(frame_text(request, 1), "MDPW01");
        snprintf(body, sizeof body, "%.63s", frame_text(request, 5));
        served[i] = body[0];
        zsock_send(worker, "zssszs", "MDPW01", "\003", frame_text(request, 3), "done");
        zmsg_destroy(&request);
    }
    assert_string_equal(served, "iiiiiiibiiiiiiibiibb");
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_a_delayed_job_waits(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    int64_t sent = zclock_mono();
    submit_with(client, "{\"delay_ms\":300}", "later");
    assert_int_equal(stage_number(&stage, "queue.interactive.delayed"), 1);
    worker_serve(worker, "x", NULL);
    assert_true(zclock_mono() - sent >= 290);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void submit_until(zsock_t *client, const char *options, char uuid[33])
{
    zsock_send(client, "ssssss", "MDPC02", "\001", "jinmu.submit", options, "echo", "x");
    zmsg_t *receipt = peer_receive(client);
    assert_string_equal(frame_text(receipt, 3), "200");
    snprintf(uuid, 33, "%.32s", frame_text(receipt, 4));
    zmsg_destroy(&receipt);
}

static void test_a_job_that_waits_beyond_its_deadline_is_dead(void **state)
{
    (void)state;
    struct stage stage;
    char late[33], in_time[33], after_restart[33];
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    submit_until(client, "{\"deadline_ms\":50}", late);
    submit_until(client, "{\"deadline_ms\":60000}", in_time);
    stage_await(&stage, "spool.dead", 1);
    zmsg_t *answer = peer_ask(client, "titanic.reply", late, NULL);
    assert_string_equal(frame_text(answer, 0), "500");
    zmsg_destroy(&answer);
    answer = peer_ask(client, "jinmu.dead", "{\"do\":\"list\"}", NULL);
    assert_non_null(strstr(frame_text(answer, 1), "deadline"));
    zmsg_destroy(&answer);
    submit_until(client, "{\"deadline_ms\":300}", after_restart);
    stage_restart(&stage, ""); /* deadlines stand on the disk */
    stage_await(&stage, "spool.dead", 2);
    zsock_t *worker = stage_worker(&stage, "echo");
    worker_serve(worker, "y", NULL);
    answer = peer_await_reply(client, in_time);
    assert_string_equal(frame_text(answer, 0), "200");
    zmsg_destroy(&answer);
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_a_job_with_a_worker_may_be_done_after_its_deadline_but_not_again(void **state)
{
    (void)state;
    struct stage stage;
    char done[33], lost[33];
    stage_open(&stage, "--heartbeat-ms 20 --backoff-ms 1");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    submit_until(client, "{\"deadline_ms\":100}", done);
    submit_until(client, "{\"deadline_ms\":100}", lost);
    zmsg_t *first = peer_receive(worker);
    zmsg_t *second = peer_receive(worker);
    zclock_sleep(120); /* beyond the deadline of both */
    worker_answer(worker, first, "late, but done");
    zmsg_t *answer = peer_await_reply(client, done);
    assert_string_equal(frame_text(answer, 1), "late, but done");
    zmsg_destroy(&answer);
    zsock_destroy(&worker);
    stage_await(&stage, "spool.dead", 1);
    zmsg_destroy(&first);
    zmsg_destroy(&second);
    zsock_destroy(&client);
    stage_close(&stage);
}

static void test_a_full_queue_refuses_and_says_when_to_try_again(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33];
    stage_open(&stage, "--max-jobs 2 --max-bytes 100");
    zsock_t *client = stage_peer(&stage);
    peer_submit(client, "echo", "one", uuid);
    char large[101];
    memset(large, 'x', sizeof large - 1);
    large[100] = 0;
    zmsg_t *answer = peer_ask(client, "titanic.request", "echo", large);
    assert_string_equal(frame_text(answer, 0), "503");
    assert_non_null(strstr(frame_text(answer, 1), "\"code\":\"queue.full\""));
    assert_non_null(strstr(frame_text(answer, 1), "\"retry_after_s\":"));
    zmsg_destroy(&answer);
    peer_submit(client, "echo", "two", uuid);
    answer = peer_ask(client, "titanic.request", "echo", "three");
    assert_status(&answer, "503");
    answer = peer_ask(client, "titanic.close", uuid, NULL);
    assert_status(&answer, "200");
    peer_submit(client, "echo", "three", uuid);
    zsock_destroy(&client);
    stage_close(&stage);
}

static void test_senseless_requests_are_answered_with_400(void **state)
{
    (void)state;
    struct stage stage;
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zmsg_t *answer = peer_ask(client, "titanic.request", "echo", NULL); /* no body */
    assert_status(&answer, "400");
    answer = peer_ask(client, "titanic.request", "titanic.request", "x");
    assert_status(&answer, "400");
    answer = peer_ask(client, "jinmu.submit", "no json", "echo");
    assert_status(&answer, "400");
    answer = peer_ask(client, "jinmu.submit", "{\"priority\":\"now\"}", "echo");
    assert_status(&answer, "400");
    static const char *const wrong[] = {"{\"idempotency_key\":7}", "{\"delay_ms\":\"7\"}",
                                        "{\"priority\":null}", "{\"deadline_ms\":true}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        zsock_send(client, "ssssss", "MDPC02", "\001", "jinmu.submit", wrong[i], "echo", "x");
        answer = peer_receive(client);
        assert_string_equal(frame_text(answer, 3), "400");
        zmsg_destroy(&answer);
    }
    answer = peer_ask(client, "titanic.reply", "../../etc/passwd", NULL);
    assert_status(&answer, "400");
    answer = peer_ask(client, "titanic.reply", "00000000000000000000000000000000", NULL);
    assert_status(&answer, "400");
    answer = peer_ask(client, "titanic.unheard_of", "x", NULL);
    assert_status(&answer, "501");
    assert_int_equal(stage_number(&stage, "spool.unfinished"), 0);
    zsock_destroy(&client);
    stage_close(&stage);
}

static void test_replies_expire_when_nobody_closes_them(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33];
    stage_open(&stage, "");
    zsock_t *client = stage_peer(&stage);
    zsock_t *worker = stage_worker(&stage, "echo");
    peer_submit(client, "echo", "x", uuid);
    worker_serve(worker, "y", NULL);
    zmsg_t *answer = peer_await_reply(client, uuid);
    assert_status(&answer, "200");
    zclock_sleep(1100); /* the shortest retention */
    stage_restart(&stage, "--retention-s 1");
    stage_await(&stage, "spool.done", 0);
    answer = peer_ask(client, "titanic.reply", uuid, NULL);
    assert_status(&answer, "400");
    zsock_destroy(&client);
    zsock_destroy(&worker);
    stage_close(&stage);
}

static void test_our_client_goes_on_after_the_broker_restarted(void **state)
{
    (void)state;
    struct stage stage;
    char uuid[33] = "";
    stage_open(&stage, "");
    struct mdp_client *client = mdp_client_new(stage.endpoint, NULL);
    assert_int_equal(titanic_close(client, "unknown", NULL), 200);
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, "x");
    stage_restart(&stage, "");
    struct fault fault = {0};
    assert_int_equal(titanic_request(client, "echo", "bulk", &body, uuid, &fault), 200);
    assert_int_equal(strlen(uuid), 32);
    assert_int_equal(titanic_reply(client, uuid, NULL, &fault), 300);
    assert_int_equal(titanic_close(client, uuid, &fault), 200);
    assert_int_equal(titanic_reply(client, uuid, NULL, &fault), 400);
    mdp_client_destroy(&client);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_is_accepted_served_and_its_reply_is_kept_until_closed),
        cmocka_unit_test(test_a_body_of_several_frames_comes_through_whole),
        cmocka_unit_test(test_what_was_acknowledged_survives_kill_9),
        cmocka_unit_test(test_requests_are_numbered_in_their_order_though_the_clock_goes_back),
        cmocka_unit_test(test_the_same_idempotency_key_gives_the_same_receipt),
        cmocka_unit_test(test_an_idempotency_key_is_not_taken_for_another_request),
        cmocka_unit_test(test_interactive_jobs_come_first_and_bulk_keeps_its_share),
        cmocka_unit_test(test_a_delayed_job_waits),
        cmocka_unit_test(test_a_job_that_waits_beyond_its_deadline_is_dead),
        cmocka_unit_test(test_a_job_with_a_worker_may_be_done_after_its_deadline_but_not_again),
        cmocka_unit_test(test_a_full_queue_refuses_and_says_when_to_try_again),
        cmocka_unit_test(test_senseless_requests_are_answered_with_400),
        cmocka_unit_test(test_replies_expire_when_nobody_closes_them),
        cmocka_unit_test(test_our_client_goes_on_after_the_broker_restarted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
