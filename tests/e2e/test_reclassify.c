/* Reclassification through real services: resumed after a kill, repeated, tried without storing; and
 * the revision in use switched under running workers. All tests share the services, to which a new
 * revision comes at first; each has projects of its own, told by how their ids begin. */
#include "catalog/catalog.h"
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
enum { PROJECTS = 1000, RUN_MS = 120000, BATCHES = 40, OF_BATCH = 64 };
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

/* Projects named after items of the old revision, so that what happens to those is seen; how many
 * results there were before. */
static int store_projects(struct pipeline *pipeline, const char *series, int count)
{
    struct revised *items = revise(old_csv, 5);
    struct strbuf lines = {0};
    int before = pipeline_stored(pipeline);
    for (int i = 0; i < count; i++) {
        const struct deed *deed;
        do
            deed = &items->deeds[(size_t)rand() % items->deed_count];
        while (!*deed->old.code);
        strbuf_printf(&lines,
                      "{\"id\":\"%s%d\",\"catalog\":\"" OLD "\",\"unit\":\"某市%s局\","
                      "\"department\":\"%s\",\"name\":\"%s\",\"amount_yuan\":%d,"
                      "\"description\":\"第%d号，委托专业机构承担%s，按年度考核后支付。\"}\n",
                      series, i, deed->old.department, deed->old.department, deed->old.name,
                      10000 * (i % 50 + 1), i, deed->old.name);
    }
    file_write(pipeline->directory, "stored.jsonl", lines.text);
    strbuf_free(&lines);
    revised_destroy(&items);
    free(must(pipeline, 0, "$JINMU submit --bulk %s/stored.jsonl", pipeline->directory));
    pipeline_await_stored(pipeline, before + count, RUN_MS);
    return before;
}

struct seen {
    int old[PROJECTS], new[PROJECTS];
};

/* Counts the results of each project by revision. */
static void count_results(const struct pipeline *pipeline, const char *series, struct seen *seen)
{
    char *output = must(pipeline, 0, "$JINMU results"), *rest = output, *line;
    *seen = (struct seen){{0}, {0}};
    while ((line = strsep(&rest, "\n")) && *line) {
        struct jv *event = jv_read(line, strlen(line), NULL);
        const struct jv *result = jv_get(event, "result") ? jv_get(event, "result") : event;
        const char *id = jv_get_text(result, "id"), *catalog = jv_get_text(result, "catalog");
        assert_non_null(id);
        assert_non_null(catalog);
        if (strncmp(id, series, strlen(series)) == 0) {
            int number = atoi(id + strlen(series));
            assert_in_range(number, 0, PROJECTS - 1);
            (strcmp(catalog, NEW) == 0 ? seen->new : seen->old)[number]++;
        }
        jv_destroy(&event);
    }
    free(output);
}

