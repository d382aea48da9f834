/* What every daemon does at its start and at SIGHUP, shown on the broker. */
#include "common/state.h"
#include "common/strbuf.h"
#include "tests/services/stage.h"

#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60000 };

static int set_up(void **state)
{
    *state = scratch_new();
    return 0;
}

static int tear_down(void **state)
{
    scratch_destroy((char **)state);
    return 0;
}

static struct process *start(const char *directory, const char *one, const char *two,
                             const char *ready)
{
    const char *arguments[] = {"jinmu-broker", "--state", directory, one, one ? two : NULL, NULL};
    return process_start(arguments, ready, PATIENCE_MS);
}

/* It must end with status 1 and say the code and `part`. */
static void assert_refuses(const char *directory, const char *one, const char *two,
                           const char *code, const char *part)
{
    struct strbuf expected = {0};
    struct process *process = start(directory, one, two, NULL);
    strbuf_printf(&expected, "broker_failed code=%s ", code);
    assert_int_equal(process_wait(process, PATIENCE_MS), 1);
    assert_int_equal(process_log_count(process, expected.text), 1);
    assert_true(process_log_count(process, part) > 0);
    process_destroy(&process);
    strbuf_free(&expected);
}

static void write_file(const char *directory, const char *name, const char *text, mode_t mode)
{
    char *path = state_path(directory, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
    free(path);
}

static void test_a_state_that_others_can_write_is_refused(void **state)
{
    char *directory = *state;
    assert_int_equal(chmod(directory, 0777), 0);
    assert_refuses(directory, NULL, NULL, "state.unsafe", directory);
    assert_int_equal(chmod(directory, 0700), 0);
    write_file(directory, "spool.db", "", 0666);
    assert_refuses(directory, NULL, NULL, "state.unsafe", "spool.db");
    write_file(directory, "spool.db", "", 0600);
    write_file(directory, "jinmu.zpl", "", 0660);
    assert_refuses(directory, NULL, NULL, "state.unsafe", "jinmu.zpl");
}

static void test_what_it_makes_only_its_user_can_read(void **state)
{
    char *directory = *state;
    struct process *process = start(directory, "--endpoint", "tcp://127.0.0.1:*", "broker_ready");
    static const struct {
        const char *name;
        mode_t mode;
    } made[] = {{"spool.db", 0600},       {"spool.db-wal", 0600}, {"broker.lock", 0600},
                {"keys", 0700},           {"keys/own", 0700},     {"keys/own/broker.key", 0600},
                {"keys/broker.pub", 0600}};
    assert_non_null(process);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        struct stat status;
        char *path = state_path(directory, made[i].name);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, made[i].mode);
        free(path);
    }
    assert_int_equal(process_stop(&process, PATIENCE_MS), 0);
}

static void test_tcp_without_keys_needs_the_loopback_and_the_word(void **state)
{
    char *directory = *state;
    const char *arguments[] = {"jinmu-broker", "--state",         directory, "--insecure",
                               "--endpoint",   "tcp://0.0.0.0:*", NULL};
    struct process *process = process_start(arguments, NULL, 0);
    assert_int_equal(process_wait(process, PATIENCE_MS), 1);
    assert_int_equal(process_log_count(process, "code=endpoint.refused"), 1);
    process_destroy(&process);
    assert_refuses(directory, "--endpoint", "udp://127.0.0.1:1", "endpoint.refused", "tcp://");

    arguments[5] = "tcp://127.0.0.1:*";
    process = process_start(arguments, "broker_ready", PATIENCE_MS);
    struct stage stage = {.directory = directory, .broker = process};
    stage.endpoint = process_log_value(process, "endpoint=");
    assert_true(stage_number(&stage, "workers") == 0); /* asks without a key */
    free(stage.endpoint);
    assert_int_equal(process_stop(&process, PATIENCE_MS), 0);
}

static bool runs_as(const struct process *process, uid_t uid)
{
    char path[64], line[256], expected[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/status", (int)process_id(process));
    snprintf(expected, sizeof expected, "Uid:\t%u\t%u\t%u\t%u\n", uid, uid, uid, uid);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        found |= strcmp(line, expected) == 0;
    if (file)
        fclose(file);
    return found;
}

static void test_rights_of_root_are_given_up(void **state)
{
    char *directory = *state;
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || !nobody) {
        print_message("only root can become another user\n");
        skip();
    }
    assert_refuses(directory, "--user", "nobody", "state.unsafe", directory); /* it is root's */
    assert_refuses(directory, "--user", "root", "privileges.user", "root");
    assert_refuses(directory, "--user", "no-such-user", "privileges.user", "no-such-user");
    assert_int_equal(chown(directory, nobody->pw_uid, nobody->pw_gid), 0);
    struct process *process = start(directory, "--user", "nobody", "broker_ready");
    assert_non_null(process);
    assert_true(runs_as(process, nobody->pw_uid));
    assert_int_equal(process_stop(&process, PATIENCE_MS), 0);
}

