/* jinmu catalog: the verbs of the catalog keeper. They are the only writers of catalog.db. */
#include "catalog/catalog.h"
#include "catalog/import/csv_table.h"
#include "catalog/import/import.h"
#include "catalog/revision/in_use.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/findings.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct catalog_verb *const verbs[] = {
    &catalog_verb_import, &catalog_verb_list,     &catalog_verb_tree,    &catalog_verb_show,
    &catalog_verb_search, &catalog_verb_findings, &catalog_verb_release, &catalog_verb_assign,
    &catalog_verb_build,  &catalog_verb_csv,      &catalog_verb_labels,  &catalog_verb_diff,
    &catalog_verb_map,    &catalog_verb_use,      &catalog_verb_propose};
enum { VERBS = sizeof verbs / sizeof *verbs, NAME_WIDTH = 10, LAST_YEAR = 9999 };

int call_failed(const struct fault *fault)
{
    fprintf(stderr, "jinmu: %s\n", fault->message);
    return 2;
}

static const char *data_of(const struct catalog_call *call)
{
    return call->data ? call->data : catalog_data_directory();
}

static char *database_path(const struct catalog_call *call, struct fault *fault)
{
    if (call->db)
        return xstrdup(call->db);
    char *directory = state_directory(call->state, fault);
    char *path = directory ? state_path(directory, "catalog.db") : NULL;
    free(directory);
    return path;
}

char *call_database(const struct catalog_call *call, struct fault *fault)
{
    char *path = database_path(call, fault);
    if (path && catalog_ensure(path, data_of(call), fault)) {
        free(path);
        return NULL;
    }
    return path;
}

struct store *call_open(const struct catalog_call *call)
{
    struct fault fault = {0};
    char *path = call_database(call, &fault);
    struct store *store = path ? catalog_open(path, STORE_READ_ONLY, &fault) : NULL;
    free(path);
    if (!store)
        call_failed(&fault);
    return store;
}

int call_writer_open(struct call_writer *writer, const struct catalog_call *call,
                     struct fault *fault)
{
    *writer = (struct call_writer){.lock = -1};
    char *path = call_database(call, fault);
    if (path && (writer->lock = catalog_lock(path, fault)) >= 0)
        writer->store = catalog_open(path, STORE_WRITE_DURABLE, fault);
    free(path);
    return writer->store ? 0 : -1;
}

void call_writer_close(struct call_writer *writer)
{
    store_close(&writer->store);
    if (writer->lock >= 0)
        close(writer->lock);
}

char *call_revision(const struct catalog_call *call, struct store *store)
{
    struct fault fault = {0};
    char *number = catalog_find_revision(store, call->revision, &fault);
    if (!number)
        call_failed(&fault);
    return number;
}

static error_t read_line_number(struct argp_state *state, const char *argument, size_t *line)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(argument, &end, 10);
    if (errno || end == argument || *end || number == 0)
        argp_error(state, "--line: '%s' is not a line number", argument);
    *line = number;
    return 0;
}

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct catalog_call *call = state->input;
    const char **texts[] = {
        ['b'] = &call->db,       ['s'] = &call->state,      ['D'] = &call->data,
        ['r'] = &call->revision, ['d'] = &call->department, ['T'] = &call->title,
        ['i'] = &call->issued,   ['e'] = &call->effective,  ['R'] = &call->repeals,
        ['c'] = &call->code,     ['N'] = &call->name,       ['k'] = &call->kind,
        ['w'] = &call->by,       ['m'] = &call->note,       ['P'] = &call->sure,
        ['x'] = &call->relation};
    static const enum call_format formats[] = {
        ['H'] = FORMAT_HTML, ['C'] = FORMAT_CSV, ['J'] = FORMAT_JSON, ['t'] = FORMAT_TURTLE};
    if (key == 'l')
        return read_line_number(state, argument, &call->line);
    if (key == 'S' || key == 'n' || key == 'a') {
        *(key == 'S' ? &call->strict : key == 'n' ? &call->dry_run : &call->all) = true;
        return 0;
    }
    if (key == 'H' || key == 'C' || key == 'J' || key == 't') {
        call->format = formats[key];
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        if (call->argument_count == CALL_ARGUMENTS_MAX)
            return ARGP_ERR_UNKNOWN;
        call->arguments[call->argument_count++] = argument;
        return 0;
    }
    if (key <= 0 || (size_t)key >= sizeof texts / sizeof *texts || !texts[key])
        return ARGP_ERR_UNKNOWN;
    *texts[key] = argument;
    return 0;
}

