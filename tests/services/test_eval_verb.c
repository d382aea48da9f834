/* `jinmu eval` on the cases of tests/fixtures/holdout.jsonl, which nothing was trained on: what the
 * product promises, and what the verb prints and writes. */
#include "catalog/catalog.h"
#include "catalog/learn/evaluate.h"
#include "common/json.h"
#include "common/strbuf.h"
#include "tests/services/process.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char holdout[] = "tests/fixtures/holdout.jsonl";
enum { HOLDOUT_CASES = 266 };

/* A state directory for all tests, with what --json printed of the holdout. */
struct stand {
    char *directory;
    char *json_path;
    struct jv *json;
};

/* The whole standard output (free()) of `jinmu eval --state DIR` and further arguments. */
static char *run_eval(const struct stand *stand, int wanted_status, const char *arguments)
{
    const char *folder = getenv("JINMU_BIN");
    struct strbuf command = {0}, output = {0};
    strbuf_printf(&command, "%s/jinmu eval --state %s %s 2>&1", folder ? folder : "build/bin",
                  stand->directory, arguments);
    FILE *pipe = popen(command.text, "r");
    assert_non_null(pipe);
    char part[4096];
    for (size_t got; (got = fread(part, 1, sizeof part, pipe)) > 0;)
        strbuf_add(&output, part, got);
    int status = pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != wanted_status)
        fail_msg("%s: status %d\n%s", command.text, status, output.text ? output.text : "");
    strbuf_free(&command);
    return strbuf_take(&output);
}

