#include "services/cli/verbs.h"

#include "catalog/intake/document.h"
#include "catalog/intake/document_pdf.h"
#include "common/strbuf.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* The bytes of the file, "-" for the standard input. 0, or -1 with a fault. */
static int read_file(const char *path, struct strbuf *bytes, struct fault *fault)
{
    bool is_input = strcmp(path, "-") == 0;
    int file = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int result = 0;
    if (file < 0)
        return fault_set(fault, "document.unreadable", "无法打开：%s", strerror(errno));
    for (;;) {
        char piece[65536];
        ssize_t got = read(file, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            result = fault_set(fault, "document.unreadable", "读取失败：%s", strerror(errno));
        if (got <= 0)
            break;
        strbuf_add(bytes, piece, (size_t)got);
        if (bytes->length > DOCUMENT_BYTES_MAX)
            break; /* document_read says so */
    }
    if (!is_input)
        close(file);
    return result;
}

/* The bytes as text: what pdftotext makes of a PDF, anything else as it is. */
static int convert_pdf(struct strbuf *bytes, struct fault *fault)
{
    if (bytes->length > DOCUMENT_BYTES_MAX || !document_is_pdf(bytes->text, bytes->length))
        return 0;
    size_t length = 0;
    char *text = document_pdf_text(bytes->text, bytes->length, &length, fault);
    if (!text)
        return -1;
    strbuf_free(bytes);
    strbuf_add(bytes, text, length);
    free(text);
    return 0;
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
    struct strbuf bytes = {0};
    struct fault fault = {0};
    struct jv *document = NULL;
    int status = 0;

    argp_err_exit_status = 2;
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    if (read_file(options.file, &bytes, &fault) != 0 || convert_pdf(&bytes, &fault) != 0) {
        status = say(options.file, &fault);
        goto done;
    }
    document = document_read(bytes.text ? bytes.text : "", bytes.length, options.file, &fault);
    if (!document) {
        status = say(options.file, &fault);
        goto done;
    }
    if (print_document(document, options.whole) != 0) {
        fprintf(stderr, "jinmu intake: cannot write: %s\n", strerror(errno));
        status = 2;
    }
done:
    jv_destroy(&document);
    strbuf_free(&bytes);
    return status;
}
