/* Reclassification through real services: resumed after a kill, repeated, tried without storing; and
 * the revision in use switched under running workers. */
#include "common/json.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"
#include "tests/catalog/revise.h"
#include "tests/e2e/pipeline.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define OLD "晋财综〔2021〕63号"
#define NEW "测综〔2026〕9号"
enum { PROJECTS = 3000, RUN_MS = 120000, BATCHES = 40, OF_BATCH = 64 };
static const char old_csv[] = JINMU_DATA_DIR "/revisions/" OLD ".csv";

/* Runs a command that must end with the status; its output (free()). */
static char *must(const struct pipeline *pipeline, int wanted, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static char *must(const struct pipeline *pipeline, int wanted, const char *format, ...)
{
    char command[1024];
    va_list arguments;
    int status;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    char *output = pipeline_run(pipeline, &status, command);
    if (status != wanted)
        fail_msg("%s: status %d\n%s", command, status, output);
    return output;
}

static void import_new(const struct pipeline *pipeline)
{
    struct revised *revised = revise(old_csv, 5);
    char *csv = revised_csv(revised, NULL);
    file_write(pipeline->directory, "new.csv", csv);
    free(csv);
    revised_destroy(&revised);
    free(must(pipeline, 0,
              "$JINMU catalog import %s/new.csv --revision '" NEW "' --effective 2026-01-01",
              pipeline->directory));
}

/* Projects named after items of the old revision, so that what happens to those is seen. */
static void store_projects(struct pipeline *pipeline, int count)
{
    struct revised *items = revise(old_csv, 5);
    struct strbuf lines = {0};
    for (int i = 0; i < count; i++) {
        const struct deed *deed;
        do
            deed = &items->deeds[(size_t)rand() % items->deed_count];
        while (!*deed->old.code);
        strbuf_printf(&lines,
                      "{\"id\":\"q%d\",\"catalog\":\"" OLD "\",\"unit\":\"某市%s局\","
                      "\"department\":\"%s\",\"name\":\"%s\",\"amount_yuan\":%d,"
                      "\"description\":\"第%d号，委托专业机构承担%s，按年度考核后支付。\"}\n",
                      i, deed->old.department, deed->old.department, deed->old.name,
                      10000 * (i % 50 + 1), i, deed->old.name);
    }
    file_write(pipeline->directory, "stored.jsonl", lines.text);
    strbuf_free(&lines);
    revised_destroy(&items);
    free(must(pipeline, 0, "$JINMU submit --bulk %s/stored.jsonl", pipeline->directory));
    pipeline_await_stored(pipeline, count, RUN_MS);
}

struct seen {
    int old[PROJECTS], new[PROJECTS];
};

/* Counts the results of each project by revision. */
static void count_results(const struct pipeline *pipeline, struct seen *seen)
{
    char *output = must(pipeline, 0, "$JINMU results"), *rest = output, *line;
    *seen = (struct seen){{0}, {0}};
    while ((line = strsep(&rest, "\n")) && *line) {
        struct jv *event = jv_read(line, strlen(line), NULL);
        const struct jv *result = jv_get(event, "result") ? jv_get(event, "result") : event;
        const char *id = jv_get_text(result, "id"), *catalog = jv_get_text(result, "catalog");
        assert_non_null(id);
        assert_non_null(catalog);
        int number = atoi(id + 1);
        assert_in_range(number, 0, PROJECTS - 1);
        (strcmp(catalog, NEW) == 0 ? seen->new : seen->old)[number]++;
        jv_destroy(&event);
    }
    free(output);
}

static void assert_each_has(const struct pipeline *pipeline, int count, int old, int new)
{
    struct seen *seen = xcalloc(1, sizeof *seen);
    count_results(pipeline, seen);
    for (int i = 0; i < count; i++) {
        assert_int_equal(seen->old[i], old);
        assert_int_equal(seen->new[i], new);
    }
    free(seen);
}

/* The last line of a summary: all departments together. */
static char *totals_of(const char *output)
{
    const char *line = strstr(output, "合计");
    assert_non_null(line);
    return xstrndup(line, strcspn(line, "\n"));
}

static void test_every_project_keeps_its_old_result_beside_the_new_one(void **state)
{
    struct pipeline *pipeline = *state;
    store_projects(pipeline, 500);
    import_new(pipeline);
    char *tried = must(pipeline, 0, "$JINMU reclassify --to '" NEW "' --dry-run");
    assert_each_has(pipeline, 500, 1, 0);
    char *done =
        must(pipeline, 0, "$JINMU reclassify --to '" NEW "' --html %s/r.html --xlsx %s/r.xlsx",
             pipeline->directory, pipeline->directory);
    assert_each_has(pipeline, 500, 1, 1);
    char *expected = totals_of(tried), *got = totals_of(done);
    assert_string_equal(expected, got);
    assert_null(strstr(done, "没有变化"));
    free(must(pipeline, 0, "grep -q '新增待复核' %s/r.html && test -s %s/r.xlsx",
              pipeline->directory, pipeline->directory));
    free(expected);
    free(got);
    free(tried);
    free(done);
}

static void test_a_second_run_says_that_nothing_changed(void **state)
{
    struct pipeline *pipeline = *state;
    store_projects(pipeline, 300);
    import_new(pipeline);
    char *first = must(pipeline, 0, "$JINMU reclassify --to '" NEW "'");
    char *second = must(pipeline, 0, "$JINMU reclassify --to '" NEW "' 2>&1");
    if (!strstr(second, "重判 0 个项目"))
        fail_msg("%s", second);
    assert_non_null(strstr(second, "没有变化"));
    assert_each_has(pipeline, 300, 1, 1);
    char *again = must(pipeline, 0, "$JINMU reclassify report --to '" NEW "'");
    assert_string_equal(again, first); /* the report can be had again */
    free(first);
    free(second);
    free(again);
}

static void test_a_killed_run_goes_on_where_it_was(void **state)
{
    struct pipeline *pipeline = *state;
    store_projects(pipeline, PROJECTS);
    import_new(pipeline);
    pid_t run = pipeline_start(pipeline, "$JINMU reclassify --rate 2000 --to '" NEW "'");
    pipeline_await_stored(pipeline, PROJECTS + PROJECTS / 4, RUN_MS);
    assert_int_equal(kill(run, SIGKILL), 0);
    pipeline_await(run, RUN_MS);
    assert_true(pipeline_stored(pipeline) < 2 * PROJECTS);
    char *output = must(pipeline, 0, "$JINMU reclassify --to '" NEW "' 2>&1");
    assert_non_null(strstr(output, "接着上次未完成的重判"));
    assert_non_null(strstr(output, "失败 0 个"));
    assert_each_has(pipeline, PROJECTS, 1, 1);
    char *after = must(pipeline, 0, "$JINMU reclassify report --to '" NEW "'");
    char *totals = totals_of(output), *all = totals_of(after);
    assert_string_equal(totals, all); /* also what was judged before the kill */
    free(totals);
    free(all);
    free(after);
    free(output);
}

static void test_a_paused_run_waits(void **state)
{
    struct pipeline *pipeline = *state;
    store_projects(pipeline, 600);
    import_new(pipeline);
    free(must(pipeline, 0, "$JINMU reclassify pause"));
    pid_t run = pipeline_start(pipeline, "$JINMU reclassify --to '" NEW "'");
    usleep(700000); /* nothing comes, however long one waits */
    assert_int_equal(pipeline_stored(pipeline), 600);
    free(must(pipeline, 0, "$JINMU reclassify resume"));
    assert_int_equal(pipeline_await(run, RUN_MS), 0);
    assert_int_equal(pipeline_stored(pipeline), 1200);
}

static void test_only_the_wanted_department_is_judged(void **state)
{
    struct pipeline *pipeline = *state;
    store_projects(pipeline, 400);
    import_new(pipeline);
    free(must(pipeline, 0, "$JINMU reclassify --to '" NEW "' --department 水利"));
    int some = pipeline_stored(pipeline) - 400;
    assert_in_range(some, 1, 200);
    free(must(pipeline, 0, "$JINMU reclassify --to '" NEW "' --only-affected"));
    int affected = pipeline_stored(pipeline) - 400;
    assert_in_range(affected, some, 399);
}

/* --- switching the revision in use --- */

static void write_batch(const struct pipeline *pipeline, int batch)
{
    struct strbuf lines = {0};
    char name[32];
    for (int i = 0; i < OF_BATCH; i++)
        strbuf_printf(
            &lines,
            "{\"id\":\"b%d\",\"year\":2026,\"unit\":\"某市民政局\",\"name\":\"社区养老服务"
            "%d\",\"description\":\"第%d批，由社会组织承担。\"}\n",
            batch * OF_BATCH + i, i, batch);
    snprintf(name, sizeof name, "batch%d.jsonl", batch);
    file_write(pipeline->directory, name, lines.text);
    strbuf_free(&lines);
}

/* Waits until a request is judged by the revision. */
static void await_revision(const struct pipeline *pipeline, const char *revision)
{
    for (int tries = 0; tries < 100; tries++) {
        char *answer = must(pipeline, 0,
                            "echo '{\"name\":\"社区养老服务\",\"year\":2026,\"id\":\"probe\"}' |"
                            " $JINMU submit --wait -");
        bool there = strstr(answer, revision) != NULL;
        free(answer);
        if (there)
            return;
        usleep(100000);
    }
    fail_msg("no worker took up %s", revision);
}

/* Each batch is one request: its results name one revision, and none is lost or doubled. */
static void check_batches(const struct pipeline *pipeline)
{
    char *output = must(pipeline, 0, "$JINMU results"), *rest = output, *line;
    char revisions[BATCHES][64] = {{0}};
    int counts[BATCHES] = {0}, by_new = 0, by_other = 0;
    while ((line = strsep(&rest, "\n")) && *line) {
        struct jv *event = jv_read(line, strlen(line), NULL);
        const struct jv *result = jv_get(event, "result") ? jv_get(event, "result") : event;
        const char *id = jv_get_text(result, "id"), *catalog = jv_get_text(result, "catalog");
        if (*id == 'b') {
            int batch = atoi(id + 1) / OF_BATCH;
            if (counts[batch]++ == 0) {
                snprintf(revisions[batch], sizeof revisions[batch], "%s", catalog);
                *(strcmp(catalog, NEW) == 0 ? &by_new : &by_other) += 1;
            }
            assert_string_equal(revisions[batch], catalog);
        }
        jv_destroy(&event);
    }
    for (int batch = 0; batch < BATCHES; batch++)
        assert_int_equal(counts[batch], OF_BATCH);
    assert_true(by_new > 0 && by_other > 0);
    free(output);
}

static void test_workers_follow_a_switch_and_its_rollback_between_batches(void **state)
{
    struct pipeline *pipeline = *state;
    import_new(pipeline);
    for (int batch = 0; batch < BATCHES; batch++)
        write_batch(pipeline, batch);
    char command[256];
    snprintf(command, sizeof command,
             "sh -ec 'for i in $(seq 0 %d); do $JINMU submit --bulk --wait %s/batch$i.jsonl"
             " >/dev/null; sleep 0.2; done'",
             BATCHES - 1, pipeline->directory);
    pid_t submitting = pipeline_start(pipeline, command);
    free(must(pipeline, 0, "$JINMU catalog use '" NEW "' --by 王"));
    await_revision(pipeline, NEW);
    free(must(pipeline, 0, "$JINMU catalog use '晋财综〔2025〕28号' --by 王"));
    await_revision(pipeline, "晋财综〔2025〕28号");
    assert_int_equal(pipeline_await(submitting, RUN_MS), 0);
    check_batches(pipeline);
}

/* The year 2024 keeps the revision of its time. */
static void test_an_old_year_keeps_its_revision_after_the_switch(void **state)
{
    struct pipeline *pipeline = *state;
    import_new(pipeline);
    free(must(pipeline, 0, "$JINMU catalog use '" NEW "' --by 王"));
    await_revision(pipeline, NEW);
    char *answer = must(
        pipeline, 0, "echo '{\"name\":\"社区养老服务\",\"year\":2024}' | $JINMU submit --wait -");
    assert_non_null(strstr(answer, OLD));
    free(answer);
}

static int set_up(void **state)
{
    struct pipeline *pipeline = xcalloc(1, sizeof *pipeline);
    pipeline_open(pipeline);
    *state = pipeline;
    return 0;
}

static int tear_down(void **state)
{
    pipeline_close(*state);
    free(*state);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_every_project_keeps_its_old_result_beside_the_new_one),
        TEST(test_a_second_run_says_that_nothing_changed),
        TEST(test_a_killed_run_goes_on_where_it_was),
        TEST(test_a_paused_run_waits),
        TEST(test_only_the_wanted_department_is_judged),
        TEST(test_workers_follow_a_switch_and_its_rollback_between_batches),
        TEST(test_an_old_year_keeps_its_revision_after_the_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
