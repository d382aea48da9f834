/* What a person meets at the terminal: answers, refusals, and nothing else happening. */
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
#include <sysexits.h>

#include <cmocka.h>

static struct pipeline pipeline; /* one for all tests of this file */

static int open_pipeline(void **state)
{
    (void)state;
    pipeline_open(&pipeline);
    return 0;
}

static int close_pipeline(void **state)
{
    (void)state;
    pipeline_close(&pipeline);
    return 0;
}

static void assert_holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in: %s", part, text);
}

/* Runs it and asserts its status and that what it writes holds `part`. */
static void run(const char *command, int expected, const char *part)
{
    int status;
    char *text = pipeline_run(&pipeline, &status, command);
    assert_holds(text, part);
    assert_int_equal(status, expected);
    free(text);
}

/* Submits what the shell command writes; it must be refused and nothing stored. */
static void refused(const char *source, const char *code)
{
    struct strbuf command = {0};
    int before = pipeline_stored(&pipeline);
    strbuf_printf(&command, "%s | $JINMU submit --wait - 2>&1", source);
    run(command.text, 2, code);
    assert_int_equal(pipeline_stored(&pipeline), before);
    strbuf_free(&command);
}

static void test_bad_inputs_are_refused_and_nothing_happens(void **state)
{
    (void)state;
    refused("echo 'no json'", "input.not_json");
    refused("printf '{\"name\":\"a\"}\\n{\"name\":\"\\377\"}\\n'", "第 2 行");
    refused("printf '{\"name\":\"\\377\"}'", "input.not_utf8");
    refused("echo '{\"id\":\"x\"}'", "project.name_missing");
    refused("printf ''", "input.empty");
    refused("echo '{\"projects\":[]}'", "batch.empty");
    refused("{ printf '{\"projects\":[{\"name\":\"a\"}'; yes ',{\"name\":\"a\"}' | head -1024;"
            " printf ']}'; }",
            "batch.too_large");
    refused("{ printf '{\"name\":\"a\",\"description\":\"'; head -c 2000000 /dev/zero | tr '\\0' x;"
            " printf '\"}'; }",
            "project.too_large");
    run("$JINMU submit /nonexistent 2>&1", 2, "/nonexistent");
}

static void test_limits_can_be_configured(void **state)
{
    (void)state;
    run("printf '{\"name\":\"垃圾清运\",\"description\":\"%2000s\"}' x |"
        " JINMU_LIMITS_PROJECT_BYTES=1024 $JINMU submit - 2>&1",
        2, "project.too_large");
}

static void test_one_bad_project_among_others_costs_only_itself(void **state)
{
    (void)state;
    run("printf '{\"id\":\"good\",\"name\":\"垃圾清运服务\"}\\n{\"id\":\"bad\"}\\n' |"
        " $JINMU submit --wait - | cut -c1-30",
        0, "{\"id\":\"good\",");
    run("printf '{\"id\":\"good\",\"name\":\"垃圾清运服务\"}\\n{\"id\":\"bad\"}\\n' |"
        " $JINMU submit --wait -",
        1, "{\"id\":\"bad\",\"error\":{\"code\":\"project.name_missing\"");
    run("$JINMU results bad", 0, "\"event\":");
    run("$JINMU results good", 0, "\"decision\":");
}

static void test_unknown_revision_is_an_error_of_that_project(void **state)
{
    (void)state;
    run("echo '{\"id\":\"r\",\"name\":\"垃圾清运\",\"catalog\":\"晋财综〔1999〕1号\"}' |"
        " $JINMU submit --wait -",
        1, "\"error\":");
}

