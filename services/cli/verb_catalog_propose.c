/* jinmu catalog propose: items that the catalog lacks, by the services that none fits. */
#include "catalog/catalog.h"
#include "catalog/engine/directory.h"
#include "catalog/revision/csv_line.h"
#include "catalog/revision/proposal.h"
#include "common/json.h"
#include "common/state.h"
#include "common/text.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/page.h"
#include "services/collector/versions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 256, LEAST = 2, LAST_YEAR = 9999, WAN = 10000 };
/* A first candidate that is less likely right than this does not fit. */
static const double unlikely = 0.5;

struct gathering {
    struct proposals *proposals;
    const char *department; /* folded; NULL: all */
    struct folder *folder;
    struct thesaurus *thesaurus; /* to tell the department of a unit */
    struct directory *directory;
    struct folded scratch;
    double below;
    size_t looked_at, unfit;
};

static bool is_wanted(const struct gathering *gathering, const char *department)
{
    if (!gathering->department)
        return true;
    char *folded = folder_fold_utf8(gathering->folder, department);
    bool wanted = strcmp(folded, gathering->department) == 0;
    free(folded);
    return wanted;
}

static bool fits(const struct jv *result, double below)
{
    const char *decision = jv_get_text(result, "decision"), *kind = jv_get_text(result, "kind");
    bool asked =
        decision && strcmp(decision, "review") == 0 && kind && strcmp(kind, "service") == 0;
    return !asked || (jv_count(jv_get(result, "candidates")) > 0 &&
                      jv_get_number(result, "confidence", 1) >= below);
}

/* The department of the result, unless that is the one of B items: then the unit's. */
static const char *department_of(struct gathering *gathering, const struct versioned *project,
                                 const struct jv *json, struct guesses *guesses)
{
    const char *department = jv_get_text(json, "department");
    if (*project->old.department && strcmp(project->old.department, "B") != 0)
        return project->old.department;
    directory_resolve(gathering->directory, project->unit, department ? department : "",
                      &gathering->scratch, guesses);
    return guesses->count ? guesses->all[0].name : "";
}

static void add_unfit(struct gathering *gathering, const struct versioned *project,
                      const struct jv *result)
{
    struct jv *json = jv_read(project->project, strlen(project->project), NULL);
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    const char *name = jv_get_text(json, "name"), *nearest = jv_get_text(first, "code");
    struct guesses guesses;
    struct unfit unfit = {.department = department_of(gathering, project, json, &guesses),
                          .name = name ? name : "",
                          .nearest = nearest ? nearest : "",
                          .yuan = jv_get_number(json, "amount_yuan", 0)};
    if (*unfit.name && is_wanted(gathering, unfit.department)) {
        proposals_add(gathering->proposals, &unfit);
        gathering->unfit++;
    }
    jv_destroy(&json);
}

static int look_at(const struct versioned *project, void *argument)
{
    struct gathering *gathering = argument;
    gathering->looked_at++;
    if (strcmp(project->old.decision, "review") != 0)
        return 0;
    struct jv *result = jv_read(project->old.json, strlen(project->old.json), NULL);
    if (result && !fits(result, gathering->below))
        add_unfit(gathering, project, result);
    jv_destroy(&result);
    return 0;
}

static int gather(struct gathering *gathering, const struct catalog_call *call, struct fault *fault)
{
    static const struct version_target none = {"", "", ""};
    char *directory = state_directory(call->state, fault);
    char *path = directory ? state_path(directory, "results.db") : NULL;
    struct versions *versions = path ? versions_open(path, fault) : NULL;
    int64_t last = 0, number = versions ? 1 : -1;
    for (; number > 0; last = number > 0 ? number : last)
        number = versions_each(versions, &none, last, CHUNK, look_at, gathering, fault);
    versions_close(&versions);
    free(path);
    free(directory);
    return number < 0 ? -1 : 0;
}

/* --- output --- */

static char *names_of(const struct proposal *proposal)
{
    struct strbuf names = {0};
    strbuf_puts(&names, "");
    for (size_t i = 0; i < PROPOSAL_NAMES && proposal->names[i]; i++)
        strbuf_printf(&names, "%s%s", i ? "；" : "", proposal->names[i]);
    return strbuf_take(&names);
}

enum { COLUMNS = 9 };
static const char *const heads[COLUMNS] = {"部门",     "代码",       "一级目录",
                                           "二级目录", "三级目录",   "四级目录",
                                           "项目数",   "金额（元）", "典型项目名称"};

static void cells_of(const struct proposal *proposal, const char *cells[COLUMNS], char count[24],
                     char yuan[32], char *names)
{
    snprintf(count, 24, "%zu", proposal->count);
    snprintf(yuan, 32, "%.2f", proposal->yuan);
    const char *all[COLUMNS] = {proposal->department,
                                proposal->code,
                                proposal->upper[0],
                                proposal->upper[1],
                                proposal->upper[2],
                                proposal->item,
                                count,
                                yuan,
                                names};
    memcpy(cells, all, sizeof all);
}

static void print_csv(const struct proposal *all, size_t count)
{
    struct strbuf out = {0};
    csv_line(&out, heads, COLUMNS);
    for (size_t i = 0; i < count; i++) {
        const char *cells[COLUMNS];
        char number[24], yuan[32], *names = names_of(&all[i]);
        cells_of(&all[i], cells, number, yuan, names);
        csv_line(&out, cells, COLUMNS);
        free(names);
    }
    fputs(out.text, stdout);
    strbuf_free(&out);
}

