/* The queue alone, beside beanstalkd: the same payloads, eight senders, two takers who do no work, and
 * the same promise in both, that what was acknowledged is on disk (beanstalkd -b DIR -f 0). Rounds of
 * both alternate. Arguments: the folder of the programs, and rounds. */
#include "common/json.h"
#include "common/mdp.h"
#include "common/strbuf.h"
#include "services/cli/submission.h"
#include "tests/bench/beanstalk.h"
#include "tests/bench/figures.h"
#include "tests/bench/load.h"
#include "tests/bench/stand.h"

#include <arpa/inet.h>
#include <czmq.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 3,
    SENDERS = 8,
    TAKERS = 2,
    DESCRIPTION = 500,
    LARGE_JOBS = 80, /* of 256 projects */
    SMALL_JOBS = 1000,
    ANSWER_MS = 10000,
};

/* What one measurement needs; the threads share it. */
struct run {
    const struct batches *batches;
    char *endpoint; /* of our broker */
    int port;       /* of beanstalkd */
    atomic_size_t sent, taken;
    double ended; /* when the last job was */
};

static void die(const char *what)
{
    fprintf(stderr, "bench_queue: %s\n", what);
    exit(2);
}

/* Runs the threads to their end. Seconds until the last job was taken. */
static double run_threads(struct run *run, void *(*sender)(void *), int senders,
                          void *(*taker)(void *))
{
    pthread_t threads[SENDERS + TAKERS];
    int count = 0;
    double begun = seconds_now();
    for (int i = 0; i < TAKERS; i++)
        pthread_create(&threads[count++], NULL, taker, run);
    for (int i = 0; i < senders; i++)
        pthread_create(&threads[count++], NULL, sender, run);
    while (count > 0)
        pthread_join(threads[--count], NULL);
    return run->ended - begun;
}

static bool all_taken(struct run *run)
{
    return atomic_load(&run->taken) >= run->batches->count;
}

static void count_taken(struct run *run)
{
    if (atomic_fetch_add(&run->taken, 1) + 1 == run->batches->count)
        run->ended = seconds_now();
}

/* --- beanstalkd ----------------------------------------------------------------------------- */

static void *put_jobs(void *argument)
{
    struct run *run = argument;
    struct beanstalk connection;
    if (!beanstalk_connect(&connection, run->port))
        die("no connection to beanstalkd");
    for (size_t i; (i = atomic_fetch_add(&run->sent, 1)) < run->batches->count;)
        if (!beanstalk_put(&connection, run->batches->all[i].body, run->batches->all[i].bytes))
            die("beanstalkd refused a job");
    beanstalk_close(&connection);
    return NULL;
}

static void *delete_jobs(void *argument)
{
    struct run *run = argument;
    struct beanstalk connection;
    if (!beanstalk_connect(&connection, run->port))
        die("no connection to beanstalkd");
    while (!all_taken(run)) {
        long long job = beanstalk_reserve(&connection);
        if (job < 0 || (job > 0 && !beanstalk_delete(&connection, job)))
            die("beanstalkd gave a strange answer");
        if (job > 0)
            count_taken(run);
    }
    beanstalk_close(&connection);
    return NULL;
}

/* A port that was free a moment ago. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int probe = socket(AF_INET, SOCK_STREAM, 0);
    if (probe < 0 || bind(probe, (struct sockaddr *)&address, length) ||
        getsockname(probe, (struct sockaddr *)&address, &length))
        die("no free port");
    close(probe);
    return ntohs(address.sin_port);
}

static void wait_for_port(int port)
{
    struct beanstalk connection;
    for (double until = seconds_now() + 5; !beanstalk_connect(&connection, port);) {
        if (seconds_now() > until)
            die("beanstalkd did not start");
        zclock_sleep(10);
    }
    beanstalk_close(&connection);
}

/* Jobs a second from the first put to the last answered delete. */
static double beanstalkd_rate(const struct batches *batches)
{
    struct stand stand;
    struct run run = {.batches = batches, .port = free_port()};
    char port[16];
    snprintf(port, sizeof port, "%d", run.port);
    const char *const arguments[] = {"beanstalkd", "-l", "127.0.0.1", "-p", port,      "-b",
                                     "DIR",        "-f", "0",         "-z", "8388608", NULL};
    stand_start(&stand, arguments, false);
    wait_for_port(run.port);
    double seconds = run_threads(&run, put_jobs, SENDERS, delete_jobs);
    stand_stop(&stand);
    return (double)batches->count / seconds;
}

/* --- Our broker ----------------------------------------------------------------------------- */

