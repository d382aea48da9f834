/* jinmu train: makes catalog/data/model.txt again from labelled cases, bit for bit. */
#include "catalog/catalog.h"
#include "catalog/engine/reviews.h"
#include "catalog/learn/train.h"
#include "common/options.h"
#include "services/cli/local_engine.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    char **files; /* ended by NULL */
    const char *output, *db, *state;
    bool no_memory;
};

static const struct option_row option_rows[] = {
    PATH_OPTION(struct options, output, "output", 'o', "FILE",
                "where the model goes (default: model.txt of the data directory)"),
    FLAG_OPTION(struct options, no_memory, "no-memory", 'M',
                "leave the reviews out that were taken in"),
    PATH_OPTION(struct options, db, "db", 'd', "FILE", "catalog database"),
    PATH_OPTION(struct options, state, "state", 's', "DIR", "state directory"),
    {0}};
static const struct command_form form = {
    option_rows, 0, ARGUMENTS_ANY, "[CASES…]",
    "Learns the model from labelled cases (default: cases/*.jsonl of the data directory, and the "
    "reviews in use). The same cases and catalog give the same file."};

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
    for (char **file = options->files; !failed && *file; file++)
        failed = cases_read(cases, *file, fault);
    if (*options->files)
        return failed;
    failed = cases_read_all(cases, catalog_data_directory(), fault);
    if (!failed && !options->no_memory)
        failed = add_memory(cases, options, fault);
    return failed;
}

int verb_train(int argc, char **argv)
{
    struct options options = {0};
    options.files = options_read(&form, argc, argv, &options);
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
