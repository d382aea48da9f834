/* jinmu catalog release, assign: a keeper takes rows out of quarantine. */
#include "catalog/catalog.h"
#include "catalog/import/import.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/catalog_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The one revision (free()) that has such a row in quarantine; NULL with a fault. */
static char *revision_of_row(struct store *store, const struct catalog_call *call,
                             struct fault *fault)
{
    char *number = NULL;
    size_t count = 0;
    if (call->revision)
        return catalog_find_revision(store, call->revision, fault);
    sqlite3_stmt *statement = store_prepare(
        store, "SELECT DISTINCT revision FROM item WHERE code = ? AND state = 'quarantine'", fault);
    if (!statement)
        return NULL;
    store_bind(statement, "t", call->arguments[1]);
    while (store_next(store, statement, fault) == 1) {
        free(number);
        number = xstrdup(store_text(statement, 0));
        count++;
    }
    sqlite3_finalize(statement);
    if (count == 1)
        return number;
    free(number);
    if (count)
        fault_set(fault, "catalog.ambiguous", "多个目录都有待处理的 %s，请用 --revision 指明",
                  call->arguments[1]);
    else
        fault_set(fault, "catalog.not_quarantined", "没有待处理（隔离）的 %s", call->arguments[1]);
    return NULL;
}

static int settle(struct catalog_call *call, const char *new_department)
{
    struct fault fault = {0};
    struct store *store = NULL;
    char *revision = NULL;
    int lock = -1, failed = -1;
    char *path = call_database(call, &fault);
    struct settlement settlement = {.department = call->arguments[0],
                                    .code = call->arguments[1],
                                    .line = (size_t)call->line,
                                    .new_department = new_department,
                                    .new_code = call->code,
                                    .new_name = call->name};
    if (path && (lock = catalog_lock(path, &fault)) >= 0)
        store = catalog_open(path, STORE_WRITE_DURABLE, &fault);
    if (store)
        revision = revision_of_row(store, call, &fault);
    if (revision)
        failed = settle_item(store, revision, &settlement, &fault);
    if (failed == 0 && new_department)
        printf("%s：%s %s 已归入“%s”\n", revision, call->arguments[0], call->arguments[1],
               new_department);
    else if (failed == 0)
        printf("%s：%s %s 已放行\n", revision, call->arguments[0], call->arguments[1]);
    free(revision);
    store_close(&store);
    if (lock >= 0)
        close(lock);
    free(path);
    return failed ? call_failed(&fault) : 0;
}

static int run_release(struct catalog_call *call)
{
    return settle(call, NULL);
}

static int run_assign(struct catalog_call *call)
{
    return settle(call, call->arguments[2]);
}

static const struct option_row options[] = {
    OPTION_REVISION,
    NUMBER_OPTION(struct catalog_call, line, "line", 'l', 1, INT64_MAX,
                  "line of the row in its document"),
    CALL_TEXT(code, "code", 'c', "CODE", "the right code, when the printed one is a slip"),
    CALL_TEXT(name, "name", 'N', "TEXT", "the name, when none is printed"),
    OPTION_DB,
    OPTION_STATE,
    {0}};

const struct catalog_verb catalog_verb_release = {
    {"release",
     {options, 2, 2, "DEPARTMENT CODE", "Takes a row out of quarantine: it is as printed."}},
    run_release};
const struct catalog_verb catalog_verb_assign = {
    {"assign",
     {options, 3, 3, "DEPARTMENT CODE NEW_DEPARTMENT",
      "Takes a row out of quarantine into the department that it belongs to."}},
    run_assign};
