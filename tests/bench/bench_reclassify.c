/* A new revision: stored projects judged again through the services, as `jinmu reclassify` does it,
 * while somebody asks for single results. Arguments: the folder of the programs, and how many projects
 * (50,000). */
#include "catalog/catalog.h"
#include "catalog/import/csv_table.h"
#include "common/mdp.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "tests/bench/figures.h"
#include "tests/bench/stock.h"

#include <czmq.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum {
    PROJECTS = 50000,
    DESCRIPTION = 500, /* code points */
    ANSWER_MS = 20000,
    BETWEEN_MS = 5, /* two interactive requests */
};
#define OLD "晋财综〔2021〕63号"
#define NEW "测综〔2026〕9号"

/* Every seventh item renamed, every eleventh given another code, every twentieth removed. */
static void write_revision(const char *path)
{
    struct strbuf source = {0};
    strbuf_printf(&source, "%s/revisions/" OLD ".csv", catalog_data_directory());
    struct csv_table *table = csv_table_load(source.text, NULL);
    FILE *file = fopen(path, "w");
    if (!table || !file)
        bench_die(source.text, NULL);
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
        bench_die(path, NULL);
    csv_table_destroy(&table);
    strbuf_free(&source);
}

static const char *const programs[] = {"jinmu-broker", "jinmu-worker", "jinmu-collector"};
enum { PROGRAMS = sizeof programs / sizeof *programs };

static pid_t start_reclassify(const struct stock *stock, const char *page, const char *book)
{
    fflush(stdout); /* else the child prints it too */
    pid_t started = fork();
    if (started == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(127);
        execl(stock->jinmu, stock->jinmu, "reclassify", "--to", NEW, "--html", page, "--xlsx", book,
              (char *)NULL);
        _exit(127);
    }
    return started;
}

/* Asks again and again as long as projects are judged. */
static struct figures ask_meanwhile(struct stock *stock, double until)
{
    struct figures took = {0};
    struct fault fault;
    struct mdp_client *client = mdp_client_new(stock->running.broker, &fault);
    for (size_t i = 0; stock_stored(stock) < until; i++) {
        char *project = load_project(&stock->load, "ask", i);
        zmsg_t *body = zmsg_new();
        zmsg_addstr(body, project);
        free(project);
        double begun = seconds_now();
        zmsg_t *answer = mdp_client_call(client, "classify", &body, ANSWER_MS, &fault);
        figures_add(&took, (seconds_now() - begun) * 1e3);
        if (!answer)
            bench_die("classify", &fault);
        zmsg_destroy(&answer);
        zclock_sleep(BETWEEN_MS);
    }
    mdp_client_destroy(&client);
    return took;
}

static void reclassify(struct stock *stock, size_t projects)
{
    char *page = state_path(stock->stand.directory, "report.html"),
         *book = state_path(stock->stand.directory, "report.xlsx");
    struct rusage usage;
    int status;
    double cpu[PROGRAMS];
    for (int i = 0; i < PROGRAMS; i++)
        cpu[i] = stand_cpu_seconds(&stock->stand, programs[i]);
    double before = stock_stored(stock), begun = seconds_now();
    pid_t run = start_reclassify(stock, page, book);
    struct figures took = ask_meanwhile(stock, before + 0.97 * (double)projects);
    double judged = seconds_now() - begun;
    for (int i = 0; i < PROGRAMS; i++)
        cpu[i] = stand_cpu_seconds(&stock->stand, programs[i]) - cpu[i];
    if (wait4(run, &status, 0, &usage) != run || status != 0)
        bench_die("reclassify", NULL);
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
    struct stock stock;
    struct strbuf command = {0};
    size_t projects = argc > 2 ? strtoul(argv[2], NULL, 10) : PROJECTS;
    projects = projects / STOCK_BATCH * STOCK_BATCH; /* whole requests */
    stock_start(&stock, argc > 1 ? argv[1] : "build/bin", load_read(DESCRIPTION));
    stock_run(&stock, "catalog use '" OLD "' --by bench");
    zclock_sleep(3000); /* workers take it up */
    double rate = stock_fill(&stock, projects);
    zclock_sleep(1000);
    double one = stock_file_bytes(&stock, "results.db");
    char *csv = state_path(stock.stand.directory, "new.csv");
    write_revision(csv);
    strbuf_printf(&command, "catalog import %s --revision '" NEW "' --effective 2026-01-01", csv);
    stock_run(&stock, command.text);
    printf("reclassify: %zu stored projects, descriptions of %d characters, a new revision\n",
           projects, DESCRIPTION);
    printf("  stored at first                  %10.0f projects/s\n", rate);
    reclassify(&stock, projects);
    zclock_sleep(1000);
    printf("  results.db with one result       %10.0f bytes a project\n", one / (double)projects);
    printf("             with both             %10.0f bytes a project\n",
           stock_file_bytes(&stock, "results.db") / (double)projects);
    printf("  its log was never longer than    %10.1f MB\n",
           stock_file_bytes(&stock, "results.db-wal") / 1e6); /* it does not shrink */
    printf("  largest worker, collector        %10.1f, %.1f MB\n",
           stand_most_megabytes(&stock.stand, "jinmu-worker"),
           stand_most_megabytes(&stock.stand, "jinmu-collector"));
    stock_stop(&stock);
    strbuf_free(&command);
    free(csv);
    return 0;
}
