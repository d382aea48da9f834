#include "catalog/intake/document_budget.h"

#include "catalog/intake/document_table.h"

#include <stdlib.h>
#include <string.h>

enum { HEADING_BYTES = 240, NAME_CHARS = 120, ROWS_MAX = 20000 };

/* "2026年项目支出预算表（本年预算）" as a heading; not its line in the table of contents, not the table
 * of 上年结转. */
static bool is_heading(const struct labels *labels, const struct row *row)
{
    static const char *const titles[] = {"项目支出预算表", "项目支出预算明细表", "项目支出表",
                                         "项目支出明细表", "项目预算表",         "预算项目支出表"};
    bool heading = false;
    if (row->text.length > HEADING_BYTES || row->tabular)
        return false;
    char *folded = label_fold(labels, row->text, HEADING_BYTES);
    struct slice text = slice_of(folded);
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        heading = heading || slice_has(text, titles[i]);
    heading = heading && !slice_has(text, "结转") && !slice_has(text, "..") &&
              !slice_has(text, "绩效") && (slice_ends(text, "表") || slice_ends(text, ")"));
    free(folded);
    return heading;
}

static void add_row(struct budget *budget, struct slice name, int64_t fen, size_t line)
{
    if (budget->count >= ROWS_MAX)
        return;
    if (budget->count == budget->capacity) {
        budget->capacity = budget->capacity ? budget->capacity * 2 : 32;
        budget->rows = xrealloc(budget->rows, budget->capacity * sizeof *budget->rows);
    }
    budget->rows[budget->count++] =
        (struct budget_row){.name = slice_tight(name), .amount_fen = fen, .line = line};
}

/* The column of 项目名称 on a heading row of the table, or SIZE_MAX. */
static size_t name_column(const struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++)
        if (tokens->all[i].match.label == LABEL_NAME)
            return tokens->all[i].column;
    return SIZE_MAX;
}

/* "1 2 3 4 5": the row that numbers the columns. */
static bool numbers_columns(const struct tokens *tokens)
{
    for (size_t i = 0; i < tokens->count; i++) {
        struct amount amount;
        if (!amount_read(tokens->all[i].cell, AMOUNT_YUAN, &amount) ||
            amount.fen != (int64_t)(i + 1) * 100)
            return false;
    }
    return tokens->count > 1;
}

/* Takes one row: the cells from the name's column to the first number are the name, which scans
 * break over cells; the first number is the total of its row. */
static void take_row(struct budget *budget, const struct tokens *tokens, size_t column,
                     enum amount_unit unit, size_t line)
{
    struct strbuf name = {0};
    struct amount amount = {.fen = -1};
    for (size_t i = 0; i < tokens->count; i++) {
        struct slice cell = tokens->all[i].cell;
        if (tokens->all[i].column < column)
            continue;
        if (name.length && amount_read(cell, unit, &amount))
            break;
        amount.fen = -1;
        if (name.length + cell.length <= NAME_CHARS * 3)
            strbuf_add(&name, cell.text, cell.length);
    }
    if (name.length)
        add_row(budget, (struct slice){name.text, name.length}, amount.fen, line);
    strbuf_free(&name);
}

static bool ends_table(const struct labels *labels, const struct row *row)
{
    if (row->tabular)
        return false;
    return slice_starts(row->text, "注") || table_is_section(labels, row) ||
           table_is_title(labels, row) || slice_ends(row->text, "表") ||
           slice_has(row->text, "预算表（") || slice_has(row->text, "第三部分") ||
           slice_has(row->text, "公开表") || slice_has(row->text, "。");
}

