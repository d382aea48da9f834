/* What the services do together: durable projects a second in batches, and how long one interactive
 * request takes, alone and under bulk load. Argument: the folder of the programs. */
#include "catalog/catalog.h"
#include "common/json.h"
#include "common/mdp.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/running.h"
#include "services/cli/submission.h"
#include "services/collector/inquiry.h"

#include <czmq.h>
#include <ftw.h>
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BULK_PROJECTS = 61440,  /* 240 batches of 256 */
    LOAD_PROJECTS = 122880, /* beside which interactive requests are measured … */
    LOAD_MARGIN = 10240,    /* … as long as at least so many of them wait */
    LOOK_AFTER = 20,        /* interactive requests, between two looks how many wait */
    INTERACTIVE = 2000,     /* requests, one after the other */
    DESCRIPTION = 500,      /* code points */
    ANSWER_MS = 60000,
};

struct bench {
    char directory[32];
    pid_t serve;
    struct running running;
    struct inquiry *inquiry;
    char **projects; /* JSON without id, to be begun with one */
    size_t count;
};

static void die(const char *what, const struct fault *fault)
{
    fprintf(stderr, "bench_pipeline: %s%s%s\n", what, fault ? ": " : "",
            fault ? fault->message : "");
    exit(2);
}

/* --- The texts ------------------------------------------------------------------------------ */

/* A project as the cases of catalog/data have it, its description made DESCRIPTION long. */
static char *project_of(const struct jv *item)
{
    static const char filler[] = "按照年度工作计划和预算安排组织实施，完成后由项目单位负责验收，"
                                 "资金按合同约定的进度支付，绩效目标完成情况纳入年度考核。";
    struct jv *project = jv_object();
    struct strbuf description = {0};
    const char *text = jv_get_text(item, "description"), *unit = jv_get_text(item, "unit");
    strbuf_puts(&description, text ? text : "");
    while (text_length(description.text) < DESCRIPTION)
        strbuf_puts(&description, filler);
    char *cut = text_cut(description.text, (struct span){0, DESCRIPTION});
    jv_set_number(project, "year", 2026);
    jv_set_text(project, "unit", unit ? unit : "");
    jv_set_text(project, "name", jv_get_text(item, "name"));
    jv_set_text(project, "description", cut);
    char *json = jv_write(project);
    free(cut);
    strbuf_free(&description);
    jv_destroy(&project);
    return json;
}

static void read_cases(struct bench *bench, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while (file && (length = getline(&line, &capacity, file)) > 0) {
        struct jv *item = jv_read(line, (size_t)length, NULL);
        if (jv_get_text(item, "name")) {
            bench->projects =
                xrealloc(bench->projects, (bench->count + 1) * sizeof *bench->projects);
            bench->projects[bench->count++] = project_of(item);
        }
        jv_destroy(&item);
    }
    free(line);
    if (file)
        fclose(file);
}

