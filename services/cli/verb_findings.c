/* jinmu findings: what a unit accepts with a reason, so that it is shown and counts no more. */
#include "catalog/checks/acceptance.h"
#include "catalog/checks/rules.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
    struct catalog_call catalog;
    const char *by, *reason, *field;
    bool all;
};

static struct acceptance wanted(const struct call *call)
{
    return (struct acceptance){.target = call->catalog.arguments[0],
                               .rule = call->catalog.arguments[1],
                               .field = call->field ? call->field : "",
                               .reason = call->reason ? call->reason : "",
                               .by = call->by ? call->by : ""};
}

static int accept(struct call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    struct acceptance acceptance = wanted(call);
    int failed = call_writer_open(&writer, &call->catalog, &fault) ||
                 rules_known(writer.store, acceptance.rule, &fault) ||
                 acceptance_add(writer.store, &acceptance, &fault);
    call_writer_close(&writer);
    if (failed)
        return call_failed(&fault);
    printf("已接受 %s 的 %s：%s\n", acceptance.target, acceptance.rule, acceptance.reason);
    return 0;
}

static int withdraw(struct call *call)
{
    struct fault fault = {0};
    struct call_writer writer;
    struct acceptance which = wanted(call);
    int failed = call_writer_open(&writer, &call->catalog, &fault) ||
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

static int list(struct call *call)
{
    static const char *const heads[] = {"项目", "规则", "位置", "时间", "接受人", "理由"};
    struct fault fault = {0};
    struct columns columns = {.count = sizeof heads / sizeof *heads};
    struct store *store = call_open(&call->catalog);
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

#define OPTION_BY                                                                                  \
    {                                                                                              \
        "by", 'w', "WHO", 0, "who says so (required)", 0                                           \
    }
#define OPTION_FIELD                                                                               \
    {                                                                                              \
        "field", 'f', "MEMBER", 0, "only the finding at this member (\"indicators[3].value\")", 0  \
    }

static const struct argp_option accept_options[] = {
    {"reason", 'm', "TEXT", 0, "why it is right as it is (required)", 0},
    OPTION_BY,
    OPTION_FIELD,
    OPTION_DB,
    OPTION_STATE,
    OPTION_DATA,
    {0}};
static const struct argp_option withdraw_options[] = {{"reason", 'm', "TEXT", 0, "why", 0},
                                                      OPTION_BY,
                                                      OPTION_FIELD,
                                                      OPTION_DB,
                                                      OPTION_STATE,
                                                      OPTION_DATA,
                                                      {0}};
static const struct argp_option list_options[] = {
    {"all", 'a', NULL, 0, "withdrawn ones too", 0}, OPTION_DB, OPTION_STATE, OPTION_DATA, {0}};

static const struct findings_verb {
    const char *name;
    int (*run)(struct call *call);
    const struct argp_option *options;
    int arguments;
    const char *argument, *summary;
} verbs[] = {
    {"accept", accept, accept_options, 2, "ID RULE",
     "Accepts the findings of a rule in a project or document, with a reason."},
    {"withdraw", withdraw, withdraw_options, 2, "ID RULE", "Takes an acceptance back."},
    {"list", list, list_options, 0, "", "Lists what was accepted, the newest first."},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct call *call = state->input;
    const char **texts[] = {
        ['b'] = &call->catalog.db, ['s'] = &call->catalog.state, ['D'] = &call->catalog.data,
        ['w'] = &call->by,         ['m'] = &call->reason,        ['f'] = &call->field};
    if (key == 'a') {
        call->all = true;
        return 0;
    }
    bool is_argument = key == ARGP_KEY_ARG;
    if (!is_argument && (key <= 0 || (size_t)key >= sizeof texts / sizeof *texts || !texts[key]))
        return ARGP_ERR_UNKNOWN;
    if (!text_is_utf8(argument, strlen(argument)))
        argp_error(state, "参数不是 UTF-8 文本");
    if (!is_argument)
        *texts[key] = argument;
    else if (call->catalog.argument_count < CALL_ARGUMENTS_MAX)
        call->catalog.arguments[call->catalog.argument_count++] = argument;
    return 0;
}

static int run(const struct findings_verb *verb, int argc, char **argv)
{
    struct call call = {0};
    char name[32];
    const struct argp argp = {verb->options, read_option, verb->argument, verb->summary, NULL,
                              NULL,          NULL};
    snprintf(name, sizeof name, "jinmu findings %s", verb->name);
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &call))
        return 2;
    if (call.catalog.argument_count != verb->arguments) {
        fprintf(stderr, "Usage: %s [OPTION…] %s\n", name, verb->argument);
        return 2;
    }
    return verb->run(&call);
}

static int print_help(FILE *out, int status)
{
    fputs("Usage: jinmu findings VERB [OPTION…] [ARGUMENT…]\n\nVerbs:\n", out);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
    return status;
}

int verb_findings(int argc, char **argv)
{
    argp_err_exit_status = 2;
    if (argc < 2)
        return print_help(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
        return print_help(stdout, 0);
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return run(&verbs[i], argc - 1, argv + 1);
    fprintf(stderr, "jinmu: no findings verb '%s'\n", argv[1]);
    return print_help(stderr, 2);
}
