/* How long contracts run (政府购买服务管理办法 第二十四条), and dates that cannot be. */
#include "catalog/checks/checks_parts.h"

#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double no_limit = 1000;

/* The years that a match speaks of: groups n (years) or m (months), or from a (month am) to b (bm). */
static double years_of(const struct rule_match *match)
{
    int years = check_group_number(match, "n"), months = check_group_number(match, "m");
    int from = check_group_number(match, "a"), to = check_group_number(match, "b");
    if (years > 0)
        return years;
    if (months > 0)
        return months / 12.0;
    if (from <= 0 || to < from)
        return 0;
    int from_month = check_group_number(match, "am"), to_month = check_group_number(match, "bm");
    if (from_month <= 0 || to_month <= 0)
        return to - from;
    /* to the day before, or to the same month: that month is not counted twice */
    bool open = check_group_set(match, "bd") || from_month == to_month;
    return to - from + (to_month - from_month + !open) / 12.0;
}

static bool is_between(const struct rule *rule, double years)
{
    return years > rule_value(rule, "over", 1) && years <= rule_value(rule, "upto", no_limit);
}

static bool accept_term(struct check_context *context, const struct rule *rule,
                        const struct rule_match *match)
{
    double years = years_of(match);
    /* works and subsidies too have a 建设周期 */
    if (check_group_set(match, "work") && context->verdict->decision == DECISION_NONE &&
        !check_is_purchase(context))
        return false;
    context->states_term |= years > 0;
    return is_between(rule, years);
}

/* The term in the field counts when the text says nothing of the contract's. 经常性 and 99 years are
 * no contracts. */
static void check_term_field(struct check_context *context, const struct rule *rule)
{
    const struct project *project = context->project;
    bool sure = check_is_purchase(context) || context->verdict->sure;
    if (context->states_term || !sure || project->term_years >= rule_value(rule, "endless", 20) ||
        strstr(project->attribute, "经常性") || !is_between(rule, project->term_years))
        return;
    char text[48];
    snprintf(text, sizeof text, "项目期%g年", project->term_years);
    check_report_as(context, rule, SEVERITY_INFO, "term_years", (struct span){0, 0}, "text", text,
                    NULL);
}

/* ---- dates ---- */

static void report_dates(struct check_context *context, const struct rule *rule, int field,
                         struct span span, const char *why)
{
    char *quote = check_quote(context->project->fields[field], span);
    check_report(context, rule, field_name((enum field)field), span, "text", quote, "why", why,
                 NULL);
    free(quote);
}

static bool differs_in_one_digit(int one, int other)
{
    int digits = 0;
    for (; one || other; one /= 10, other /= 10)
        digits += one % 10 != other % 10;
    return digits == 1;
}

/* 2005年7-11月 between 2025年1-6月 and 2025年12月: its neighbours agree, and one digit sets it apart. */
static bool is_slip(const struct dates *before, const struct dates *dates,
                    const struct dates *after)
{
    enum { FAR = 9, CLOSE = 40 };
    return before->month && dates->month && after->month &&
           abs(before->to_year - after->year) <= 1 && abs(dates->year - before->to_year) >= FAR &&
           abs(dates->year - after->year) >= FAR &&
           differs_in_one_digit(dates->year, before->to_year) &&
           dates->span.start - before->span.end <= CLOSE &&
           after->span.start - dates->span.end <= CLOSE;
}

static void check_dates(struct check_context *context, const struct rule *rule)
{
    for (int f = 0; f < FIELDS; f++) {
        if (!(rule->fields & 1u << f) || !context->fields[f].has_years)
            continue;
        const struct plain *plain = &check_take(context, (enum field)f)->plain;
        struct dates before = {0}, dates = {0}, after;
        for (size_t at = 0; dates_next(plain, &at, &after);) {
            if (after.impossible)
                report_dates(context, rule, f, after.wrong, "不是可能的日期");
            if (before.year && dates.year && is_slip(&before, &dates, &after)) {
                char why[64];
                snprintf(why, sizeof why, "与前后的%d年不连续，疑为%d年", before.to_year,
                         before.to_year);
                report_dates(context, rule, f, dates.span, why);
            }
            before = dates;
            dates = after;
        }
    }
}

const struct check_entry check_term_entries[] = {
    {"term", check_term_field, accept_term},
    {"dates", check_dates, NULL},
    {NULL, NULL, NULL},
};
