/* jinmu submit: projects into the broker's queue, and their results back. */
#include "common/options.h"
#include "services/cli/verbs.h"

#include "common/json.h"
#include "services/cli/batches.h"
#include "services/cli/dead_reason.h"
#include "services/cli/progress.h"
#include "services/cli/result_table.h"
#include "services/cli/running.h"
#include "services/cli/submission.h"
#include "services/worker/limits.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *state;
    const char *file;
    bool wait, bulk, table;
    int64_t delay, deadline;
};
enum { MOST_SECONDS = 30 * 86400 }; /* that the broker keeps a job for */

static const struct option_row option_rows[] = {
    STATE_OPTION(struct options),
    FLAG_OPTION(struct options, wait, "wait", 'w', "Print the results, in the order of the input"),
    FLAG_OPTION(struct options, table, "table", 0, "With --wait: as a table for reading"),
    FLAG_OPTION(struct options, bulk, "bulk", 'b', "Let interactive requests pass by"),
    NUMBER_OPTION(struct options, delay, "delay", 0, 1, MOST_SECONDS,
                  "Not to be begun for N seconds"),
    NUMBER_OPTION(struct options, deadline, "deadline", 0, 1, MOST_SECONDS,
                  "Not to be begun any more after N seconds: `jinmu dead` has it then"),
    {0}};
static const struct command_form form = {
    option_rows, 1, 1, "FILE|-",
    "Submits projects: one JSON object a line, or one JSON text. Prints a receipt for each request "
    "that the queue has on disk, or the results."};

/* What is shown while the submission goes on. */
struct display {
    const struct batches *batches;
    const struct options *options;
    struct columns table; /* with --table */
    struct progress progress;
    size_t errors;
};

static void print_receipt(size_t index, const char *receipt, void *argument)
{
    struct display *display = argument;
    if (display->options->wait)
        return;
    const struct batch *batch = &display->batches->all[index];
    struct jv *line = jv_object(), *ids = jv_array();
    for (size_t i = 0; i < batch->projects; i++)
        jv_push(ids, jv_of_text(batch->ids[i]));
    jv_set_text(line, "receipt", receipt);
    jv_set(line, "projects", ids);
    jv_print(line);
    fflush(stdout); /* whoever is killed later has what was accepted */
    jv_destroy(&line);
}

static void show_result(struct display *display, const char *name, const struct jv *result)
{
    if (display->options->table) {
        result_table_add(&display->table, name, result);
    } else {
        jv_print(result);
    }
    display->errors += jv_get(result, "error") != NULL;
}

static const char *name_of(const struct jv *projects, const struct batch *batch, size_t index)
{
    const char *name = jv_get_text(jv_at(projects, index), "name");
    return name && *name ? name : batch->ids[index];
}

static void print_results(size_t index, const char *body, size_t bytes, void *argument)
{
    struct display *display = argument;
    const struct batch *batch = &display->batches->all[index];
    struct jv *answer = jv_read(body, bytes, NULL);
    struct jv *input = display->options->table ? jv_read(batch->body, batch->bytes, NULL) : NULL;
    const struct jv *results = jv_get(answer, "results");
    const struct jv *projects = jv_get(input, "projects");
    progress_end(&display->progress);
    for (size_t i = 0; i < jv_count(results); i++)
        show_result(display, name_of(projects, batch, i), jv_at(results, i));
    if (!results) { /* the request as a whole was refused */
        fprintf(stderr, "jinmu submit: %.*s\n", (int)bytes, body);
        display->errors += batch->projects;
    }
    jv_destroy(&input);
    jv_destroy(&answer);
}

/* A request that came to nothing; the others' results are printed all the same. */
static void print_failure(size_t index, const char *receipt, const struct fault *why,
                          void *argument)
{
    struct display *display = argument;
    size_t projects = display->batches->all[index].projects;
    bool dead = strcmp(why->code, "job.dead") == 0;
    progress_end(&display->progress);
    fprintf(stderr, "jinmu submit: 回执 %s（%zu 个项目）没有结果：%s（%s）", receipt, projects,
            dead ? dead_reason_words(why->message) : why->message, why->code);
    if (dead)
        fprintf(stderr, "；重新处理：jinmu dead retry %s", receipt);
    fputc('\n', stderr);
    display->errors += projects;
}

static void show_progress(size_t done, const char *why, void *argument)
{
    struct display *display = argument;
    progress_show(&display->progress, done, why);
    progress_say(&display->progress, why);
}

static int read_input(struct batches *batches, const struct options *options,
                      const struct config *config, struct fault *fault)
{
    struct project_limits limits;
    bool standard = strcmp(options->file, "-") == 0;
    if (limits_read(&limits, config, fault))
        return -1;
    FILE *file = standard ? stdin : fopen(options->file, "rb");
    if (!file)
        return fault_set(fault, "input.unreadable", "%s：%m", options->file);
    struct fault why;
    int status = batches_read(batches, file, &limits, &why);
    if (status)
        fault_set(fault, why.code, "%s：%s（%s）", standard ? "标准输入" : options->file,
                  why.message, why.code);
    if (!standard)
        fclose(file);
    return status;
}

static int submit(const struct batches *batches, const struct options *options,
                  const struct running *running, struct fault *fault)
{
    struct display display = {.batches = batches, .options = options};
    struct submission_options how = {.identity = running->to_broker,
                                     .broker = running->broker,
                                     .bulk = options->bulk,
                                     .wait = options->wait,
                                     .delay_s = options->delay,
                                     .deadline_s = options->deadline};
    struct submission_watch watch = {.accepted = print_receipt,
                                     .answered = print_results,
                                     .failed = print_failure,
                                     .progress = show_progress,
                                     .argument = &display};
    if (options->table)
        result_table_begin(&display.table);
    progress_start(&display.progress, "submit", batches->projects);
    int status = submission_run(batches, &how, &watch, fault) ? 2 : 0;
    progress_end(&display.progress);
    if (options->table)
        columns_print(&display.table);
    return status || !display.errors ? status : 1;
}

int verb_submit(int argc, char **argv)
{
    struct options options = {0};
    struct fault fault = {"", ""};
    struct running running = {0};
    struct batches batches = {0};
    int status = 2;
    options.file = options_read(&form, argc, argv, &options)[0];
    if (options.table && !options.wait)
        options_refuse(argv[0], "--table needs --wait");
    zsys_handler_set(NULL);
    if (running_find(&running, options.state, &fault) == 0 &&
        read_input(&batches, &options, running.config, &fault) == 0 &&
        running_check(&running, &fault) == 0)
        status = submit(&batches, &options, &running, &fault);
    if (*fault.code)
        fprintf(stderr, "jinmu submit: %s\n", fault.message);
    batches_clear(&batches);
    running_clear(&running);
    return status;
}
