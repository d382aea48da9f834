/* jinmu rules: what is checked, on what basis, and whether each rule does with its examples as they
 * say. */
#include "catalog/learn/trial.h"
#include "common/strbuf.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/local_engine.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call {
    const char *db, *state, *only, *argument;
};

static struct trial *open_trial(const struct call *call)
{
    struct fault fault = {0};
    char *path = local_engine_path(call->db, call->state, &fault);
    struct trial *trial = path ? trial_new(path, &fault) : NULL;
    if (!trial)
        fprintf(stderr, "jinmu: %s\n", fault.message);
    free(path);
    return trial;
}

static const char *severity_text(enum severity severity)
{
    static const char *const words[] = {"错误", "警告", "提示"};
    return words[severity];
}

/* ---- list ---- */

static int list(const struct call *call)
{
    static const char *const heads[] = {"规则", "级别", "查什么", "依据"};
    struct columns columns = {.count = sizeof heads / sizeof *heads};
    struct trial *trial = open_trial(call);
    if (!trial)
        return 2;
    const struct rules *rules = trial_rules(trial);
    for (size_t i = 0; i < columns.count; i++)
        columns_add(&columns, heads[i]);
    for (size_t i = 0; i < rules->count; i++) {
        columns_add(&columns, rules->all[i].id);
        columns_add(&columns, severity_text(rules->all[i].severity));
        columns_add(&columns, rules->all[i].title);
        columns_add(&columns, rules->all[i].basis);
    }
    columns_print(&columns);
    trial_destroy(&trial);
    return 0;
}

/* ---- show ---- */

static void show_line(const char *head, const char *text)
{
    print_column(head, 12);
    puts(text);
}

static void show_fields(const struct rule *rule)
{
    struct strbuf names = {0};
    for (int f = 0; f < FIELDS; f++)
        if (rule->fields & 1u << f)
            strbuf_printf(&names, "%s%s", names.length ? " " : "", field_name((enum field)f));
    show_line("字段", names.text ? names.text : "");
    strbuf_free(&names);
}

static void show_validity(const struct rule *rule)
{
    char text[64];
    if (rule->from_year && rule->until_year)
        snprintf(text, sizeof text, "%d年至%d年预算", rule->from_year, rule->until_year);
    else if (rule->from_year)
        snprintf(text, sizeof text, "%d年起的预算", rule->from_year);
    else if (rule->until_year)
        snprintf(text, sizeof text, "%d年及以前的预算", rule->until_year);
    else
        snprintf(text, sizeof text, "不限年度");
    show_line("适用", text);
}

static void show_rule(const struct rule *rule)
{
    static const char *const scopes[] = {
        [RULE_ALWAYS] = "所有项目",
        [RULE_SERVICE] = "购买服务的项目（申报、写明或判定）",
        [RULE_PURCHASE] = "申报或写明为政府购买服务的项目",
    };
    show_line("规则", rule->id);
    if (strcmp(rule->id, rule->reported) != 0)
        show_line("报为", rule->reported);
    show_line("级别", severity_text(rule->severity));
    show_line("查什么", rule->title);
    show_line("提示语", rule->message);
    show_line("依据", rule->basis);
    show_line("对象", scopes[rule->scope]);
    show_validity(rule);
    show_fields(rule);
    if (*rule->check)
        show_line("函数", rule->check);
    for (size_t i = 0; i < rule->pattern_count; i++)
        show_line(i ? "" : "命中", rule->patterns[i].source);
    for (size_t i = 0; i < rule->except_count; i++)
        show_line(i ? "" : "除外", rule->excepts[i].source);
    for (size_t i = 0; i < rule->value_count; i++) {
        char text[96];
        snprintf(text, sizeof text, "%s = %g", rule->values[i].name, rule->values[i].number);
        show_line(i ? "" : "阈值", text);
    }
    for (size_t i = 0; i < rule->text_count; i++)
        show_line(i ? "" : "对照", rule->texts[i].text);
    for (size_t i = 0; i < rule->example_count; i++)
        show_line(rule->examples[i].must ? "应当报" : "不应报", rule->examples[i].text);
    show_line("文件", rule->file);
}

static int show(const struct call *call)
{
    struct trial *trial = open_trial(call);
    size_t shown = 0;
    if (!trial)
        return 2;
    const struct rules *rules = trial_rules(trial);
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->all[i];
        if (strcmp(rule->id, call->argument) != 0 && strcmp(rule->reported, call->argument) != 0)
            continue;
        if (shown++)
            putchar('\n');
        show_rule(rule);
    }
    if (!shown)
        fprintf(stderr, "jinmu: 没有规则“%s”，`jinmu rules list` 列出全部\n", call->argument);
    trial_destroy(&trial);
    return shown ? 0 : 1;
}

/* ---- test ---- */

static void say_failed(const struct rule *rule, const struct rule_example *example, void *argument)
{
    (void)argument;
    printf("%s %s：%s\n", rule->id, example->must ? "应当报而未报" : "不应报而报", example->text);
}

