/* jinmu catalog propose: items that the catalog lacks, by the services that none fits. */
#include "catalog/catalog.h"
#include "catalog/revision/proposal_table.h"
#include "common/state.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/page.h"
#include "services/collector/results.h"
#include "services/collector/unfit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_YEAR = 9999, WAN = 10000 };

static void add_unfit(const struct unfit *unfit, void *argument)
{
    proposals_add(argument, unfit);
}

/* Reads the file beside the collector, or without one. */
static int gather(struct proposals *proposals, const struct unfit_search *search,
                  const struct catalog_call *call, size_t *looked_at, struct fault *fault)
{
    char *directory = state_directory(call->state, fault);
    char *path = directory ? state_path(directory, "results.db") : NULL;
    struct results_view view = {0};
    int64_t next = path && results_view_open(&view, path, fault) == 0 ? 0 : -1;
    if (next == 0) {
        int64_t unlisted = unfit_unlisted(view.store);
        do
            next = unfit_each(view.store, search, next, looked_at, add_unfit, proposals, fault);
        while (next > 0);
        if (unlisted > 0)
            fprintf(stderr, "jinmu: %lld 个结果尚未列入统计，服务运行时会补上\n",
                    (long long)unlisted);
    }
    results_view_close(&view);
    free(path);
    free(directory);
    return next < 0 ? -1 : 0;
}

/* --- output --- */

static void print_page(const struct proposal_table *table)
{
    struct strbuf out = {0};
    page_begin(&out, "目录增补建议", table->revision);
    strbuf_puts(&out,
                "<p class=\"note\">没有合适条目的服务，按部门和名称相近程度归并；代码为该上级下"
                "未用的下一个。</p>\n<div class=\"wide\"><table>\n<tr>");
    for (size_t c = 0; c < proposal_table_columns(table); c++)
        page_cell(&out, "th", proposal_heads[c]);
    strbuf_puts(&out, "</tr>\n");
    for (size_t i = 0; i < table->count; i++) {
        struct proposal_row row;
        proposal_row_make(&row, &table->all[i]);
        strbuf_puts(&out, "<tr>");
        for (size_t c = 0; c < proposal_table_columns(table); c++)
            page_cell(&out,
                      c == PROPOSAL_COUNT_COLUMN || c == PROPOSAL_YUAN_COLUMN
                          ? "td class=\"number\""
                          : "td",
                      row.cells[c]);
        strbuf_puts(&out, "</tr>\n");
        proposal_row_free(&row);
    }
    strbuf_puts(&out, "</table></div>\n");
    page_end(&out);
    fwrite(out.text, 1, out.length, stdout);
    strbuf_free(&out);
}

static void print_columns(const struct proposal_table *table)
{
    static const char *const short_heads[] = {"部门",         "建议代码", "建议条目",
                                              "上级",         "项目数",   "万元",
                                              "典型项目名称", "备注",     "项目编号"};
    struct columns columns = {.count = sizeof short_heads / sizeof *short_heads - !table->lists};
    for (size_t c = 0; c < columns.count; c++)
        columns_add(&columns, short_heads[c]);
    for (size_t i = 0; i < table->count; i++) {
        const struct proposal *proposal = &table->all[i];
        struct proposal_row row;
        char wan[32];
        proposal_row_make(&row, proposal);
        snprintf(wan, sizeof wan, "%.2f", proposal->yuan / WAN);
        columns_add(&columns, proposal->department);
        columns_add(&columns, proposal->code);
        columns_add(&columns, proposal->item);
        columns_add(&columns, proposal->upper[2]);
        columns_add_number(&columns, (long)proposal->count);
        columns_add(&columns, wan);
        columns_add(&columns, row.names);
        columns_add(&columns, proposal_remark(proposal));
        if (table->lists)
            columns_add(&columns, row.ids);
        proposal_row_free(&row);
    }
    columns_print(&columns);
}

static void print(const struct proposal_table *table, int format)
{
    struct strbuf out = {0};
    if (format == FORMAT_HTML) {
        print_page(table);
    } else if (format == FORMAT_CSV || format == FORMAT_JSON) {
        if (format == FORMAT_CSV)
            proposal_table_csv(table, &out);
        else
            proposal_table_json(table, &out);
        printf("%s%s", out.text, format == FORMAT_JSON ? "\n" : "");
    } else {
        printf("%s：%zu 个项目中 %zu 个服务没有合适条目，归为 %zu 组\n", table->revision,
               table->looked_at, table->unfit, table->count);
        if (!table->complete)
            puts("这版目录为节选：缺页部门的上级和代码取自此前的完整目录，须核对全本");
        if (table->count)
            print_columns(table);
    }
    strbuf_free(&out);
}

static int read_below(const struct catalog_call *call, double *below, struct fault *fault)
{
    char *end;
    *below = call->sure ? strtod(call->sure, &end) : proposal_below;
    if (call->sure && (end == call->sure || *end || !(*below >= 0 && *below <= 1)))
        return fault_set(fault, "cli.arguments", "--below 应当是 0 到 1 之间的数");
    return 0;
}

static int run_propose(struct catalog_call *call)
{
    struct fault fault = {0};
    struct unfit_search search = {0};
    struct proposals *proposals = NULL;
    size_t looked_at = 0;
    struct store *store = call_open(call);
    if (!store)
        return 2;
    char *revision = call->revision ? catalog_find_revision(store, call->revision, &fault)
                                    : catalog_revision_of_year(store, LAST_YEAR, &fault);
    search.revision = revision;
    int failed = !revision || read_below(call, &search.below, &fault) ||
                 (call->department && catalog_check_department(store, call->department, &fault)) ||
                 !(proposals = proposals_new(store, revision, call->department, &fault));
    if (!failed) {
        proposals_list(proposals, (size_t)call->listed);
        failed = gather(proposals, &search, call, &looked_at, &fault);
    }
    if (!failed) {
        size_t least = call->least ? (size_t)call->least : PROPOSAL_LEAST;
        struct proposal_table table = proposal_table_make(proposals, revision, looked_at, least);
        print(&table, call->format);
    }
    proposals_destroy(&proposals);
    store_close(&store);
    free(revision);
    return failed ? call_failed(&fault) : 0;
}

static const struct option_row options[] = {
    OPTION_REVISION,
    OPTION_DEPARTMENT,
    CALL_TEXT(sure, "below", 'P', "P",
              "services whose best item is right with less than this (0.5)"),
    NUMBER_OPTION(struct catalog_call, least, "least", 'l', 1, INT64_MAX,
                  "groups of at least so many projects (2)"),
    NUMBER_OPTION(
        struct catalog_call, listed, "projects", 'p', 1, PROPOSAL_LISTED_MAX,
        "list the ids of at most so many projects of each (100), those of the most money"),
    CALL_FORMAT(FORMAT_CSV, "csv", 'C', "as a table in the form of the catalog"),
    CALL_FORMAT(FORMAT_HTML, "html", 'H', "a page"),
    CALL_FORMAT(FORMAT_JSON, "json", 'J', "as the HTTP API gives it"),
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};

const struct catalog_verb catalog_verb_propose = {
    {"propose",
     {options, 0, 0, "", "Groups stored services that no item fits, and suggests items for them."}},
    run_propose};
