/* What `jinmu submit` hands to the queue, against the real broker. */
#include "services/cli/submission.h"
#include "tests/services/stage.h"

#include "common/strbuf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REQUESTS = 4, TAKEN_BACK = 1, DEAD = 2 };

/* Stands by while requests are submitted; what it is told is written into `told`. */
struct watcher {
    struct stage stage;
    zsock_t *peer, *worker;
    size_t accepted;
    char dead[33];
    struct strbuf told;
};

static int open_stage(void **state)
{
    struct watcher *watcher = xcalloc(1, sizeof *watcher);
    stage_open(&watcher->stage, "--attempts 1 --credit 1 --heartbeat-ms 1000");
    watcher->peer = stage_peer(&watcher->stage);
    *state = watcher;
    return 0;
}

static int close_stage(void **state)
{
    struct watcher *watcher = *state;
    zsock_destroy(&watcher->worker);
    zsock_destroy(&watcher->peer);
    stage_close(&watcher->stage);
    strbuf_free(&watcher->told);
    free(watcher);
    return 0;
}

static zmsg_t *next_request(struct watcher *watcher)
{
    zmsg_t *request = peer_receive(watcher->worker);
    assert_non_null(request);
    return request;
}

/* A worker serves what is left, but dies with the request "p2". */
static void serve(struct watcher *watcher)
{
    watcher->worker = stage_worker(&watcher->stage, "classify");
    for (int served = 0; served < REQUESTS - 1; served++) {
        zmsg_t *request = next_request(watcher);
        char *body = zframe_strdup(zmsg_last(request));
        if (strcmp(body, "p2") == 0) {
            zsock_destroy(&watcher->worker);
            stage_await(&watcher->stage, "totals.workers_lost", 1);
            watcher->worker = stage_worker(&watcher->stage, "classify");
        } else {
            worker_answer(watcher->worker, request, body);
        }
        free(body);
        zmsg_destroy(&request);
    }
    stage_await(&watcher->stage, "spool.done", REQUESTS - 2);
}

static void on_accepted(size_t index, const char *receipt, void *argument)
{
    struct watcher *watcher = argument;
    if (index == TAKEN_BACK) {
        zmsg_t *answer = peer_ask(watcher->peer, "jinmu.cancel", receipt, NULL);
        assert_string_equal(frame_text(answer, 0), "200");
        zmsg_destroy(&answer);
    } else if (index == DEAD) {
        snprintf(watcher->dead, sizeof watcher->dead, "%s", receipt);
    }
    if (++watcher->accepted == REQUESTS)
        serve(watcher);
}

static void on_answered(size_t index, const char *body, size_t bytes, void *argument)
{
    struct watcher *watcher = argument;
    strbuf_printf(&watcher->told, "%zu: %.*s\n", index, (int)bytes, body);
}

static void on_failed(size_t index, const char *receipt, const struct fault *why, void *argument)
{
    struct watcher *watcher = argument;
    assert_int_equal(strlen(receipt), 32);
    if (index == DEAD)
        assert_string_equal(receipt, watcher->dead);
    strbuf_printf(&watcher->told, "%zu: %s\n", index, why->code);
    if (index == DEAD)
        assert_non_null(strstr(why->message, "its worker was lost in every attempt"));
}

static int submit(struct watcher *watcher, int patience_ms, struct fault *fault)
{
    struct batch all[REQUESTS];
    char bodies[REQUESTS][8];
    struct batches batches = {.all = all, .count = REQUESTS, .projects = REQUESTS};
    struct submission_options options = {
        .broker = watcher->stage.endpoint,
        .bulk = true, /* else a worker may hold two, and die with both */
        .wait = true,
        .patience_ms = patience_ms};
    struct submission_watch watch = {
        .accepted = on_accepted, .answered = on_answered, .failed = on_failed, .argument = watcher};
    for (int i = 0; i < REQUESTS; i++) {
        snprintf(bodies[i], sizeof bodies[i], "p%d", i);
        all[i] = (struct batch){.body = bodies[i], .bytes = strlen(bodies[i]), .projects = 1};
    }
    return submission_run(&batches, &options, &watch, fault);
}

static void test_requests_that_fail_do_not_keep_the_others_results_back(void **state)
{
    struct watcher *watcher = *state;
    struct fault fault = {"", ""};
    assert_int_equal(submit(watcher, 0, &fault), 0);
    assert_string_equal(watcher->told.text, "0: p0\n1: receipt.unknown\n2: job.dead\n3: p3\n");
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_requests_that_fail_do_not_keep_the_others_results_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
