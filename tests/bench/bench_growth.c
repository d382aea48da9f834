/* How the cost of a project and the memory of a worker grow with the catalog: the real one, and made
 * ones of 10 and 100 times and of 200,000 items, each measured in a process of its own. A made item
 * stands in the department of a real one, with a name and labels put together from halves of real
 * ones, so that its words are as common as theirs and compete with them. */
#include "catalog/catalog.h"
#include "catalog/engine/engine_parts.h"
#include "catalog/learn/cases.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "tests/bench/figures.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, PROJECTS = 1000, BATCH = 256, LABELS = 8 };

static double processor_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- a larger catalog ---- */

struct real_item {
    char *department, *code, *name, *parent;
};

struct maker {
    struct store *store;
    struct real_item *items;
    size_t item_count;
    char **labels;
    size_t label_count;
    uint32_t seed;
    char *revision;
};

static size_t any_below(struct maker *maker, size_t count)
{
    maker->seed = maker->seed * 1664525u + 1013904223u;
    return (maker->seed >> 8) % count;
}

static void read_items(struct maker *maker)
{
    sqlite3_stmt *statement =
        store_prepare(maker->store,
                      "SELECT department, code, name, parent, revision FROM item WHERE state <> "
                      "'quarantine' AND level = iif(department = 'B', 3, 4) ORDER BY id",
                      NULL);
    while (store_next(maker->store, statement, NULL) > 0) {
        maker->items = xrealloc(maker->items, (maker->item_count + 1) * sizeof *maker->items);
        maker->items[maker->item_count++] = (struct real_item){
            xstrdup(store_text(statement, 0)), xstrdup(store_text(statement, 1)),
            xstrdup(store_text(statement, 2)), xstrdup(store_text(statement, 3))};
    }
    sqlite3_finalize(statement);
}

static void read_labels(struct maker *maker)
{
    sqlite3_stmt *statement = store_prepare(
        maker->store, "SELECT text FROM label WHERE kind = 'alt' ORDER BY rowid", NULL);
    while (store_next(maker->store, statement, NULL) > 0) {
        maker->labels = xrealloc(maker->labels, (maker->label_count + 1) * sizeof(char *));
        maker->labels[maker->label_count++] = xstrdup(store_text(statement, 0));
    }
    sqlite3_finalize(statement);
}

/* The first half of one label and the second of another. */
static void put_label(struct maker *maker, struct strbuf *out)
{
    const char *first = maker->labels[any_below(maker, maker->label_count)];
    const char *second = maker->labels[any_below(maker, maker->label_count)];
    strbuf_add(out, first, text_offset(first, (text_length(first) + 1) / 2));
    strbuf_puts(out, second + text_offset(second, text_length(second) / 2));
}

static void make_item(struct maker *maker, sqlite3_stmt *item, sqlite3_stmt *label, size_t number)
{
    const struct real_item *like = &maker->items[any_below(maker, maker->item_count)];
    bool of_b = strcmp(like->department, "B") == 0;
    struct strbuf code = {0}, name = {0}, text = {0};
    strbuf_printf(&code, "%sX%zu", like->parent, number);
    put_label(maker, &name);
    strbuf_puts(&name, "服务");
    store_run(maker->store,
              store_bind(item, "tttitti", maker->revision, like->department, code.text,
                         (int64_t)(of_b ? 3 : 4), name.text, like->parent, (int64_t)number),
              NULL);
    for (int i = 0; i < LABELS; i++) {
        strbuf_reset(&text);
        put_label(maker, &text);
        store_run(maker->store,
                  store_bind(label, "tttt", like->department, code.text, name.text, text.text),
                  NULL);
    }
    strbuf_free(&code);
    strbuf_free(&name);
    strbuf_free(&text);
}

/* Adds items to the newest whole revision until the catalog has so many. */
static void enlarge(struct store *store, size_t items)
{
    struct maker maker = {.store = store, .seed = 7, .revision = NULL};
    read_items(&maker);
    read_labels(&maker);
    sqlite3_stmt *newest = store_prepare(
        store,
        "SELECT revision FROM item WHERE code LIKE 'A%' GROUP BY revision ORDER BY count(*) "
        "DESC LIMIT 1",
        NULL);
    if (store_next(store, newest, NULL) > 0)
        maker.revision = xstrdup(store_text(newest, 0));
    sqlite3_finalize(newest);
    sqlite3_stmt *item = store_prepare(
        store,
        "INSERT INTO item (revision, department, code, level, name, parent, position, line) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
        NULL);
    sqlite3_stmt *label =
        store_prepare(store,
                      "INSERT OR IGNORE INTO label (department, code, name, kind, text) "
                      "VALUES (?, ?, ?, 'alt', ?)",
                      NULL);
    store_begin(store, NULL);
    for (size_t i = maker.item_count; i < items; i++)
        make_item(&maker, item, label, 10000 + i);
    store_commit(store, NULL);
    sqlite3_finalize(item);
    sqlite3_finalize(label);
    for (size_t i = 0; i < maker.item_count; i++) {
        free(maker.items[i].department);
        free(maker.items[i].code);
        free(maker.items[i].name);
        free(maker.items[i].parent);
    }
    for (size_t i = 0; i < maker.label_count; i++)
        free(maker.labels[i]);
    free(maker.items);
    free(maker.labels);
    free(maker.revision);
}

