/* Where a running jinmu keeps its files. */
#include "common/state.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *directory;

static int set_up(void **state)
{
    (void)state;
    directory = scratch_new();
    unsetenv("JINMU_STATE");
    unsetenv("XDG_STATE_HOME");
    setenv("HOME", directory, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_destroy(&directory);
    return 0;
}

static char *below(const char *name)
{
    return state_path(directory, name);
}

static void assert_directory(const char *given, const char *name)
{
    struct fault fault = {0};
    struct stat status;
    char *wanted = below(name), *found = state_directory(given, &fault);
    if (!found)
        fail_msg("%s", fault.message);
    assert_string_equal(found, wanted);
    assert_int_equal(stat(found, &status), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0700);
    free(found);
    free(wanted);
}

static void assert_refused(const char *given, const char *code)
{
    struct fault fault = {0};
    assert_null(state_directory(given, &fault));
    assert_string_equal(fault.code, code);
    assert_non_null(strstr(fault.message, given));
}

static void test_a_state_whose_restore_has_not_finished_is_refused_but_found(void **state)
{
    (void)state;
    struct fault fault = {0};
    char *path = below("given");
    free(state_directory(path, &fault));
    char *marker = state_path(path, state_restoring);
    fclose(fopen(marker, "w"));
    assert_refused(path, "state.restoring");
    char *found = state_find(path, &fault);
    assert_non_null(found);
    assert_string_equal(found, path);
    unlink(marker);
    assert_directory(path, "given");
    free(found);
    free(marker);
    free(path);
}

static void test_the_option_comes_before_the_variables_and_the_home(void **state)
{
    (void)state;
    char *given = below("given"), *variable = below("variable"), *xdg = below("xdg");
    assert_directory(NULL, ".local/state/jinmu");
    assert_directory("", ".local/state/jinmu");
    setenv("XDG_STATE_HOME", xdg, 1);
    assert_directory(NULL, "xdg/jinmu");
    setenv("JINMU_STATE", variable, 1);
    assert_directory(NULL, "variable");
    assert_directory(given, "given");
    setenv("JINMU_STATE", "", 1);
    assert_directory(NULL, "xdg/jinmu");
    free(given);
    free(variable);
    free(xdg);
}

static void test_a_directory_is_made_with_those_above_it_and_found_again(void **state)
{
    (void)state;
    char *given = below("a/b//c/");
    assert_directory(given, "a/b/c");
    assert_directory(given, "a/b/c");
    free(given);
}

static void test_a_relative_path_becomes_absolute(void **state)
{
    (void)state;
    char *before = getcwd(NULL, 0);
    assert_int_equal(chdir(directory), 0);
    assert_directory("r", "r");
    assert_directory("./r/s", "r/s");
    assert_int_equal(chdir(before), 0);
    free(before);
}

static void test_a_directory_that_others_may_write_is_refused(void **state)
{
    (void)state;
    static const mode_t unsafe[] = {0770, 0707, 0777};
    char *given = below("open");
    assert_int_equal(mkdir(given, 0700), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(chmod(given, unsafe[i]), 0);
        assert_refused(given, "state.unsafe");
    }
    assert_int_equal(chmod(given, 0700), 0);
    assert_directory(given, "open");
    free(given);
}

static void test_a_directory_that_others_could_replace_is_refused(void **state)
{
    (void)state;
    struct fault fault = {0};
    char *above = below("shared"), *given = below("shared/state");
    assert_directory(given, "shared/state");
    assert_int_equal(chmod(above, 0777), 0);
    assert_null(state_directory(given, &fault));
    assert_string_equal(fault.code, "state.unsafe");
    assert_non_null(strstr(fault.message, above));
    assert_int_equal(chmod(above, 01777), 0); /* as /tmp */
    assert_directory(given, "shared/state");
    free(above);
    free(given);
}

static void test_a_file_that_others_can_write_is_found(void **state)
{
    (void)state;
    struct fault fault = {0};
    char *path = below("spool.db");
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(state_check_files(directory, &fault), 0);
    assert_int_equal(chmod(path, 0620), 0);
    assert_int_equal(state_check_files(directory, &fault), -1);
    assert_string_equal(fault.code, "state.unsafe");
    assert_non_null(strstr(fault.message, path));
    free(path);
}

static void test_what_is_no_directory_is_refused(void **state)
{
    (void)state;
    char *given = below("file"), *within = below("file/state");
    FILE *file = fopen(given, "we");
    assert_non_null(file);
    fclose(file);
    assert_refused(given, "state.directory");
    assert_refused(within, "state.directory");
    free(given);
    free(within);
}

static void test_paths_and_endpoints_are_put_together(void **state)
{
    (void)state;
    struct fault fault = {0};
    char *path = state_path("/s", "catalog.db"), *endpoint = state_endpoint("/s", "broker", &fault);
    assert_string_equal(path, "/s/catalog.db");
    assert_string_equal(endpoint, "ipc:///s/broker");
    free(path);
    free(endpoint);
}

static void test_an_endpoint_has_107_bytes_of_path_at_most(void **state)
{
    (void)state;
    struct fault fault = {0};
    char long_name[200];
    memset(long_name, 'x', sizeof long_name);
    long_name[107 - 3] = 0;
    char *endpoint = state_endpoint("/s", long_name, &fault);
    assert_non_null(endpoint);
    assert_int_equal(strlen(endpoint), strlen("ipc://") + 107);
    free(endpoint);
    strcpy(long_name + 107 - 3, "x");
    assert_null(state_endpoint("/s", long_name, &fault));
    assert_string_equal(fault.code, "state.path_too_long");
    assert_non_null(strstr(fault.message, "107"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_option_comes_before_the_variables_and_the_home,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_directory_is_made_with_those_above_it_and_found_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_relative_path_becomes_absolute, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_directory_that_others_may_write_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_directory_that_others_could_replace_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_others_can_write_is_found, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_directory_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_a_state_whose_restore_has_not_finished_is_refused_but_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paths_and_endpoints_are_put_together, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_endpoint_has_107_bytes_of_path_at_most, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
