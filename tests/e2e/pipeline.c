#include "tests/e2e/pipeline.h"

#include "common/json.h"
#include "common/state.h"
#include "common/strbuf.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_MS = 60000, STOP_MS = 60000, ANSWER_MS = 1000 };

static void start_serve(struct pipeline *pipeline)
{
    const char *const argv[] = {"jinmu",     "serve", "--state", pipeline->directory,
                                "--workers", "2",     NULL};
    pipeline->serve = process_start(argv, "serve_ready", START_MS);
    assert_non_null(pipeline->serve);
}

void pipeline_open(struct pipeline *pipeline)
{
    zsys_handler_set(NULL);
    *pipeline = (struct pipeline){.directory = scratch_new()};
    setenv("JINMU_STATE", pipeline->directory, 1);
    start_serve(pipeline);
    char *endpoint = state_endpoint(pipeline->directory, "collector.sock", NULL);
    pipeline->inquiry = inquiry_new(endpoint, NULL);
    free(endpoint);
}

void pipeline_restart(struct pipeline *pipeline)
{
    process_destroy(&pipeline->serve);
    start_serve(pipeline);
}

static void list_children(pid_t parent, pid_t *children, size_t *count, size_t most)
{
    char path[64];
    int pid;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    for (*count = 0; file && *count < most && fscanf(file, "%d", &pid) == 1;)
        children[(*count)++] = pid;
    if (file)
        fclose(file);
}

static bool is_program(pid_t pid, const char *name)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "r");
    if (file && fgets(text, sizeof text, file))
        text[strcspn(text, "\n")] = 0;
    if (file)
        fclose(file);
    return strcmp(text, name) == 0;
}

pid_t pipeline_program(const struct pipeline *pipeline, const char *name)
{
    pid_t children[16];
    size_t count;
    list_children(process_id(pipeline->serve), children, &count, 16);
    for (size_t i = 0; i < count; i++)
        if (is_program(children[i], name))
            return children[i];
    return 0;
}

void pipeline_stop(struct pipeline *pipeline)
{
    pid_t children[16];
    size_t count;
    list_children(process_id(pipeline->serve), children, &count, 16);
    assert_int_equal(process_stop(&pipeline->serve, STOP_MS), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(kill(children[i], 0), -1);
}

void pipeline_close(struct pipeline *pipeline)
{
    if (pipeline->serve)
        pipeline_stop(pipeline);
    inquiry_destroy(&pipeline->inquiry);
    scratch_destroy(&pipeline->directory);
}

char *pipeline_projects(const struct pipeline *pipeline, int count)
{
    static const char *const names[] = {"政务服务标准化", "社区养老服务", "办公楼物业管理",
                                        "购置办公电脑", "道路交通事故统计分析"};
    char *path = state_path(pipeline->directory, "projects.jsonl");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < count; i++)
        fprintf(file,
                "{\"id\":\"p%d\",\"year\":2026,\"unit\":\"某市民政局\",\"name\":\"%s%d\","
                "\"description\":\"第%d号项目，委托专业机构承担，按年度考核后支付。\"}\n",
                i, names[i % 5], i, i);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void prepare_environment(void)
{
    struct strbuf program = {0};
    const char *folder = getenv("JINMU_BIN");
    strbuf_printf(&program, "%s/jinmu", folder ? folder : "build/bin");
    setenv("JINMU", program.text, 1);
    strbuf_free(&program);
}

char *pipeline_run(const struct pipeline *pipeline, int *status, const char *command)
{
    (void)pipeline;
    prepare_environment();
    FILE *output = popen(command, "r");
    assert_non_null(output);
    struct strbuf text = {0};
    char part[4096];
    size_t length;
    while ((length = fread(part, 1, sizeof part, output)) > 0)
        strbuf_add(&text, part, length);
    int ended = pclose(output);
    if (status)
        *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return strbuf_take(&text);
}

pid_t pipeline_start(const struct pipeline *pipeline, const char *command)
{
    (void)pipeline;
    prepare_environment();
    struct strbuf line = {0};
    strbuf_printf(&line, "exec %s", command);
    pid_t started = fork();
    if (started == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sh", "sh", "-c", line.text, (char *)NULL);
        _exit(127);
    }
    assert_true(started > 0);
    strbuf_free(&line);
    return started;
}

int pipeline_await(pid_t started, int timeout_ms)
{
    int64_t deadline = zclock_mono() + timeout_ms;
    int status;
    while (waitpid(started, &status, WNOHANG) == 0) {
        if (zclock_mono() > deadline) {
            kill(started, SIGKILL);
            waitpid(started, &status, 0);
            fail_msg("did not end in %d ms", timeout_ms);
        }
        zclock_sleep(5);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int pipeline_stored(struct pipeline *pipeline)
{
    struct jv *status = inquiry_status(pipeline->inquiry, ANSWER_MS, NULL);
    int stored = status ? (int)jv_get_number(status, "results", -1) : -1;
    jv_destroy(&status);
    return stored;
}

void pipeline_await_stored(struct pipeline *pipeline, int count, int timeout_ms)
{
    int64_t deadline = zclock_mono() + timeout_ms;
    int stored;
    while ((stored = pipeline_stored(pipeline)) < count) {
        if (zclock_mono() > deadline)
            fail_msg("%d of %d stored in %d ms", stored, count, timeout_ms);
        zclock_sleep(2);
    }
}

struct tally {
    unsigned char *seen;
    int count;
    int64_t last;
};

static void tally_row(const struct inquiry_row *row, void *argument)
{
    struct tally *tally = argument;
    assert_int_equal(row->event, tally->last + 1);
    tally->last = row->event;
    struct jv *result = jv_read(row->json, strlen(row->json), NULL);
    const char *id = jv_get_text(result, "id");
    assert_true(id && *id == 'p');
    int number = atoi(id + 1);
    assert_true(number >= 0 && number < tally->count);
    assert_int_equal(tally->seen[number], 0);
    tally->seen[number] = 1;
    jv_destroy(&result);
}

void pipeline_check_all_stored_once(struct pipeline *pipeline, int count)
{
    struct tally tally = {.seen = xcalloc((size_t)count, 1), .count = count};
    int rows;
    while ((rows = inquiry_events(pipeline->inquiry, tally.last, 1000, 10000, tally_row, &tally,
                                  NULL, NULL)) > 0) {
    }
    assert_int_equal(rows, 0);
    assert_int_equal(tally.last, count);
    assert_int_equal(pipeline_stored(pipeline), count);
    free(tally.seen);
}