/* ---- measuring ---- */

struct measured {
    size_t items;
    double microseconds; /* a project, verdict, checks and JSON */
    double load_seconds;
    double memory, peak; /* MB: once loaded and used; at most, while loading */
};

static void count_result(const struct judged *judged, void *bytes)
{
    *(size_t *)bytes += judged->json_bytes;
}

static double resident_mb(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static double cost_of(const struct engine *engine, const struct cases *cases)
{
    struct figures costs = {0};
    struct judge *judge = judge_new(engine, NULL);
    size_t bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = processor_time();
        for (size_t i = 0; i < PROJECTS; i++) {
            if (i % BATCH == 0)
                judge_begin(judge);
            judge_project(judge, cases->all[i % cases->count].json, count_result, &bytes);
        }
        figures_add(&costs, (processor_time() - start) * 1e6 / PROJECTS);
    }
    double cost = figures_median(&costs);
    figures_free(&costs);
    judge_destroy(&judge);
    return cost;
}

static int measure(const char *path, const struct cases *cases, struct measured *measured)
{
    struct fault fault = {0};
    double before = resident_mb(), start = processor_time();
    struct engine *engine = engine_load(path, &fault);
    if (!engine) {
        fprintf(stderr, "bench_growth: %s\n", fault.message);
        return -1;
    }
    measured->load_seconds = processor_time() - start;
    measured->items = engine_mind(engine)->thesaurus->concept_count;
    measured->microseconds = cost_of(engine, cases);
    measured->memory = resident_mb() - before;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    measured->peak = (double)usage.ru_maxrss * 1024 / 1e6;
    engine_destroy(&engine);
    return 0;
}

/* In a process of its own, so that one size's memory is not the next one's. */
static int measure_apart(const char *path, const struct cases *cases, struct measured *measured)
{
    int pipes[2], status = 0;
    if (pipe(pipes))
        return -1;
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        int failed = measure(path, cases, measured);
        ssize_t written = failed ? 0 : write(pipes[1], measured, sizeof *measured);
        _exit(written == (ssize_t)sizeof *measured ? 0 : 1);
    }
    close(pipes[1]);
    ssize_t got = child < 0 ? -1 : read(pipes[0], measured, sizeof *measured);
    close(pipes[0]);
    if (child > 0)
        waitpid(child, &status, 0);
    return got == (ssize_t)sizeof *measured && status == 0 ? 0 : -1;
}

static int measure_size(const char *path, size_t items, const struct cases *cases,
                        struct measured *measured)
{
    struct fault fault = {0};
    unlink(path);
    if (catalog_ensure(path, catalog_data_directory(), &fault))
        return -1;
    struct store *store = catalog_open(path, STORE_WRITE, &fault);
    if (!store)
        return -1;
    if (items)
        enlarge(store, items);
    store_close(&store);
    return measure_apart(path, cases, measured);
}

int main(void)
{
    static const size_t sizes[] = {0, 7000, 70000, 200000};
    char directory[] = "/tmp/jinmu-bench.XXXXXX";
    struct fault fault = {0};
    struct cases cases = {0};
    struct measured first = {0};
    if (sodium_init() < 0 || !mkdtemp(directory) ||
        cases_read(&cases, "tests/fixtures/holdout.jsonl", &fault)) {
        fprintf(stderr, "bench_growth: %s\n", fault.message);
        return 2;
    }
    char *path = state_path(directory, "catalog.db");
    int failed = 0;
    printf("growth: %zu cases as they are, verdict, checks and JSON, processor time\n",
           cases.count);
    printf("  %9s %12s %10s %12s %12s %10s\n", "items", "µs/project", "times", "budget: √",
           "memory MB", "load s");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes && !failed; i++) {
        struct measured measured = {0};
        failed = measure_size(path, sizes[i], &cases, &measured);
        if (failed)
            break;
        if (i == 0)
            first = measured;
        printf("  %9zu %12.1f %10.2f %12.2f %12.0f %10.1f   (peak %.0f MB)\n", measured.items,
               measured.microseconds, measured.microseconds / first.microseconds,
               sqrt((double)measured.items / (double)first.items), measured.memory,
               measured.load_seconds, measured.peak);
        fflush(stdout);
    }
    puts("  budgets: memory of the first row 32 MB, of 200,000 items 1,000 MB");
    cases_free(&cases);
    unlink(path);
    rmdir(directory);
    free(path);
    return failed ? 2 : 0;
}
