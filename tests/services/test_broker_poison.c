/* A batch that kills its workers is cut in halves until the project that does it is alone. */
#include "tests/services/stage.h"

#include "common/json.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char quick[] = "--heartbeat-ms 20 --backoff-ms 1 --attempts 3";

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage_open(stage, quick);
    *state = stage;
    return 0;
}

static int close_stage(void **state)
{
    struct stage *stage = *state;
    stage_close(stage);
    free(stage);
    return 0;
}

/* {"projects":[{"id":"p0"},…]}; the project `poison` holds that word. */
static char *batch_of(int projects, int poison)
{
    struct strbuf text = {0};
    strbuf_puts(&text, "{\"projects\":[");
    for (int i = 0; i < projects; i++)
        strbuf_printf(&text, "%s{\"id\":\"p%d\",\"name\":\"%s\"}", i ? "," : "", i,
                      i == poison ? "poison" : "good");
    strbuf_puts(&text, "]}");
    return strbuf_take(&text);
}

static void submit(zsock_t *client, const char *options, const char *body, const char *more,
                   char uuid[33])
{
    zsock_send(client, more ? "sssssss" : "ssssss", "MDPC02", "\001", "jinmu.submit", options,
               "classify", body, more);
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, 3), "200");
    snprintf(uuid, 33, "%.32s", frame_text(answer, 4));
    zmsg_destroy(&answer);
}

static struct jv *read_body(zmsg_t *message, size_t index)
{
    const char *text = frame_text(message, index);
    struct jv *body = jv_read(text, strlen(text), NULL);
    assert_non_null(body);
    return body;
}

/* The answer of our worker to a batch: a result with the id of each, or a summary. */
static char *answer_to(const struct jv *batch, bool summary)
{
    const struct jv *projects = jv_get(batch, "projects");
    struct strbuf text = {0};
    if (summary)
        strbuf_printf(&text,
                      "{\"stored\":%zu,\"duplicates\":1,\"errors\":0,\"first_event\":7,"
                      "\"last_event\":9}",
                      jv_count(projects));
    strbuf_puts(&text, summary ? "" : "{\"results\":[");
    for (size_t i = 0; i < jv_count(projects) && !summary; i++)
        strbuf_printf(&text, "%s{\"id\":\"%s\"}", i ? "," : "",
                      jv_get_text(jv_at(projects, i), "id"));
    strbuf_puts(&text, summary ? "" : "]}");
    return strbuf_take(&text);
}

/* Serves one request as a worker that dies of poison; whether it died. */
static bool serve_or_die(const struct stage *stage, zsock_t **worker)
{
    if (!*worker)
        *worker = stage_worker(stage, "classify");
    zmsg_t *request = peer_receive(*worker);
    bool dies = strstr(frame_text(request, 4), "poison");
    if (dies) {
        zsock_destroy(worker);
    } else {
        struct jv *batch = read_body(request, 4);
        char *answer = answer_to(batch, strstr(frame_text(request, 5), "summary"));
        worker_answer(*worker, request, answer);
        free(answer);
        jv_destroy(&batch);
    }
    zmsg_destroy(&request);
    return dies;
}

/* Serves until nothing is left to do, from the broker's start; how many workers died. */
static int serve_all(const struct stage *stage)
{
    zsock_t *worker = NULL;
    int died = 0, served = 0;
    while (stage_number(stage, "spool.unfinished") > 0) {
        if (serve_or_die(stage, &worker))
            stage_await(stage, "totals.workers_lost", ++died);
        else
            stage_await(stage, "totals.done", ++served);
        zclock_sleep(30); /* longer than a lazy commit */
    }
    zsock_destroy(&worker);
    return died;
}

static zmsg_t *ask_dead(zsock_t *client, const char *what, const char *uuid)
{
    char request[100];
    snprintf(request, sizeof request, "{\"do\":\"%s\"%s%s%s}", what, uuid ? ",\"uuid\":\"" : "",
             uuid ? uuid : "", uuid ? "\"" : "");
    zmsg_t *answer = peer_ask(client, "jinmu.dead", request, NULL);
    assert_string_equal(frame_text(answer, 0), "200");
    return answer;
}

