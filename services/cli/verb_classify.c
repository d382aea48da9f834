/* jinmu classify: projects as JSON Lines in, results as JSON Lines out, in the same order. */
#include "catalog/engine/result.h"
#include "common/options.h"
#include "common/strbuf.h"
#include "services/cli/input.h"
#include "services/cli/local_engine.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *file, *catalog, *db, *state;
};

static const struct option_row option_rows[] = {
    TEXT_OPTION(struct options, catalog, "catalog", 'c', "NUMBER",
                "judge by this revision, whatever the projects name"),
    PATH_OPTION(struct options, db, "db", 'd', "FILE",
                "catalog database (default: that of the state directory)"),
    PATH_OPTION(struct options, state, "state", 's', "DIR", "state directory"),
    {0}};
static const struct command_form form = {
    option_rows, 0, 1, "[FILE|-]",
    "Classifies projects in-process: JSON Lines in, JSON Lines out, order kept."};

static void print_result(const struct judged *judged, void *errors)
{
    fwrite(judged->json, 1, judged->json_bytes, stdout);
    putchar('\n');
    *(size_t *)errors += judged->is_error;
}

static void print_refusal(const struct fault *fault)
{
    struct strbuf text = {0};
    struct jw *writer = jw_new();
    result_write_error(writer, &text, NULL, fault);
    puts(text.text);
    jw_destroy(&writer);
    strbuf_free(&text);
}

static void judge_line(struct judge *judge, const struct options *options, const char *line,
                       size_t length, size_t *errors)
{
    struct fault fault = {0};
    struct jv *json = NULL;
    if (length > project_limits_default.message_bytes)
        fault_set(&fault, "input.too_large", "这一行共 %zu 字节，超过上限 %zu 字节", length,
                  project_limits_default.message_bytes);
    else
        json = jv_read(line, length, &fault);
    if (!json) {
        print_refusal(&fault);
        (*errors)++;
        return;
    }
    if (options->catalog && jv_is_object(json))
        jv_set_text(json, "catalog", options->catalog);
    judge_project(judge, json, print_result, errors);
    jv_destroy(&json);
}

static int classify(struct judge *judge, const struct options *options, FILE *input)
{
    char *line = NULL;
    size_t capacity = 0, errors = 0;
    for (ssize_t length; (length = getline(&line, &capacity, input)) > 0;) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            length--;
        if (length > 0)
            judge_line(judge, options, line, (size_t)length, &errors);
    }
    free(line);
    return errors ? 1 : 0;
}

/* Whether all was read and all was written; says what was not. */
static bool streams_held(const struct options *options, FILE *input)
{
    if (ferror(input)) {
        fprintf(stderr, "jinmu: %s: %s\n", options->file ? options->file : "-", strerror(errno));
        return false;
    }
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "jinmu: standard output: %s\n", strerror(errno));
        return false;
    }
    return true;
}

int verb_classify(int argc, char **argv)
{
    struct options options = {0};
    options.file = options_read(&form, argc, argv, &options)[0];
    FILE *input = input_open(options.file);
    if (!input)
        return 2;
    int status = 2;
    struct engine *engine = local_engine_open(options.db, options.state);
    if (engine) {
        struct judge *judge = judge_new(engine, NULL);
        status = classify(judge, &options, input);
        if (!streams_held(&options, input))
            status = 2;
        judge_destroy(&judge);
        engine_destroy(&engine);
    }
    input_close(&input);
    return status;
}
