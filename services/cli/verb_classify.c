/* jinmu classify: projects as JSON Lines in, results as JSON Lines out, in the same order. */
#include "catalog/engine/result.h"
#include "common/strbuf.h"
#include "services/cli/local_engine.h"
#include "services/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *file, *catalog, *db, *state;
};

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'c':
        options->catalog = argument;
        return 0;
    case 'd':
        options->db = argument;
        return 0;
    case 's':
        options->state = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file)
            argp_usage(state);
        options->file = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option option_list[] = {
    {"catalog", 'c', "NUMBER", 0, "judge by this revision, whatever the projects name", 0},
    {"db", 'd', "FILE", 0, "catalog database (default: that of the state directory)", 0},
    {"state", 's', "DIR", 0, "state directory", 0},
    {0}};
static const struct argp arguments = {
    option_list, read_option,
    "[FILE|-]",  "Classifies projects in-process: JSON Lines in, JSON Lines out, order kept.",
    NULL,        NULL,
    NULL};

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
    if (argp_parse(&arguments, argc, argv, 0, NULL, &options))
        return 2;
    bool from_stdin = !options.file || strcmp(options.file, "-") == 0;
    FILE *input = from_stdin ? stdin : fopen(options.file, "r");
    if (!input) {
        fprintf(stderr, "jinmu: %s: %s\n", options.file, strerror(errno));
        return 2;
    }
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
    if (!from_stdin)
        fclose(input);
    return status;
}