static void test_only_the_project_that_kills_is_dead_and_the_others_are_answered(void **state)
{
    struct stage *stage = *state;
    char uuid[33];
    zsock_t *client = stage_peer(stage);
    char *batch = batch_of(5, 3);
    submit(client, "{}", batch, NULL, uuid);
    /* 5 are cut after two losses, and so are 3 and 2; the one left is dead after three. */
    assert_int_equal(serve_all(stage), 2 + 2 + 2 + 3);

    zmsg_t *answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 0), "200");
    struct jv *reply = read_body(answer, 1);
    const struct jv *results = jv_get(reply, "results");
    assert_int_equal(jv_count(results), 5);
    for (size_t i = 0; i < 5; i++) {
        char id[8];
        snprintf(id, sizeof id, "p%zu", i);
        assert_string_equal(jv_get_text(jv_at(results, i), "id"), id);
        const char *code = jv_get_text(jv_get(jv_at(results, i), "error"), "code");
        if (i == 3)
            assert_string_equal(code, "job.dead");
        else
            assert_null(code);
    }
    jv_destroy(&reply);
    zmsg_destroy(&answer);

    answer = ask_dead(client, "list", NULL);
    struct jv *list = read_body(answer, 1);
    assert_int_equal(jv_count(list), 1);
    assert_non_null(strstr(jv_get_text(jv_at(list, 0), "reason"), "every attempt"));
    zmsg_t *shown = ask_dead(client, "show", jv_get_text(jv_at(list, 0), "uuid"));
    assert_string_equal(frame_text(shown, 2),
                        "{\"projects\":[{\"id\":\"p3\",\"name\":\"poison\"}]}");
    assert_int_equal(stage_number(stage, "spool.split"), 0);
    zmsg_destroy(&shown);
    jv_destroy(&list);
    zmsg_destroy(&answer);
    free(batch);
    zsock_destroy(&client);
}

static void test_summaries_of_parts_are_added_up(void **state)
{
    struct stage *stage = *state;
    char uuid[33];
    zsock_t *client = stage_peer(stage);
    char *batch = batch_of(4, 0);
    submit(client, "{}", batch, "{\"reply\":\"summary\"}", uuid);
    serve_all(stage);
    zmsg_t *answer = peer_await_reply(client, uuid);
    struct jv *summary = read_body(answer, 1);
    assert_int_equal((int)jv_get_number(summary, "stored", -1), 3);
    assert_int_equal((int)jv_get_number(summary, "duplicates", -1), 2);
    assert_int_equal((int)jv_get_number(summary, "errors", -1), 1);
    assert_int_equal((int)jv_get_number(summary, "first_event", -1), 7);
    assert_int_equal((int)jv_get_number(summary, "last_event", -1), 9);
    jv_destroy(&summary);
    zmsg_destroy(&answer);
    free(batch);
    zsock_destroy(&client);
}

static void lose_twice(struct stage *stage)
{
    zsock_t *worker = NULL;
    for (int died = 1; died <= 2; died++) {
        assert_true(serve_or_die(stage, &worker));
        stage_await(stage, "totals.workers_lost", died);
    }
    stage_await(stage, "spool.split", 1);
}

static void test_parts_survive_kill_9_of_the_broker(void **state)
{
    struct stage *stage = *state;
    char uuid[33];
    zsock_t *client = stage_peer(stage);
    char *batch = batch_of(4, 3);
    submit(client, "{\"idempotency_key\":\"k\"}", batch, NULL, uuid);
    lose_twice(stage);
    process_signal(stage->broker, SIGKILL);
    stage_restart(stage, quick);
    assert_int_equal(stage_number(stage, "spool.split"), 1);
    assert_int_equal(stage_number(stage, "spool.unfinished"), 2);
    assert_int_equal(serve_all(stage), 2 + 3);
    char again[33];
    submit(client, "{\"idempotency_key\":\"k\"}", batch, NULL, again);
    assert_string_equal(again, uuid);
    zmsg_t *answer = peer_await_reply(client, uuid);
    struct jv *reply = read_body(answer, 1);
    assert_int_equal(jv_count(jv_get(reply, "results")), 4);
    jv_destroy(&reply);
    zmsg_destroy(&answer);
    free(batch);
    zsock_destroy(&client);
}

