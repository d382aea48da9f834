/* jinmu catalog map: the correspondence of two revisions, proposed by comparison and decided by a
 * keeper. */
#include "catalog/catalog.h"
#include "catalog/revision/correspondence.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The two revisions that a call names. */
struct revisions {
    char *old, *new;
};

static int find_revisions(struct revisions *revisions, const struct catalog_call *call,
                          struct store *store, struct fault *fault)
{
    if (call->argument_count != 3)
        return fault_set(fault, "cli.arguments", "请写明旧目录和新目录的文号（OLD NEW）");
    revisions->old = catalog_find_revision(store, call->arguments[1], fault);
    revisions->new =
        revisions->old ? catalog_find_revision(store, call->arguments[2], fault) : NULL;
    if (revisions->new &&strcmp(revisions->old, revisions->new) == 0)
        return fault_set(fault, "cli.arguments", "旧目录和新目录是同一个：%s", revisions->old);
    if (revisions->new && call->department)
        return catalog_check_department(store, call->department, fault);
    return revisions->new ? 0 : -1;
}

static struct correspondence_filter filter_of(const struct revisions *revisions,
                                              const struct catalog_call *call)
{
    return (struct correspondence_filter){.old_revision = revisions->old,
                                          .new_revision = revisions->new,
                                          .department = call->department};
}

static void forget(struct revisions *revisions)
{
    free(revisions->old);
    free(revisions->new);
}

static int read_id(const char *text, int64_t *id, struct fault *fault)
{
    char *end;
    *id = strtoll(text, &end, 10);
    return end == text || *end ? fault_set(fault, "cli.arguments", "“%.40s”不是编号", text) : 0;
}

/* --- propose, list, export --- */

static int propose(struct catalog_call *call)
{
    struct fault fault = {0};
    struct revisions revisions = {0};
    struct diff *diff = NULL;
    struct call_writer writer;
    size_t proposed = 0;
    int failed = call_writer_open(&writer, call, &fault) ||
                 find_revisions(&revisions, call, writer.store, &fault) ||
                 !(diff = diff_revisions(writer.store, revisions.old, revisions.new, &fault)) ||
                 correspondence_propose(writer.store, diff, &proposed, &fault);
    if (!failed)
        printf("%s → %s：提出 %zu 条对应关系，待核对（jinmu catalog map list）\n", revisions.old,
               revisions.new, proposed);
    diff_destroy(&diff);
    forget(&revisions);
    call_writer_close(&writer);
    return failed ? call_failed(&fault) : 0;
}

static const char *state_word(const char *state)
{
    return strcmp(state, "confirmed") == 0 ? "已确认" : *state == 'r' ? "已否定" : "待核对";
}

static void add_side(struct columns *columns, const struct correspondence_side *side)
{
    columns_add(columns, side->department);
    columns_add(columns, side->code);
    columns_add(columns, side->name);
}

static int list_row(const struct correspondence *row, void *argument)
{
    struct columns *columns = argument;
    char confidence[16];
    snprintf(confidence, sizeof confidence, "%.2f", row->confidence);
    columns_add_number(columns, (long)row->id);
    columns_add(columns, relation_word(relation_of_name(row->relation)));
    add_side(columns, &row->old);
    add_side(columns, &row->new);
    columns_add(columns, confidence);
    columns_add(columns, state_word(row->state));
    columns_add(columns, row->decided_by);
    columns_add(columns, row->note);
    return 0;
}

static int list(struct catalog_call *call)
{
    static const char *const heads[] = {"编号",   "关系",   "原部门", "原代码", "原条目", "新部门",
                                        "新代码", "新条目", "把握",   "状态",   "核对人", "说明"};
    struct fault fault = {0};
    struct revisions revisions = {0};
    struct columns columns = {.count = sizeof heads / sizeof *heads};
    struct store *store = call_open(call);
    if (!store)
        return 2;
    for (size_t i = 0; i < columns.count; i++)
        columns_add(&columns, heads[i]);
    int failed = find_revisions(&revisions, call, store, &fault);
    if (!failed) {
        struct correspondence_filter filter = filter_of(&revisions, call);
        filter.changes_only = !call->all;
        failed = correspondence_each(store, &filter, list_row, &columns, &fault);
    }
    bool empty = columns.cell_count == columns.count;
    columns_print(&columns);
    if (!failed && empty)
        printf("没有记录：先用 jinmu catalog map propose %s %s 提出\n", revisions.old,
               revisions.new);
    forget(&revisions);
    store_close(&store);
    return failed ? call_failed(&fault) : empty;
}

static int export(struct catalog_call *call)
{
    struct fault fault = {0};
    struct revisions revisions = {0};
    struct strbuf out = {0};
    struct store *store = call_open(call);
    if (!store)
        return 2;
    int failed = find_revisions(&revisions, call, store, &fault);
    if (!failed) {
        struct correspondence_filter filter = filter_of(&revisions, call);
        filter.state = call->all ? NULL : "confirmed";
        failed = call->format == FORMAT_TURTLE
                     ? correspondence_write_turtle(store, &filter, &out, &fault)
                     : correspondence_write_csv(store, &filter, &out, &fault);
    }
    if (!failed)
        fwrite(out.text, 1, out.length, stdout);
    strbuf_free(&out);
    forget(&revisions);
    store_close(&store);
    return failed ? call_failed(&fault) : 0;
}

