/* jinmu rules: what is checked, on what basis, and whether each rule does with its examples as they
 * say. */
#include "catalog/learn/trial.h"
#include "common/strbuf.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/input.h"
#include "services/cli/local_engine.h"
#include "services/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct trial *open_trial(const struct catalog_call *call)
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

static int list(struct catalog_call *call)
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

static int show(struct catalog_call *call)
{
    struct trial *trial = open_trial(call);
    size_t shown = 0;
    if (!trial)
        return 2;
    const struct rules *rules = trial_rules(trial);
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->all[i];
        if (strcmp(rule->id, call->arguments[0]) != 0 &&
            strcmp(rule->reported, call->arguments[0]) != 0)
            continue;
        if (shown++)
            putchar('\n');
        show_rule(rule);
    }
    if (!shown)
        fprintf(stderr, "jinmu: 没有规则“%s”，`jinmu rules list` 列出全部\n", call->arguments[0]);
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

static int test_lines(struct trial *trial, const struct catalog_call *call, FILE *input)
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
            fprintf(stderr, "jinmu: %s:%zu: %s\n", call->arguments[0], number, fault.message);
            status = 2;
        } else if (!right) {
            printf("%s:%zu:%s\n", call->arguments[0], number, complaints.text);
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

static int test(struct catalog_call *call)
{
    FILE *input = NULL;
    if (call->arguments[0] && !(input = input_open(call->arguments[0])))
        return 2;
    struct trial *trial = open_trial(call);
    int status = !trial ? 2 : input ? test_lines(trial, call, input) : test_examples(trial);
    trial_destroy(&trial);
    input_close(&input);
    return status;
}

/* ---- the verbs ---- */

static const struct option_row plain_options[] = {OPTION_DB, OPTION_STATE, {0}};
static const struct option_row test_options[] = {
    CALL_TEXT(only, "only", 'o', "PREFIXES",
              "compare only rules whose id begins so: \"code. scope.\""),
    OPTION_DB,
    OPTION_STATE,
    {0}};

static const struct catalog_verb verbs[] = {
    {{"list", {plain_options, 0, 0, "", "Lists the rules with severity and legal basis."}}, list},
    {{"show", {plain_options, 1, 1, "ID", "Shows a rule: patterns, examples, validity."}}, show},
    {{"test",
      {test_options, 0, 1, "[FILE|-]",
       "Runs the rules' own examples, or labelled projects as JSON Lines: {\"project\":…,"
       "\"fires\":[ID…]}. Exit status 1 when one does not do as it says."}},
     test},
};

static const struct group_verb *verb_at(size_t number)
{
    return number < sizeof verbs / sizeof *verbs ? &verbs[number].verb : NULL;
}

int verb_rules(int argc, char **argv)
{
    return catalog_group_run(&(struct verb_group){"rules", verb_at}, argc, argv);
}