static char *eval(const struct stand *stand, int wanted_status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static char *eval(const struct stand *stand, int wanted_status, const char *format, ...)
{
    char arguments[1024];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(arguments, sizeof arguments, format, values);
    va_end(values);
    assert_in_range(length, 0, (int)sizeof arguments - 1);
    return run_eval(stand, wanted_status, arguments);
}

static char *file_in(const struct stand *stand, const char *name)
{
    struct strbuf path = {0};
    strbuf_printf(&path, "%s/%s", stand->directory, name);
    return strbuf_take(&path);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *path)
{
    struct strbuf text = {0};
    char part[4096];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
        strbuf_add(&text, part, got);
    fclose(file);
    return strbuf_take(&text);
}

static int open_stand(void **state)
{
    static struct stand stand;
    *state = &stand;
    stand.directory = scratch_new();
    stand.json_path = file_in(&stand, "holdout.json");
    char *output = eval(&stand, 0, "--json %s", holdout);
    write_file(stand.json_path, output);
    stand.json = jv_read(output, strlen(output), NULL);
    free(output);
    return stand.json ? 0 : -1;
}

static int close_stand(void **state)
{
    struct stand *stand = *state;
    jv_destroy(&stand->json);
    free(stand->json_path);
    scratch_destroy(&stand->directory);
    return 0;
}

static void test_holdout_meets_every_target(void **state)
{
    struct stand *stand = *state;
    assert_int_equal((int)jv_get_number(stand->json, "cases", 0), HOLDOUT_CASES);
    for (int f = 0; f < FIGURES; f++) {
        double value = jv_get_number(stand->json, figure_meanings[f].name, -1);
        if (value < 0 || !figure_on_target((enum figure)f, value))
            fail_msg("%s is %.4f, the target %.2f", figure_meanings[f].name, value,
                     figure_meanings[f].target);
    }
}

static void test_targets_are_those_that_were_promised(void **state)
{
    (void)state;
    static const double promised[FIGURES] = {0.90, 0.80, 0.97, 0.95, 0.90, 0.60, 0.98, 0.05};
    for (int f = 0; f < FIGURES; f++)
        assert_true(figure_meanings[f].target == promised[f]);
}

static void test_json_has_an_outcome_for_every_case_and_the_tables(void **state)
{
    struct stand *stand = *state;
    assert_int_equal(jv_count(jv_get(stand->json, "outcomes")), HOLDOUT_CASES);
    const struct jv *departments = jv_get(stand->json, "departments");
    double services = 0;
    for (size_t i = 0; i < jv_count(departments); i++)
        services += jv_get_number(jv_at(departments, i), "cases", 0);
    assert_int_equal((int)services, 200);
    assert_int_equal(jv_count(jv_get(stand->json, "kinds")), KINDS);
    assert_true(jv_is_array(jv_get(stand->json, "taken_for")));
}

static void test_evaluation_is_the_same_as_itself(void **state)
{
    struct stand *stand = *state;
    char *output = eval(stand, 0, "--compare %s %s", stand->json_path, holdout);
    assert_non_null(strstr(output, "cases in both 266   only now 0   only before 0\n"));
    assert_non_null(strstr(output, "\nbetter 0\n"));
    assert_non_null(strstr(output, "\nworse 0\n"));
    free(output);
}

/* The earlier evaluation with the verdict on one case turned round. */
static char *turn_round(const struct stand *stand, const char *from, const char *to)
{
    char *path = file_in(stand, "turned.json"), *text = read_file(stand->json_path);
    char *outcome = strstr(text, "\"id\":\"h-001\"");
    assert_non_null(outcome);
    char *right = strstr(outcome, from);
    assert_non_null(right);
    struct strbuf turned = {0};
    strbuf_add(&turned, text, (size_t)(right - text));
    strbuf_printf(&turned, "%s%s", to, right + strlen(from));
    write_file(path, turned.text);
    strbuf_free(&turned);
    free(text);
    return path;
}

static void test_case_that_turned_right_is_named_as_better(void **state)
{
    struct stand *stand = *state;
    char *turned = turn_round(stand, "\"right\":true", "\"right\":false");
    char *output = eval(stand, 0, "--compare %s %s", turned, holdout);
    char *better = strstr(output, "\nbetter 1\n");
    assert_non_null(better);
    assert_non_null(strstr(better, "h-001"));
    assert_non_null(strstr(better, "\nworse 0\n"));
    free(output);
    free(turned);
}

static void test_tables_are_printed(void **state)
{
    struct stand *stand = *state;
    char *output = eval(stand, 0, "%s", holdout);
    assert_non_null(strstr(output, "cases 266\nservices\n"));
    assert_non_null(strstr(output, "\nby kind\n"));
    assert_non_null(strstr(output, "\nby department\n"));
    free(output);
}

static void test_page_is_written(void **state)
{
    struct stand *stand = *state;
    char *path = file_in(stand, "page.html");
    free(eval(stand, 0, "--html %s %s", path, holdout));
    char *page = read_file(path);
    assert_memory_equal(page, "<!DOCTYPE html>", 15);
    assert_non_null(strstr(page, "holdout.jsonl：266 个案例"));
    assert_non_null(strstr(page, "</html>"));
    free(page);
    free(path);
}

static void test_what_cannot_be_read_or_written_is_named(void **state)
{
    struct stand *stand = *state;
    char *output = eval(stand, 2, "--compare %s/absent.json %s", stand->directory, holdout);
    assert_non_null(strstr(output, "absent.json: No such file"));
    free(output);
    output = eval(stand, 2, "--compare %s %s", holdout, holdout);
    assert_non_null(strstr(output, "holdout.jsonl"));
    free(output);
    output = eval(stand, 2, "--html %s/absent/page.html %s", stand->directory, holdout);
    assert_non_null(strstr(output, "page.html: No such file"));
    free(output);
}

/* Every ninth case of the holdout is judged; of the others, as many are trained on. */
enum { EVERY = 9, JUDGED = 1, TAUGHT = 4 };

static void write_ninth(const char *path, size_t which)
{
    char *text = read_file(holdout);
    struct strbuf chosen = {0};
    size_t number = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (number++ % EVERY == which)
            strbuf_printf(&chosen, "%s\n", line);
    write_file(path, chosen.text);
    strbuf_free(&chosen);
    free(text);
}

/* The catalog's data with few training cases of its own (the path: free()). */
static char *data_with_few_cases(const struct stand *stand, const char *name)
{
    char *directory = file_in(stand, name);
    struct strbuf path = {0};
    glob_t entries;
    assert_int_equal(mkdir(directory, 0700), 0);
    strbuf_printf(&path, "%s/*", catalog_data_directory());
    assert_int_equal(glob(path.text, 0, NULL, &entries), 0);
    for (size_t i = 0; i < entries.gl_pathc; i++) {
        const char *base = strrchr(entries.gl_pathv[i], '/') + 1;
        strbuf_reset(&path);
        strbuf_printf(&path, "%s/%s", directory, base);
        assert_int_equal(strcmp(base, "cases") == 0 ? mkdir(path.text, 0700)
                                                    : symlink(entries.gl_pathv[i], path.text),
                         0);
    }
    globfree(&entries);
    strbuf_reset(&path);
    strbuf_printf(&path, "%s/cases/1.jsonl", directory);
    write_ninth(path.text, TAUGHT);
    strbuf_free(&path);
    return directory;
}

static char *crosswise_json(const struct stand *stand, const char *data, const char *cases)
{
    setenv("JINMU_DATA", data, 1);
    char *output = eval(stand, 0, "--json --cross-validate 2 %s", cases);
    unsetenv("JINMU_DATA");
    struct jv *json = jv_read(output, strlen(output), NULL);
    assert_true(jv_is_array(jv_get(jv_get(json, "cross_validated"), "outcomes")));
    assert_true(jv_is_number(jv_get(json, "top1")));
    char *text = jv_write(jv_get(json, "cross_validated"));
    jv_destroy(&json);
    free(output);
    return text;
}

static void test_judged_case_does_not_teach_its_own_judge(void **state)
{
    struct stand *stand = *state;
    char *cases = file_in(stand, "judged.jsonl");
    char *data = data_with_few_cases(stand, "data");
    write_ninth(cases, JUDGED);
    char *apart = crosswise_json(stand, data, cases);
    struct strbuf among = {0};
    strbuf_printf(&among, "%s/cases/2.jsonl", data);
    write_ninth(among.text, JUDGED);
    char *together = crosswise_json(stand, data, cases);
    assert_string_equal(apart, together);
    strbuf_free(&among);
    free(together);
    free(apart);
    free(data);
    free(cases);
}

static void test_cross_validation_prints_both_figures(void **state)
{
    struct stand *stand = *state;
    char *cases = file_in(stand, "both.jsonl");
    char *data = data_with_few_cases(stand, "data-both");
    write_ninth(cases, JUDGED);
    setenv("JINMU_DATA", data, 1);
    char *output = eval(stand, 0, "--cross-validate 2 %s", cases);
    unsetenv("JINMU_DATA");
    char *plain = strstr(output, "== the model as it is ==\ncases 30\n");
    assert_non_null(plain);
    assert_non_null(strstr(plain, "== cross-validated, 2 folds ==\ncases 30\n"));
    free(output);
    free(data);
    free(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_holdout_meets_every_target),
        cmocka_unit_test(test_targets_are_those_that_were_promised),
        cmocka_unit_test(test_json_has_an_outcome_for_every_case_and_the_tables),
        cmocka_unit_test(test_evaluation_is_the_same_as_itself),
        cmocka_unit_test(test_case_that_turned_right_is_named_as_better),
        cmocka_unit_test(test_tables_are_printed),
        cmocka_unit_test(test_page_is_written),
        cmocka_unit_test(test_judged_case_does_not_teach_its_own_judge),
        cmocka_unit_test(test_cross_validation_prints_both_figures),
        cmocka_unit_test(test_what_cannot_be_read_or_written_is_named),
    };
    return cmocka_run_group_tests(tests, open_stand, close_stand);
}