/* Reads the rows below the heading at `row`; gives the row where the table ends. */
static size_t read_table(struct budget *budget, const struct labels *labels,
                         const struct lines *lines, size_t row)
{
    struct tokens tokens = {0};
    enum amount_unit unit = AMOUNT_UNSTATED;
    size_t column = SIZE_MAX;
    for (row++; row < lines->count; row++) {
        const struct row *at = &lines->rows[row];
        if (at->blank)
            continue;
        if (ends_table(labels, at))
            break;
        size_t stated = slice_find(at->text, "单位");
        if (!at->tabular && stated != SIZE_MAX &&
            (slice_has(at->text, ":") || slice_has(at->text, "："))) {
            struct slice tail = {at->text.text + stated, at->text.length - stated};
            unit = amount_unit_in(tail) != AMOUNT_UNSTATED ? amount_unit_in(tail) : unit;
            continue;
        }
        tokens_read(&tokens, labels, at);
        size_t heading = name_column(&tokens);
        if (heading != SIZE_MAX) {
            column = heading;
            unit = amount_unit_in(at->text) != AMOUNT_UNSTATED ? amount_unit_in(at->text) : unit;
        } else if (column != SIZE_MAX && !numbers_columns(&tokens) &&
                   !slice_has(at->text, "一般公共预算")) {
            take_row(budget, &tokens, column, unit == AMOUNT_UNSTATED ? AMOUNT_WAN : unit,
                     at->line);
        }
    }
    tokens_free(&tokens);
    return row;
}

void budget_read(struct budget *budget, const struct labels *labels, const struct lines *lines)
{
    *budget = (struct budget){.total_fen = -1};
    for (size_t row = 0; row < lines->count; row++)
        if (!lines->rows[row].blank && is_heading(labels, &lines->rows[row])) {
            row = read_table(budget, labels, lines, row) - 1;
            if (budget->count > 0)
                return;
        }
}

/* --- settling ---------------------------------------------------------------------------------- */

static char *fold_two(const struct labels *labels, const char *one, const char *two)
{
    struct strbuf both = {0};
    strbuf_puts(&both, one);
    strbuf_puts(&both, two);
    char *folded = label_fold(labels, (struct slice){both.text, both.length}, HEADING_BYTES * 4);
    strbuf_free(&both);
    return folded;
}

static void append(struct budget_row *row, const char *more)
{
    struct strbuf name = {0};
    strbuf_puts(&name, row->name);
    strbuf_puts(&name, more);
    free(row->name);
    row->name = strbuf_take(&name);
}

static bool names_total(const char *folded)
{
    static const char *const totals[] = {"合计", "总计", "部门合计", "单位合计", "项目支出合计"};
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        if (strcmp(folded, totals[i]) == 0)
            return true;
    return false;
}

