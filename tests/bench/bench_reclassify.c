/* A new revision: stored projects judged again through the services, as `jinmu reclassify` does it,
 * while somebody asks for single results. Arguments: the folder of the programs, and how many projects
 * (50,000). */
#include "catalog/catalog.h"
#include "catalog/import/csv_table.h"
#include "common/json.h"
#include "common/mdp.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/running.h"
#include "services/cli/submission.h"
#include "services/collector/inquiry.h"
#include "tests/bench/figures.h"
#include "tests/bench/load.h"
#include "tests/bench/stand.h"

#include <czmq.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
    PROJECTS = 50000,
    SLAB = 80 * 256, /* projects in memory at a time */
    BATCH = 256,
    DESCRIPTION = 500, /* code points */
    ANSWER_MS = 20000,
    BETWEEN_MS = 5, /* two interactive requests */
    STORE_S = 1200,
};
#define OLD "晋财综〔2021〕63号"
#define NEW "测综〔2026〕9号"

struct bench {
    struct stand stand;
    struct running running;
    struct inquiry *inquiry;
    struct load load;
    char *jinmu;
};

static void die(const char *what, const struct fault *fault)
{
    fprintf(stderr, "bench_reclassify: %s%s%s\n", what, fault ? ": " : "",
            fault ? fault->message : "");
    exit(2);
}

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

static void start_services(struct bench *bench)
{
    struct fault fault;
    const char *const arguments[] = {bench->jinmu, "serve", "--state", "DIR",
                                     "--workers",  "2",     NULL};
    stand_start(&bench->stand, arguments, true);
    setenv("JINMU_STATE", bench->stand.directory, 1);
    if (running_find(&bench->running, bench->stand.directory, &fault) ||
        !(bench->inquiry = inquiry_new(bench->running.collector, &fault)))
        die("inquiry", &fault);
}

/* Runs the command line; it must succeed. */
static void jinmu(const struct bench *bench, const char *arguments)
{
    struct strbuf command = {0};
    strbuf_printf(&command, "%s %s >/dev/null", bench->jinmu, arguments);
    if (system(command.text) != 0)
        die(command.text, NULL);
    strbuf_free(&command);
}

static void store_slab(struct bench *bench, size_t first, size_t projects)
{
    char series[32];
    struct fault fault;
    struct submission_options options = {.broker = bench->running.broker, .bulk = true};
    struct submission_watch watch = {0};
    snprintf(series, sizeof series, "s%zu", first);
    struct batches batches = load_batches(&bench->load, series, projects, BATCH);
    if (submission_run(&batches, &options, &watch, &fault))
        die("submit", &fault);
    batches_clear(&batches);
    double until = seconds_now() + STORE_S;
    while (stored(bench) < (double)(first + projects))
        if (seconds_now() > until)
            die("nothing is stored any more", NULL);
        else
            zclock_sleep(10);
}

static double store_all(struct bench *bench, size_t projects)
{
    double begun = seconds_now();
    for (size_t first = 0; first < projects; first += SLAB)
        store_slab(bench, first, projects - first < SLAB ? projects - first : SLAB);
    return (double)projects / (seconds_now() - begun);
}

/* Every seventh item renamed, every eleventh given another code, every twentieth removed. */
static void write_revision(const struct bench *bench, const char *path)
{
    struct strbuf source = {0};
    strbuf_printf(&source, "%s/revisions/" OLD ".csv", catalog_data_directory());
    struct csv_table *table = csv_table_load(source.text, NULL);
    FILE *file = fopen(path, "w");
    if (!table || !file)
        die(source.text, NULL);
    fputs("department,code,name\n", file);
    for (size_t i = 0; i < table->count; i++) {
        const char *code = csv_table_cell(table, i, csv_table_column(table, "code", NULL)),
                   *name = csv_table_cell(table, i, csv_table_column(table, "name", NULL));
        bool leaf = strlen(code) == 7;
        if ((leaf && i % 20 == 0) || (*code && !*name))
            continue;
        int last = leaf ? atoi(code + 5) : 0;
        fprintf(file, "%s,%.5s", csv_table_cell(table, i, 0), code);
        if (leaf)
            fprintf(file, "%02d", i % 11 == 0 ? 99 - last : last);
        fprintf(file, ",\"%s%s\"\n", leaf && i % 7 == 0 ? "专项" : "", name);
    }
    if (fclose(file))
        die(path, NULL);
    csv_table_destroy(&table);
    strbuf_free(&source);
    (void)bench;
}

static const char *const programs[] = {"jinmu-broker", "jinmu-worker", "jinmu-collector"};
enum { PROGRAMS = sizeof programs / sizeof *programs };

static pid_t start_reclassify(const struct bench *bench, const char *page, const char *book)
{
    pid_t started = fork();
    if (started == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(127);
        execl(bench->jinmu, bench->jinmu, "reclassify", "--to", NEW, "--html", page, "--xlsx", book,
              (char *)NULL);
        _exit(127);
    }
    return started;
}

