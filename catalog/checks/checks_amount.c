/* What a text says of money against itself, against the project's amounts and its indicators. */
#include "catalog/checks/checks_parts.h"

#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool wanted(const struct rule *rule, int field)
{
    return rule->fields & 1u << field;
}

static struct check_field *take_amounts(struct check_context *context, const struct rule *rule,
                                        int field)
{
    if (!wanted(rule, field) || !context->fields[field].has_money)
        return NULL;
    struct check_field *taken = check_take(context, (enum field)field);
    return taken->amount_count ? taken : NULL;
}

/* Finds the lists of a field once for all rules. */
static void take_lists(struct check_field *taken)
{
    if (taken->lists_taken)
        return;
    taken->lists_taken = true;
    taken->list_count = 0;
    for (size_t t = 0; t + 1 < taken->amount_count && taken->list_count < LISTS; t++)
        taken->list_count += listing_find(&taken->plain, taken->amounts, taken->amount_count, t,
                                          &taken->lists[taken->list_count]);
    for (size_t t = 2; t < taken->amount_count && taken->list_count < LISTS; t++)
        taken->list_count +=
            listing_find_before(&taken->plain, taken->amounts, t, &taken->lists[taken->list_count]);
}

/* The larger of the year's money and that of all years; 0 when neither is stated. */
static int64_t budget_of(const struct project *project)
{
    int64_t most =
        project->amount_fen > project->total_fen ? project->amount_fen : project->total_fen;
    return most > 0 ? most : 0;
}

/* ---- amount.items_mismatch ---- */

static void report_listing(struct check_context *context, const struct rule *rule, int field,
                           const struct listing *listing)
{
    char total[MONEY_TEXT], sum[MONEY_TEXT], one[MONEY_TEXT];
    size_t count;
    int64_t all = listing_sum(listing, &count);
    struct strbuf parts = {0};
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->aside[i] || (listing->numbered && listing->item[i] == last))
            continue;
        strbuf_printf(&parts, "%s%s", parts.length ? "＋" : "",
                      money_text(listing->amounts[i]->fen, one));
        last = listing->item[i];
    }
    check_report(context, rule, field_name((enum field)field), listing->total->span, "total",
                 money_text(listing->total->fen, total), "parts", parts.text, "sum",
                 money_text(all, sum), NULL);
    strbuf_free(&parts);
}

/* An amount of the list that no slip but one of its unit makes so much larger than the total. */
static const struct money *far_larger(const struct listing *listing)
{
    enum { TIMES = 10 };
    for (size_t i = 0; i < listing->count; i++)
        if (!listing->aside[i] && listing->amounts[i]->fen / TIMES > listing->total->fen)
            return listing->amounts[i];
    return NULL;
}

/* The amount whose unit must be another for the list to add up, or NULL. */
static const struct money *unit_slip(const struct listing *listing)
{
    enum { WAN = 10000 };
    for (size_t i = 0; i < listing->count; i++) {
        const struct money *amount = listing->amounts[i];
        if (listing->aside[i] || amount->fen <= listing->total->fen || amount->fen % WAN)
            continue;
        struct listing mended = *listing;
        struct money smaller = *amount;
        smaller.fen = smaller.high_fen = amount->fen / WAN;
        mended.amounts[i] = &smaller;
        if (listing_adds_up(&mended))
            return amount;
    }
    return far_larger(listing);
}

/* Whether one of a list's amounts is larger than its total. */
static bool has_larger(const struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        if (listing->amounts[i]->fen > listing->total->fen)
            return true;
    return false;
}

/* A list that does not add up says so only when it is surely the whole of its total, or gives more
 * than that. */
static bool is_surely_wrong(const struct listing *listing)
{
    size_t count;
    int64_t sum = listing_sum(listing, &count), total = listing->total->fen;
    if (count < 2)
        return false;
    if (sum < total)
        return !listing->open &&
               (listing->numbered ? count == listing->items : listing->exhaustive);
    if (!listing->loose)
        return true;
    for (size_t i = 0; i < listing->count; i++)
        if (!listing->aside[i] && listing->amounts[i]->fen > total)
            return false;
    return true;
}

