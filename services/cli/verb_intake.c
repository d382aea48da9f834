#include "services/cli/verbs.h"

#include "common/options.h"
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

static const struct option_row option_rows[] = {
    FLAG_OPTION(struct intake_options, whole, "document", 'd',
                "Print one JSON object for the whole document: its unit, what it declares, the "
                "projects, the budget tables"),
    {0}};
static const struct command_form form = {
    option_rows, 1, 1, "FILE|-",
    "Reads a budget disclosure (预算公开) as text or PDF and prints each project in it as one line "
    "of JSON, ready for `jinmu classify` and `jinmu submit`.\v"
    "Exit status: 0 done, 1 no project found, 2 the file could not be read."};

static int print_document(const struct jv *document, bool whole)
{
    int result = 0;
    const struct jv *projects = jv_get(document, "projects");
    if (whole)
        result = jv_print(document);
    for (size_t i = 0; !whole && i < jv_count(projects) && result == 0; i++)
        result = jv_print(jv_at(projects, i));
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
    struct intake_options options = {0};
    struct fault fault = {0};
    int status = 0;

    argp_err_exit_status = 2;
    options.file = options_read(&form, argc, argv, &options)[0];
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
