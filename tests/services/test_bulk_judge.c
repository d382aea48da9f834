/* The thread that judges bulk requests: what it hands out, and what becomes of a process in which it stands. */
#include "services/worker/bulk_judge.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { STANDSTILL_MS = 300, LOOKS_UNTIL_THEN = 30, LIVES = 7, PATIENCE_MS = 30000 };

/* What the judges below are led by, in a process of its own for each test. */
static int go[2], gone[2];

static void await_byte(int from)
{
    char byte;
    while (read(from, &byte, 1) != 1) {
    }
}

static void write_byte(int to)
{
    if (write(to, "x", 1) != 1)
        abort();
}

/* Gets to the next project when it is told to, and says so. */
static void judge_as_told(struct assignment *assignment, struct judge *judge, size_t project_bytes,
                          const struct judging_calls *calls)
{
    (void)assignment, (void)judge, (void)project_bytes;
    for (int project = 0; project < 2; project++) {
        await_byte(go[0]);
        calls->project(calls->project_argument);
        write_byte(gone[1]);
    }
}

static void judge_and_hand_out(struct assignment *assignment, struct judge *judge,
                               size_t project_bytes, const struct judging_calls *calls)
{
    struct strbuf records = {0};
    (void)assignment, (void)judge, (void)project_bytes;
    strbuf_puts(&records, "first");
    calls->records(&records, calls->records_argument);
    strbuf_puts(&records, "second");
    calls->records(&records, calls->records_argument);
    strbuf_free(&records);
}

static struct assignment *bulk_assignment(void)
{
    zframe_t *client = zframe_from("b.1");
    zmsg_t *request = zmsg_new();
    zmsg_addstr(request, "{}");
    return assignment_new(&client, &request);
}

static void look(struct bulk_judge *bulk_judge, int times)
{
    for (int i = 0; i < times; i++) {
        poll(NULL, 0, bulk_judge_wait_ms(bulk_judge));
        bulk_judge_watch(bulk_judge);
    }
}

/* Waits for the end of the request. */
static void take_end(struct bulk_judge *bulk_judge, struct strbuf *records)
{
    enum bulk_output output;
    while ((output = bulk_judge_take(bulk_judge, records)) != BULK_ENDED) {
        if (output == BULK_RECORDS)
            continue;
        zmq_pollitem_t item = {zsock_resolve(bulk_judge_socket(bulk_judge)), 0, ZMQ_POLLIN, 0};
        zmq_poll(&item, 1, PATIENCE_MS);
    }
}

/* --- what the children of the tests do: each begins with a judge that is at its first project --- */

static void look_for_ever(struct bulk_judge *bulk_judge)
{
    for (;;)
        look(bulk_judge, 1);
}

static void wait_for_the_end(struct bulk_judge *bulk_judge)
{
    bulk_judge_destroy(&bulk_judge);
}

static void go_on_before_it_is_too_late(struct bulk_judge *bulk_judge)
{
    struct strbuf records = {0};
    for (int project = 0; project < 2; project++) {
        look(bulk_judge, LOOKS_UNTIL_THEN - 1);
        write_byte(go[1]);
        await_byte(gone[0]);
    }
    take_end(bulk_judge, &records);
    bulk_judge_watch(bulk_judge);
    if (bulk_judge_wait_ms(bulk_judge) == -1 && !bulk_judge_current(bulk_judge))
        _exit(LIVES);
}

static void look_elsewhere(struct bulk_judge *bulk_judge)
{
    look(bulk_judge, 1);
    poll(NULL, 0, STANDSTILL_MS + 1); /* that nobody looked for so long is what is tested */
    bulk_judge_watch(bulk_judge);
    _exit(LIVES);
}

static int status_of_child(void (*act)(struct bulk_judge *bulk_judge))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) || pipe(go) || pipe(gone))
            _exit(1);
        struct bulk_judge *bulk_judge = bulk_judge_new(judge_as_told, STANDSTILL_MS);
        bulk_judge_begin(bulk_judge, NULL, bulk_assignment(), 0);
        act(bulk_judge);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_judging_that_stands_ends_the_process(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(look_for_ever), 128 + SIGABRT);
}

static void test_a_worker_that_ends_does_not_wait_for_judging_that_stands(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(wait_for_the_end), 128 + SIGABRT);
}

static void test_judging_that_gets_to_another_project_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(go_on_before_it_is_too_late), LIVES);
}

static void test_time_in_which_nobody_looked_is_not_held_against_it(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(look_elsewhere), LIVES);
}

/* Last: none of the above may be forked from a process with sockets. */
static void test_what_is_judged_is_handed_out_and_then_the_end(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct bulk_judge *bulk_judge = bulk_judge_new(judge_and_hand_out, STANDSTILL_MS);
    struct assignment *assignment = bulk_assignment();
    assert_null(bulk_judge_current(bulk_judge));
    assert_int_equal(bulk_judge_wait_ms(bulk_judge), -1);
    bulk_judge_begin(bulk_judge, NULL, assignment, 0);
    assert_ptr_equal(bulk_judge_current(bulk_judge), assignment);
    take_end(bulk_judge, &records);
    assert_string_equal(records.text, "second");
    assert_null(bulk_judge_current(bulk_judge));
    strbuf_free(&records);
    assignment_destroy(&assignment);
    bulk_judge_destroy(&bulk_judge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judging_that_stands_ends_the_process),
        cmocka_unit_test(test_a_worker_that_ends_does_not_wait_for_judging_that_stands),
        cmocka_unit_test(test_judging_that_gets_to_another_project_is_left_alone),
        cmocka_unit_test(test_time_in_which_nobody_looked_is_not_held_against_it),
        cmocka_unit_test(test_what_is_judged_is_handed_out_and_then_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
