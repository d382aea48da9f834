/* What is missing, what is declared, and what is there twice. */
#include "catalog/checks/checks_parts.h"

#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether a document's table was read as it stands: what a damaged scan lost is not missing. */
/* Whether the project's table was read as it stands, but for fields that are empty in it: then an empty
 * one is the unit's omission, not the reader's. */
static bool was_read_but_for_gaps(const struct check_context *context)
{
    static const char *const gaps[] = {"intake.basis_empty",   "intake.indicators_empty",
                                       "intake.term_missing",  "intake.attribute_missing",
                                       "intake.name_differs",  "intake.not_in_budget",
                                       "intake.amount_differs"};
    const struct jv *findings = jv_get(context->project->json, "intake_findings");
    for (size_t i = 0; i < jv_count(findings); i++) {
        const char *code = jv_get_text(jv_at(findings, i), "code");
        bool gap = false;
        for (size_t g = 0; code && g < sizeof gaps / sizeof *gaps && !gap; g++)
            gap = strcmp(code, gaps[g]) == 0;
        if (!gap)
            return false;
    }
    return true;
}

static bool is_empty_text(const char *text)
{
    static const char *const nothing[] = {"无", "暂无", "/",  "-",     "—",
                                          "——", "无。", "略", "不涉及"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (strcmp(text, nothing[i]) == 0)
            return true;
    return text[strspn(text, " \t\r\n")] == 0;
}

static void check_basis(struct check_context *context, const struct rule *rule)
{
    const struct jv *json = context->project->json;
    bool stated = jv_is_text(jv_get(json, "basis"));
    if (!is_empty_text(context->project->fields[FIELD_BASIS]))
        return;
    if (context->from_document ? !was_read_but_for_gaps(context) : !stated)
        return;
    check_report_as(context, rule, context->from_document ? rule->severity : SEVERITY_INFO, "basis",
                    (struct span){0, 0}, NULL);
}

static bool holds_any(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strstr(text, *words))
            return true;
    return false;
}

/* Which of quantity, quality and cost an indicator can be counted as. */
enum { QUANTITY = 1, QUALITY = 2, COST = 4 };
static unsigned indicator_kinds(const struct jv *one)
{
    static const char *const quality[] = {"率",   "质量", "合格", "达标",
                                          "规范", "准确", "验收", NULL};
    static const char *const cost[] = {"成本", "费用", "经费", "金额", "支出", "资金", NULL};
    const char *name = jv_get_text(one, "name"), *value = jv_get_text(one, "value");
    const char *type = jv_get_text(one, "type");
    unsigned kinds = 0;
    if (!name || !value)
        return 0;
    if (type && strcmp(type, "满意度") == 0)
        return 0;
    if ((type && strcmp(type, "数量") == 0) ||
        (strpbrk(value, "0123456789") && !strchr(value, '%')))
        kinds |= QUANTITY;
    if ((type && strcmp(type, "质量") == 0) || holds_any(name, quality))
        kinds |= QUALITY;
    if ((type && strcmp(type, "成本") == 0) || strstr(value, "元") || holds_any(name, cost))
        kinds |= COST;
    return kinds;
}

static void check_indicators(struct check_context *context, const struct rule *rule)
{
    const struct jv *list = jv_get(context->project->json, "indicators");
    if (!jv_is_array(list) || (context->from_document && !was_read_but_for_gaps(context)))
        return;
    unsigned kinds = 0;
    for (size_t i = 0; i < jv_count(list) && kinds != (QUANTITY | QUALITY | COST); i++)
        kinds |= indicator_kinds(jv_at(list, i));
    if (kinds == (QUANTITY | QUALITY | COST))
        return;
    struct strbuf missing = {0};
    static const char *const names[] = {"数量", "质量", "成本"};
    for (int k = 0; k < 3; k++)
        if (!(kinds & 1u << k))
            strbuf_printf(&missing, "%s%s", missing.length ? "、" : "", names[k]);
    bool whole = context->from_document && kinds == 0;
    check_report_as(context, rule, whole ? rule->severity : SEVERITY_INFO, "indicators",
                    (struct span){0, 0}, "missing", missing.text, NULL);
    strbuf_free(&missing);
}

/* ---- declarations ---- */