static void print_page(const struct proposal *all, size_t count, const char *revision)
{
    struct strbuf out = {0};
    page_begin(&out, "目录调整建议", revision);
    strbuf_puts(&out,
                "<p class=\"note\">没有合适条目的服务，按部门和名称相近程度归并；代码为该上级下"
                "未用的下一个。</p>\n<div class=\"wide\"><table>\n<tr>");
    for (size_t c = 0; c < COLUMNS; c++)
        page_cell(&out, "th", heads[c]);
    strbuf_puts(&out, "</tr>\n");
    for (size_t i = 0; i < count; i++) {
        const char *cells[COLUMNS];
        char number[24], yuan[32], *names = names_of(&all[i]);
        cells_of(&all[i], cells, number, yuan, names);
        strbuf_puts(&out, "<tr>");
        for (size_t c = 0; c < COLUMNS; c++)
            page_cell(&out, c == 6 || c == 7 ? "td class=\"number\"" : "td", cells[c]);
        strbuf_puts(&out, "</tr>\n");
        free(names);
    }
    strbuf_puts(&out, "</table></div>\n");
    page_end(&out);
    fwrite(out.text, 1, out.length, stdout);
    strbuf_free(&out);
}

static void print_table(const struct proposal *all, size_t count)
{
    static const char *const short_heads[] = {"部门",   "建议代码", "建议条目",    "上级",
                                              "项目数", "万元",     "典型项目名称"};
    struct columns columns = {.count = sizeof short_heads / sizeof *short_heads};
    for (size_t c = 0; c < columns.count; c++)
        columns_add(&columns, short_heads[c]);
    for (size_t i = 0; i < count; i++) {
        char wan[32], *names = names_of(&all[i]);
        snprintf(wan, sizeof wan, "%.2f", all[i].yuan / WAN);
        columns_add(&columns, all[i].department);
        columns_add(&columns, all[i].code);
        columns_add(&columns, all[i].item);
        columns_add(&columns, all[i].upper[2]);
        columns_add_number(&columns, (long)all[i].count);
        columns_add(&columns, wan);
        columns_add(&columns, names);
        free(names);
    }
    columns_print(&columns);
}

static void print(struct gathering *gathering, const struct catalog_call *call, size_t least,
                  const char *revision)
{
    size_t count;
    const struct proposal *all = proposals_finish(gathering->proposals, least, &count);
    if (call->format == FORMAT_CSV) {
        print_csv(all, count);
    } else if (call->format == FORMAT_HTML) {
        print_page(all, count, revision);
    } else {
        printf("%s：%zu 个项目中 %zu 个服务没有合适条目，归为 %zu 组\n", revision,
               gathering->looked_at, gathering->unfit, count);
        if (count)
            print_table(all, count);
    }
}

static int read_options(const struct catalog_call *call, double *below, size_t *least,
                        struct fault *fault)
{
    char *end;
    *below = call->sure ? strtod(call->sure, &end) : unlikely;
    if (call->sure && (end == call->sure || *end || !(*below >= 0 && *below <= 1)))
        return fault_set(fault, "cli.arguments", "--below 应当是 0 到 1 之间的数");
    *least = call->least ? (size_t)call->least : LEAST;
    return 0;
}

static int run_propose(struct catalog_call *call)
{
    struct fault fault = {0};
    struct gathering gathering = {0};
    struct store *store = call_open(call);
    char *revision = NULL, *department = NULL;
    size_t least = LEAST;
    if (!store)
        return 2;
    gathering.folder = folder_new();
    gathering.department = department =
        call->department ? folder_fold_utf8(gathering.folder, call->department) : NULL;
    revision = call->revision ? catalog_find_revision(store, call->revision, &fault)
                              : catalog_revision_of_year(store, LAST_YEAR, &fault);
    int failed = !revision || read_options(call, &gathering.below, &least, &fault) ||
                 !(gathering.proposals = proposals_new(store, revision, &fault)) ||
                 !(gathering.thesaurus = thesaurus_load(store, &fault)) ||
                 !(gathering.directory = directory_load(store, gathering.thesaurus, &fault)) ||
                 gather(&gathering, call, &fault);
    if (!failed)
        print(&gathering, call, least, revision);
    proposals_destroy(&gathering.proposals);
    if (gathering.directory)
        directory_destroy(&gathering.directory);
    thesaurus_destroy(&gathering.thesaurus);
    folded_free(&gathering.scratch);
    store_close(&store);
    free(revision);
    free(department);
    folder_destroy(&gathering.folder);
    return failed ? call_failed(&fault) : 0;
}

static const struct option_row options[] = {
    OPTION_REVISION,
    OPTION_DEPARTMENT,
    CALL_TEXT(sure, "below", 'P', "P",
              "services whose best item is right with less than this (0.5)"),
    NUMBER_OPTION(struct catalog_call, least, "least", 'l', 1, INT64_MAX,
                  "groups of at least so many projects (2)"),
    CALL_FORMAT(FORMAT_CSV, "csv", 'C', "as a table in the form of the catalog"),
    CALL_FORMAT(FORMAT_HTML, "html", 'H', "a page"),
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};

const struct catalog_verb catalog_verb_propose = {
    {"propose",
     {options, 0, 0, "", "Groups stored services that no item fits, and suggests items for them."}},
    run_propose};
