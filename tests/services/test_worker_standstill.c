/* A worker whose judging stands is ended, and what it held goes to another; by a real broker. */
#include "common/signals.h"
#include "common/state.h"
#include "services/worker/worker.h"
#include "tests/services/stage.h"

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

enum { STANDSTILL_MS = 300, ATTEMPTS_UNTIL_CUT = 2 };
static char *catalog_place; /* holds a catalog.db for all tests */

/* --- the worker, which is this program once more --- */

static void judge_for_ever(struct assignment *assignment, struct judge *judge, size_t project_bytes,
                           const struct judging_calls *calls)
{
    (void)assignment, (void)judge, (void)project_bytes, (void)calls;
    for (;;)
        pause();
}

static int be_worker(char **argv)
{
    struct fault fault;
    struct worker_options options = {.catalog = argv[1],
                                     .broker = argv[2],
                                     .collector = argv[3],
                                     .limits = project_limits_default,
                                     .judge = judge_for_ever,
                                     .standstill_ms = STANDSTILL_MS,
                                     .stall_ms = WORKER_STALL_MS};
    int ending = prctl(PR_SET_PDEATHSIG, SIGKILL) ? -1 : signals_open(&fault);
    struct worker *worker = ending < 0 ? NULL : worker_new(&options, &fault);
    if (!worker)
        return 1;
    worker_run(worker, ending);
    worker_destroy(&worker);
    return 0;
}

/* Starts it; how it ended, as a shell tells. */
static int status_of_worker(const struct stage *stage)
{
    int status;
    char *catalog = state_path(catalog_place, "catalog.db");
    char *nobody = state_endpoint(stage->directory, "collector.sock", NULL);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        execl("/proc/self/exe", "test_worker_standstill", catalog, stage->endpoint, nobody, NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    free(nobody);
    free(catalog);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* --- the tests --- */

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage_open(stage, "--backoff-ms 1 --attempts 3");
    *state = stage;
    return 0;
}

static int close_stage(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

static const char good[] = "{\"id\":\"a\",\"name\":\"good\"}",
                  poison[] = "{\"id\":\"b\",\"name\":\"poison\"}";

/* The next request, as a worker that answers it. */
static void serve(zsock_t *worker, const char *body, const char *reply)
{
    char got[64];
    worker_serve(worker, reply, got);
    assert_string_equal(got, body);
}

static void test_a_batch_at_which_workers_stand_is_cut_until_the_poison_is_alone(void **state)
{
    const struct stage *stage = *state;
    char batch[100], alone[64], uuid[33];
    snprintf(batch, sizeof batch, "{\"projects\":[%s,%s]}", good, poison);
    zsock_t *client = stage_peer(stage);
    zsock_send(client, "ssssss", "MDPC02", "\001", "jinmu.submit", "{\"priority\":\"bulk\"}",
               "classify", batch);
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, 3), "200");
    snprintf(uuid, sizeof uuid, "%.32s", frame_text(answer, 4));
    zmsg_destroy(&answer);
    for (int lost = 1; lost <= ATTEMPTS_UNTIL_CUT; lost++) {
        assert_int_equal(status_of_worker(stage), 128 + SIGABRT);
        stage_await(stage, "totals.workers_lost", lost);
    }
    zsock_t *other = stage_worker(stage, "classify");
    snprintf(alone, sizeof alone, "{\"projects\":[%s]}", good);
    serve(other, alone, "{\"results\":[{\"id\":\"a\"}]}");
    snprintf(alone, sizeof alone, "{\"projects\":[%s]}", poison);
    serve(other, alone, "{\"results\":[{\"id\":\"b\"}]}");
    answer = peer_await_reply(client, uuid);
    assert_string_equal(frame_text(answer, 0), "200");
    assert_string_equal(frame_text(answer, 1), "{\"results\":[{\"id\":\"a\"},{\"id\":\"b\"}]}");
    zmsg_destroy(&answer);
    zsock_destroy(&other);
    zsock_destroy(&client);
}

static void test_a_request_that_somebody_waits_for_goes_to_another_worker(void **state)
{
    const struct stage *stage = *state;
    zsock_t *client = stage_peer(stage);
    zsock_send(client, "ssss", "MDPC02", "\001", "classify", poison);
    assert_int_equal(status_of_worker(stage), 128 + SIGALRM);
    zsock_t *other = stage_worker(stage, "classify");
    serve(other, poison, "done");
    zmsg_t *answer = peer_receive(client);
    assert_string_equal(frame_text(answer, 3), "done");
    zmsg_destroy(&answer);
    zsock_destroy(&other);
    zsock_destroy(&client);
}

static int make_catalog(void **state)
{
    (void)state;
    catalog_place = scratch_with_catalog();
    return catalog_place ? 0 : -1;
}

static int remove_catalog(void **state)
{
    (void)state;
    scratch_destroy(&catalog_place);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_batch_at_which_workers_stand_is_cut_until_the_poison_is_alone, open_stage,
            close_stage),
        cmocka_unit_test_setup_teardown(
            test_a_request_that_somebody_waits_for_goes_to_another_worker, open_stage, close_stage),
    };
    zsys_handler_set(NULL);
    return argc == 4 ? be_worker(argv)
                     : cmocka_run_group_tests(tests, make_catalog, remove_catalog);
}