/* A project of a document whose unit declares nothing, or not this: only where the engine is sure. */
static void check_declaration(struct check_context *context, const struct rule *rule)
{
    const struct verdict *verdict = context->verdict;
    const struct project *project = context->project;
    if (!context->from_document || !jv_is_object(jv_get(project->json, "declaration")) ||
        context->declared || !verdict->sure || verdict->ranking.top == 0 ||
        verdict->confidence < rule_value(rule, "confidence", 0.9))
        return;
    const struct leaf *best = &verdict->revision->leaves[verdict->ranking.all[0].leaf];
    struct strbuf confidence = {0};
    strbuf_printf(&confidence, "%.0f%%%s", verdict->confidence * 100,
                  best->provisional ? "，该条目见于此前目录，现行目录请对照原文" : "");
    check_report(context, rule, "name", (struct span){0, text_length(project->fields[FIELD_NAME])},
                 "text", project->fields[FIELD_NAME], "code", best->code, "name", best->name, "how",
                 project->declared_count ? "没有列出它" : "没有列出任何代码", "confidence",
                 confidence.text, NULL);
    strbuf_free(&confidence);
}

/* More declared than the project has. */
static void check_declared_amount(struct check_context *context, const struct rule *rule)
{
    const struct project *project = context->project;
    int64_t sum = 0;
    if (!context->own_declared || project->amount_fen <= 0)
        return;
    for (size_t d = 0; d < project->declared_count; d++)
        sum += project->declared[d].amount_fen > 0 ? project->declared[d].amount_fen : 0;
    if (sum <= project->amount_fen || sum <= project->total_fen)
        return;
    char declared[MONEY_TEXT], amount[MONEY_TEXT];
    check_report(context, rule, "declared", (struct span){0, 0}, "declared",
                 money_text(sum, declared), "amount", money_text(project->amount_fen, amount),
                 NULL);
}

/* ---- duplicate.near ---- */

/* How alike two must be, read once for a project that is compared with many. */
struct duplicate_limits {
    uint32_t pairs;
    double same_unit, other_unit, other_name;
};

/* How similar two must be to be the same project; 2, which none is, where that is out of the question.
 * Parts of one work are described alike: another name and another amount are another project. */
static double similarity_wanted(const struct duplicate_limits *limits,
                                const struct near_project *one, const struct near_project *other)
{
    uint32_t most = one->pairs > other->pairs ? one->pairs : other->pairs;
    uint32_t least = one->pairs > other->pairs ? other->pairs : one->pairs;
    if (least < limits->pairs || (double)least < 0.6 * (double)most)
        return 2;
    if (one->name == other->name)
        return one->unit == other->unit && one->unit ? limits->same_unit : limits->other_unit;
    return one->amount_fen >= 0 && one->amount_fen == other->amount_fen ? limits->other_name : 2;
}

static bool is_duplicate(const struct duplicate_limits *limits, const struct near_project *one,
                         const struct near_project *other)
{
    double wanted = similarity_wanted(limits, one, other);
    return wanted <= 1 && near_similarity(one, other) >= wanted;
}

static void check_duplicate(struct check_context *context, const struct rule *rule)
{
    struct duplicate_limits limits = {
        (uint32_t)rule_value(rule, "pairs", 24), rule_value(rule, "same-unit", 0.7),
        rule_value(rule, "other-unit", 0.7), rule_value(rule, "other-name", 0.92)};
    struct near *near = check_near(context);
    struct near_project seen;
    const struct project *project = context->project;
    near_observe(project, &context->verdict->reading, &seen);
    struct near_walk walk = near_begin(near, &seen);
    for (const struct near_project *other; (other = near_next(near, &walk)) != NULL;) {
        if (!is_duplicate(&limits, &seen, other) ||
            (*project->id && strcmp(near_id(near, other), project->id) == 0))
            continue; /* of the same id: submitted again */
        /* what goes on from year to year is no project too many */
        bool other_year = seen.year && other->year && seen.year != other->year;
        check_report_other(context, rule, other_year ? SEVERITY_INFO : rule->severity,
                           near_id(near, other));
        break;
    }
    near_add(near, &seen, project->id);
}

const struct check_entry check_presence_entries[] = {
    {"basis", check_basis, NULL},
    {"indicators", check_indicators, NULL},
    {"declaration", check_declaration, NULL},
    {"declared-amount", check_declared_amount, NULL},
    {"duplicate", check_duplicate, NULL},
    {NULL, NULL, NULL},
};
