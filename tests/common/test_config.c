/* The configuration, and where it says that services are. */
#include "common/config.h"
#include "common/endpoint.h"
#include "common/state.h"
#include "tests/services/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static char *directory;

static int set_up(void **state)
{
    (void)state;
    directory = scratch_new();
    unsetenv("JINMU_BROKER_MAX_JOBS");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_destroy(&directory);
    return 0;
}

static char *write_file(const char *text)
{
    char *path = state_path(directory, "jinmu.zpl");
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void assert_refused(const char *text, const char *code, const char *part)
{
    struct fault fault = {0};
    char *path = write_file(text);
    assert_null(config_open(directory, NULL, &fault));
    assert_string_equal(fault.code, code);
    assert_non_null(strstr(fault.message, part));
    free(path);
}

static void test_the_environment_comes_before_the_file(void **state)
{
    (void)state;
    char *path = write_file("broker\n    max_jobs = 7\nlog\n    level = debug\n");
    struct config *config = config_open(directory, NULL, NULL);
    int64_t number = 1;
    assert_int_equal(config_number(config, "broker/max_jobs", 1, 100, &number, NULL), 0);
    assert_int_equal(number, 7);
    assert_string_equal(config_text(config, "log/level"), "debug");
    assert_null(config_text(config, "broker/endpoint"));
    setenv("JINMU_BROKER_MAX_JOBS", "9", 1);
    assert_int_equal(config_number(config, "broker/max_jobs", 1, 100, &number, NULL), 0);
    assert_int_equal(number, 9);
    unsetenv("JINMU_BROKER_MAX_JOBS");
    config_destroy(&config);
    free(path);
}

static void test_without_a_file_nothing_is_set(void **state)
{
    (void)state;
    struct config *config = config_open(directory, NULL, NULL);
    int64_t number = 5;
    assert_int_equal(config_number(config, "broker/max_jobs", 1, 100, &number, NULL), 0);
    assert_int_equal(number, 5);
    config_destroy(&config);
    struct fault fault = {0};
    assert_null(config_open(directory, "/nonexistent.zpl", &fault));
    assert_string_equal(fault.code, "config.file");
}

static void test_a_setting_that_does_not_exist_is_refused(void **state)
{
    (void)state;
    assert_refused("broker\n    max_job = 7\n", "config.unknown", "broker/max_job");
    assert_refused("brokers\n    max_jobs = 7\n", "config.unknown", "brokers/max_jobs");
    assert_refused("max_jobs = 7\n", "config.unknown", "max_jobs");
}

static void test_a_file_that_others_can_write_is_refused(void **state)
{
    (void)state;
    struct fault fault = {0};
    char *path = write_file("");
    assert_int_equal(chmod(path, 0666), 0);
    assert_null(config_open(directory, NULL, &fault));
    assert_string_equal(fault.code, "config.unsafe");
    free(path);
}

static void test_a_number_out_of_bounds_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "101", "7x", "x", "99999999999999999999"};
    struct config *config = config_open(directory, NULL, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fault fault = {0};
        int64_t number = 5;
        setenv("JINMU_BROKER_MAX_JOBS", bad[i], 1);
        assert_int_equal(config_number(config, "broker/max_jobs", 1, 100, &number, &fault), -1);
        assert_string_equal(fault.code, "config.number");
        assert_int_equal(number, 5);
    }
    unsetenv("JINMU_BROKER_MAX_JOBS");
    config_destroy(&config);
}

static void test_the_example_has_every_setting_right(void **state)
{
    (void)state;
    FILE *example = fopen("deploy/jinmu.zpl.example", "re");
    if (!example) {
        print_message("deploy/jinmu.zpl.example is not here\n");
        skip();
    }
    char *path = state_path(directory, "jinmu.zpl");
    FILE *file = fopen(path, "we");
    char line[256];
    int settings = 0;
    assert_non_null(file);
    /* Its settings are comments: "#    max_jobs = 100000". */
    while (fgets(line, sizeof line, example)) {
        bool setting = strncmp(line, "#    ", 5) == 0 && strchr(line, '=');
        settings += setting;
        fputs(setting ? line + 1 : line, file);
    }
    fclose(file);
    fclose(example);
    struct fault fault = {0};
    struct config *config = config_open(directory, NULL, &fault);
    if (!config)
        fail_msg("%s", fault.message);
    assert_true(settings > 15);
    for (size_t i = 0; config_setting(i); i++)
        if (!config_text(config, config_setting(i)))
            fail_msg("the example does not tell of %s", config_setting(i));
    config_destroy(&config);
    free(path);
}

static void assert_endpoint(const char *endpoint, bool insecure, bool accepted, bool has_keys)
{
    struct fault fault = {0};
    assert_int_equal(endpoint_check(endpoint, insecure, &fault), accepted ? 0 : -1);
    assert_string_equal(fault.code, accepted ? "" : "endpoint.refused");
    if (accepted)
        assert_int_equal(endpoint_has_keys(endpoint, insecure), has_keys);
}

static void test_tcp_without_keys_is_for_the_loopback_and_on_demand(void **state)
{
    (void)state;
    assert_endpoint("ipc:///s/broker.sock", false, true, false);
    assert_endpoint("tcp://127.0.0.1:5555", false, true, true);
    assert_endpoint("tcp://0.0.0.0:5555", false, true, true);
    assert_endpoint("tcp://127.0.0.1:5555", true, true, false);
    assert_endpoint("tcp://[::1]:5555", true, true, false);
    assert_endpoint("tcp://0.0.0.0:5555", true, false, false);
    assert_endpoint("tcp://127.0.0.1.example.org:5555", true, false, false);
    assert_endpoint("tcp://10.0.0.1:5555", true, false, false);
    assert_endpoint("udp://127.0.0.1:5555", false, false, false);
}

static void test_all_addresses_are_reached_on_the_loopback(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"tcp://0.0.0.0:1", "tcp://127.0.0.1:1"},
                                           {"tcp://*:1", "tcp://127.0.0.1:1"},
                                           {"tcp://[::]:1", "tcp://[::1]:1"},
                                           {"tcp://10.0.0.1:1", "tcp://10.0.0.1:1"},
                                           {"ipc:///s/b", "ipc:///s/b"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *here = endpoint_from_here(cases[i][0]);
        assert_string_equal(here, cases[i][1]);
        free(here);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_environment_comes_before_the_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_file_nothing_is_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_setting_that_does_not_exist_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_others_can_write_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_number_out_of_bounds_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_example_has_every_setting_right, set_up,
                                        tear_down),
        cmocka_unit_test(test_tcp_without_keys_is_for_the_loopback_and_on_demand),
        cmocka_unit_test(test_all_addresses_are_reached_on_the_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