/* Asks again and again as long as projects are judged. */
static struct figures ask_meanwhile(struct bench *bench, double until)
{
    struct figures took = {0};
    struct fault fault;
    struct mdp_client *client = mdp_client_new(bench->running.broker, &fault);
    for (size_t i = 0; stored(bench) < until; i++) {
        char *project = load_project(&bench->load, "ask", i);
        zmsg_t *body = zmsg_new();
        zmsg_addstr(body, project);
        free(project);
        double begun = seconds_now();
        zmsg_t *answer = mdp_client_call(client, "classify", &body, ANSWER_MS, &fault);
        figures_add(&took, (seconds_now() - begun) * 1e3);
        if (!answer)
            die("classify", &fault);
        zmsg_destroy(&answer);
        zclock_sleep(BETWEEN_MS);
    }
    mdp_client_destroy(&client);
    return took;
}

static double file_bytes(const struct bench *bench, const char *name)
{
    char *path = state_path(bench->stand.directory, name);
    struct stat status;
    double bytes = stat(path, &status) ? 0 : (double)status.st_size;
    free(path);
    return bytes;
}

static void reclassify(struct bench *bench, size_t projects)
{
    char *page = state_path(bench->stand.directory, "report.html"),
         *book = state_path(bench->stand.directory, "report.xlsx");
    struct rusage usage;
    int status;
    double cpu[PROGRAMS];
    for (int i = 0; i < PROGRAMS; i++)
        cpu[i] = stand_cpu_seconds(&bench->stand, programs[i]);
    double before = stored(bench), begun = seconds_now();
    pid_t run = start_reclassify(bench, page, book);
    struct figures took = ask_meanwhile(bench, before + 0.97 * (double)projects);
    double judged = seconds_now() - begun;
    for (int i = 0; i < PROGRAMS; i++)
        cpu[i] = stand_cpu_seconds(&bench->stand, programs[i]) - cpu[i];
    if (wait4(run, &status, 0, &usage) != run || status != 0)
        die("reclassify", NULL);
    double all = seconds_now() - begun;
    printf("  judged again                     %10.0f projects/s\n",
           0.97 * (double)projects / judged);
    for (int i = 0; i < PROGRAMS; i++)
        printf("    processor time a project       %10.1f us  %s\n",
               cpu[i] * 1e6 / (0.97 * (double)projects), programs[i]);
    printf("  with the comparison and report   %10.1f s\n", all);
    printf("  jinmu reclassify, processor time %10.1f s\n",
           (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
               (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6);
    printf("  jinmu reclassify, most memory    %10.1f MB\n", (double)usage.ru_maxrss / 1024);
    printf("  interactive meanwhile, p50       %10.2f ms (of %zu)\n", figures_at(&took, 0.5),
           took.count);
    printf("                         p99       %10.2f ms   budget 20\n", figures_at(&took, 0.99));
    figures_free(&took);
    free(page);
    free(book);
}

int main(int argc, char **argv)
{
    struct bench bench = {.load = load_read(DESCRIPTION)};
    struct strbuf command = {0};
    size_t projects = argc > 2 ? strtoul(argv[2], NULL, 10) : PROJECTS;
    projects = projects / BATCH * BATCH; /* whole requests */
    strbuf_printf(&command, "%s/jinmu", argc > 1 ? argv[1] : "build/bin");
    bench.jinmu = strbuf_take(&command);
    zsys_handler_set(NULL);
    start_services(&bench);
    jinmu(&bench, "catalog use '" OLD "' --by bench");
    zclock_sleep(3000); /* workers take it up */
    double rate = store_all(&bench, projects);
    zclock_sleep(1000);
    double one = file_bytes(&bench, "results.db");
    char *csv = state_path(bench.stand.directory, "new.csv");
    write_revision(&bench, csv);
    strbuf_printf(&command, "catalog import %s --revision '" NEW "' --effective 2026-01-01", csv);
    jinmu(&bench, command.text);
    printf("reclassify: %zu stored projects, descriptions of %d characters, a new revision\n",
           projects, DESCRIPTION);
    printf("  stored at first                  %10.0f projects/s\n", rate);
    reclassify(&bench, projects);
    zclock_sleep(1000);
    printf("  results.db with one result       %10.0f bytes a project\n", one / (double)projects);
    printf("             with both             %10.0f bytes a project\n",
           file_bytes(&bench, "results.db") / (double)projects);
    printf("  its log was never longer than    %10.1f MB\n",
           file_bytes(&bench, "results.db-wal") / 1e6); /* it does not shrink */
    printf("  largest worker, collector        %10.1f, %.1f MB\n",
           stand_most_megabytes(&bench.stand, "jinmu-worker"),
           stand_most_megabytes(&bench.stand, "jinmu-collector"));
    stand_stop(&bench.stand);
    inquiry_destroy(&bench.inquiry);
    running_clear(&bench.running);
    load_free(&bench.load);
    strbuf_free(&command);
    free(bench.jinmu);
    free(csv);
    return 0;
}