static void read_all_cases(struct bench *bench)
{
    struct strbuf pattern = {0};
    glob_t found = {0};
    strbuf_printf(&pattern, "%s/cases/*.jsonl", catalog_data_directory());
    if (glob(pattern.text, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            read_cases(bench, found.gl_pathv[i]);
    globfree(&found);
    strbuf_free(&pattern);
    if (bench->count == 0)
        die("no cases in the data folder", NULL);
}

static void add_project(struct strbuf *body, const struct bench *bench, const char *series,
                        size_t number)
{
    strbuf_printf(body, "{\"id\":\"%s-%zu\",%s", series, number,
                  bench->projects[number % bench->count] + 1);
}

/* So many projects in batches of 256; batches_clear. */
static struct batches make_batches(const struct bench *bench, const char *series, size_t projects)
{
    enum { BATCH = 256 };
    struct batches batches = {.count = projects / BATCH, .projects = projects};
    batches.all = xcalloc(batches.count, sizeof *batches.all);
    for (size_t i = 0; i < batches.count; i++) {
        struct strbuf body = {0};
        strbuf_puts(&body, "{\"projects\":[");
        for (size_t j = 0; j < BATCH; j++) {
            strbuf_puts(&body, j ? "," : "");
            add_project(&body, bench, series, i * BATCH + j);
        }
        strbuf_puts(&body, "]}");
        batches.all[i] = (struct batch){.bytes = body.length};
        batches.all[i].body = strbuf_take(&body);
    }
    return batches;
}

/* --- The services --------------------------------------------------------------------------- */

static void start_services(struct bench *bench, const char *programs)
{
    int ready[2];
    char line[256] = "";
    struct fault fault;
    strcpy(bench->directory, "/tmp/jm-bench.XXXXXX");
    if (!mkdtemp(bench->directory) || pipe(ready))
        die("no temporary directory", NULL);
    bench->serve = fork();
    if (bench->serve == 0) {
        struct strbuf program = {0};
        strbuf_printf(&program, "%s/jinmu", programs);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(ready[1], STDOUT_FILENO);
        setenv("JINMU_LOG", "warning", 1);
        execl(program.text, "jinmu", "serve", "--state", bench->directory, "--workers", "2",
              (char *)NULL);
        _exit(127);
    }
    close(ready[1]);
    FILE *output = fdopen(ready[0], "r");
    if (!output || !fgets(line, sizeof line, output) || strncmp(line, "ready", 5) != 0)
        die("the services did not start", NULL);
    if (running_find(&bench->running, bench->directory, &fault) ||
        !(bench->inquiry = inquiry_new(bench->running.collector, &fault)))
        die("inquiry", &fault);
    fclose(output);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static void stop_services(struct bench *bench)
{
    int status = 0;
    kill(bench->serve, SIGTERM);
    waitpid(bench->serve, &status, 0);
    if (status)
        fprintf(stderr, "bench_pipeline: serve ended with %d\n", status);
    inquiry_destroy(&bench->inquiry);
    running_clear(&bench->running);
    nftw(bench->directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static double stored(struct bench *bench)
{
    struct fault fault;
    struct jv *status = inquiry_status(bench->inquiry, ANSWER_MS, &fault);
    if (!status)
        die("status", &fault);
    double results = jv_get_number(status, "results", 0);
    jv_destroy(&status);
    return results;
}

/* --- What is measured ----------------------------------------------------------------------- */

static void submit_bulk(const struct bench *bench, const struct batches *batches)
{
    struct submission_options options = {.broker = bench->running.broker, .bulk = true};
    struct submission_watch watch = {0};
    struct fault fault;
    if (submission_run(batches, &options, &watch, &fault))
        die("submit", &fault);
}

/* From the first request until the last result is on disk. */
static double bulk_per_second(struct bench *bench)
{
    struct batches batches = make_batches(bench, "bulk", BULK_PROJECTS);
    int64_t begun = zclock_usecs();
    submit_bulk(bench, &batches);
    while (stored(bench) < BULK_PROJECTS)
        zclock_sleep(20);
    double seconds = (double)(zclock_usecs() - begun) / 1e6;
    batches_clear(&batches);
    return BULK_PROJECTS / seconds;
}

struct quantiles {
    size_t requests;
    double p50_ms, p99_ms;
};

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Requests one after the other, INTERACTIVE of them, but none after so many results are stored. */
static struct quantiles interactive(struct bench *bench, const char *series, double until)
{
    static int64_t took[INTERACTIVE];
    struct fault fault;
    struct mdp_client *client = mdp_client_new(bench->running.broker, &fault);
    size_t i = 0;
    for (; i < INTERACTIVE && (i % LOOK_AFTER || stored(bench) < until); i++) {
        struct strbuf text = {0};
        add_project(&text, bench, series, i);
        zmsg_t *body = zmsg_new();
        zmsg_addmem(body, text.text, text.length);
        strbuf_free(&text);
        int64_t begun = zclock_usecs();
        zmsg_t *answer = mdp_client_call(client, "classify", &body, ANSWER_MS, &fault);
        took[i] = zclock_usecs() - begun;
        if (!answer)
            die("classify", &fault);
        zmsg_destroy(&answer);
    }
    mdp_client_destroy(&client);
    qsort(took, i, sizeof *took, by_size);
    return (struct quantiles){i, (double)took[i / 2] / 1000, (double)took[i * 99 / 100] / 1000};
}

struct load {
    const struct bench *bench;
    struct batches batches;
};

static void *submit_load(void *argument)
{
    struct load *load = argument;
    submit_bulk(load->bench, &load->batches);
    return NULL;
}

/* While bulk work waits all the time. */
static struct quantiles interactive_under_load(struct bench *bench)
{
    struct load load = {bench, make_batches(bench, "load", LOAD_PROJECTS)};
    double before = stored(bench), all = before + LOAD_PROJECTS;
    pthread_t thread;
    pthread_create(&thread, NULL, submit_load, &load);
    while (stored(bench) < before + 1024)
        zclock_sleep(5);
    struct quantiles quantiles = interactive(bench, "busy", all - LOAD_MARGIN);
    pthread_join(thread, NULL);
    while (stored(bench) < all)
        zclock_sleep(50);
    batches_clear(&load.batches);
    return quantiles;
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    zsys_handler_set(NULL);
    read_all_cases(&bench);
    start_services(&bench, argc > 1 ? argv[1] : "build/bin");
    double per_second = bulk_per_second(&bench);
    struct quantiles idle = interactive(&bench, "idle", 1e9);
    struct quantiles busy = interactive_under_load(&bench);
    stop_services(&bench);

    printf(
        "pipeline: client, broker, 2 workers, collector on disk; descriptions of %d characters\n",
        DESCRIPTION);
    printf("  durable end to end, batches of 256      %8.0f projects/s  (budget 15000)\n",
           per_second);
    printf("  one interactive request, idle      p50  %8.2f ms          (budget 1)\n", idle.p50_ms);
    printf("                                     p99  %8.2f ms          (budget 5)\n", idle.p99_ms);
    printf("  the same under bulk load           p50  %8.2f ms\n", busy.p50_ms);
    printf("                                     p99  %8.2f ms          (budget 20)\n",
           busy.p99_ms);
    for (size_t i = 0; i < bench.count; i++)
        free(bench.projects[i]);
    free(bench.projects);
    return 0;
}