/* Whether a name ends as those of projects do, so that what follows is another. */
static bool is_whole(const char *name)
{
    static const char *const ends[] = {"服务", "项目", "费",   "经费", "费用", "款",
                                       "资金", "工程", "补助", "补贴", "工资", "运维",
                                       "购置", "采购", ")",    "）"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (slice_ends(slice_of(name), ends[i]))
            return true;
    return false;
}

/* Joins part `part` of a broken name to the row before it (`kept`, may be NULL) or the one after. */
static void place_part(const struct labels *labels, struct budget_row *kept,
                       struct budget_row *part, struct budget_row *next,
                       bool (*is_project)(const char *folded, void *argument), void *argument)
{
    bool to_next = kept == NULL;
    if (next && kept) {
        char *with_next = fold_two(labels, part->name, next->name);
        char *with_kept = fold_two(labels, kept->name, part->name);
        to_next =
            is_project(with_next, argument) ||
            (!is_project(with_kept, argument) && is_whole(kept->name) && !is_whole(part->name));
        free(with_next);
        free(with_kept);
    }
    if (kept && !to_next) {
        append(kept, part->name);
    } else if (next) {
        append(part, next->name);
        char *name = next->name;
        next->name = part->name;
        part->name = name;
    }
}

void budget_settle(struct budget *budget, const struct labels *labels,
                   bool (*is_project)(const char *folded, void *argument),
                   bool (*is_unit)(const char *folded, void *argument), void *argument)
{
    size_t kept = 0;
    for (size_t i = 0; i < budget->count; i++) {
        struct budget_row *row = &budget->rows[i];
        char *folded = label_fold(labels, slice_of(row->name), HEADING_BYTES * 4);
        bool total = names_total(folded), unit = is_unit(folded, argument);
        if (total || unit) {
            if (row->amount_fen >= 0 && (budget->total_fen < 0 || total))
                budget->total_fen = row->amount_fen;
            free(row->name);
        } else if (row->amount_fen < 0) {
            struct budget_row *next = i + 1 < budget->count ? row + 1 : NULL;
            place_part(labels, kept ? &budget->rows[kept - 1] : NULL, row, next, is_project,
                       argument);
            free(row->name);
        } else {
            budget->rows[kept++] = *row;
        }
        free(folded);
    }
    budget->count = kept;
}

void budget_clear(struct budget *budget)
{
    for (size_t i = 0; i < budget->count; i++)
        free(budget->rows[i].name);
    free(budget->rows);
    *budget = (struct budget){.total_fen = -1};
}

/* --- 政府采购情况 ------------------------------------------------------------------------------- */

/* The first amount behind one of the words, before the next clause; -1 when there is none. */
static int64_t amount_behind(struct slice text, const char *const words[], size_t count)
{
    enum { NEAR_BYTES = 60 };
    for (size_t i = 0; i < count; i++) {
        size_t found = slice_find(text, words[i]);
        if (found == SIZE_MAX)
            continue;
        size_t at = found + strlen(words[i]), start;
        struct amount amount;
        struct slice rest = {text.text + at, text.length - at};
        at = 0;
        if (amount_find(rest, &at, &start, &amount) && start <= NEAR_BYTES)
            return amount.fen;
    }
    return -1;
}

static void take_procurement(struct procurement *procurement, struct slice text)
{
    static const char *const total[] = {"政府采购预算总额", "政府采购预算合计", "政府采购支出总额",
                                        "采购预算总额",     "政府采购总额",     "政府采购预算共",
                                        "政府采购预算"};
    static const char *const goods[] = {"货物预算", "货物支出", "货物类", "货物"};
    static const char *const works[] = {"工程预算", "工程支出", "工程类", "工程"};
    static const char *const services[] = {"服务预算", "服务支出", "服务类", "采购服务"};
    procurement->total_fen = amount_behind(text, total, sizeof total / sizeof *total);
    procurement->goods_fen = amount_behind(text, goods, sizeof goods / sizeof *goods);
    procurement->works_fen = amount_behind(text, works, sizeof works / sizeof *works);
    procurement->services_fen = amount_behind(text, services, sizeof services / sizeof *services);
    bool none = slice_has(text, "无政府采购") || slice_has(text, "未安排政府采购") ||
                slice_has(text, "没有政府采购") || slice_has(text, "不涉及政府采购");
    if (none && procurement->total_fen < 0)
        procurement->total_fen = 0;
}

static bool is_procurement_heading(const struct labels *labels, const struct row *row)
{
    if (row->tabular || row->text.length > HEADING_BYTES || !slice_has(row->text, "采购"))
        return false;
    char *folded = label_fold(labels, row->text, HEADING_BYTES);
    struct slice text = slice_of(folded);
    bool heading = slice_has(text, "政府采购") && slice_has(text, "情况") &&
                   slice_code_points(text) <= 20 && !slice_has(text, "..");
    free(folded);
    return heading;
}

void procurement_read(struct procurement *procurement, const struct labels *labels,
                      const struct lines *lines)
{
    enum { SECTION_ROWS = 20 };
    *procurement = (struct procurement){-1, -1, -1, -1, 0};
    for (size_t row = 0; row < lines->count; row++) {
        if (lines->rows[row].blank || !is_procurement_heading(labels, &lines->rows[row]))
            continue;
        struct strbuf text = {0};
        for (size_t i = row + 1; i < lines->count && i - row <= SECTION_ROWS; i++) {
            if (lines->rows[i].blank)
                continue;
            if (table_is_section(labels, &lines->rows[i]))
                break;
            slice_join(&text, lines->rows[i].text);
        }
        if (text.length) {
            take_procurement(procurement, (struct slice){text.text, text.length});
            procurement->line = lines->rows[row].line;
        }
        strbuf_free(&text);
        if (procurement->total_fen >= 0)
            return;
    }
}
