#include "services/cli/audit_words.h"

#include "catalog/checks/money.h"
#include "catalog/project.h"
#include "common/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum severity finding_severity(const struct jv *finding)
{
    const char *word = jv_get_text(finding, "severity");
    for (int s = SEVERITY_ERROR; word && s <= SEVERITY_INFO; s++)
        if (strcmp(severity_word((enum severity)s), word) == 0)
            return (enum severity)s;
    return SEVERITY_INFO;
}

const char *severity_label(enum severity severity)
{
    static const char *const words[] = {"错误", "警告", "提示"};
    return words[severity];
}

bool finding_is_accepted(const struct jv *finding)
{
    return jv_is_object(jv_get(finding, "accepted"));
}

size_t open_findings(const struct jv *findings)
{
    size_t open = 0;
    for (size_t i = 0; i < jv_count(findings); i++)
        open += !finding_is_accepted(jv_at(findings, i));
    return open;
}

static const struct field_word {
    const char *field, *label;
} field_words[] = {
    {"name", "项目名称"},        {"description", "项目概况"}, {"plan", "项目实施计划"},
    {"goals", "总体目标"},       {"necessity", "设立必要性"}, {"basis", "立项依据"},
    {"indicators", "绩效指标"},  {"declared", "申报代码"},    {"term_years", "项目期"},
    {"declaration", "目录说明"},
};

const char *field_label(const char *field)
{
    size_t length = field ? strcspn(field, "[.") : 0;
    for (size_t i = 0; length && i < sizeof field_words / sizeof *field_words; i++)
        if (strlen(field_words[i].field) == length &&
            strncmp(field_words[i].field, field, length) == 0)
            return field_words[i].label;
    return "";
}

char *finding_quote(const struct jv *project, const struct jv *finding)
{
    enum { QUOTE = 48 };
    const char *text = project_member_text(project, jv_get_text(finding, "field"));
    size_t start = (size_t)jv_get_number(finding, "start", 0);
    size_t end = (size_t)jv_get_number(finding, "end", 0);
    if (!text || end <= start)
        return xstrdup("");
    size_t cut = end - start > QUOTE ? start + QUOTE : end;
    char *words = text_cut(text, (struct span){start, cut});
    struct strbuf quote = {0};
    strbuf_printf(&quote, "%s%s", words, cut < end ? "…" : "");
    free(words);
    return strbuf_take(&quote);
}

/* The second of the pair whose first is `word`, else `word` itself. */
static const char *translate(const char *const pairs[][2], size_t count, const char *word)
{
    for (size_t i = 0; word && i < count; i++)
        if (strcmp(pairs[i][0], word) == 0)
            return pairs[i][1];
    return word ? word : "";
}

const char *decision_label(const struct jv *result)
{
    static const char *const pairs[][2] = {
        {"auto", "自动通过"}, {"review", "待人工审核"}, {"none", "非购买服务"}};
    if (jv_is_object(jv_get(result, "error")))
        return "未能判断";
    return translate(pairs, sizeof pairs / sizeof *pairs, jv_get_text(result, "decision"));
}

const char *kind_label(const struct jv *result)
{
    static const char *const pairs[][2] = {{"service", "服务"}, {"goods", "货物"},
                                           {"works", "工程"},   {"personnel", "人员经费"},
                                           {"subsidy", "补助"}, {"internal", "自身运转"}};
    return translate(pairs, sizeof pairs / sizeof *pairs, jv_get_text(result, "kind"));
}

void code_words(struct strbuf *out, const struct jv *result)
{
    const char *decision = jv_get_text(result, "decision");
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    const char *code = jv_get_text(first, "code"), *name = jv_get_text(first, "name");
    strbuf_puts(out, "");
    if (decision && strcmp(decision, "none") != 0 && code && name)
        strbuf_printf(out, "%s %s", code, name);
}

void yuan_words(struct strbuf *out, const struct jv *object, const char *member)
{
    double yuan = jv_get_number(object, member, -1);
    char text[MONEY_TEXT];
    strbuf_puts(out, yuan < 0 || yuan > 9e13 ? "" : money_text((int64_t)llround(yuan * 100), text));
}