static int run(const struct catalog_verb *verb, int argc, char **argv)
{
    struct catalog_call call = {0};
    const struct argp argp = {verb->options, read_option, verb->arguments, verb->summary, NULL,
                              NULL,          NULL};
    char *name = xcalloc(strlen(verb->name) + sizeof "jinmu catalog ", 1);
    sprintf(name, "jinmu catalog %s", verb->name);
    argv[0] = name;
    int failed = argp_parse(&argp, argc, argv, 0, NULL, &call);
    if (!failed && (call.argument_count < verb->least || call.argument_count > verb->most)) {
        fprintf(stderr, "Usage: %s [OPTION…] %s\n", name, verb->arguments);
        failed = 1;
    }
    for (int i = 0; i < call.argument_count && !failed; i++)
        if (!text_is_utf8(call.arguments[i], strlen(call.arguments[i]))) {
            fprintf(stderr, "jinmu: 参数不是 UTF-8 文本\n");
            failed = 1;
        }
    int status = failed ? 2 : verb->run(&call);
    free(name);
    return status;
}

static int print_help(FILE *out, int status)
{
    fputs("Usage: jinmu catalog VERB [OPTION…] [ARGUMENT…]\n\nVerbs:\n", out);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  %-*s %s\n", NAME_WIDTH, verbs[i]->name, verbs[i]->summary);
    fputs("\n`jinmu catalog VERB --help` tells the options of a verb.\n", out);
    return status;
}

int verb_catalog(int argc, char **argv)
{
    argp_err_exit_status = 2;
    if (argc < 2)
        return print_help(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
        return print_help(stdout, 0);
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(argv[1], verbs[i]->name) == 0)
            return run(verbs[i], argc - 1, argv + 1);
    fprintf(stderr, "jinmu: no catalog verb '%s'\n", argv[1]);
    return print_help(stderr, 2);
}

static void print_summary(const struct import_options *options, const struct import_result *result)
{
    size_t waiting = 0;
    for (size_t i = 0; i < result->item_count; i++)
        waiting += result->items[i].state == ITEM_QUARANTINE;
    printf("%s：%zu 个部门，%zu 行代码（%zu 行有名称），%zu 个末级条目（%zu 个代码）%s\n",
           options->number, result->department_count, result->coded_rows, result->named_rows,
           result->leaves, result->leaf_codes, result->complete ? "" : "，摘录，不完整");
    if (result->finding_count)
        printf("发现 %zu 处问题，%zu 行待处理（隔离）：\n", result->finding_count, waiting);
}

static void print_import_findings(const struct import_result *result)
{
    struct finding_list list = {0};
    for (size_t i = 0; i < result->finding_count; i++) {
        const struct import_finding *finding = &result->findings[i];
        finding_list_add(&list, (long)finding->line, severity_word(finding->severity),
                         finding_kind_word(finding->kind), finding->department, finding->code,
                         finding->message, "");
    }
    finding_list_print(&list);
}

static int report(enum import_outcome outcome, const struct import_options *options,
                  const struct import_result *result, const struct fault *fault)
{
    if (result) {
        print_summary(options, result);
        print_import_findings(result);
    }
    switch (outcome) {
    case IMPORT_DONE:
        printf("已导入 %s\n", options->number);
        return 0;
    case IMPORT_UNCHANGED:
        printf("%s 已在库中且内容相同，未作改动\n", options->number);
        return 0;
    case IMPORT_WOULD:
        printf("试运行：可以导入 %s，未作改动\n", options->number);
        return 0;
    case IMPORT_REFUSED:
        fprintf(stderr, "jinmu: --strict：发现 %zu 处问题，未导入 %s\n", result->finding_count,
                options->number);
        return 1;
    default:
        return call_failed(fault);
    }
}

