/* What the services do together: durable projects a second in batches, what that takes of processor
 * and disk, and how long one interactive request takes, alone and under bulk load. Medians of
 * several rounds, each on a new state directory. Arguments: the folder of the programs, and rounds. */
#include "common/json.h"
#include "common/mdp.h"
#include "common/strbuf.h"
#include "services/cli/running.h"
#include "services/cli/submission.h"
#include "services/collector/inquiry.h"
#include "tests/bench/figures.h"
#include "tests/bench/load.h"
#include "tests/bench/stand.h"

#include <czmq.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    ROUNDS = 3,
    BATCH = 256,
    BULK_PROJECTS = 160 * BATCH,
    LOAD_PROJECTS = 400 * BATCH, /* beside which interactive requests are measured … */
    LOAD_MARGIN = 40 * BATCH,    /* … as long as at least so many of them wait */
    LOOK_AFTER = 20,             /* interactive requests, between two looks how many wait */
    INTERACTIVE = 1000,          /* requests in a round, one after the other */
    DESCRIPTION = 500,           /* code points */
    ANSWER_MS = 20000,
    SETTLE_MS = 300,
    STALL_S = 20, /* without a stored result: something is broken */
};

static const char *const programs[] = {"jinmu-broker", "jinmu-worker", "jinmu-collector"};
enum { PROGRAMS = sizeof programs / sizeof *programs };

struct bench {
    struct stand stand;
    struct running running;
    struct inquiry *inquiry;
    struct load load;
    /* Of all rounds. */
    struct figures rate, as_they_are, cpu[PROGRAMS], bytes, worker_megabytes;
    struct figures idle_p50, idle_p99, busy_p50, busy_p99, busy_rate;
};

static void die(const char *what, const struct fault *fault)
{
    fprintf(stderr, "bench_pipeline: %s%s%s\n", what, fault ? ": " : "",
            fault ? fault->message : "");
    exit(2);
}

/* --- The services --------------------------------------------------------------------------- */

static void start_services(struct bench *bench, const char *folder)
{
    struct fault fault;
    struct strbuf program = {0};
    strbuf_printf(&program, "%s/jinmu", folder);
    const char *const arguments[] = {program.text, "serve", "--state", "DIR",
                                     "--workers",  "2",     NULL};
    stand_start(&bench->stand, arguments, true);
    strbuf_free(&program);
    if (running_find(&bench->running, bench->stand.directory, &fault) ||
        !(bench->inquiry = inquiry_new(bench->running.collector, &fault)))
        die("inquiry", &fault);
}

static void stop_services(struct bench *bench)
{
    stand_stop(&bench->stand);
    inquiry_destroy(&bench->inquiry);
    running_clear(&bench->running);
}

/* Results that are stored: as many as the last event's number, for we make no other events. */
static double stored(struct bench *bench)
{
    struct fault fault;
    struct jv *status = inquiry_status(bench->inquiry, ANSWER_MS, &fault);
    if (!status)
        die("status", &fault);
    double results = jv_get_number(status, "events", 0);
    jv_destroy(&status);
    return results;
}

static void wait_until_stored(struct bench *bench, double results, int look_ms)
{
    double seen = -1, changed = seconds_now();
    for (double now = stored(bench); now < results; now = stored(bench)) {
        if (now > seen)
            changed = seconds_now();
        else if (seconds_now() - changed > STALL_S)
            die("nothing is stored any more", NULL);
        seen = now;
        zclock_sleep(look_ms);
    }
}

/* --- Bulk ----------------------------------------------------------------------------------- */

static void submit_bulk(const struct bench *bench, const struct batches *batches)
{
    struct submission_options options = {.broker = bench->running.broker, .bulk = true};
    struct submission_watch watch = {0};
    struct fault fault;
    if (submission_run(batches, &options, &watch, &fault))
        die("submit", &fault);
}

/* Projects a second, from the first request until the last result is on disk. */
static double bulk_rate(struct bench *bench, const struct load *load, const char *series)
{
    struct batches batches = load_batches(load, series, 0, BULK_PROJECTS, BATCH);
    double before = stored(bench), begun = seconds_now();
    submit_bulk(bench, &batches);
    wait_until_stored(bench, before + BULK_PROJECTS, 10);
    double seconds = seconds_now() - begun;
    batches_clear(&batches);
    return BULK_PROJECTS / seconds;
}

static void measure_bulk(struct bench *bench)
{
    double cpu[PROGRAMS];
    int64_t bytes = stand_bytes(&bench->stand);
    for (int i = 0; i < PROGRAMS; i++)
        cpu[i] = stand_cpu_seconds(&bench->stand, programs[i]);
    figures_add(&bench->rate, bulk_rate(bench, &bench->load, "bulk"));
    for (int i = 0; i < PROGRAMS; i++)
        figures_add(&bench->cpu[i],
                    (stand_cpu_seconds(&bench->stand, programs[i]) - cpu[i]) * 1e6 / BULK_PROJECTS);
    zclock_sleep(SETTLE_MS); /* files are tidied after the last commit */
    figures_add(&bench->bytes, (double)(stand_bytes(&bench->stand) - bytes) / BULK_PROJECTS);
}