static void check_lists(struct check_context *context, const struct rule *rule, int field,
                        struct check_field *taken)
{
    take_lists(taken);
    for (size_t i = 0; i < taken->list_count; i++) {
        const struct listing *listing = &taken->lists[i];
        if (is_surely_wrong(listing) && !listing_adds_up(listing) && !unit_slip(listing))
            report_listing(context, rule, field, listing);
    }
}

static void check_formulas(struct check_context *context, const struct rule *rule, int field,
                           const struct check_field *taken)
{
    enum { SCALE = 10000 };
    for (size_t i = 0; i < taken->amount_count; i++) {
        const struct money *money = &taken->amounts[i];
        char stated[MONEY_TEXT], computed[MONEY_TEXT];
        int64_t difference = llabs(money->fen - money->computed_fen);
        if (!money->has_result || difference < money->ulp_fen ||
            difference < (int64_t)(0.005 * (double)money->computed_fen))
            continue;
        if (llabs(money->fen / SCALE - money->computed_fen) <= money->ulp_fen ||
            llabs(money->computed_fen / SCALE - money->fen) <= money->ulp_fen)
            continue; /* 元 and 万元 left out on one side */
        check_report(context, rule, field_name((enum field)field), money->span, "total",
                     money_text(money->fen, stated), "parts", "算式", "sum",
                     money_text(money->computed_fen, computed), NULL);
    }
}

/* "决算款3899.48万元，已付3788.89万元，剩余尾款110.49万元": what is left must be the difference. */
static void check_remainders(struct check_context *context, const struct rule *rule, int field,
                             const struct check_field *taken)
{
    static const char *const left[] = {"剩余", "余款", "余额", "尾款", "尚欠", "未付", NULL};
    static const char *const paid[] = {"已付", "已支付", "支付", "拨付", "付款", NULL};
    static const char *const whole[] = {"预算", "合同", "决算", "成交",
                                        "中标", "总价", "总额", NULL};
    static const char *const changed[] = {"核减", "扣除", "调整", "审减", "利息", "增加", NULL};
    enum { REACH = 10 };
    const struct plain *plain = &taken->plain;
    for (size_t r = 2; r < taken->amount_count; r++) {
        const struct money *rest = &taken->amounts[r], *before = &taken->amounts[r - 1];
        size_t start = plain_clause_start(plain, rest->span.start);
        size_t paid_from = plain_clause_start(plain, before->span.start);
        if (!plain_holds(plain, start, rest->span.start, left) ||
            !plain_holds(plain, paid_from, before->span.start, paid) || rest->rate ||
            before->rate || plain_sentence_end(plain, before->span.end) < rest->span.start)
            continue;
        const struct money *total = NULL;
        bool agrees = false;
        for (size_t t = r - 1; t-- > 0;) {
            const struct money *money = &taken->amounts[t];
            size_t clause = plain_clause_start(plain, money->span.start);
            if (plain_sentence_end(plain, money->span.end) < rest->span.start)
                break;
            int64_t difference = money->fen;
            for (size_t p = t + 1; p < r; p++) {
                if (llabs(money->fen - taken->amounts[p].fen - rest->fen) <= rest->ulp_fen)
                    agrees = true;
                difference -= taken->amounts[p].fen;
                agrees |= llabs(difference - rest->fen) <= rest->ulp_fen;
            }
            if (!money->ambiguous && money->relation == MONEY_IS && money->fen > before->fen &&
                plain_holds(plain, clause, money->span.start, whole))
                total = money;
        }
        if (!total || agrees || rest->relation != MONEY_IS || before->relation != MONEY_IS ||
            plain_holds(plain, total->span.end, rest->span.end + REACH, changed))
            continue;
        char stated[MONEY_TEXT], difference[MONEY_TEXT];
        struct strbuf parts = {0};
        char one[MONEY_TEXT], two[MONEY_TEXT];
        strbuf_printf(&parts, "%s－%s", money_text(total->fen, one), money_text(before->fen, two));
        check_report(context, rule, field_name((enum field)field), rest->span, "total",
                     money_text(rest->fen, stated), "parts", parts.text, "sum",
                     money_text(total->fen - before->fen, difference), NULL);
        strbuf_free(&parts);
    }
}

