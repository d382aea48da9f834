/* jinmu findings: what a unit accepts with a reason, so that it is shown and counts no more. */
#include "catalog/checks/acceptance.h"
#include "catalog/checks/rules.h"
#include "common/strbuf.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct acceptance wanted(const struct catalog_call *call)
{
    return (struct acceptance){.target = call->arguments[0],
                               .rule = call->arguments[1],
                               .field = call->field ? call->field : "",
                               .reason = call->reason ? call->reason : "",
                               .by = call->by ? call->by : ""};
}

static int accept(struct catalog_call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    struct acceptance acceptance = wanted(call);
    int failed = call_writer_open(&writer, call, &fault) ||
                 rules_known(writer.store, acceptance.rule, &fault) ||
                 acceptance_add(writer.store, &acceptance, &fault);
    call_writer_close(&writer);
    if (failed)
        return call_failed(&fault);
    printf("已接受 %s 的 %s：%s\n", acceptance.target, acceptance.rule, acceptance.reason);
    return 0;
}

static int withdraw(struct catalog_call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    struct acceptance which = wanted(call);
    int failed = call_writer_open(&writer, call, &fault) ||
                 acceptance_withdraw(writer.store, &which, which.by, which.reason, &fault);
    call_writer_close(&writer);
    if (failed) {
        call_failed(&fault);
        return strcmp(fault.code, "acceptance.unknown") == 0 ? 1 : 2;
    }
    printf("已撤回对 %s 的 %s 的接受\n", which.target, which.rule);
    return 0;
}

static void list_one(const struct acceptance *acceptance, void *argument)
{
    struct columns *columns = argument;
    struct strbuf withdrawn = {0};
    strbuf_puts(&withdrawn, acceptance->reason);
    if (*acceptance->withdrawn_at)
        strbuf_printf(&withdrawn, " 〔%s %s 撤回：%s〕", acceptance->withdrawn_at,
                      acceptance->withdrawn_by, acceptance->withdrawn_reason);
    columns_add(columns, acceptance->target);
    columns_add(columns, acceptance->rule);
    columns_add(columns, acceptance->field);
    columns_add(columns, acceptance->at);
    columns_add(columns, acceptance->by);
    columns_add(columns, withdrawn.text);
    strbuf_free(&withdrawn);
}

static int list(struct catalog_call *call)
{
    static const char *const heads[] = {"项目", "规则", "位置", "时间", "接受人", "理由"};
    struct fault fault = {0};
    struct columns columns = {.count = sizeof heads / sizeof *heads};
    struct store *store = call_open(call);
    if (!store)
        return 2;
    for (size_t i = 0; i < columns.count; i++)
        columns_add(&columns, heads[i]);
    int failed = acceptances_each(store, call->all, list_one, &columns, &fault);
    columns_print(&columns);
    store_close(&store);
    return failed ? call_failed(&fault) : 0;
}

/* --- the verbs --- */

#define OPTION_BY CALL_TEXT(by, "by", 'w', "WHO", "who says so (required)")
#define OPTION_FIELD                                                                               \
    CALL_TEXT(field, "field", 'f', "MEMBER",                                                       \
              "only the finding at this member (\"indicators[3].value\")")

static const struct option_row accept_options[] = {
    CALL_TEXT(reason, "reason", 'm', "TEXT", "why it is right as it is (required)"),
    OPTION_BY,
    OPTION_FIELD,
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};
static const struct option_row withdraw_options[] = {
    CALL_TEXT(reason, "reason", 'm', "TEXT", "why"),
    OPTION_BY,
    OPTION_FIELD,
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};
static const struct option_row list_options[] = {
    CALL_FLAG(all, "all", 'a', "withdrawn ones too"), OPTION_DB, OPTION_STATE, OPTION_DATA, {0}};

static const struct catalog_verb verbs[] = {
    {{"accept",
      {accept_options, 2, 2, "ID RULE",
       "Accepts the findings of a rule in a project or document, with a reason."}},
     accept},
    {{"withdraw", {withdraw_options, 2, 2, "ID RULE", "Takes an acceptance back."}}, withdraw},
    {{"list", {list_options, 0, 0, "", "Lists what was accepted, the newest first."}}, list},
};

static const struct group_verb *verb_at(size_t number)
{
    return number < sizeof verbs / sizeof *verbs ? &verbs[number].verb : NULL;
}

int verb_findings(int argc, char **argv)
{
    return catalog_group_run(&(struct verb_group){"findings", verb_at}, argc, argv);
}
