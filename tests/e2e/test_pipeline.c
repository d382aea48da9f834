/* The services together, as processes: kill -9 of any one loses nothing and stores nothing twice. */
#include "common/json.h"
#include "common/mdp.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "tests/e2e/pipeline.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PROJECTS = 10000, RUN_MS = 240000 };

static int open_pipeline(void **state)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    pipeline_open(pipeline);
    *state = pipeline;
    return 0;
}

static int close_pipeline(void **state)
{
    struct pipeline *pipeline = *state;
    pipeline_close(pipeline);
    free(pipeline);
    return 0;
}

/* Waits until a new process of that name runs, other than `before`. */
static pid_t await_program(struct pipeline *pipeline, const char *name, pid_t before)
{
    int64_t deadline = zclock_mono() + RUN_MS;
    pid_t now;
    while ((now = pipeline_program(pipeline, name)) == 0 || now == before) {
        assert_true(zclock_mono() < deadline);
        zclock_sleep(5);
    }
    return now;
}

/* The ids of results, one a line, are p0, p1 … */
static void check_order(const char *path, int count)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    int number = 0;
    assert_non_null(file);
    for (; getline(&line, &capacity, file) > 0; number++) {
        char expected[40];
        snprintf(expected, sizeof expected, "{\"id\":\"p%d\",", number);
        assert_memory_equal(line, expected, strlen(expected));
    }
    assert_int_equal(number, count);
    free(line);
    fclose(file);
}

static char *path_in(const struct pipeline *pipeline, const char *name)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", pipeline->directory, name);
    return strbuf_take(&path);
}

/* Submits all and kills the program twice on the way; serve starts it again. */
static void survive_kill_of(struct pipeline *pipeline, const char *name)
{
    char *projects = pipeline_projects(pipeline, PROJECTS);
    char *results = path_in(pipeline, "results.jsonl");
    struct strbuf command = {0};
    strbuf_printf(&command, "$JINMU submit --bulk --wait %s > %s", projects, results);
    pid_t submit = pipeline_start(pipeline, command.text);
    pid_t victim = 0;
    for (int kills = 1; kills <= 2; kills++) {
        pipeline_await_stored(pipeline, kills * PROJECTS / 5, RUN_MS);
        victim = await_program(pipeline, name, victim);
        assert_int_equal(kill(victim, SIGKILL), 0);
    }
    assert_int_equal(pipeline_await(submit, RUN_MS), 0);
    check_order(results, PROJECTS);
    pipeline_check_all_stored_once(pipeline, PROJECTS);
    strbuf_free(&command);
    free(projects);
    free(results);
}

static void test_kill_of_the_broker_loses_nothing_and_stores_nothing_twice(void **state)
{
    survive_kill_of(*state, "jinmu-broker");
}

static void test_kill_of_a_worker_loses_nothing_and_stores_nothing_twice(void **state)
{
    survive_kill_of(*state, "jinmu-worker");
}

static void test_kill_of_the_collector_loses_nothing_and_stores_nothing_twice(void **state)
{
    survive_kill_of(*state, "jinmu-collector");
}

static void test_ending_in_the_middle_keeps_what_was_accepted(void **state)
{
    struct pipeline *pipeline = *state;
    char *projects = pipeline_projects(pipeline, PROJECTS);
    struct strbuf command = {0};
    strbuf_printf(&command, "$JINMU submit --bulk %s | wc -l", projects);
    int status;
    char *receipts = pipeline_run(pipeline, &status, command.text);
    assert_int_equal(atoi(receipts), (PROJECTS + 255) / 256);
    pipeline_stop(pipeline); /* asserts that it ends with 0 */
    pipeline_restart(pipeline);
    pipeline_await_stored(pipeline, PROJECTS, RUN_MS);
    pipeline_check_all_stored_once(pipeline, PROJECTS);
    free(receipts);
    strbuf_free(&command);
    free(projects);
}

static void test_kill_of_serve_takes_its_services_along_and_loses_nothing(void **state)
{
    struct pipeline *pipeline = *state;
    char *projects = pipeline_projects(pipeline, 2000);
    struct strbuf command = {0};
    strbuf_printf(&command, "$JINMU submit --bulk %s > /dev/null", projects);
    int status;
    free(pipeline_run(pipeline, &status, command.text));
    assert_int_equal(status, 0);
    pid_t broker = pipeline_program(pipeline, "jinmu-broker");
    process_signal(pipeline->serve, SIGKILL);
    assert_int_equal(process_wait(pipeline->serve, RUN_MS), 128 + SIGKILL);
    for (int64_t deadline = zclock_mono() + RUN_MS; kill(broker, 0) == 0; zclock_sleep(2))
        assert_true(zclock_mono() < deadline);
    pipeline_restart(pipeline);
    pipeline_await_stored(pipeline, 2000, RUN_MS);
    pipeline_check_all_stored_once(pipeline, 2000);
    strbuf_free(&command);
    free(projects);
}