static void test_closing_a_batch_removes_its_parts_even_one_with_a_worker(void **state)
{
    struct stage *stage = *state;
    char uuid[33];
    zsock_t *client = stage_peer(stage);
    char *batch = batch_of(4, 3);
    submit(client, "{}", batch, NULL, uuid);
    lose_twice(stage);
    zmsg_t *answer = peer_ask(client, "jinmu.cancel", uuid, NULL);
    assert_string_equal(frame_text(answer, 0), "409");
    zmsg_destroy(&answer);
    zsock_t *worker = stage_worker(stage, "classify");
    zmsg_t *request = peer_receive(worker);
    zmsg_t *other = peer_receive(worker);
    answer = peer_ask(client, "titanic.close", uuid, NULL);
    assert_string_equal(frame_text(answer, 0), "200");
    zmsg_destroy(&answer);
    assert_int_equal(stage_number(stage, "spool.unfinished"), 0);
    assert_int_equal(stage_number(stage, "spool.split"), 0);
    assert_int_equal(stage_number(stage, "spool.bytes"), 0);
    worker_answer(worker, request, "{\"results\":[]}");
    stage_await(stage, "totals.done", 1);
    answer = peer_ask(client, "titanic.reply", uuid, NULL);
    assert_string_equal(frame_text(answer, 0), "400");
    zmsg_destroy(&answer);
    zmsg_destroy(&request);
    zmsg_destroy(&other);
    free(batch);
    zsock_destroy(&client);
    zsock_destroy(&worker);
}

static void test_a_dead_part_that_is_retried_is_a_job_of_its_own(void **state)
{
    struct stage *stage = *state;
    char uuid[33], body[64];
    zsock_t *client = stage_peer(stage);
    char *batch = batch_of(2, 0);
    submit(client, "{}", batch, NULL, uuid);
    serve_all(stage);
    zmsg_t *answer = ask_dead(client, "retry", NULL);
    assert_string_equal(frame_text(answer, 1), "1");
    zmsg_destroy(&answer);
    zsock_t *worker = stage_worker(stage, "classify");
    worker_serve(worker, "{\"results\":[]}", body);
    assert_string_equal(body, "{\"projects\":[{\"id\":\"p0\",\"name\":\"poison\"}]}");
    stage_await(stage, "spool.done", 2);
    assert_int_equal(stage_number(stage, "spool.dead"), 0);
    free(batch);
    zsock_destroy(&client);
    zsock_destroy(&worker);
}

static void test_a_job_that_lost_its_worker_is_leased_alone(void **state)
{
    struct stage *stage = *state;
    char uuid[33];
    zsock_t *client = stage_peer(stage);
    zsock_t *worker = stage_worker(stage, "echo");
    peer_submit(client, "echo", "one", uuid);
    peer_submit(client, "echo", "two", uuid);
    for (int i = 0; i < 2; i++) {
        zmsg_t *request = peer_receive(worker);
        zmsg_destroy(&request);
    }
    zsock_destroy(&worker);
    stage_await(stage, "totals.workers_lost", 1);
    worker = stage_worker(stage, "echo");
    for (int i = 0; i < 2; i++) {
        zmsg_t *request = peer_receive(worker);
        assert_true(peer_is_silent(worker, 100)); /* though it may hold two */
        worker_answer(worker, request, "done");
        zmsg_destroy(&request);
    }
    stage_await(stage, "totals.done", 2);
    zsock_destroy(&client);
    zsock_destroy(&worker);
}

#define STAGED(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_only_the_project_that_kills_is_dead_and_the_others_are_answered),
        STAGED(test_summaries_of_parts_are_added_up),
        STAGED(test_parts_survive_kill_9_of_the_broker),
        STAGED(test_closing_a_batch_removes_its_parts_even_one_with_a_worker),
        STAGED(test_a_dead_part_that_is_retried_is_a_job_of_its_own),
        STAGED(test_a_job_that_lost_its_worker_is_leased_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