static void check_items(struct check_context *context, const struct rule *rule)
{
    for (int f = 0; f < FIELDS; f++) {
        struct check_field *taken = take_amounts(context, rule, f);
        if (!taken)
            continue;
        check_formulas(context, rule, f, taken);
        check_lists(context, rule, f, taken);
        check_remainders(context, rule, f, taken);
    }
}

/* ---- amount.unit_suspect ---- */

/* Whether a year stands in the clause that is not the budget's. */
static bool names_other_year(const struct plain *plain, size_t from, size_t to, int year)
{
    struct dates dates;
    size_t at = from;
    while (at < to && dates_next(plain, &at, &dates) && dates.span.start < to)
        if (dates.year != year || dates.to_year != year)
            return true;
    return false;
}

static bool is_expense(const struct plain *plain, const struct money *amount)
{
    static const char *const expenses[] = {"费",   "耗材", "购置", "采购", "印刷",
                                           "维修", "维护", "租赁", "培训", "宣传",
                                           "差旅", "办公", "用品", "资料", NULL};
    enum { BEFORE = 8 };
    size_t start = plain_clause_start(plain, amount->span.start);
    if (amount->span.start - start > BEFORE)
        start = amount->span.start - BEFORE;
    return plain_holds(plain, start, amount->span.start, expenses);
}

static void report_unit(struct check_context *context, const struct rule *rule, int field,
                        const struct money *amount, int64_t whole)
{
    char text[MONEY_TEXT], budget[MONEY_TEXT];
    struct strbuf why = {0};
    strbuf_printf(&why, "远大于项目金额 %s，疑为“元”与“万元”写错", money_text(whole, budget));
    check_report(context, rule, field_name((enum field)field), amount->span, "text",
                 money_text(amount->fen, text), "why", why.text, NULL);
    strbuf_free(&why);
}

static void check_units(struct check_context *context, const struct rule *rule)
{
    int64_t budget = budget_of(context->project);
    double times = rule_value(rule, "times", 10);
    for (int f = 0; f < FIELDS; f++) {
        struct check_field *taken = take_amounts(context, rule, f);
        if (!taken)
            continue;
        take_lists(taken);
        for (size_t i = 0; i < taken->list_count; i++) {
            const struct listing *listing = &taken->lists[i];
            const struct money *slip = has_larger(listing) ? unit_slip(listing) : NULL;
            if (slip && !listing_adds_up(listing))
                report_unit(context, rule, f, slip, listing->total->fen);
        }
        for (size_t t = 0; t < taken->amount_count; t++) {
            const struct money *amount = &taken->amounts[t];
            if (budget > 0 && (double)amount->fen > times * (double)budget &&
                amount->relation == MONEY_IS && !amount->ambiguous &&
                is_expense(&taken->plain, amount) && !listing_is_aside(&taken->plain, amount) &&
                !names_other_year(&taken->plain,
                                  plain_clause_start(&taken->plain, amount->span.start),
                                  amount->span.start, context->year))
                report_unit(context, rule, f, amount, budget);
        }
    }
}

/* ---- amount.total_mismatch ---- */