/* titanic.request with options; the receipt. */
static void submit(struct mdp_client *client, const char *options, const char *project,
                   char uuid[33])
{
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, options);
    zmsg_addstr(body, "classify");
    zmsg_addstr(body, project);
    zmsg_t *answer = mdp_client_call(client, "jinmu.submit", &body, RUN_MS, NULL);
    assert_non_null(answer);
    char *status = zmsg_popstr(answer), *receipt = zmsg_popstr(answer);
    assert_string_equal(status, "200");
    snprintf(uuid, 33, "%s", receipt);
    free(status);
    free(receipt);
    zmsg_destroy(&answer);
}

static void await_reply(struct mdp_client *client, const char *uuid)
{
    int64_t deadline = zclock_mono() + RUN_MS;
    zmsg_t *reply = NULL;
    while (titanic_reply(client, uuid, &reply, NULL) != 200) {
        assert_true(zclock_mono() < deadline);
        zclock_sleep(20);
    }
    zmsg_destroy(&reply);
}

static void test_a_text_overtaken_by_a_later_one_does_not_override_it(void **state)
{
    struct pipeline *pipeline = *state;
    char first[33], second[33],
        *endpoint = state_endpoint(pipeline->directory, "broker.sock", NULL);
    struct mdp_client *client = mdp_client_new(endpoint, NULL);
    submit(client, "{\"delay_ms\":2000}", "{\"id\":\"p\",\"name\":\"校园保安服务\"}", first);
    submit(client, "{}", "{\"id\":\"p\",\"name\":\"河道保洁养护服务\"}", second);
    await_reply(client, second);
    await_reply(client, first);
    int status;
    char *results = pipeline_run(pipeline, &status, "$JINMU results p");
    assert_int_equal(status, 0);
    assert_int_equal(pipeline_stored(pipeline), 2); /* nothing that was accepted is lost */
    const char *older = strstr(results, "安全服务"), *newer = strstr(results, "河道");
    assert_non_null(older);
    assert_non_null(newer);
    assert_true(older < newer); /* the last one counts */
    free(results);
    free(endpoint);
    mdp_client_destroy(&client);
}

static void test_watch_shows_every_event_over_a_collector_that_is_killed(void **state)
{
    struct pipeline *pipeline = *state;
    enum { WATCHED = 3000 };
    char *projects = pipeline_projects(pipeline, WATCHED), *seen = path_in(pipeline, "seen.jsonl");
    struct strbuf command = {0};
    strbuf_printf(&command, "$JINMU watch --since 0 > %s", seen);
    pid_t watch = pipeline_start(pipeline, command.text);
    strbuf_reset(&command);
    strbuf_printf(&command, "$JINMU submit --bulk %s > /dev/null", projects);
    pid_t submit = pipeline_start(pipeline, command.text);
    pipeline_await_stored(pipeline, WATCHED / 5, RUN_MS);
    kill(await_program(pipeline, "jinmu-collector", 0), SIGKILL);
    assert_int_equal(pipeline_await(submit, RUN_MS), 0);

    FILE *file = fopen(seen, "r");
    assert_non_null(file);
    char *line = NULL;
    size_t capacity = 0;
    int64_t deadline = zclock_mono() + RUN_MS;
    struct strbuf whole = {0};
    for (int next = 1; next <= WATCHED;) {
        assert_true(zclock_mono() < deadline);
        ssize_t length = getline(&line, &capacity, file);
        if (length > 0)
            strbuf_add(&whole, line, (size_t)length);
        if (length <= 0 || line[length - 1] != '\n') {
            clearerr(file);
            zclock_sleep(5);
            continue;
        }
        struct jv *event = jv_read(whole.text, whole.length, NULL);
        assert_int_equal((int)jv_get_number(event, "event", 0), next++);
        assert_non_null(strstr(jv_get_text(event, "topic"), "result."));
        jv_destroy(&event);
        strbuf_reset(&whole);
    }
    kill(watch, SIGTERM);
    assert_int_equal(pipeline_await(watch, RUN_MS), 128 + SIGTERM);
    fclose(file);
    free(line);
    strbuf_free(&whole);
    strbuf_free(&command);
    free(seen);
    free(projects);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_kill_of_the_broker_loses_nothing_and_stores_nothing_twice, open_pipeline,
            close_pipeline),
        cmocka_unit_test_setup_teardown(
            test_kill_of_a_worker_loses_nothing_and_stores_nothing_twice, open_pipeline,
            close_pipeline),
        cmocka_unit_test_setup_teardown(
            test_kill_of_the_collector_loses_nothing_and_stores_nothing_twice, open_pipeline,
            close_pipeline),
        cmocka_unit_test_setup_teardown(test_ending_in_the_middle_keeps_what_was_accepted,
                                        open_pipeline, close_pipeline),
        cmocka_unit_test_setup_teardown(
            test_kill_of_serve_takes_its_services_along_and_loses_nothing, open_pipeline,
            close_pipeline),
        cmocka_unit_test_setup_teardown(
            test_watch_shows_every_event_over_a_collector_that_is_killed, open_pipeline,
            close_pipeline),
        cmocka_unit_test_setup_teardown(test_a_text_overtaken_by_a_later_one_does_not_override_it,
                                        open_pipeline, close_pipeline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