static void *submit_jobs(void *argument)
{
    struct run *run = argument;
    struct submission_options options = {.broker = run->endpoint, .bulk = true};
    struct submission_watch watch = {0};
    struct fault fault;
    if (submission_run(run->batches, &options, &watch, &fault))
        die(fault.message);
    return NULL;
}

static void *answer_jobs(void *argument)
{
    struct run *run = argument;
    struct mdp_worker *worker = mdp_worker_new(run->endpoint, "classify", NULL);
    if (!worker)
        die("no connection to the broker");
    while (!all_taken(run)) {
        zframe_t *client;
        zmsg_t *body = mdp_worker_next(worker, &client);
        if (!body) {
            zmq_pollitem_t item = {zsock_resolve(mdp_worker_socket(worker)), 0, ZMQ_POLLIN, 0};
            zmq_poll(&item, 1, 20);
            continue;
        }
        zmsg_destroy(&body);
        body = zmsg_new();
        zmsg_addstr(body, "{}");
        mdp_worker_reply(worker, &client, &body);
        count_taken(run);
    }
    mdp_worker_destroy(&worker);
    return NULL;
}

/* Waits until the broker has on disk that all are done. */
static void wait_until_done(struct run *run)
{
    struct mdp_client *client = mdp_client_new(run->endpoint, NULL);
    double done = -1;
    while (done < (double)run->batches->count) {
        zmsg_t *body = zmsg_new();
        zmsg_addstr(body, "{}");
        zmsg_t *answer = mdp_client_call(client, "jinmu.status", &body, ANSWER_MS, NULL);
        zframe_t *frame = answer ? zmsg_last(answer) : NULL;
        if (!frame)
            die("the broker does not answer");
        struct jv *status = jv_read((const char *)zframe_data(frame), zframe_size(frame), NULL);
        done = jv_get_number(jv_get(status, "spool"), "done", -1);
        jv_destroy(&status);
        zmsg_destroy(&answer);
        zclock_sleep(2);
    }
    mdp_client_destroy(&client);
}

/* Jobs a second from the first request until the last job's end is on disk. */
static double broker_rate(const struct batches *batches, const char *folder)
{
    struct stand stand;
    struct run run = {.batches = batches};
    struct strbuf program = {0}, endpoint = {0};
    strbuf_printf(&program, "%s/jinmu-broker", folder);
    const char *const arguments[] = {program.text, "--state", "DIR", NULL};
    stand_start(&stand, arguments, false);
    strbuf_printf(&endpoint, "ipc://%s/broker.sock", stand.directory);
    run.endpoint = endpoint.text;
    struct batches none = {0};
    struct run before = {.batches = &none, .endpoint = endpoint.text};
    wait_until_done(&before); /* it answers */
    double begun = seconds_now();
    run_threads(&run, submit_jobs, 1, answer_jobs);
    wait_until_done(&run);
    double seconds = seconds_now() - begun;
    stand_stop(&stand);
    strbuf_free(&program);
    strbuf_free(&endpoint);
    return (double)batches->count / seconds;
}

/* -------------------------------------------------------------------------------------------- */

static void compare(const struct load *load, const char *folder, int rounds, size_t jobs,
                    size_t projects)
{
    struct figures ours = {0}, theirs = {0}, ratio = {0};
    struct batches batches = load_batches(load, "queue", 0, jobs * projects, projects);
    for (int i = 0; i < rounds; i++) {
        double mine = broker_rate(&batches, folder), other = beanstalkd_rate(&batches);
        figures_add(&ours, mine);
        figures_add(&theirs, other);
        figures_add(&ratio, mine / other);
    }
    printf(" jobs of %zu bytes (%zu project%s of %d characters)\n", batches.all[0].bytes, projects,
           projects == 1 ? "" : "s", DESCRIPTION);
    figures_print(&ours, "jinmu-broker", 0, "jobs/s", "");
    figures_print(&theirs, "beanstalkd -b DIR -f 0", 0, "jobs/s", "");
    figures_print(&ratio, "jinmu-broker is so many times as fast", 2, "", "");
    figures_free(&ours);
    figures_free(&theirs);
    figures_free(&ratio);
    batches_clear(&batches);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "build/bin";
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : ROUNDS;
    struct load load = load_read(DESCRIPTION);
    zsys_handler_set(NULL);
    printf(
        "the queue alone: put, taken, done; what is acknowledged is on disk; %d senders, %d takers;"
        " median of %d rounds (least … most)\n",
        SENDERS, TAKERS, rounds);
    compare(&load, folder, rounds, LARGE_JOBS, 256);
    compare(&load, folder, rounds, SMALL_JOBS, 1);
    load_free(&load);
    return 0;
}
