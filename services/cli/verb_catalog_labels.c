/* jinmu catalog labels check, add, remove: the phrases by which items are found. */
#include "catalog/catalog.h"
#include "catalog/label_file.h"
#include "common/strbuf.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints what a query of texts gives under a heading. The number of rows, or -1. */
static long print_query(struct store *store, const char *heading, const char *sql)
{
    struct fault fault = {0};
    struct columns columns = {0};
    long rows = 0;
    int got = -1;
    sqlite3_stmt *statement = store_prepare(store, sql, &fault);
    if (statement)
        columns.count = (size_t)sqlite3_column_count(statement);
    while (statement && (got = store_next(store, statement, &fault)) == 1) {
        for (int i = 0; i < (int)columns.count; i++)
            columns_add(&columns, store_text(statement, i));
        rows++;
    }
    sqlite3_finalize(statement);
    if (rows)
        printf("%s（%ld）：\n", heading, rows);
    columns_print(&columns);
    if (got < 0)
        call_failed(&fault);
    return got < 0 ? -1 : rows;
}

static int check(struct catalog_call *call)
{
    struct store *store = call_open(call);
    if (!store)
        return 2;
    long pulled = print_query(
        store, "同一短语指向同一上级下的多个条目",
        "SELECT iif(a.department = 'b', 'B', a.department), a.text, a.code, a.name, b.code, b.name "
        "FROM label a JOIN label b"
        " ON b.department = a.department AND b.text = a.text AND b.kind = 'alt'"
        " AND substr(b.code, 1, length(b.code) - 2) = substr(a.code, 1, length(a.code) - 2)"
        " AND (b.code, b.name) > (a.code, a.name)"
        " WHERE a.kind = 'alt' AND a.department <> '' ORDER BY 1, 3, 2");
    long opposed =
        print_query(store, "同一条目的短语既列入 alt 又列入 not",
                    "SELECT iif(a.department = 'b', 'B', a.department), a.text, a.code, a.name "
                    "FROM label a JOIN label b ON b.department ="
                    " a.department AND b.name = a.name AND b.text = a.text AND b.kind = 'not'"
                    " WHERE a.kind = 'alt' ORDER BY 1, 3, 2");
    long loose = print_query(
        store, "没有对应条目的标签",
        "SELECT DISTINCT department, code, name FROM label WHERE department <> ''"
        " AND NOT EXISTS (SELECT 1 FROM item WHERE item.code = label.code) ORDER BY 1, 2");
    store_close(&store);
    if (pulled < 0 || opposed < 0 || loose < 0)
        return 2;
    if (pulled + opposed + loose == 0)
        printf("标签没有问题\n");
    return pulled + opposed + loose ? 1 : 0;
}

static int edit(struct catalog_call *call, bool remove)
{
    struct fault fault = {0};
    size_t changed = 0;
    const char *data = call->data ? call->data : catalog_data_directory();
    if (call->argument_count < 4) {
        fprintf(stderr, "Usage: jinmu catalog labels add|remove DEPARTMENT CODE PHRASE…\n");
        return 2;
    }
    struct label_edit label = {.department = call->arguments[1],
                               .code = call->arguments[2],
                               .name = call->name,
                               .kind = call->kind ? call->kind : "alt",
                               .phrases = (const char *const *)call->arguments + 3,
                               .phrase_count = (size_t)call->argument_count - 3,
                               .remove = remove};
    if (label_file_edit(data, &label, &changed, &fault))
        return call_failed(&fault);
    char *path = call_database(call, &fault); /* builds it again from the changed data */
    if (!path)
        return call_failed(&fault);
    printf("%s %zu 个短语，%s\n", remove ? "删去" : "加入", changed,
           changed ? "目录库已更新" : "未作改动");
    free(path);
    return 0;
}

static int run_labels(struct catalog_call *call)
{
    const char *verb = call->arguments[0];
    if (strcmp(verb, "check") == 0)
        return check(call);
    if (strcmp(verb, "add") == 0 || strcmp(verb, "remove") == 0)
        return edit(call, *verb == 'r');
    fprintf(stderr, "jinmu: no labels verb '%s' (check, add, remove)\n", verb);
    return 2;
}

static const struct option_row options[] = {
    CALL_TEXT(kind, "kind", 'k', "KIND", "alt (default), hidden or not"),
    CALL_TEXT(name, "name", 'N', "TEXT", "the item's name, when several rows have the code"),
    OPTION_DATA,
    OPTION_DB,
    OPTION_STATE,
    {0}};

const struct catalog_verb catalog_verb_labels = {
    {"labels",
     {options, 1, ARGUMENTS_ANY,
      "check | add DEPARTMENT CODE PHRASE… | remove DEPARTMENT CODE PHRASE…",
      "Checks and edits the phrases by which items are found."}},
    run_labels};