static void test_receipt_names_the_projects_of_a_request(void **state)
{
    (void)state;
    int status;
    char *line = pipeline_run(&pipeline, &status,
                              "printf '{\"id\":\"m1\",\"name\":\"会议服务\"}\\n"
                              "{\"name\":\"会议服务\"}\\n' | $JINMU submit -");
    struct jv *receipt = jv_read(line, strlen(line), NULL);
    const struct jv *ids = jv_get(receipt, "projects");
    assert_int_equal(strlen(jv_get_text(receipt, "receipt")), 32);
    assert_int_equal(jv_count(ids), 2);
    assert_string_equal(jv_text(jv_at(ids, 0)), "m1");

    /* The id that it tells for the second is the one that its result has. */
    struct strbuf command = {0};
    strbuf_printf(&command, "$JINMU results %s", jv_text(jv_at(ids, 1)));
    int64_t deadline = zclock_mono() + 30000;
    char *found = NULL;
    do {
        free(found);
        assert_true(zclock_mono() < deadline);
        found = pipeline_run(&pipeline, &status, command.text);
    } while (status != 0);
    assert_holds(found, jv_text(jv_at(ids, 1)));
    free(found);
    strbuf_free(&command);
    jv_destroy(&receipt);
    free(line);
}

static void test_table_has_a_row_for_each_project(void **state)
{
    (void)state;
    run("printf "
        "'{\"name\":\"政务服务标准化\",\"unit\":\"某市行政审批服务管理局\"}\\n{\"id\":\"x\"}\\n' |"
        " $JINMU submit --wait --table - | cut -d' ' -f1",
        0, "项目\n政务服务标准化\nx\n");
}

static void test_results_can_be_taken_up_after_a_number(void **state)
{
    (void)state;
    run("printf '{\"id\":\"s1\",\"name\":\"会议服务\"}\\n{\"id\":\"s2\",\"name\":\"会议服务\"}\\n' "
        "|"
        " $JINMU submit --wait - > /dev/null; $JINMU results --since 1 --limit 1",
        0, "\"event\":2}");
    run("$JINMU results --since 1 --limit 1 | wc -l", 0, "1\n");
    run("$JINMU results --since 999999 2>&1", 2, "event 999999 was not given yet");
    run("$JINMU watch --since 999999 2>&1", 2, "begin again");
    run("$JINMU results nobody 2>&1", 1, "no result of a project 'nobody'");
}

static void test_status_speaks_of_queue_workers_and_results(void **state)
{
    (void)state;
    run("$JINMU status", 0, "queue      bulk");
    run("$JINMU status", 0, "workers    2");
    run("$JINMU status", 0, "commits");
    run("$JINMU status --json", 0, "{\"broker\":{");
}

static void test_metrics_are_such_as_prometheus_reads(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "jinmu_up{service=\\\"collector\\\"} 1",
        "jinmu_queue_jobs{priority=\\\"bulk\\\",state=\\\"ready\\\"} 0",
        "jinmu_workers 2",
        "jinmu_commit_seconds_bucket{store=\\\"spool\\\",le=\\\"+Inf\\\"} [1-9]",
        "jinmu_commit_seconds_count{store=\\\"results\\\"} [1-9]",
        "jinmu_results_total{decision=\\\"[a-z]*\\\"} [1-9]",
        "jinmu_classify_seconds_count [1-9]",
        "jinmu_job_seconds_count{priority=\\\"interactive\\\"} [1-9]"};
    struct strbuf command = {0};
    run("echo '{\"id\":\"m1\",\"name\":\"会议服务\"}' | $JINMU submit --wait -", 0, "m1");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        strbuf_reset(&command);
        strbuf_printf(&command, "$JINMU status --metrics | grep \"^%s\"", lines[i]);
        run(command.text, 0, "jinmu_");
    }
    strbuf_free(&command);
    run("$JINMU status --metrics | grep -vcE '^(# (HELP|TYPE) jinmu_[a-z_]+ .+|jinmu_[a-z_]+"
        "(\\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\\})? [0-9.e+-]+)$'",
        1, "0\n");
}

