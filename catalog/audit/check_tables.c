/* 项目支出预算表 against 绩效目标表, and sums that a document states. */
#include "catalog/audit/document_checks.h"
#include "catalog/checks/money.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tables in 万元 keep two digits: each row may be off by half of 100 yuan. */
enum { ROUNDING_FEN = 5000 };

/* What intake found when it paired the rows of both tables, and the rule that says so. */
static const struct paired {
    const char *code, *rule;
} pairings[] = {
    {"intake.amount_differs", "table.amount_mismatch"},
    {"intake.name_differs", "table.name_mismatch"},
    {"intake.not_in_budget", "table.not_in_budget"},
    {"intake.budget_without_goals", "table.goals_missing"},
};

static void report_pairing(struct document_view *view, const struct jv *finding, const char *name)
{
    const char *code = jv_get_text(finding, "code"), *message = jv_get_text(finding, "message");
    for (size_t i = 0; code && message && i < sizeof pairings / sizeof *pairings; i++)
        if (strcmp(pairings[i].code, code) == 0)
            document_report(view, pairings[i].rule, (size_t)jv_get_number(finding, "line", 0),
                            "name", name, "text", message, NULL);
}

static void check_pairs(struct document_view *view)
{
    const struct jv *projects = jv_get(view->document, "projects");
    for (size_t i = 0; i < jv_count(projects); i++) {
        const struct jv *project = jv_at(projects, i);
        const struct jv *findings = jv_get(project, "intake_findings");
        const char *name = jv_get_text(project, "name");
        for (size_t f = 0; f < jv_count(findings); f++)
            report_pairing(view, jv_at(findings, f), name ? name : "");
    }
    const struct jv *own = jv_get(view->document, "findings");
    for (size_t f = 0; f < jv_count(own); f++)
        report_pairing(view, jv_at(own, f), "");
}

/* The sum of the amounts of rows; -1 when one has none. */
static int64_t sum_of(const struct jv *rows)
{
    int64_t sum = 0;
    for (size_t i = 0; i < jv_count(rows); i++) {
        int64_t fen = fen_of(jv_at(rows, i), "amount_yuan");
        if (fen < 0)
            return -1;
        sum += fen;
    }
    return sum;
}

static void check_sum(struct document_view *view, const char *table, const struct jv *rows,
                      int64_t total)
{
    int64_t sum = sum_of(rows);
    size_t count = jv_count(rows);
    if (total < 0 || sum < 0 || count == 0 ||
        llabs(sum - total) <= ROUNDING_FEN * ((int64_t)count + 1))
        return;
    char one[MONEY_TEXT], other[MONEY_TEXT], number[24];
    snprintf(number, sizeof number, "%zu", count);
    document_report(view, "table.total_mismatch", (size_t)jv_get_number(jv_at(rows, 0), "line", 0),
                    "table", table, "total", money_text(total, one), "count", number, "sum",
                    money_text(sum, other), NULL);
}

static void check_procurement(struct document_view *view, const struct jv *procurement)
{
    int64_t total = fen_of(procurement, "total_yuan"), goods = fen_of(procurement, "goods_yuan");
    int64_t works = fen_of(procurement, "works_yuan"),
            services = fen_of(procurement, "services_yuan");
    if (total < 0 || goods < 0 || works < 0 || services < 0 ||
        llabs(goods + works + services - total) <= ROUNDING_FEN * 4)
        return;
    char texts[5][MONEY_TEXT];
    document_report(view, "procurement.total_mismatch",
                    (size_t)jv_get_number(procurement, "line", 0), "total",
                    money_text(total, texts[0]), "goods", money_text(goods, texts[1]), "works",
                    money_text(works, texts[2]), "services", money_text(services, texts[3]), "sum",
                    money_text(goods + works + services, texts[4]), NULL);
}

void check_tables_of_document(struct document_view *view)
{
    const struct jv *tables = jv_get(view->document, "tables");
    const struct jv *purchase = jv_get(tables, "purchase");
    check_pairs(view);
    check_sum(view, "项目支出预算表", jv_get(tables, "project_budget"),
              fen_of(tables, "project_budget_total_yuan"));
    check_sum(view, "政府购买服务预算表", jv_get(purchase, "rows"), fen_of(purchase, "total_yuan"));
    check_procurement(view, jv_get(tables, "procurement"));
}
