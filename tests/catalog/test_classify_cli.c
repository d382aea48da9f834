/* jinmu classify as a person runs it: lines in, lines out, and an exit status that can be trusted. */
#include "catalog/import/csv_table.h"
#include "common/strbuf.h"
#include "tests/catalog/catalog_case.h"
#include "tests/catalog/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static struct fixture *fixture;

static int set_up(void **state)
{
    (void)state;
    fixture = fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_destroy(&fixture);
    return 0;
}

struct run {
    int status;
    char *out, *err;
};

static char *read_back(const char *name)
{
    struct strbuf path = {0};
    size_t length;
    strbuf_printf(&path, "%s/%s", fixture->directory, name);
    char *text = file_read(path.text, &length, NULL);
    strbuf_free(&path);
    assert_non_null(text);
    return text;
}

/* Runs `jinmu classify ARGUMENTS` with %D for the fixture's folder, and this standard input. */
static struct run classify(const char *arguments, const char *input)
{
    const char *programs = getenv("JINMU_BIN");
    struct strbuf command = {0};
    file_write(fixture->directory, "in", input);
    strbuf_printf(&command,
                  "D='%s'; exec '%s/jinmu' classify %s <\"$D/in\" >\"$D/out\" 2>\"$D/err\"",
                  fixture->directory, programs ? programs : "build/bin", arguments);
    int status = system(command.text);
    strbuf_free(&command);
    assert_true(WIFEXITED(status));
    return (struct run){WEXITSTATUS(status), read_back("out"), read_back("err")};
}

static void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* The result on a line, from 0 (jv_destroy). */
static struct jv *result_at(const char *out, size_t number)
{
    struct fault fault = {0};
    while (number--)
        out = strchr(out, '\n') + 1;
    struct jv *result = jv_read(out, (size_t)(strchr(out, '\n') - out), &fault);
    if (!result)
        fail_msg("%s", fault.message);
    return result;
}

static void test_results_come_in_the_order_of_the_projects(void **state)
{
    (void)state;
    struct strbuf input = {0};
    for (int i = 0; i < 500; i++)
        strbuf_printf(&input, "{\"id\":\"p%d\",\"name\":\"%s\"}\n", i,
                      i % 2 ? "居家养老服务" : "设备购置");
    struct run run = classify("--db \"$D/catalog.db\"", input.text);
    assert_int_equal(run.status, 0);
    assert_string_equal(run.err, "");
    assert_int_equal(lines_of(run.out), 500);
    const char *line = run.out;
    for (int i = 0; i < 500; i++) {
        char start[32];
        snprintf(start, sizeof start, "{\"id\":\"p%d\",", i);
        assert_int_equal(strncmp(line, start, strlen(start)), 0);
        line = strchr(line, '\n') + 1;
    }
    run_free(&run);
    strbuf_free(&input);
}

static void test_the_verb_says_what_the_judge_says(void **state)
{
    (void)state;
    static const char project[] = "{\"name\":\"居家养老服务\",\"unit\":\"某县民政局\"}";
    struct answers answers = answers_of(fixture, project, strlen(project));
    struct run run = classify("-d \"$D/catalog.db\" -", project); /* no newline at the end */
    assert_int_equal(run.status, 0);
    assert_string_equal(run.out, answers.text);
    run_free(&run);
    answers_free(&answers);
}

static void test_a_bad_line_gives_one_error_line_in_its_place(void **state)
{
    (void)state;
    static const char *const codes[] = {"",
                                        "input.not_json",
                                        "project.name_missing",
                                        "input.not_utf8",
                                        "project.not_an_object",
                                        "project.bad_type",
                                        ""};
    struct run run = classify("--db \"$D/catalog.db\"", "{\"name\":\"居家养老\"}\n"
                                                        "{\"name\":\n"
                                                        "{\"id\":\"a\"}\n"
                                                        "{\"name\":\"\xFF\"}\n"
                                                        "[]\n"
                                                        "\r\n\n"
                                                        "{\"name\":7}\r\n"
                                                        "{\"name\":\"桥梁检测\"}\r\n");
    assert_int_equal(run.status, 1);
    assert_int_equal(lines_of(run.out), 7);
    for (size_t i = 0; i < 7; i++) {
        struct jv *result = result_at(run.out, i);
        assert_string_equal(error_code(result), codes[i]);
        jv_destroy(&result);
    }
    run_free(&run);
}