/* --- Interactive ---------------------------------------------------------------------------- */

/* Milliseconds of requests one after the other, INTERACTIVE of them, but none after so many results
 * are stored. */
static struct figures interactive(struct bench *bench, const char *series, double until)
{
    struct figures took = {0};
    struct fault fault;
    struct mdp_client *client = mdp_client_new(bench->running.broker, &fault);
    for (size_t i = 0; i < INTERACTIVE && (i % LOOK_AFTER || stored(bench) < until); i++) {
        char *project = load_project(&bench->load, series, i);
        zmsg_t *body = zmsg_new();
        zmsg_addstr(body, project);
        free(project);
        double begun = seconds_now();
        zmsg_t *answer = mdp_client_call(client, "classify", &body, ANSWER_MS, &fault);
        figures_add(&took, (seconds_now() - begun) * 1e3);
        if (!answer)
            die("classify", &fault);
        zmsg_destroy(&answer);
    }
    mdp_client_destroy(&client);
    return took;
}

static void measure_idle(struct bench *bench)
{
    struct figures took = interactive(bench, "idle", 1e15);
    figures_add(&bench->idle_p50, figures_at(&took, 0.5));
    figures_add(&bench->idle_p99, figures_at(&took, 0.99));
    figures_free(&took);
}

struct pressure {
    const struct bench *bench;
    struct batches batches;
};

static void *submit_pressure(void *argument)
{
    struct pressure *pressure = argument;
    submit_bulk(pressure->bench, &pressure->batches);
    return NULL;
}

/* While bulk work waits all the time. */
static void measure_busy(struct bench *bench)
{
    struct pressure pressure = {bench, load_batches(&bench->load, "load", 0, LOAD_PROJECTS, BATCH)};
    double before = stored(bench), all = before + LOAD_PROJECTS;
    pthread_t thread;
    pthread_create(&thread, NULL, submit_pressure, &pressure);
    wait_until_stored(bench, before + 1024, 5);
    double from = stored(bench), begun = seconds_now();
    struct figures took = interactive(bench, "busy", all - LOAD_MARGIN);
    figures_add(&bench->busy_rate, (stored(bench) - from) / (seconds_now() - begun));
    figures_add(&bench->busy_p50, figures_at(&took, 0.5));
    figures_add(&bench->busy_p99, figures_at(&took, 0.99));
    figures_free(&took);
    pthread_join(thread, NULL);
    batches_clear(&pressure.batches);
    wait_until_stored(bench, all, 50);
}

static void run_round(struct bench *bench, const struct load *as_they_are, const char *folder)
{
    start_services(bench, folder);
    measure_idle(bench);
    measure_bulk(bench);
    figures_add(&bench->as_they_are, bulk_rate(bench, as_they_are, "short"));
    measure_busy(bench);
    figures_add(&bench->worker_megabytes, stand_most_megabytes(&bench->stand, "jinmu-worker"));
    stop_services(bench);
}

static void print(struct bench *bench, int rounds)
{
    printf("pipeline: client, broker, 2 workers, collector on disk; descriptions of %d characters;"
           " median of %d rounds (least … most)\n",
           DESCRIPTION, rounds);
    figures_print(&bench->rate, "durable end to end, batches of 256", 0, "projects/s",
                  "budget 15,000");
    figures_print(&bench->as_they_are, "the same, texts as the cases have them", 0, "projects/s",
                  "");
    for (int i = 0; i < PROGRAMS; i++) {
        char what[64];
        snprintf(what, sizeof what, "processor time a project, %s", programs[i]);
        figures_print(&bench->cpu[i], what, 1, "µs", "");
    }
    figures_print(&bench->bytes, "state directory grows a project by", 0, "bytes", "");
    figures_print(&bench->worker_megabytes, "largest worker", 1, "MB", "budget 32");
    figures_print(&bench->idle_p50, "one interactive request, idle, p50", 2, "ms", "budget 1");
    figures_print(&bench->idle_p99, "                               p99", 2, "ms", "budget 5");
    figures_print(&bench->busy_p50, "the same under bulk load, p50", 2, "ms", "");
    figures_print(&bench->busy_p99, "                          p99", 2, "ms", "budget 20");
    figures_print(&bench->busy_rate, "projects stored at the same time", 0, "projects/s", "");
}

static void forget(struct bench *bench)
{
    struct figures *all[] = {&bench->rate,     &bench->as_they_are, &bench->bytes,
                             &bench->idle_p50, &bench->idle_p99,    &bench->busy_p50,
                             &bench->busy_p99, &bench->busy_rate,   &bench->worker_megabytes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        figures_free(all[i]);
    for (int i = 0; i < PROGRAMS; i++)
        figures_free(&bench->cpu[i]);
    load_free(&bench->load);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "build/bin";
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : ROUNDS;
    struct bench bench = {.load = load_read(DESCRIPTION)};
    struct load as_they_are = load_read(0);
    zsys_handler_set(NULL);
    for (int i = 0; i < rounds; i++)
        run_round(&bench, &as_they_are, folder);
    print(&bench, rounds);
    forget(&bench);
    load_free(&as_they_are);
    return 0;
}