static bool states_total(const struct check_context *context, const struct plain *plain,
                         const struct money *money)
{
    static const char *const total_words[] = {
        "申请",     "共需",     "所需",     "需经费",   "需资金",   "项目预算", "总预算",
        "预算资金", "预算金额", "全年",     "年度预算", "本年预算", "年预算",   "预算总额",
        "预算安排", "经费预算", "总经费",   "预算经费", "项目资金", "年费用",   "年经费",
        "年资金",   "年需",     "安排资金", "安排经费", NULL};
    static const char *const other_words[] = {
        "合同总",   "合同金额", "合同价", "上年", "去年", "已",   "累计", "三年",
        "两年",     "二年",     "五年",   "四年", "年均", "每",   "人均", "其中",
        "标准为",   "总投资",   "增加",   "减少", "约合", "补助", "奖",   "提高",
        "由原",     "剩余",     "决算",   "成交", "中标", "审定", "实际", "单价",
        "财政资金", "省级",     "中央",   "市级", "县级", "自筹", NULL};
    size_t start = plain_clause_start(plain, money->span.start);
    return !money->rate && !money->ambiguous && !money->formula && money->relation == MONEY_IS &&
           money->high_fen == money->fen &&
           plain_holds(plain, start, money->span.start, total_words) &&
           !plain_holds(plain, start, money->span.start, other_words) &&
           !names_other_year(plain, start, money->span.start, context->year);
}

/* A number of a list before the amount: it is an item's, not the project's. */
static bool stands_in_list(const struct plain *plain, size_t at)
{
    for (size_t i = 0; i + 1 < at; i++) {
        uint32_t next = plain->codes[i + 1];
        bool begins = i == 0 || !plain_is_digit(plain->codes[i - 1]);
        bool one = plain->codes[i] == '1' || plain->codes[i] == 0x4E00;
        if ((begins && one && (next == '.' || next == 0x3001 || next == ')' || next == 0x662F) &&
             !(next == '.' && plain_is_digit(plain->codes[i + 2]) && plain->codes[i + 2] != '2')) ||
            plain->codes[i] == 0x2460)
            return true;
    }
    return false;
}

/* Whether an amount is an item of the list that the total announces: it is in the total already. */
static bool is_listed_under(const struct check_field *taken, const struct money *total,
                            const struct money *money)
{
    for (size_t i = 0; i < taken->list_count; i++)
        if (taken->lists[i].total == total && money->span.start >= taken->lists[i].start &&
            money->span.end <= taken->lists[i].end)
            return true;
    return false;
}

/* Whether the stated amount and some of the others of the text make the project's: "全年9.6万元，另交专线
 * 租金4.1万元" of 13.7万元. Parts that are rounded may be off by their last place, in all by 0.5%. */
static bool makes_up(struct check_field *taken, const struct money *stated, int64_t fen)
{
    take_lists(taken);
    enum { PARTS = 10 };
    const struct money *parts[PARTS];
    size_t count = 0;
    for (size_t i = 0; i < taken->amount_count && count < PARTS; i++) {
        const struct money *money = &taken->amounts[i];
        if (money != stated && !is_listed_under(taken, stated, money) && !money->rate &&
            money->fen < fen && money->high_fen == money->fen)
            parts[count++] = money;
    }
    for (unsigned set = 1; set < 1u << count; set++) {
        int64_t sum = stated->fen, slack = stated->ulp_fen;
        for (size_t i = 0; i < count; i++) {
            if (!(set & 1u << i))
                continue;
            sum += parts[i]->fen;
            slack = parts[i]->ulp_fen > slack ? parts[i]->ulp_fen : slack;
        }
        if (llabs(sum - fen) <= (slack < fen / 200 ? slack : fen / 200))
            return true;
    }
    return false;
}

/* A sum that is worked out ("224*3000+3*5000=687000") and comes near to the project's amount is meant to
 * be it. */
static size_t find_estimate(const struct check_field *taken, int64_t fen,
                            const struct money **stated)
{
    for (size_t i = 0; i < taken->amount_count; i++) {
        const struct money *money = &taken->amounts[i];
        if (money->has_result && !money->rate && llabs(money->fen - fen) <= fen / 10 &&
            !listing_is_aside(&taken->plain, money)) {
            *stated = money;
            return 1;
        }
    }
    return 0;
}

