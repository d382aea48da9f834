/* Items that the catalog lacks, out of many stored results: `jinmu catalog propose` by itself, and the
 * collector's strides for the HTTP API while somebody asks for single results. Arguments: the folder of
 * the programs, and how many projects (50,000). */
#include "common/strbuf.h"
#include "tests/bench/figures.h"
#include "tests/bench/stock.h"

#include <czmq.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROJECTS = 50000, NAMES = 100000, ANSWER_MS = 20000, BETWEEN_MS = 2 };
static const double below = 0.5;

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void propose(const struct stock *stock)
{
    struct rusage usage;
    int status;
    double begun = seconds_now();
    fflush(stdout); /* else the child prints it too */
    pid_t run = fork();
    if (run == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(127);
        execl(stock->jinmu, stock->jinmu, "catalog", "propose", "--json", "--projects", "100",
              (char *)NULL);
        _exit(127);
    }
    if (wait4(run, &status, 0, &usage) != run || status != 0)
        bench_die("catalog propose", NULL);
    printf("  jinmu catalog propose            %10.1f s\n", seconds_now() - begun);
    printf("    processor time                 %10.1f s\n",
           seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
    printf("    most memory                    %10.1f MB\n", (double)usage.ru_maxrss / 1024);
}

/* Asks for single results until it is told to stop. */
struct asker {
    const char *collector;
    size_t results;
    atomic_bool enough;
    struct figures took;
};

static void *ask_for_results(void *argument)
{
    struct asker *asker = argument;
    struct fault fault;
    struct inquiry *inquiry = inquiry_new(asker->collector, &fault);
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "result");
    for (size_t i = 0; !asker->enough; i++) {
        size_t length;
        jv_set_number(question, "number", (double)(i * 7919 % asker->results + 1));
        double begun = seconds_now();
        char *answer = inquiry_ask(inquiry, question, ANSWER_MS, &length, &fault);
        figures_add(&asker->took, (seconds_now() - begun) * 1e3);
        if (!answer)
            bench_die("result", &fault);
        free(answer);
        zclock_sleep(BETWEEN_MS);
    }
    jv_destroy(&question);
    inquiry_destroy(&inquiry);
    return NULL;
}

/* All strides, as the gateway asks for them. */
static void ask_for_strides(struct stock *stock, const char *revision, size_t *unfit,
                            struct figures *took)
{
    struct fault fault;
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "unfit");
    jv_set_text(question, "catalog", revision);
    jv_set_number(question, "below", below);
    for (double next = 0;;) {
        size_t length;
        jv_set_number(question, "after", next);
        double begun = seconds_now();
        char *json = inquiry_ask(stock->inquiry, question, ANSWER_MS, &length, &fault);
        figures_add(took, (seconds_now() - begun) * 1e3);
        struct jv *answer = json ? jv_read(json, length, &fault) : NULL;
        if (!answer)
            bench_die("unfit", &fault);
        *unfit += jv_count(jv_get(answer, "unfit"));
        next = jv_get_number(answer, "next", 0);
        jv_destroy(&answer);
        free(json);
        if (next <= 0)
            break;
    }
    jv_destroy(&question);
}

static void print_strides(struct stock *stock, size_t projects, const char *revision)
{
    struct asker asker = {.collector = stock->running.collector, .results = projects};
    struct figures took = {0};
    pthread_t thread;
    size_t unfit = 0;
    double begun = seconds_now();
    if (pthread_create(&thread, NULL, ask_for_results, &asker))
        bench_die("pthread_create", NULL);
    ask_for_strides(stock, revision, &unfit, &took);
    printf("  the collector's strides          %10.1f s, %zu services without an item\n",
           seconds_now() - begun, unfit);
    asker.enough = true;
    pthread_join(thread, NULL);
    printf("    a stride, p50 and longest      %10.1f, %.1f ms\n", figures_at(&took, 0.5),
           figures_at(&took, 1));
    printf("    single results meanwhile, p50  %10.2f ms (of %zu)\n", figures_at(&asker.took, 0.5),
           asker.took.count);
    printf("                              p99  %10.2f ms\n", figures_at(&asker.took, 0.99));
    printf("                              most %10.2f ms\n", figures_at(&asker.took, 1));
    figures_free(&took);
    figures_free(&asker.took);
}

static double unlisted(struct stock *stock)
{
    struct fault fault;
    size_t length;
    struct jv *question = jv_object();
    jv_set_text(question, "ask", "results");
    jv_set_number(question, "limit", 1);
    char *json = inquiry_ask(stock->inquiry, question, ANSWER_MS, &length, &fault);
    struct jv *answer = json ? jv_read(json, length, &fault) : NULL;
    if (!answer)
        bench_die("results", &fault);
    double left = stock_stored(stock) - jv_get_number(answer, "last_event", 0);
    jv_destroy(&answer);
    jv_destroy(&question);
    free(json);
    return left;
}

int main(int argc, char **argv)
{
    struct stock stock;
    size_t projects = argc > 2 ? strtoul(argv[2], NULL, 10) : PROJECTS;
    projects = projects / STOCK_BATCH * STOCK_BATCH; /* whole requests */
    stock_start(&stock, argc > 1 ? argv[1] : "build/bin", load_mix(NAMES));
    stock_run(&stock, "catalog use '晋财综〔2021〕63号' --by bench");
    zclock_sleep(3000); /* workers take it up */
    double rate = stock_fill(&stock, projects);
    double begun = seconds_now();
    while (unlisted(&stock) > 0)
        zclock_sleep(50);
    printf("propose: %zu stored projects of %d names\n", projects, NAMES);
    printf("  stored at first                  %10.0f projects/s; listed %.1f s later\n", rate,
           seconds_now() - begun);
    propose(&stock);
    print_strides(&stock, projects, "晋财综〔2021〕63号");
    printf("  largest collector                %10.1f MB\n",
           stand_most_megabytes(&stock.stand, "jinmu-collector"));
    stock_stop(&stock);
    return 0;
}