static void assert_each_has(const struct pipeline *pipeline, const char *series, int count, int old,
                            int new)
{
    struct seen *seen = xcalloc(1, sizeof *seen);
    count_results(pipeline, series, seen);
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

/* The numbers of that line: unchanged, renamed … as move_words has them, then what is to be reviewed. */
enum { SAME, RENAMED, RECODED, JUDGED, UNLISTED, LISTED, UNSEEN, FAILED, TO_REVIEW, TOTALS };
static void read_totals(const char *output, long totals[TOTALS])
{
    char *line = totals_of(output), *at = line + strcspn(line, " ");
    for (int i = 0; i < TOTALS; i++)
        totals[i] = strtol(at, &at, 10);
    free(line);
}

static void test_every_project_keeps_its_old_result_beside_the_new_one(void **state)
{
    struct pipeline *pipeline = *state;
    store_projects(pipeline, "keep-", 500);
    char *tried = must(pipeline, 0, "$JINMU reclassify --to '" NEW "' --dry-run");
    assert_each_has(pipeline, "keep-", 500, 1, 0);
    char *done =
        must(pipeline, 0, "$JINMU reclassify --to '" NEW "' --html %s/r.html --xlsx %s/r.xlsx",
             pipeline->directory, pipeline->directory);
    assert_each_has(pipeline, "keep-", 500, 1, 1);
    char *expected = totals_of(tried), *got = totals_of(done);
    assert_string_equal(expected, got);
    assert_null(strstr(done, "没有变化"));
    free(must(pipeline, 0,
              "grep -q '<p>共 [0-9]* 个项目、[0-9.]* 万元：未变 ' %s/r.html &&"
              " grep -q '其中新增待复核' %s/r.html &&"
              " /usr/bin/python3 -m zipfile -e %s/r.xlsx %s/book &&"
              " grep -q '合计（元）' %s/book/xl/worksheets/sheet1.xml &&"
              " grep -q '自动通过' %s/book/xl/worksheets/sheet2.xml && rm -r %s/book",
              pipeline->directory, pipeline->directory, pipeline->directory, pipeline->directory,
              pipeline->directory, pipeline->directory, pipeline->directory));
    free(expected);
    free(got);
    free(tried);
    free(done);
}

static void test_a_second_run_says_that_nothing_changed(void **state)
{
    struct pipeline *pipeline = *state;
    store_projects(pipeline, "again-", 300);
    char *first = must(pipeline, 0, "$JINMU reclassify --to '" NEW "'");
    char *second = must(pipeline, 0, "$JINMU reclassify --to '" NEW "' 2>&1");
    if (!strstr(second, "重判 0 个项目"))
        fail_msg("%s", second);
    assert_non_null(strstr(second, "没有变化"));
    assert_each_has(pipeline, "again-", 300, 1, 1);
    char *again = must(pipeline, 0, "$JINMU reclassify report --to '" NEW "'");
    assert_string_equal(again, first); /* the report can be had again */
    free(first);
    free(second);
    free(again);
}

static void test_a_killed_run_goes_on_where_it_was(void **state)
{
    struct pipeline *pipeline = *state;
    int before = store_projects(pipeline, "killed-", PROJECTS);
    char *earlier = must(pipeline, 0, "$JINMU reclassify report --to '" NEW "'");
    pid_t run = pipeline_start(pipeline, "$JINMU reclassify --rate 1 --to '" NEW "'");
    pipeline_await_stored(pipeline, before + PROJECTS + 1, RUN_MS); /* its first batch */
    assert_int_equal(kill(run, SIGKILL), 0);
    pipeline_await(run, RUN_MS);
    assert_true(pipeline_stored(pipeline) < before + 2 * PROJECTS);
    char *output = must(pipeline, 0, "$JINMU reclassify --to '" NEW "' 2>&1");
    assert_non_null(strstr(output, "接着上次未完成的重判"));
    assert_non_null(strstr(output, "失败 0 个"));
    assert_each_has(pipeline, "killed-", PROJECTS, 1, 1);
    char *after = must(pipeline, 0, "$JINMU reclassify report --to '" NEW "'");
    long told[TOTALS], all[TOTALS], of_earlier[TOTALS];
    read_totals(output, told);
    read_totals(after, all);
    read_totals(earlier, of_earlier);
    for (int i = RENAMED; i < TOTALS; i++) /* also what was judged before the kill */
        assert_int_equal(told[i], all[i] - of_earlier[i]);
    free(earlier);
    free(after);
    free(output);
}

static void test_a_paused_run_waits(void **state)
{
    struct pipeline *pipeline = *state;
    int before = store_projects(pipeline, "paused-", 600);
    free(must(pipeline, 0, "$JINMU reclassify pause"));
    pid_t run = pipeline_start(pipeline, "$JINMU reclassify --to '" NEW "'");
    usleep(700000); /* nothing comes, however long one waits */
    assert_int_equal(pipeline_stored(pipeline), before + 600);
    free(must(pipeline, 0, "$JINMU reclassify resume"));
    assert_int_equal(pipeline_await(run, RUN_MS), 0);
    assert_int_equal(pipeline_stored(pipeline), before + 1200);
}

static void test_only_the_wanted_department_is_judged(void **state)
{
    struct pipeline *pipeline = *state;
    int before = store_projects(pipeline, "some-", 400);
    free(must(pipeline, 0, "$JINMU reclassify --to '" NEW "' --department 水利"));
    int some = pipeline_stored(pipeline) - before - 400;
    assert_in_range(some, 1, 200);
    free(must(pipeline, 0, "$JINMU reclassify --to '" NEW "' --only-affected"));
    int affected = pipeline_stored(pipeline) - before - 400;
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
            "{\"id\":\"batch-%d\",\"year\":2026,\"unit\":\"某市民政局\",\"name\":\"社区养老服务"
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
        if (strncmp(id, "batch-", 6) == 0) {
            int batch = atoi(id + 6) / OF_BATCH;
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
    free(must(pipeline, 0, "$JINMU catalog use '" NEW "' --by 王"));
    await_revision(pipeline, NEW);
    char *answer = must(
        pipeline, 0, "echo '{\"name\":\"社区养老服务\",\"year\":2024}' | $JINMU submit --wait -");
    assert_non_null(strstr(answer, OLD));
    free(answer);
}

/* --- another engine --- */

static void store_odd_projects(struct pipeline *pipeline, int count)
{
    struct strbuf lines = {0};
    int before = pipeline_stored(pipeline);
    for (int i = 0; i < count; i++)
        strbuf_printf(&lines,
                      "{\"id\":\"odd-%d\",\"catalog\":\"" OLD "\",\"unit\":\"某市民政局\","
                      "\"department\":\"民政\",\"name\":\"星槎浮海\",\"amount_yuan\":1000}\n",
                      i);
    file_write(pipeline->directory, "odd.jsonl", lines.text);
    strbuf_free(&lines);
    free(must(pipeline, 0, "$JINMU submit --bulk %s/odd.jsonl", pipeline->directory));
    pipeline_await_stored(pipeline, before + count, RUN_MS);
}

/* A label names the item that nothing named before: who is about to use it sees at first, in a copy,
 * what it would move, and the run moves just that. */
static void test_drift_of_new_labels_is_known_before_they_are_used(void **state)
{
    struct pipeline *pipeline = *state;
    const char *here = pipeline->directory;
    store_odd_projects(pipeline, 20);
    int before = pipeline_stored(pipeline);
    free(must(pipeline, 0,
              "cp -r " JINMU_DATA_DIR " %s/data && cp %s/catalog.db %s/copy.db && $JINMU catalog"
              " labels add --db %s/copy.db --data %s/data 民政 A040302 星槎浮海",
              here, here, here, here, here));
    char *none = must(pipeline, 0, "$JINMU reclassify --engine --dry-run");
    assert_non_null(strstr(none, "没有变化"));
    char *tried = must(pipeline, 0, "$JINMU reclassify --engine --dry-run --db %s/copy.db", here);
    assert_int_equal(pipeline_stored(pipeline), before);
    long drift[TOTALS];
    read_totals(tried, drift);
    assert_int_equal(drift[JUDGED] + drift[LISTED], 20);
    char *done = must(pipeline, 0, "JINMU_DATA=%s/data $JINMU reclassify --engine", here);
    char *expected = totals_of(tried), *got = totals_of(done);
    assert_string_equal(expected, got);
    char *result = must(pipeline, 0, "$JINMU results odd-7 | tail -n 1");
    assert_non_null(strstr(result, "\"code\":\"A040302\""));
    free(none);
    free(tried);
    free(done);
    free(expected);
    free(got);
    free(result);
}

/* --- those who watch --- */

struct watched {
    int events, begun, finished;
    double judged;
};

/* What jinmu watch wrote: numbers without a gap. */
static struct watched read_watched(const struct pipeline *pipeline)
{
    struct watched watched = {0};
    char *output = must(pipeline, 0, "cat %s/watched", pipeline->directory), *rest = output, *line;
    while ((line = strsep(&rest, "\n")) && rest) {
        struct jv *event = jv_read(line, strlen(line), NULL);
        const char *topic = jv_get_text(event, "topic"), *what = jv_get_text(event, "reclassify");
        assert_int_equal(jv_get_number(event, "event", 0), ++watched.events);
        assert_non_null(topic);
        assert_int_equal(what != NULL, strncmp(topic, "reclassify.", 11) == 0);
        if (what && strcmp(topic, "reclassify." NEW) == 0) {
            watched.begun += strcmp(what, "begun") == 0;
            watched.finished += strcmp(what, "finished") == 0;
            watched.judged = jv_get_number(event, "judged", watched.judged);
        }
        jv_destroy(&event);
    }
    free(output);
    return watched;
}

/* Waits until it has written so much. */
static struct watched await_watched(const struct pipeline *pipeline, int events, int finished)
{
    int64_t deadline = zclock_mono() + RUN_MS;
    struct watched now = read_watched(pipeline);
    while (now.events < events || now.finished < finished) {
        if (zclock_mono() > deadline)
            fail_msg("%d events, %d finished runs were told", now.events, now.finished);
        usleep(20000);
        now = read_watched(pipeline);
    }
    return now;
}

static void test_who_watches_is_told_of_a_run_between_its_results(void **state)
{
    struct pipeline *pipeline = *state;
    char command[512];
    struct watched before, now;
    snprintf(command, sizeof command, "$JINMU watch --since 0 > %s/watched", pipeline->directory);
    store_projects(pipeline, "watched-", 100);
    free(must(pipeline, 0, "touch %s/watched", pipeline->directory)); /* read before watch begins */
    pid_t watch = pipeline_start(pipeline, command);
    int stored = pipeline_stored(pipeline);
    before = await_watched(pipeline, stored, 0);
    char *done = must(pipeline, 0, "$JINMU reclassify --to '" NEW "' 2>&1");
    now = await_watched(pipeline, 0, before.finished + 1);
    assert_int_equal(now.begun, before.begun + 1);
    assert_int_equal(now.finished, before.finished + 1);
    assert_true(now.judged >= 100);
    assert_int_equal(now.events, before.events + 2 + (int)now.judged);
    free(done);
    assert_int_equal(kill(watch, SIGTERM), 0);
    pipeline_await(watch, RUN_MS);
}

/* --- the report --- */

static void spoil_model(const struct pipeline *pipeline, bool spoil)
{
    struct fault fault = {"", ""};
    char *path = state_path(pipeline->directory, "catalog.db");
    struct store *store = catalog_open(path, STORE_WRITE, &fault);
    assert_non_null(store);
    assert_int_equal(store_exec(store,
                                spoil ? "ALTER TABLE model RENAME TO hidden"
                                      : "ALTER TABLE hidden RENAME TO model",
                                &fault),
                     0);
    store_close(&store);
    free(path);
}

/* Where no engine can be loaded, a report can be had all the same: of the last run by the revision, and
 * without the record of it, of the newest results. */
static void test_a_report_needs_no_engine(void **state)
{
    struct pipeline *pipeline = *state;
    store_projects(pipeline, "report-", 50);
    free(must(pipeline, 0, "$JINMU reclassify --to '" NEW "'"));
    char *first = must(pipeline, 0, "$JINMU reclassify report --to '" NEW "'");
    spoil_model(pipeline, true);
    char *refused = must(pipeline, 2, "$JINMU reclassify --to '" NEW "' --dry-run 2>&1");
    char *second = must(pipeline, 0, "$JINMU reclassify report --to '" NEW "'");
    free(must(pipeline, 0, "rm %s/reclassify.json", pipeline->directory));
    char *third = must(pipeline, 0, "$JINMU reclassify report --to '" NEW "'");
    char *none = must(pipeline, 2, "$JINMU reclassify report --to 47号 2>&1");
    spoil_model(pipeline, false);
    assert_string_equal(second, first);
    assert_string_equal(third, first);
    assert_non_null(strstr(none, "没有按 晋财综〔2023〕47号 判断过的项目"));
    free(must(pipeline, 64, "$JINMU reclassify report --dry-run --to '" NEW "' 2>&1"));
    free(first);
    free(refused);
    free(second);
    free(third);
    free(none);
}

static int set_up(void **state)
{
    struct pipeline *pipeline = xcalloc(1, sizeof *pipeline);
    pipeline_open(pipeline);
    import_new(pipeline);
    *state = pipeline;
    return 0;
}

static int tear_down(void **state)
{
    pipeline_close(*state);
    free(*state);
    return 0;
}

/* In this order: a report is of all projects; some that are left unjudged, and another revision in
 * use, come last. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_second_run_says_that_nothing_changed),
        cmocka_unit_test(test_every_project_keeps_its_old_result_beside_the_new_one),
        cmocka_unit_test(test_a_killed_run_goes_on_where_it_was),
        cmocka_unit_test(test_a_paused_run_waits),
        cmocka_unit_test(test_who_watches_is_told_of_a_run_between_its_results),
        cmocka_unit_test(test_a_report_needs_no_engine),
        cmocka_unit_test(test_only_the_wanted_department_is_judged),
        cmocka_unit_test(test_workers_follow_a_switch_and_its_rollback_between_batches),
        cmocka_unit_test(test_an_old_year_keeps_its_revision_after_the_switch),
        cmocka_unit_test(test_drift_of_new_labels_is_known_before_they_are_used),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