static void check_total(struct check_context *context, const struct rule *rule)
{
    enum { STATED = 8 };
    const struct project *project = context->project;
    if (project->amount_fen <= 0)
        return;
    for (int f = 0; f < FIELDS; f++) {
        struct check_field *taken = take_amounts(context, rule, f);
        const struct money *stated[STATED];
        size_t count = 0;
        int64_t sum = 0;
        bool agrees = false;
        for (size_t i = 0; taken && i < taken->amount_count; i++) {
            const struct money *money = &taken->amounts[i];
            /* the amount, or what is made of several, may be stated anywhere */
            agrees |= money_agrees(money, project->amount_fen);
            if (count < STATED && states_total(context, &taken->plain, money) &&
                !stands_in_list(&taken->plain, money->span.start)) {
                agrees |= project->total_fen > 0 && money_agrees(money, project->total_fen);
                sum += money->fen;
                stated[count++] = money;
            }
        }
        agrees |= llabs(sum - project->amount_fen) <= (count ? stated[0]->ulp_fen : 0);
        if (count == 0 && !agrees && taken)
            count = find_estimate(taken, project->amount_fen, stated);
        if (count == 0 || agrees || makes_up(taken, stated[0], project->amount_fen))
            continue;
        char text[MONEY_TEXT], amount[MONEY_TEXT];
        check_report(context, rule, field_name((enum field)f), stated[0]->span, "text",
                     money_text(stated[0]->fen, text), "amount",
                     money_text(project->amount_fen, amount), NULL);
    }
}

/* ---- amount.cap_mismatch ---- */

static bool is_cost(const char *name, const char *type)
{
    static const char *const costs[] = {"成本", "费用", "经费", "支出",
                                        "金额", "总价", "资金", "服务费"};
    static const char *const others[] = {"节约", "节省", "降低", "减少", "增加", "带动",   "收入",
                                         "产值", "效益", "单位", "单价", "人均", "每",     "标准",
                                         "撬动", "筹集", "引进", "融资", "贷款", "总投资", "率"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(name, others[i]))
            return false;
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++)
        if (strstr(name, costs[i]))
            return true;
    return type && strcmp(type, "成本") == 0;
}

/* The amount of an indicator's value, when it is the whole of the value. */
static bool read_cap(struct plain *plain, const char *value, struct money *money)
{
    size_t at = 0;
    plain_take(plain, value, strlen(value));
    return money_next(plain, &at, money) && !money->rate && money->high_fen == money->fen &&
           money->relation != MONEY_AT_LEAST && !(money->ambiguous && !money->bare);
}

/* Whether a contract or a whole investment of that size stands in the description. */
static bool text_names(struct check_context *context, int64_t fen)
{
    const struct check_field *taken = check_take(context, FIELD_DESCRIPTION);
    for (size_t i = 0; i < taken->amount_count; i++)
        if (taken->amounts[i].fen == fen)
            return true;
    return false;
}

static void check_cap(struct check_context *context, const struct rule *rule)
{
    const struct project *project = context->project;
    const struct jv *list = jv_get(project->json, "indicators");
    enum { MOST = 200, REPORTED = 3 };
    size_t reported = 0;
    if (!jv_is_array(list) || project->amount_fen <= 0)
        return;
    struct plain plain = {0};
    for (size_t i = 0; i < jv_count(list) && i < MOST && reported < REPORTED; i++) {
        const struct jv *one = jv_at(list, i);
        const char *name = jv_get_text(one, "name"), *value = jv_get_text(one, "value");
        const char *scope = jv_get_text(one, "scope");
        struct money cap;
        if (!name || !value || !strstr(value, "元") || !is_cost(name, jv_get_text(one, "type")) ||
            !read_cap(&plain, value, &cap))
            continue;
        bool term_only = scope && strcmp(scope, "term") == 0;
        int64_t budget = term_only ? budget_of(project) : project->amount_fen;
        bool is_total = project->total_fen > 0 && money_agrees(&cap, project->total_fen);
        if (cap.fen - cap.ulp_fen / 2 <= budget || is_total)
            continue;
        char field[40], text[MONEY_TEXT], amount[MONEY_TEXT];
        snprintf(field, sizeof field, "indicators[%zu].value", i);
        bool explained = text_names(context, cap.fen);
        check_report_as(
            context, rule, explained ? SEVERITY_INFO : rule->severity, field, cap.span, "name",
            name, "cap", money_text(cap.fen, text), "amount", money_text(budget, amount), "hint",
            explained ? "（与正文中的合同或总额相同，年度指标宜写本年金额）" : "", NULL);
        reported++;
    }
    plain_free(&plain);
}

