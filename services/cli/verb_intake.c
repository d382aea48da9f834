#include "services/cli/verbs.h"

#include "services/cli/document_file.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct intake_options {
    const char *file;
    bool whole; /* --document */
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct intake_options *options = state->input;
    switch (key) {
    case 'd':
        options->whole = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file)
            argp_error(state, "one FILE at a time");
        options->file = argument;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which FILE? ('-' is the standard input)");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print_line(const struct jv *value)
{
    char *text = jv_write(value);
    int printed = puts(text);
    free(text);
    return printed == EOF ? -1 : 0;
}

static int print_document(const struct jv *document, bool whole)
{
    int result = 0;
    const struct jv *projects = jv_get(document, "projects");
    if (whole)
        result = print_line(document);
    for (size_t i = 0; !whole && i < jv_count(projects) && result == 0; i++)
        result = print_line(jv_at(projects, i));
    if (fflush(stdout) != 0)
        result = -1;
    return result;
}

static int say(const char *path, const struct fault *fault)
{
    fprintf(stderr, "jinmu intake: %s：%s\n", path, fault->message);
    return strcmp(fault->code, "document.no_project") == 0 ? 1 : 2;
}

int verb_intake(int argc, char **argv)
{
    static const struct argp_option arguments[] = {
        {"document", 'd', NULL, 0,
         "Print one JSON object for the whole document: its unit, what it "
         "declares, the projects, the budget tables",
         0},
        {0}};
    static const struct argp argp = {
        .options = arguments,
        .parser = parse,
        .args_doc = "FILE|-",
        .doc =
            "Reads a budget disclosure (预算公开) as text or PDF and prints each project in it as "
            "one line of JSON, ready for `jinmu classify` and `jinmu submit`.\v"
            "Exit status: 0 done, 1 no project found, 2 the file could not be read."};
    struct intake_options options = {0};
    struct fault fault = {0};
    int status = 0;

    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    struct jv *document = document_file_read(options.file, &fault);
    if (!document)
        return say(options.file, &fault);
    if (print_document(document, options.whole) != 0) {
        fprintf(stderr, "jinmu intake: cannot write: %s\n", strerror(errno));
        status = 2;
    }
    jv_destroy(&document);
    return status;
}