/* What became of a submission. */
static void assert_submission(const struct stage *stage, const char *status, const char *part)
{
    zsock_t *peer = stage_peer(stage);
    zmsg_t *answer = peer_ask(peer, "titanic.request", "echo", "body");
    assert_string_equal(frame_text(answer, 0), status);
    assert_non_null(strstr(frame_text(answer, 1), part));
    zmsg_destroy(&answer);
    zsock_destroy(&peer);
}

static void reload(struct process *process, const char *event, int times)
{
    int64_t deadline = zclock_mono() + PATIENCE_MS;
    assert_int_equal(process_signal(process, SIGHUP), 0);
    while (process_log_count(process, event) < times) {
        assert_true(zclock_mono() < deadline);
        zclock_sleep(2);
    }
}

static void test_sighup_takes_up_new_limits_and_keeps_the_old_ones_at_a_fault(void **state)
{
    struct stage stage;
    (void)state;
    stage_open(&stage, "");
    assert_submission(&stage, "200", "");
    write_file(stage.directory, "jinmu.zpl", "broker\n    max_jobs = 2\n", 0600);
    reload(stage.broker, " reloaded ", 1);
    assert_submission(&stage, "200", "");
    assert_submission(&stage, "503", "queue.full");

    write_file(stage.directory, "jinmu.zpl", "broker\n    max_jobs = many\n", 0600);
    reload(stage.broker, "reload_refused code=config.number", 1);
    write_file(stage.directory, "jinmu.zpl", "broker\n    max_jbos = 100\n", 0600);
    reload(stage.broker, "reload_refused code=config.unknown", 1);
    write_file(stage.directory, "jinmu.zpl", "log\n    level = loud\n", 0600);
    reload(stage.broker, "reload_refused code=config.level", 1);
    assert_submission(&stage, "503", "queue.full");

    write_file(stage.directory, "jinmu.zpl", "broker\n    max_jobs = 100\n", 0600);
    reload(stage.broker, " reloaded ", 2);
    assert_submission(&stage, "200", "");
    stage_close(&stage);
}

static void test_a_configuration_with_a_fault_is_refused_as_a_whole(void **state)
{
    static const char *const faults[] = {"broker\n    max_jobs = many\n",
                                         "limits\n    connections = many\n"};
    struct stage stage;
    char text[128];
    (void)state;
    unsetenv("JINMU_LOG");
    stage_open(&stage, "");
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "log\n    level = error\n%s", faults[i]);
        write_file(stage.directory, "jinmu.zpl", text, 0600);
        reload(stage.broker, "reload_refused code=config.number", i + 1);
        zsock_t *worker = stage_worker(&stage, "echo"); /* which is logged at the old level, info */
        int64_t deadline = zclock_mono() + PATIENCE_MS;
        while (process_log_count(stage.broker, "worker_ready") <= i) {
            assert_true(zclock_mono() < deadline);
            zclock_sleep(2);
        }
        zsock_destroy(&worker);
    }
    stage_close(&stage);
}

static void test_sighup_changes_the_level_of_the_log(void **state)
{
    struct stage stage;
    (void)state;
    unsetenv("JINMU_LOG");
    stage_open(&stage, "");
    write_file(stage.directory, "jinmu.zpl", "log\n    level = error\n", 0600);
    assert_int_equal(process_signal(stage.broker, SIGHUP), 0);
    /* Nobody can tell when it has: a worker's READY is logged no more. */
    int64_t deadline = zclock_mono() + PATIENCE_MS;
    int logged;
    do {
        assert_true(zclock_mono() < deadline);
        logged = process_log_count(stage.broker, "worker_ready");
        zsock_t *worker = stage_worker(&stage, "echo");
        stage_await(&stage, "workers", 1);
        zsock_send(worker, "ss", "MDPW02", "\006");
        stage_await(&stage, "workers", 0);
        zsock_destroy(&worker);
    } while (process_log_count(stage.broker, "worker_ready") > logged);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_state_that_others_can_write_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_it_makes_only_its_user_can_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_tcp_without_keys_needs_the_loopback_and_the_word,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rights_of_root_are_given_up, set_up, tear_down),
        cmocka_unit_test(test_sighup_takes_up_new_limits_and_keeps_the_old_ones_at_a_fault),
        cmocka_unit_test(test_a_configuration_with_a_fault_is_refused_as_a_whole),
        cmocka_unit_test(test_sighup_changes_the_level_of_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
