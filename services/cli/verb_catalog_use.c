/* jinmu catalog use: which revision is current. */
#include "catalog/catalog.h"
#include "catalog/revision/in_use.h"
#include "services/cli/catalog_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int show(struct catalog_call *call)
{
    struct fault fault = {0};
    struct store *store = call_open(call);
    if (!store)
        return 2;
    char *set = in_use_number(store, &fault);
    char *newest = *fault.code ? NULL : catalog_revision_of_year(store, 9999, &fault);
    store_close(&store);
    if (newest)
        printf("现行目录：%s%s\n", newest, set ? "" : "（未指定，取已收录的最新目录）");
    free(set);
    free(newest);
    return newest ? 0 : call_failed(&fault);
}

static int run_use(struct catalog_call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    char *number = NULL;
    if (call->argument_count == 0)
        return show(call);
    if (!call->by || !*call->by) {
        fprintf(stderr, "jinmu: 请写明由谁启用（--by）\n");
        return 2;
    }
    int failed = call_writer_open(&writer, call, &fault) ||
                 !(number = catalog_find_revision(writer.store, call->arguments[0], &fault)) ||
                 in_use_set(writer.store, number, call->by, &fault);
    call_writer_close(&writer);
    if (!failed)
        printf("已启用 %s：各年度项目按当年施行、且不晚于它的目录判断\n", number);
    free(number);
    return failed ? call_failed(&fault) : 0;
}

static const struct option_row options[] = {
    OPTION_KEEPER, OPTION_DB, OPTION_STATE, OPTION_DATA, {0}};

const struct catalog_verb catalog_verb_use = {
    {"use",
     {options, 0, 1, "[REVISION]",
      "Puts a revision into use, or says which one is; running workers follow within seconds."}},
    run_use};