static void test_doctor_finds_running_services_well(void **state)
{
    (void)state;
    run("$JINMU doctor", 0, "处理程序 2 个");
    run("$JINMU doctor --thorough", 0, "错误 0 项");
    run("$JINMU doctor --json", 0, "\"bad\":0");
}

/* A job of a service without workers, which is dead after a moment; its UUID. */
static void make_dead(char uuid[33])
{
    char *endpoint = state_endpoint(pipeline.directory, "broker.sock", NULL);
    struct mdp_client *client = mdp_client_new(endpoint, NULL);
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, "{\"deadline_ms\":1}");
    zmsg_addstr(body, "nobody");
    zmsg_addstr(body, "{\"name\":\"x\"}");
    zmsg_t *answer = mdp_client_call(client, "jinmu.submit", &body, 10000, NULL);
    assert_non_null(answer);
    snprintf(uuid, 33, "%.32s", (const char *)zframe_data(zmsg_last(answer)));
    zmsg_destroy(&answer);
    int status = 300;
    while ((status = titanic_reply(client, uuid, NULL, NULL)) == 300)
        zclock_sleep(2);
    assert_int_equal(status, 500);
    mdp_client_destroy(&client);
    free(endpoint);
}

static void test_dead_jobs_are_listed_shown_retried_and_dropped(void **state)
{
    (void)state;
    char uuid[33];
    struct strbuf command = {0};
    run("$JINMU dead list", 0, "没有被放弃的任务");
    make_dead(uuid);
    run("$JINMU dead list", 0, "到截止时间仍未处理");
    run("$JINMU dead list --json", 0, "\"reason\":\"not done by its deadline\"");
    strbuf_printf(&command, "$JINMU dead show %s", uuid);
    run(command.text, 0, "{\"name\":\"x\"}");
    strbuf_puts(&command, " --json");
    run(command.text, 0, "\"body\":[{\"name\":\"x\"}]");
    run("$JINMU dead show 0123 2>&1", 1, "no dead job 0123");
    run("$JINMU dead drop 2>&1", EX_USAGE, "--all");
    run("$JINMU dead retry 0123 2>&1", 1, "no dead job 0123");
    strbuf_reset(&command);
    strbuf_printf(&command, "$JINMU dead retry %s", uuid);
    run(command.text, 0, "重新排队：1 个");
    run("$JINMU dead list", 0, "没有被放弃的任务");
    make_dead(uuid);
    run("$JINMU dead drop --all --json", 0, "{\"changed\":1}");
    run("$JINMU dead list --json", 0, "[]");
    strbuf_free(&command);
}

static void test_queued_requests_are_taken_back_by_their_receipts(void **state)
{
    (void)state;
    int status, before = pipeline_stored(&pipeline);
    free(pipeline_run(&pipeline, &status,
                      "for i in 1 2; do echo '{\"name\":\"x\"}' |"
                      " $JINMU submit --bulk --delay 3600 -; done > $JINMU_STATE/receipts"));
    assert_int_equal(status, 0);
    run("$JINMU status", 0, "bulk         ready 0, delayed 2");
    run("$JINMU cancel - < $JINMU_STATE/receipts", 0, "已撤回 2 个任务。");
    run("$JINMU status", 0, "bulk         ready 0, delayed 0");
    run("$JINMU cancel - < $JINMU_STATE/receipts 2>/dev/null", 1,
        "已撤回 0 个任务；0 个已开始处理，2 个不存在或已处理完");
    run("$JINMU cancel 0123 2>&1", 1, "0123：没有这个任务，或已处理完");
    run("echo '{\"a\":\"a line that is long and no receipt\"}' | $JINMU cancel - 2>&1", 2,
        "a line without a receipt");
    run("$JINMU cancel 2>&1", EX_USAGE, "RECEIPT");
    assert_int_equal(pipeline_stored(&pipeline), before);
}