static int test_examples(struct trial *trial)
{
    struct fault fault = {0};
    const struct rules *rules = trial_rules(trial);
    size_t examples = 0, failed = 0;
    for (size_t i = 0; i < rules->count; i++) {
        int count = trial_rule(trial, &rules->all[i], say_failed, NULL, &fault);
        if (count < 0) {
            fprintf(stderr, "jinmu: %s: %s\n", rules->all[i].id, fault.message);
            return 2;
        }
        failed += (size_t)count;
        examples += rules->all[i].example_count;
    }
    printf("%zu 条规则，%zu 个例子，%zu 个不符\n", rules->count, examples, failed);
    return failed ? 1 : 0;
}

static int test_lines(struct trial *trial, const struct call *call, FILE *input)
{
    char *line = NULL;
    size_t capacity = 0, number = 0, ran = 0, wrong = 0;
    struct strbuf complaints = {0};
    int status = 0;
    for (ssize_t length; status == 0 && (length = getline(&line, &capacity, input)) > 0;) {
        struct fault fault = {0};
        number++;
        if (line[strspn(line, " \t\r\n")] == 0)
            continue;
        strbuf_reset(&complaints);
        struct jv *json = jv_read(line, (size_t)length, &fault);
        int right = json ? trial_line(trial, json, call->only, &complaints, &fault) : -1;
        if (right < 0) {
            fprintf(stderr, "jinmu: %s:%zu: %s\n", call->argument, number, fault.message);
            status = 2;
        } else if (!right) {
            printf("%s:%zu:%s\n", call->argument, number, complaints.text);
            wrong++;
        }
        ran++;
        jv_destroy(&json);
    }
    if (status == 0)
        printf("%zu 行，%zu 行不符\n", ran, wrong);
    free(line);
    strbuf_free(&complaints);
    return status ? status : wrong ? 1 : 0;
}

static int test(const struct call *call)
{
    bool from_stdin = call->argument && strcmp(call->argument, "-") == 0;
    FILE *input = NULL;
    if (call->argument && !(input = from_stdin ? stdin : fopen(call->argument, "re"))) {
        fprintf(stderr, "jinmu: %s: %s\n", call->argument, strerror(errno));
        return 2;
    }
    struct trial *trial = open_trial(call);
    int status = !trial ? 2 : input ? test_lines(trial, call, input) : test_examples(trial);
    trial_destroy(&trial);
    if (input && !from_stdin)
        fclose(input);
    return status;
}

/* ---- the verbs ---- */

static const struct argp_option plain_options[] = {OPTION_DB, OPTION_STATE, {0}};
static const struct argp_option test_options[] = {
    {"only", 'o', "PREFIXES", 0, "compare only rules whose id begins so: \"code. scope.\"", 0},
    OPTION_DB,
    OPTION_STATE,
    {0}};

static const struct rules_verb {
    const char *name;
    int (*run)(const struct call *call);
    const struct argp_option *options;
    int least, most;
    const char *argument, *summary;
} verbs[] = {
    {"list", list, plain_options, 0, 0, "", "Lists the rules with severity and legal basis."},
    {"show", show, plain_options, 1, 1, "ID", "Shows a rule: patterns, examples, validity."},
    {"test", test, test_options, 0, 1, "[FILE|-]",
     "Runs the rules' own examples, or labelled projects as JSON Lines: {\"project\":…,"
     "\"fires\":[ID…]}. Exit status 1 when one does not do as it says."},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

struct parsed_call {
    struct call call;
    int arguments;
};

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    struct parsed_call *parsed = state->input;
    switch (key) {
    case 'b':
        parsed->call.db = argument;
        return 0;
    case 's':
        parsed->call.state = argument;
        return 0;
    case 'o':
        parsed->call.only = argument;
        return 0;
    case ARGP_KEY_ARG:
        parsed->call.argument = argument;
        parsed->arguments++;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int run(const struct rules_verb *verb, int argc, char **argv)
{
    struct parsed_call parsed = {0};
    char name[32];
    const struct argp argp = {verb->options, read_option, verb->argument, verb->summary, NULL,
                              NULL,          NULL};
    snprintf(name, sizeof name, "jinmu rules %s", verb->name);
    argv[0] = name;
    if (argp_parse(&argp, argc, argv, 0, NULL, &parsed))
        return 2;
    if (parsed.arguments < verb->least || parsed.arguments > verb->most) {
        fprintf(stderr, "Usage: %s [OPTION…] %s\n", name, verb->argument);
        return 2;
    }
    return verb->run(&parsed.call);
}

static int print_help(FILE *out, int status)
{
    fputs("Usage: jinmu rules VERB [OPTION…] [ARGUMENT]\n\nVerbs:\n", out);
    for (size_t i = 0; i < VERBS; i++)
        fprintf(out, "  %-6s %s\n", verbs[i].name, verbs[i].summary);
    return status;
}

int verb_rules(int argc, char **argv)
{
    argp_err_exit_status = 2;
    if (argc < 2)
        return print_help(stderr, 2);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-?") == 0)
        return print_help(stdout, 0);
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return run(&verbs[i], argc - 1, argv + 1);
    fprintf(stderr, "jinmu: no rules verb '%s'\n", argv[1]);
    return print_help(stderr, 2);
}
