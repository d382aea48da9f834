/* `jinmu intake` as a person runs it: what it prints, what it says when it cannot, and its status. */
#include "common/json.h"
#include "services/cli/verbs.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLE "deploy/sample/预算公开样例.txt"

struct run {
    int status;
    char *out, *err;
};

static char *text_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    assert_non_null(file);
    size_t length = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    unlink(path);
    text[length] = 0;
    return text;
}

/* Runs the verb in a process of its own, with `input` on its standard input. */
static struct run intake(const char *input, const char *option, const char *file)
{
    char folder[] = "/tmp/jinmu-intake-XXXXXX", in[64], out[64], err[64];
    assert_non_null(mkdtemp(folder));
    snprintf(in, sizeof in, "%s/in", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    snprintf(err, sizeof err, "%s/err", folder);
    FILE *stream = fopen(in, "wb");
    assert_non_null(stream);
    fputs(input, stream);
    fclose(stream);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *arguments[] = {"intake", (char *)(option ? option : file),
                             option ? (char *)file : NULL, NULL};
        if (!freopen(in, "rb", stdin) || !freopen(out, "wb", stdout) || !freopen(err, "wb", stderr))
            _exit(99);
        int status = verb_intake(option ? 3 : 2, arguments);
        fflush(NULL);
        _exit(status);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    unlink(in);
    struct run run = {WEXITSTATUS(status), text_of(out), text_of(err)};
    rmdir(folder);
    return run;
}

static void run_clear(struct run *run)
{
    free(run->out);
    free(run->err);
}

static void test_one_project_a_line(void **state)
{
    (void)state;
    struct run run = intake("", NULL, SAMPLE);
    size_t lines = 0;
    assert_int_equal(run.status, 0);
    for (char *rest = run.out, *line; (line = strsep(&rest, "\n")) && *line; lines++) {
        struct jv *project = jv_read(line, strlen(line), NULL);
        assert_non_null(jv_get_text(project, "name"));
        assert_string_equal(jv_get_text(jv_get(project, "source"), "file"), SAMPLE);
        jv_destroy(&project);
    }
    assert_int_equal(lines, 9);
    assert_string_equal(run.err, "");
    run_clear(&run);
}

static void test_the_whole_document_on_one_line(void **state)
{
    (void)state;
    struct run run = intake("", "--document", SAMPLE);
    assert_int_equal(run.status, 0);
    struct jv *document = jv_read(run.out, strlen(run.out), NULL);
    assert_int_equal(jv_count(jv_get(document, "projects")), 9);
    assert_int_equal(jv_count(jv_get(jv_get(document, "tables"), "project_budget")), 9);
    jv_destroy(&document);
    run_clear(&run);
}

static void test_the_standard_input_is_read(void **state)
{
    (void)state;
    struct run run =
        intake("项目名称：助餐服务\n年度预算（元）：100\n项目概况：助餐。\n", NULL, "-");
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "\"amount_yuan\":100"));
    run_clear(&run);
}

static void test_no_project_is_status_1_with_a_message(void **state)
{
    (void)state;
    struct run run = intake("一篇没有表的文章。\n", NULL, "-");
    assert_int_equal(run.status, 1);
    assert_string_equal(run.out, "");
    assert_non_null(strstr(run.err, "没有找到项目"));
    run_clear(&run);
}

static void test_what_cannot_be_read_is_status_2_with_a_message(void **state)
{
    (void)state;
    struct run run = intake("\xff\xfe\xfd 项目", NULL, "-");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "UTF-8"));
    run_clear(&run);
    run = intake("", NULL, "/nonexistent/文件.txt");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "无法打开"));
    run_clear(&run);
    run = intake("", NULL, "/tmp");
    assert_int_equal(run.status, 2);
    assert_non_null(strstr(run.err, "读取失败"));
    run_clear(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_project_a_line),
        cmocka_unit_test(test_the_whole_document_on_one_line),
        cmocka_unit_test(test_the_standard_input_is_read),
        cmocka_unit_test(test_no_project_is_status_1_with_a_message),
        cmocka_unit_test(test_what_cannot_be_read_is_status_2_with_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
