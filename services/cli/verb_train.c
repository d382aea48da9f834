/* jinmu train: makes catalog/data/model.txt again from labelled cases, bit for bit. */
#include "catalog/catalog.h"
#include "catalog/engine/reviews.h"
#include "catalog/learn/train.h"
#include "services/cli/local_engine.h"
#include "services/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 64 };

struct options {
    const char *files[FILES];
    size_t file_count;
    const char *output, *db, *state;
    bool no_memory;
};

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'o':
        options->output = argument;
        return 0;
    case 'd':
        options->db = argument;
        return 0;
    case 's':
        options->state = argument;
        return 0;
    case 'M':
        options->no_memory = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file_count == FILES)
            argp_error(state, "at most %d files", FILES);
        options->files[options->file_count++] = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"output", 'o', "FILE", 0, "where the model goes (default: model.txt of the data directory)",
     0},
    {"no-memory", 'M', NULL, 0, "leave the reviews out that were taken in", 0},
    {"db", 'd', "FILE", 0, "catalog database", 0},
    {"state", 's', "DIR", 0, "state directory", 0},
    {0}};
static const struct argp arguments = {
    option_list,
    read_option,
    "[CASES…]",
    "Learns the model from labelled cases (default: cases/*.jsonl of the data directory, and the "
    "reviews in use). The same cases and catalog give the same file.",
    NULL,
    NULL,
    NULL};

static int write_model(const struct model *model, const char *path)
{
    struct strbuf text = {0}, written = {0};
    model_write(model, &text);
    strbuf_printf(&written, "%s.new", path);
    FILE *file = fopen(written.text, "w");
    bool done = file && fwrite(text.text, 1, text.length, file) == text.length;
    if (file && fclose(file))
        done = false;
    if (!done || rename(written.text, path)) {
        fprintf(stderr, "jinmu: %s: %s\n", path, strerror(errno));
        done = false;
    }
    strbuf_free(&text);
    strbuf_free(&written);
    return done ? 0 : -1;
}

struct gathering {
    struct cases *cases;
    struct fault *fault;
};

static int add_review(const struct review *review, void *argument)
{
    struct gathering *gathering = argument;
    struct jv *labelled = review_case(review);
    return labelled ? cases_add(gathering->cases, labelled, gathering->fault) : 0;
}

static int add_memory(struct cases *cases, const struct options *options, struct fault *fault)
{
    char *path = local_engine_path(options->db, options->state, fault);
    struct gathering gathering = {cases, fault};
    struct store *store = path ? catalog_open(path, STORE_READ_ONLY, fault) : NULL;
    int failed = !store || reviews_each(store, false, add_review, &gathering, fault);
    store_close(&store);
    free(path);
    return failed ? -1 : 0;
}

/* The files that were named, or all that the project has: its cases and what people decided. */
static int gather(struct cases *cases, const struct options *options, struct fault *fault)
{
    int failed = 0;
    for (size_t i = 0; !failed && i < options->file_count; i++)
        failed = cases_read(cases, options->files[i], fault);
    if (options->file_count)
        return failed;
    failed = cases_read_all(cases, catalog_data_directory(), fault);
    if (!failed && !options->no_memory)
        failed = add_memory(cases, options, fault);
    return failed;
}

int verb_train(int argc, char **argv)
{
    struct options options = {0};
    if (argp_parse(&arguments, argc, argv, 0, NULL, &options))
        return 2;
    struct cases cases = {0};
    struct fault fault = {0};
    if (gather(&cases, &options, &fault)) {
        fprintf(stderr, "jinmu: %s\n", fault.message);
        cases_free(&cases);
        return 2;
    }
    struct strbuf path = {0};
    if (options.output)
        strbuf_puts(&path, options.output);
    else
        strbuf_printf(&path, "%s/model.txt", catalog_data_directory());
    int status = 2;
    struct engine *engine = local_engine_open(options.db, options.state);
    if (engine) {
        struct model *model = train_model(engine_mind(engine), &cases);
        status = write_model(model, path.text) ? 2 : 0;
        if (status == 0)
            printf("%s: %zu cases, %zu items, %zu kind words\n", path.text, cases.count,
                   model->item_count, model->kind_word_count);
        model_destroy(&model);
        engine_destroy(&engine);
    }
    strbuf_free(&path);
    cases_free(&cases);
    return status;
}
