/* jinmu catalog diff: what became of one revision in another. */
#include "catalog/catalog.h"
#include "catalog/revision/diff.h"
#include "catalog/revision/diff_table.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/diff_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_heads(struct columns *columns)
{
    columns->count = RELATIONS + 2;
    columns_add(columns, "部门");
    for (int r = 0; r < RELATIONS; r++)
        columns_add(columns, relation_word((enum relation)r));
    columns_add(columns, "");
}

static void print_figures(const struct diff *diff, const char *department)
{
    struct columns columns = {0};
    print_heads(&columns);
    for (size_t d = 0; d < diff->department_count; d++) {
        struct department_figures figures;
        if (!department_figures(diff, d, department, &figures))
            continue;
        columns_add(&columns, figures.name);
        for (int r = 0; r < RELATIONS; r++)
            columns_add_number(&columns, (long)figures.counts[r]);
        columns_add(&columns, figures.state);
        free(figures.state);
    }
    columns_print(&columns);
}

static void add_item(struct columns *columns, const struct outline *outline, int item)
{
    columns_add(columns, item == NOWHERE ? "" : outline->items[item].code);
    columns_add(columns, item == NOWHERE ? "" : outline->items[item].name);
}

/* Names its department when that is another than the line begins with. */
static void add_new_item(struct columns *columns, const struct diff *diff, const struct link *link)
{
    struct strbuf name = {0};
    if (!(link->changes & CHANGE_DEPARTMENT)) {
        add_item(columns, diff->new, link->new);
        return;
    }
    const struct outline_item *item = &diff->new->items[link->new];
    strbuf_printf(&name, "%s（%s）", item->name, diff->new->departments[item->department].name);
    columns_add(columns, item->code);
    columns_add(columns, name.text);
    strbuf_free(&name);
}

static void print_changes(const struct diff *diff, const char *department)
{
    struct columns columns = {.count = 7};
    for (size_t i = 0; i < diff->count; i++) {
        const struct link *link = &diff->links[i];
        if (!link_is_change(link) || link->relation == RELATION_UNSEEN ||
            !link_in_department(diff, link, department))
            continue;
        char *words = link_words(link), confidence[16];
        snprintf(confidence, sizeof confidence, "%.2f", link->confidence);
        columns_add(&columns, link_department(diff, link));
        columns_add(&columns, words);
        add_item(&columns, diff->old, link->old);
        add_new_item(&columns, diff, link);
        columns_add(&columns, confidence);
        free(words);
    }
    if (columns.cell_count)
        columns_print(&columns);
    else
        puts("没有变化");
}

static void print_diff(const struct diff *diff, const char *department)
{
    printf("%s → %s\n", diff->old->number, diff->new->number);
    if (!diff->new->complete)
        printf("%s只收录了一部分（摘录）：没有见到的列为“未收录”，不等于删除。\n",
               diff->new->number);
    print_figures(diff, department);
    putchar('\n');
    print_changes(diff, department);
}

static void write_out(const struct diff *diff, const struct catalog_call *call)
{
    struct strbuf out = {0};
    if (call->format == FORMAT_CSV)
        diff_write_csv(diff, call->department, &out);
    else if (call->format == FORMAT_JSON)
        diff_write_json(diff, call->department, &out);
    else
        diff_page_write(&out, diff, call->department);
    fwrite(out.text, 1, out.length, stdout);
    strbuf_free(&out);
}

/* The department as the two revisions spell it; false with a fault when neither has it. */
static bool spell_department(const struct diff *diff, struct catalog_call *call,
                             struct fault *fault)
{
    const struct outline *const sides[] = {diff->old, diff->new};
    struct folder *folder = folder_new();
    char *wanted = folder_fold_utf8(folder, call->department);
    const char *spelling = NULL;
    for (int s = 0; s < 2; s++)
        for (size_t d = 0; d < sides[s]->department_count && !spelling; d++) {
            char *folded = folder_fold_utf8(folder, sides[s]->departments[d].name);
            if (strcmp(folded, wanted) == 0)
                spelling = sides[s]->departments[d].name;
            free(folded);
        }
    if (!spelling)
        fault_set(fault, "catalog.no_department", "两版目录都没有部门“%.60s”", call->department);
    free(wanted);
    folder_destroy(&folder);
    call->department = spelling;
    return spelling != NULL;
}

static int run_diff(struct catalog_call *call)
{
    struct fault fault = {0};
    struct diff *diff = NULL;
    char *old = NULL, *new = NULL;
    struct store *store = call_open(call);
    if (!store)
        return 2;
    if ((old = catalog_find_revision(store, call->arguments[0], &fault)) &&
        (new = catalog_find_revision(store, call->arguments[1], &fault)))
        diff = diff_revisions(store, old, new, &fault);
    store_close(&store);
    free(old);
    free(new);
    if (!diff || (call->department && !spell_department(diff, call, &fault))) {
        diff_destroy(&diff);
        return call_failed(&fault);
    }
    if (call->format == FORMAT_TEXT)
        print_diff(diff, call->department);
    else
        write_out(diff, call);
    diff_destroy(&diff);
    return 0;
}

static const struct option_row options[] = {
    OPTION_DEPARTMENT,
    CALL_FORMAT(FORMAT_HTML, "html", 'H', "a page"),
    CALL_FORMAT(FORMAT_CSV, "csv", 'C', "a table as CSV, unchanged items too"),
    CALL_FORMAT(FORMAT_JSON, "json", 'J', "one JSON object"),
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};

const struct catalog_verb catalog_verb_diff = {
    {"diff",
     {options, 2, 2, "OLD NEW", "Says what became of the items of one revision in another."}},
    run_diff};