static void test_a_request_that_is_not_begun_by_its_deadline_is_dead(void **state)
{
    (void)state;
    run("echo '{\"name\":\"x\"}' | $JINMU submit --wait --delay 3600 --deadline 1 - 2>&1", 1,
        "（1 个项目）没有结果：到截止时间仍未处理（job.dead）；重新处理：jinmu dead retry ");
    run("$JINMU dead list", 0, "到截止时间仍未处理");
    run("$JINMU dead drop --all", 0, "已删除：1 个");
    run("echo '{\"name\":\"x\"}' | $JINMU submit --delay 99999999 - 2>&1", EX_USAGE, "delay");
}

static void test_second_serve_on_the_same_state_is_refused(void **state)
{
    (void)state;
    run("$JINMU serve 2>&1", 2, "services run already");
}

static void test_verbs_say_when_nothing_runs(void **state)
{
    (void)state;
    static const char *const verbs[] = {"status", "results", "watch", "dead list"};
    char *empty = scratch_new();
    struct strbuf command = {0};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        strbuf_reset(&command);
        strbuf_printf(&command, "$JINMU %s --state %s 2>&1", verbs[i], empty);
        run(command.text, 2, "start them with `jinmu serve`");
    }
    strbuf_reset(&command);
    strbuf_printf(&command, "echo '{\"name\":\"a\"}' | $JINMU submit --state %s - 2>&1", empty);
    run(command.text, 2, "start them with `jinmu serve`");
    strbuf_free(&command);
    scratch_destroy(&empty);
}

static void test_direct_request_is_answered_with_the_result(void **state)
{
    (void)state;
    char *endpoint = state_endpoint(pipeline.directory, "broker.sock", NULL);
    struct mdp_client *client = mdp_client_new(endpoint, NULL);
    static const struct {
        const char *body, *part;
    } cases[] = {{"{\"id\":\"d1\",\"name\":\"会议服务\"}", "\"decision\":"},
                 {"{\"projects\":[{\"id\":\"d2\",\"name\":\"会议服务\"}]}", "{\"results\":[{"},
                 {"not json", "input.not_json"},
                 {"{\"projects\":[]}", "batch.empty"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        zmsg_t *body = zmsg_new();
        zmsg_addstr(body, cases[i].body);
        zmsg_t *answer = mdp_client_call(client, "classify", &body, 30000, NULL);
        assert_non_null(answer);
        char *text = zmsg_popstr(answer);
        assert_holds(text, cases[i].part);
        free(text);
        zmsg_destroy(&answer);
    }
    mdp_client_destroy(&client);
    free(endpoint);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_inputs_are_refused_and_nothing_happens),
        cmocka_unit_test(test_limits_can_be_configured),
        cmocka_unit_test(test_one_bad_project_among_others_costs_only_itself),
        cmocka_unit_test(test_unknown_revision_is_an_error_of_that_project),
        cmocka_unit_test(test_receipt_names_the_projects_of_a_request),
        cmocka_unit_test(test_table_has_a_row_for_each_project),
        cmocka_unit_test(test_results_can_be_taken_up_after_a_number),
        cmocka_unit_test(test_status_speaks_of_queue_workers_and_results),
        cmocka_unit_test(test_metrics_are_such_as_prometheus_reads),
        cmocka_unit_test(test_doctor_finds_running_services_well),
        cmocka_unit_test(test_dead_jobs_are_listed_shown_retried_and_dropped),
        cmocka_unit_test(test_queued_requests_are_taken_back_by_their_receipts),
        cmocka_unit_test(test_a_request_that_is_not_begun_by_its_deadline_is_dead),
        cmocka_unit_test(test_second_serve_on_the_same_state_is_refused),
        cmocka_unit_test(test_verbs_say_when_nothing_runs),
        cmocka_unit_test(test_direct_request_is_answered_with_the_result),
    };
    return cmocka_run_group_tests(tests, open_pipeline, close_pipeline);
}
