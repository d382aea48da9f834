/* jinmu catalog: the verbs of the catalog keeper. They are the only writers of catalog.db. */
#include "catalog/catalog.h"
#include "catalog/import/csv_table.h"
#include "catalog/import/import.h"
#include "catalog/revision/in_use.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/findings.h"
#include "services/cli/verbs.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct catalog_verb *const verbs[] = {
    &catalog_verb_import, &catalog_verb_list,     &catalog_verb_tree,    &catalog_verb_show,
    &catalog_verb_search, &catalog_verb_findings, &catalog_verb_release, &catalog_verb_assign,
    &catalog_verb_build,  &catalog_verb_take,     &catalog_verb_csv,     &catalog_verb_labels,
    &catalog_verb_diff,   &catalog_verb_map,      &catalog_verb_use,     &catalog_verb_propose,
    &catalog_verb_skos};
enum { VERBS = sizeof verbs / sizeof *verbs, LAST_YEAR = 9999 };

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

int catalog_group_run(const struct verb_group *group, int argc, char **argv)
{
    struct catalog_call call = {0};
    int status = 2;
    argp_err_exit_status = 2;
    int number = verb_group_read(group, argc, argv, &call, &call.arguments, &status);
    if (number == NO_VERB)
        return status;
    while (call.arguments[call.argument_count])
        call.argument_count++;
    const struct catalog_verb *verb = (const void *)group->verb((size_t)number);
    return verb->run(&call);
}

static const struct group_verb *verb_at(size_t number)
{
    return number < VERBS ? &verbs[number]->verb : NULL;
}

int verb_catalog(int argc, char **argv)
{
    return catalog_group_run(&(struct verb_group){"catalog", verb_at}, argc, argv);
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
    case IMPORT_AMENDED:
        printf("%s 已在库中且内容相同；标题、日期已按本次填写更正（jinmu catalog list 可查）\n",
               options->number);
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
    if ((outcome == IMPORT_DONE || outcome == IMPORT_AMENDED) &&
        keep_in_use(writer.store, before, &fault))
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

static int run_take(struct catalog_call *call)
{
    struct fault fault = {0};
    char *state = state_directory(call->state, &fault);
    char *path = state ? state_path(state, "catalog.db") : NULL;
    char *results = state ? state_path(state, "results.db") : NULL;
    int failed = -1;
    /* Where the collector is, its catalog.db remembers what people have decided. */
    if (results && access(results, F_OK) == 0)
        fault_set(&fault, "catalog.elsewhere",
                  "%s 在这里：本机的目录库记着人工审定，不能换成别处的；恢复备份请用 jinmu restore",
                  results);
    else if (path)
        failed = catalog_take(call->arguments[0], path, &fault);
    if (!failed)
        printf("已取来 %s，在 %s\n", call->arguments[0], path);
    free(results);
    free(path);
    free(state);
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

static const struct option_row import_options[] = {
    CALL_TEXT(revision, "revision", 'r', "NUMBER", "document number of the revision (required)"),
    CALL_TEXT(title, "title", 'T', "TEXT", "title of the document"),
    CALL_TEXT(issued, "issued", 'i', "DATE", "date of issue: 2025-07-15, or a year"),
    CALL_TEXT(effective, "effective", 'e', "DATE", "in force from (default: date of issue)"),
    CALL_TEXT(repeals, "repeals", 'R', "NUMBER", "document number that it repeals"),
    CALL_FLAG(strict, "strict", 'S', "refuse the document when there is any finding"),
    CALL_FLAG(dry_run, "dry-run", 'n', "say what would happen and change nothing"),
    OPTION_DB,
    OPTION_STATE,
    {0}};
static const struct option_row build_options[] = {OPTION_DATA, OPTION_DB, OPTION_STATE, {0}};
static const struct option_row take_options[] = {OPTION_STATE, {0}};
static const struct option_row csv_options[] = {{0}};

const struct catalog_verb catalog_verb_import = {
    {"import",
     {import_options, 1, 1, "FILE", "Imports a revision from an official text or a CSV file."}},
    run_import};
const struct catalog_verb catalog_verb_build = {
    {"build",
     {build_options, 0, 0, "",
      "Builds the database again from the data folder; hand-imported revisions stay."}},
    run_build};
const struct catalog_verb catalog_verb_take = {
    {"take",
     {take_options, 1, 1, "FILE",
      "Takes over the catalog of the machine that has the collector: FILE is the catalog.db of its "
      "`jinmu backup`. Workers and gateways that run here follow within seconds."}},
    run_take};
const struct catalog_verb catalog_verb_csv = {
    {"csv",
     {csv_options, 1, 1, "FILE", "Prints an official text as CSV, to be mended and imported."}},
    run_csv};
