#include "common/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

struct call {
    const char *state, *name;
    struct option_list units;
    int64_t limit;
    int format;
    bool all;
};

enum { PLAIN, JSON, CSV };

static const struct option_row rows[] = {
    STATE_OPTION(struct call),
    TEXT_OPTION(struct call, name, "name", 'n', "NAME", "a name"),
    LIST_OPTION(struct call, units, "unit", 'u', "UNIT", "a unit"),
    NUMBER_OPTION(struct call, limit, "limit", 0, 1, 20, "at most"),
    CHOICE_OPTION(struct call, format, JSON, "json", 0, "JSON"),
    CHOICE_OPTION(struct call, format, CSV, "csv", 'C', "CSV"),
    FLAG_OPTION(struct call, all, "all", 'a', "all"),
    {0}};
static const struct command_form form = {rows, 1, 2, "FILE [FILE]", "Tries options."};

enum { WORDS = 16 };

static char **read_words(char *words[WORDS], struct call *call)
{
    int count = 0;
    while (words[count])
        count++;
    return options_read(&form, count, words, call);
}

/* The exit status of a process that is called so. */
static int refusal(char *words[WORDS])
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct call call = {0};
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        read_words(words, &call);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_every_type_is_kept_in_its_member(void **state)
{
    (void)state;
    struct call call = {.limit = 7};
    char *words[WORDS] = {"x",      "--name",  "民政", "-u", "甲",   "--unit=乙", "-a",
                          "--json", "--limit", "20",   "-s", "/tmp", "file",      NULL};
    char **arguments = read_words(words, &call);
    assert_string_equal(call.name, "民政");
    assert_string_equal(call.state, "/tmp");
    assert_int_equal(call.units.count, 2);
    assert_string_equal(call.units.all[1], "乙");
    assert_int_equal(call.limit, 20);
    assert_int_equal(call.format, JSON);
    assert_true(call.all);
    assert_string_equal(arguments[0], "file");
    assert_null(arguments[1]);
}

static void test_options_may_follow_arguments(void **state)
{
    (void)state;
    struct call call = {.limit = 7};
    char *words[WORDS] = {"x", "one", "--csv", "two", "-a", NULL};
    char **arguments = read_words(words, &call);
    assert_string_equal(arguments[0], "one");
    assert_string_equal(arguments[1], "two");
    assert_null(arguments[2]);
    assert_int_equal(call.format, CSV);
    assert_true(call.all);
    assert_int_equal(call.limit, 7); /* what is not given stays */
}

static void test_behind_two_dashes_all_are_arguments(void **state)
{
    (void)state;
    struct call call = {0};
    char *words[WORDS] = {"x", "--", "-a", NULL};
    assert_string_equal(read_words(words, &call)[0], "-a");
    assert_false(call.all);
}

static void test_misuse_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(refusal((char *[WORDS]){"x", "f", NULL}), 0);
    assert_int_equal(refusal((char *[WORDS]){"x", NULL}), EX_USAGE);
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "g", "h", NULL}), EX_USAGE);
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "--limit", "0", NULL}), EX_USAGE);
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "--limit", "21", NULL}), EX_USAGE);
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "--limit", "2x", NULL}), EX_USAGE);
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "--limit", "", NULL}), EX_USAGE);
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "--name", "\377", NULL}), EX_USAGE);
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "-u", "\377", NULL}), EX_USAGE);
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "--state", "/\377", NULL}), 0); /* a path */
    assert_int_equal(refusal((char *[WORDS]){"x", "f", "--unknown", NULL}), EX_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_is_kept_in_its_member),
        cmocka_unit_test(test_options_may_follow_arguments),
        cmocka_unit_test(test_behind_two_dashes_all_are_arguments),
        cmocka_unit_test(test_misuse_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