/* ---- amount.years_mismatch ---- */

/* The years over which the shares go: those of the text, which must not contradict the field. */
static int years_of(const struct check_context *context, const struct plain *plain, size_t near)
{
    static const char *const words[] = {"分",     "共",     "为期", "期限",   "期限为",
                                        "期限:",  "周期",   "连续", "购买满", "服务期",
                                        "合同期", "履约期", NULL};
    enum { REACH = 60 };
    size_t from = near > REACH ? near - REACH : 0;
    size_t to = near + REACH < plain->length ? near + REACH : plain->length;
    int years = 0;
    for (size_t at = from; at < to;) {
        struct numeral numeral;
        size_t end = at;
        if (!numeral_starts(plain->codes[at]) || !numeral_read(plain, &end, &numeral)) {
            at = end > at ? end : at + 1;
            continue;
        }
        if (plain->codes[end] == 0x5E74 && numeral.mantissa > 1 && numeral.mantissa <= 10 &&
            plain_precedes_any(plain, at, words))
            years = (int)numeral.mantissa;
        at = end;
    }
    double term = context->project->term_years;
    if (years && term > 0 && term < 20 && (int)(term + 0.5) != years)
        return 0;
    return years ? years : term >= 2 && term <= 10 && (double)(int)term == term ? (int)term : 0;
}

static void check_years(struct check_context *context, const struct rule *rule)
{
    static const char *const yearly[] = {"每年", "年均", NULL};
    static const char *const partly[] = {"其中", "上限", "标准", "每人", "人均", "每月", NULL};
    const struct project *project = context->project;
    if (project->total_fen <= 0 || project->total_fen == project->amount_fen)
        return;
    for (int f = 0; f < FIELDS; f++) {
        const struct check_field *taken = take_amounts(context, rule, f);
        for (size_t i = 0; taken && i < taken->amount_count; i++) {
            const struct money *money = &taken->amounts[i];
            size_t start = plain_clause_start(&taken->plain, money->span.start);
            if (money->formula || money->ambiguous || money->high_fen != money->fen ||
                money->relation == MONEY_AT_MOST || money->relation == MONEY_AT_LEAST ||
                !plain_holds(&taken->plain, start, money->span.start, yearly) ||
                plain_holds(&taken->plain, start, money->span.start, partly))
                continue;
            int years = years_of(context, &taken->plain, money->span.start);
            int64_t expected = money->fen * years;
            int64_t slack =
                money->relation == MONEY_ABOUT ? expected / 10 : money->ulp_fen / 2 * years;
            /* a share that is not the year's money is a part of something else */
            if (years == 0 || llabs(expected - project->total_fen) <= slack ||
                (project->amount_fen > 0 && !money_agrees(money, project->amount_fen)))
                continue;
            char yearly_text[MONEY_TEXT], total[MONEY_TEXT], made[MONEY_TEXT], count[16];
            snprintf(count, sizeof count, "%d", years);
            check_report(context, rule, field_name((enum field)f), money->span, "yearly",
                         money_text(money->fen, yearly_text), "years", count, "made",
                         money_text(expected, made), "total", money_text(project->total_fen, total),
                         NULL);
            return;
        }
    }
}

const struct check_entry check_amount_entries[] = {
    {"amount-items", check_items, NULL}, {"amount-unit", check_units, NULL},
    {"amount-total", check_total, NULL}, {"amount-cap", check_cap, NULL},
    {"amount-years", check_years, NULL}, {NULL, NULL, NULL},
};
