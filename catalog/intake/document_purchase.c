#include "catalog/intake/document_purchase.h"

#include "catalog/intake/document_declaration.h"
#include "catalog/intake/document_table.h"

#include <stdlib.h>
#include <string.h>

enum { HEADING_BYTES = 200, HEADING_CHARS = 45, ROWS_MAX = 2000, NAME_CHARS = 120 };

/* "2024年政府购买服务支出预算表" as a heading; not its line in the table of contents. */
static bool is_heading(const struct labels *labels, const struct row *row)
{
    if (row->tabular || row->text.length > HEADING_BYTES || !slice_has(row->text, "购买服务"))
        return false;
    char *folded = label_fold(labels, row->text, HEADING_BYTES);
    struct slice text = slice_of(folded);
    bool heading = slice_has(text, "政府购买服务") &&
                   (slice_ends(text, "表") || (slice_has(text, "表(") && slice_ends(text, ")"))) &&
                   !slice_has(text, "..") && !slice_has(text, "绩效") &&
                   slice_code_points(text) <= HEADING_CHARS;
    free(folded);
    return heading;
}

static bool ends_table(const struct labels *labels, const struct row *row)
{
    if (row->tabular)
        return false;
    return table_is_section(labels, row) || table_is_title(labels, row) ||
           slice_ends(row->text, "表") || slice_has(row->text, "公开表") ||
           slice_has(row->text, "第三部分") || slice_has(row->text, "。");
}

static bool is_total(struct slice name, const char *unit)
{
    static const char *const words[] = {"合计", "总计", "小计"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_ends(name, words[i]) && slice_code_points(name) <= 6)
            return true;
    return *unit && slice_equals(name, slice_of(unit));
}

static void keep_row(struct purchase *purchase, const struct purchase_row *row, struct slice name,
                     struct slice project, const char *unit)
{
    char *tight = slice_tight(name);
    if (is_total(slice_of(tight), unit)) {
        purchase->total_fen = row->amount_fen;
        free(tight);
        return;
    }
    if (purchase->count == ROWS_MAX) {
        free(tight);
        return;
    }
    purchase->rows = xrealloc(purchase->rows, (purchase->count + 1) * sizeof *purchase->rows);
    purchase->rows[purchase->count] = *row;
    purchase->rows[purchase->count].project = slice_tight(project);
    purchase->rows[purchase->count++].name = tight;
}

/* The texts of a row: the item's name is the one behind its code, else the longest that is not the
 * unit's own name. */
struct texts {
    struct slice behind_code, longest, unit;
    bool after_code;
};

static void take_text(struct texts *texts, struct slice cell, const char *unit)
{
    if (slice_code_points(cell) > NAME_CHARS)
        return;
    if (*unit && slice_equals(cell, slice_of(unit)))
        texts->unit = cell;
    else if (texts->after_code && !texts->behind_code.length)
        texts->behind_code = cell;
    else if (slice_code_points(cell) > slice_code_points(texts->longest))
        texts->longest = cell;
}

static struct slice name_of(const struct texts *texts)
{
    return texts->behind_code.length ? texts->behind_code
           : texts->longest.length   ? texts->longest
                                     : texts->unit;
}

/* A row of the table has a text and an amount; the first amount behind a text is the row's total. */
static void take_row(struct purchase *purchase, const struct row *at, enum amount_unit unit,
                     const char *document_unit)
{
    struct purchase_row row = {.amount_fen = -1, .line = at->line};
    struct texts texts = {0};
    for (size_t i = 0; i < at->count; i++) {
        struct slice cell = at->cells[i];
        struct amount amount;
        size_t end = 0;
        char code[8];
        if (declaration_code(cell, &end, code)) {
            memcpy(row.code, code, sizeof row.code);
            texts.after_code = true;
            cell = slice_trim((struct slice){cell.text + end, cell.length - end});
        } else if (amount_read(cell, unit == AMOUNT_UNSTATED ? AMOUNT_WAN : unit, &amount)) {
            if (row.amount_fen < 0 && name_of(&texts).length)
                row.amount_fen = amount.fen;
            continue;
        }
        if (cell.length)
            take_text(&texts, cell, document_unit);
    }
    struct slice name = name_of(&texts);
    if (name.length && (row.amount_fen >= 0 || *row.code))
        keep_row(purchase, &row, name, texts.longest, document_unit);
}

static void read_table(struct purchase *purchase, const struct labels *labels,
                       const struct lines *lines, size_t row, const char *unit_name)
{
    enum amount_unit unit = AMOUNT_UNSTATED;
    bool none = false;
    purchase->line = lines->rows[row].line;
    for (row++; row < lines->count; row++) {
        const struct row *at = &lines->rows[row];
        if (at->blank)
            continue;
        if (!at->tabular && (slice_has(at->text, "无数据") || slice_has(at->text, "空表"))) {
            none = true;
            break;
        }
        if (ends_table(labels, at))
            break;
        if (amount_unit_in(at->text) != AMOUNT_UNSTATED)
            unit = amount_unit_in(at->text);
        if (at->count > 1)
            take_row(purchase, at, unit, unit_name);
    }
    if (!none && purchase->count == 0)
        purchase->line = 0; /* a mention of the table only */
    purchase->empty = none && purchase->count == 0;
}

void purchase_read(struct purchase *purchase, const struct labels *labels,
                   const struct lines *lines, const char *unit)
{
    *purchase = (struct purchase){.total_fen = -1};
    for (size_t row = 0; row < lines->count && !purchase->line; row++)
        if (!lines->rows[row].blank && is_heading(labels, &lines->rows[row]))
            read_table(purchase, labels, lines, row, unit);
}

void purchase_clear(struct purchase *purchase)
{
    for (size_t i = 0; i < purchase->count; i++) {
        free(purchase->rows[i].name);
        free(purchase->rows[i].project);
    }
    free(purchase->rows);
    *purchase = (struct purchase){.total_fen = -1};
}
