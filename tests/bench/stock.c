#include "tests/bench/stock.h"

#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/submission.h"
#include "tests/bench/figures.h"

#include <czmq.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    SLAB = 80 * STOCK_BATCH, /* projects in memory at a time */
    ANSWER_MS = 20000,
    STORE_S = 1200,
};

void bench_die(const char *what, const struct fault *fault)
{
    fprintf(stderr, "bench: %s%s%s\n", what, fault ? ": " : "", fault ? fault->message : "");
    exit(2);
}

void stock_start(struct stock *stock, const char *programs, struct load load)
{
    struct fault fault;
    struct strbuf program = {0};
    *stock = (struct stock){.load = load};
    strbuf_printf(&program, "%s/jinmu", programs);
    stock->jinmu = strbuf_take(&program);
    const char *const arguments[] = {stock->jinmu, "serve", "--state", "DIR",
                                     "--workers",  "2",     NULL};
    zsys_handler_set(NULL);
    stand_start(&stock->stand, arguments, true);
    setenv("JINMU_STATE", stock->stand.directory, 1);
    if (running_find(&stock->running, stock->stand.directory, &fault) ||
        !(stock->inquiry = inquiry_new(stock->running.collector, &fault)))
        bench_die("inquiry", &fault);
}

void stock_stop(struct stock *stock)
{
    stand_stop(&stock->stand);
    inquiry_destroy(&stock->inquiry);
    running_clear(&stock->running);
    load_free(&stock->load);
    free(stock->jinmu);
}

double stock_stored(struct stock *stock)
{
    struct fault fault;
    struct jv *status = inquiry_status(stock->inquiry, ANSWER_MS, &fault);
    if (!status)
        bench_die("status", &fault);
    double results = jv_get_number(status, "events", 0);
    jv_destroy(&status);
    return results;
}

void stock_run(const struct stock *stock, const char *arguments)
{
    struct strbuf command = {0};
    strbuf_printf(&command, "%s %s >/dev/null", stock->jinmu, arguments);
    if (system(command.text) != 0)
        bench_die(command.text, NULL);
    strbuf_free(&command);
}

static void fill_slab(struct stock *stock, size_t first, size_t projects)
{
    char series[32];
    struct fault fault;
    struct submission_options options = {.broker = stock->running.broker, .bulk = true};
    struct submission_watch watch = {0};
    snprintf(series, sizeof series, "s%zu", first);
    struct batches batches = load_batches(&stock->load, series, first, projects, STOCK_BATCH);
    if (submission_run(&batches, &options, &watch, &fault))
        bench_die("submit", &fault);
    batches_clear(&batches);
    double until = seconds_now() + STORE_S;
    while (stock_stored(stock) < (double)(first + projects))
        if (seconds_now() > until)
            bench_die("nothing is stored any more", NULL);
        else
            zclock_sleep(10);
}

double stock_fill(struct stock *stock, size_t projects)
{
    double begun = seconds_now();
    for (size_t first = 0; first < projects; first += SLAB)
        fill_slab(stock, first, projects - first < SLAB ? projects - first : SLAB);
    return (double)projects / (seconds_now() - begun);
}

double stock_file_bytes(const struct stock *stock, const char *name)
{
    char *path = state_path(stock->stand.directory, name);
    struct stat status;
    double bytes = stat(path, &status) ? 0 : (double)status.st_size;
    free(path);
    return bytes;
}