/* --- decisions --- */

static int confirm_sure(struct catalog_call *call, struct store *store, struct fault *fault)
{
    struct revisions revisions = {0};
    size_t confirmed = 0;
    char *end;
    double confidence = strtod(call->sure, &end);
    int failed = end == call->sure || *end || !(confidence >= 0 && confidence <= 1)
                     ? fault_set(fault, "cli.arguments", "--sure 应当是 0 到 1 之间的数")
                     : find_revisions(&revisions, call, store, fault);
    if (!failed) {
        struct correspondence_filter filter = filter_of(&revisions, call);
        failed =
            correspondence_confirm_sure(store, &filter, confidence, call->by, &confirmed, fault);
    }
    if (!failed)
        printf("已确认 %zu 条\n", confirmed);
    forget(&revisions);
    return failed;
}

static int decide_ids(struct catalog_call *call, struct store *store, bool confirm,
                      struct fault *fault)
{
    if (call->argument_count < 2)
        return fault_set(fault, "cli.arguments", "请写明编号（ID…）");
    size_t count = (size_t)call->argument_count - 1;
    int64_t *ids = xcalloc(count, sizeof *ids);
    int failed = 0;
    for (size_t i = 0; i < count && !failed; i++)
        failed = read_id(call->arguments[i + 1], &ids[i], fault);
    failed = failed || correspondence_decide(store, ids, count, confirm, call->by,
                                             call->reason ? call->reason : "", fault);
    if (!failed)
        printf("已%s %zu 条\n", confirm ? "确认" : "否定", count);
    free(ids);
    return failed ? -1 : 0;
}

static int correct(struct catalog_call *call, struct store *store, struct fault *fault)
{
    int64_t id;
    bool none = call->argument_count == 3 && strcmp(call->arguments[2], "none") == 0;
    const char *relation = call->relation ? call->relation : "";
    if ((!none && call->argument_count != 4) || read_id(call->arguments[1], &id, fault))
        return fault_set(fault, "cli.arguments",
                         "请写作：correct ID DEPARTMENT CODE，或 correct ID none");
    if (*relation && relation_of_name(relation) >= RELATION_REMOVED)
        return fault_set(fault, "cli.arguments",
                         "--relation：exact、renamed、recoded、moved、split 或 merged");
    if (correspondence_correct(store, id, none ? "" : call->arguments[2],
                               none ? "" : call->arguments[3], relation, call->by,
                               call->reason ? call->reason : "", fault))
        return -1;
    puts("已更正");
    return 0;
}

static int decide(struct catalog_call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    const char *verb = call->arguments[0];
    if (!call->by || !*call->by) {
        fprintf(stderr, "jinmu: 请写明由谁核对（--by）\n");
        return 2;
    }
    int failed = call_writer_open(&writer, call, &fault);
    if (!failed && strcmp(verb, "correct") == 0)
        failed = correct(call, writer.store, &fault);
    else if (!failed && call->sure && *verb == 'c')
        failed = confirm_sure(call, writer.store, &fault);
    else if (!failed)
        failed = decide_ids(call, writer.store, *verb == 'c', &fault);
    call_writer_close(&writer);
    return failed ? call_failed(&fault) : 0;
}

static const struct {
    const char *name;
    int (*run)(struct catalog_call *call);
} verbs[] = {{"propose", propose}, {"list", list},      {"confirm", decide},
             {"reject", decide},   {"correct", decide}, {"export", export}};

static int run_map(struct catalog_call *call)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(call->arguments[0], verbs[i].name) == 0)
            return verbs[i].run(call);
    fprintf(stderr, "jinmu: no map verb '%s' (propose, list, confirm, correct, reject, export)\n",
            call->arguments[0]);
    return 2;
}

static const struct option_row options[] = {
    OPTION_DEPARTMENT,
    CALL_FLAG(all, "all", 'a', "list: unchanged items too; export: what is not confirmed too"),
    OPTION_KEEPER,
    CALL_TEXT(reason, "note", 'm', "TEXT", "why"),
    CALL_TEXT(sure, "sure", 'P', "P", "confirm OLD NEW: all proposals of at least this confidence"),
    CALL_TEXT(
        relation, "relation", 'x', "NAME",
        "correct: exact, renamed, recoded, moved, split or merged (default: what the two items "
        "show)"),
    CALL_FORMAT(FORMAT_CSV, "csv", 'C', "export: as CSV (default)"),
    CALL_FORMAT(FORMAT_TURTLE, "turtle", 't', "export: as XKOS and SKOS, in Turtle"),
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};

const struct catalog_verb catalog_verb_map = {
    {"map",
     {options, 1, ARGUMENTS_ANY,
      "propose OLD NEW | list OLD NEW | confirm ID… | confirm OLD NEW --sure P | reject ID… | "
      "correct ID DEPARTMENT CODE | correct ID none | export OLD NEW",
      "Proposes, confirms, corrects and exports which old item is which new one."}},
    run_map};