static void test_no_projects_give_no_results(void **state)
{
    (void)state;
    struct run run = classify("--db \"$D/catalog.db\"", "");
    assert_int_equal(run.status, 0);
    assert_string_equal(run.out, "");
    run_free(&run);
}

static void test_a_revision_can_be_asked_for(void **state)
{
    (void)state;
    static const char project[] = "{\"name\":\"居家养老服务\",\"catalog\":\"" REVISION_NEW "\"}\n";
    struct run run = classify("--db \"$D/catalog.db\" --catalog '测综[2021]1号'", project);
    struct jv *result = result_at(run.out, 0);
    assert_int_equal(run.status, 0);
    assert_string_equal(jv_get_text(result, "catalog"), REVISION_OLD);
    assert_string_equal(first_code(result), "A040101");
    jv_destroy(&result);
    run_free(&run);
    run = classify("--db \"$D/catalog.db\" --catalog 无", project);
    result = result_at(run.out, 0);
    assert_int_equal(run.status, 1);
    assert_string_equal(error_code(result), "project.unknown_catalog");
    jv_destroy(&result);
    run_free(&run);
}

static void test_projects_may_stand_in_a_file(void **state)
{
    (void)state;
    file_write(fixture->directory, "projects.jsonl", "{\"id\":\"f\",\"name\":\"居家养老\"}\n");
    struct run run = classify("--db \"$D/catalog.db\" \"$D/projects.jsonl\"", "");
    assert_int_equal(run.status, 0);
    assert_int_equal(lines_of(run.out), 1);
    run_free(&run);
}

static void assert_could_not(const char *arguments, const char *why)
{
    struct run run = classify(arguments, "{\"name\":\"居家养老\"}\n");
    assert_int_equal(run.status, 2);
    if (!strstr(run.err, why))
        fail_msg("'%s' does not say '%s'", run.err, why);
    run_free(&run);
}

static void test_what_cannot_be_done_gives_status_2_and_says_why(void **state)
{
    (void)state;
    assert_could_not("--db \"$D/catalog.db\" /nonexistent/file", "/nonexistent/file");
    assert_could_not("--db \"$D/catalog.db\" \"$D\"", "directory");
    assert_could_not("--db /nonexistent/catalog.db", "/nonexistent/catalog.db");
    assert_could_not("--db \"$D/in\"", "jinmu: ");
}

static void test_a_full_disk_is_no_success(void **state)
{
    (void)state;
    file_write(fixture->directory, "in", "{\"name\":\"居家养老\"}\n");
    struct strbuf command = {0};
    const char *programs = getenv("JINMU_BIN");
    strbuf_printf(&command, "exec '%s/jinmu' classify --db '%s' <'%s/in' >/dev/full 2>/dev/null",
                  programs ? programs : "build/bin", fixture->path, fixture->directory);
    int status = system(command.text);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 2);
    strbuf_free(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_come_in_the_order_of_the_projects),
        cmocka_unit_test(test_the_verb_says_what_the_judge_says),
        cmocka_unit_test(test_a_bad_line_gives_one_error_line_in_its_place),
        cmocka_unit_test(test_no_projects_give_no_results),
        cmocka_unit_test(test_a_revision_can_be_asked_for),
        cmocka_unit_test(test_projects_may_stand_in_a_file),
        cmocka_unit_test(test_what_cannot_be_done_gives_status_2_and_says_why),
        cmocka_unit_test(test_a_full_disk_is_no_success),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