/* A newer revision changes nothing until it is put into use. */
static int keep_in_use(struct store *store, const char *before, struct fault *fault)
{
    char *now = catalog_revision_of_year(store, LAST_YEAR, NULL), *set = NULL;
    int failed = 0;
    if (before && now && strcmp(before, now) != 0 && !(set = in_use_number(store, fault))) {
        failed = in_use_set(store, before, "import", fault);
        if (!failed)
            printf("现行目录仍为 %s；比较、核对、重判之后，用 jinmu catalog use %s 启用新目录\n",
                   before, now);
    }
    free(now);
    free(set);
    return failed;
}

static int run_import(struct catalog_call *call)
{
    struct fault fault = {0};
    struct import_options options = {.number = call->revision,
                                     .title = call->title,
                                     .issued = call->issued,
                                     .effective = call->effective,
                                     .repeals = call->repeals,
                                     .strict = call->strict,
                                     .dry_run = call->dry_run,
                                     .complete = -1};
    struct import_result *result = NULL;
    enum import_outcome outcome = IMPORT_FAILED;
    struct call_writer writer = {.lock = -1};
    char *before = NULL;
    if (!call->revision) {
        fprintf(stderr, "jinmu: 缺少目录文号（--revision）\n");
        return 2;
    }
    if (call_writer_open(&writer, call, &fault) == 0) {
        before = catalog_revision_of_year(writer.store, LAST_YEAR, NULL);
        outcome = import_file(writer.store, call->arguments[0], &options, NULL, &result, &fault);
    }
    int status = report(outcome, &options, result, &fault);
    if (outcome == IMPORT_DONE && keep_in_use(writer.store, before, &fault))
        status = call_failed(&fault);
    import_result_destroy(&result);
    call_writer_close(&writer);
    free(before);
    return status;
}

static int run_build(struct catalog_call *call)
{
    struct fault fault = {0};
    char *path = database_path(call, &fault);
    int failed = !path || catalog_build(data_of(call), path, &fault);
    if (!failed)
        printf("已由 %s 重建 %s\n", data_of(call), path);
    free(path);
    return failed ? call_failed(&fault) : 0;
}

static int run_csv(struct catalog_call *call)
{
    struct fault fault = {0};
    struct sheet *sheet = import_read(call->arguments[0], &fault);
    if (!sheet)
        return call_failed(&fault);
    char *csv = sheet_to_csv(sheet);
    fputs(csv, stdout);
    free(csv);
    sheet_destroy(&sheet);
    return 0;
}

static const struct argp_option import_options[] = {
    {"revision", 'r', "NUMBER", 0, "document number of the revision (required)", 0},
    {"title", 'T', "TEXT", 0, "title of the document", 0},
    {"issued", 'i', "DATE", 0, "date of issue: 2025-07-15, or a year", 0},
    {"effective", 'e', "DATE", 0, "in force from (default: date of issue)", 0},
    {"repeals", 'R', "NUMBER", 0, "document number that it repeals", 0},
    {"strict", 'S', NULL, 0, "refuse the document when there is any finding", 0},
    {"dry-run", 'n', NULL, 0, "say what would happen and change nothing", 0},
    OPTION_DB,
    OPTION_STATE,
    {0}};
static const struct argp_option build_options[] = {OPTION_DATA, OPTION_DB, OPTION_STATE, {0}};
static const struct argp_option csv_options[] = {{0}};

const struct catalog_verb catalog_verb_import = {
    "import",
    run_import,
    import_options,
    1,
    1,
    "FILE",
    "Imports a revision from an official text or a CSV file."};
const struct catalog_verb catalog_verb_build = {
    "build",
    run_build,
    build_options,
    0,
    0,
    "",
    "Builds the database again from the data folder; hand-imported revisions stay."};
const struct catalog_verb catalog_verb_csv = {
    "csv",
    run_csv,
    csv_options,
    1,
    1,
    "FILE",
    "Prints an official text as CSV, to be mended and imported."};
