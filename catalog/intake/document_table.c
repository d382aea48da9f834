#include "catalog/intake/document_table.h"

#include <stdlib.h>
#include <string.h>

enum {
    NO_ROW = -1,
    TITLE_BYTES = 240,
    EVIDENCE_ROWS = 15, /* how far below 项目名称 another label of the table must stand */
    LOOSE_ROWS = 6,     /* how far above 项目名称 a table without a title may begin */
    TITLE_ROWS = 40,    /* how far above it its title may stand */
    SPLIT_LABEL_CELLS = 8
};

/* Bits of a row: the labels on it. */
#define BIT(label) (1U << (label))
static const unsigned head_bits = BIT(LABEL_DEPARTMENT) | BIT(LABEL_UNIT) | BIT(LABEL_ATTRIBUTE) |
                                  BIT(LABEL_TERM) | BIT(LABEL_FUNDS) | BIT(LABEL_TOTAL) |
                                  BIT(LABEL_AMOUNT);
static const unsigned text_bits = BIT(LABEL_DESCRIPTION) | BIT(LABEL_BASIS) | BIT(LABEL_NECESSITY) |
                                  BIT(LABEL_MEASURES) | BIT(LABEL_PLAN);
static const unsigned goal_bits =
    BIT(LABEL_TERM_GOAL) | BIT(LABEL_YEAR_GOAL) | BIT(LABEL_GOAL) | BIT(LABEL_INDICATORS);

/* --- tokens ------------------------------------------------------------------------------------ */

static struct token *add_token(struct tokens *tokens)
{
    if (tokens->count == tokens->capacity) {
        tokens->capacity = tokens->capacity ? tokens->capacity * 2 : 64;
        tokens->all = xrealloc(tokens->all, tokens->capacity * sizeof *tokens->all);
    }
    tokens->all[tokens->count] = (struct token){0};
    return &tokens->all[tokens->count++];
}

/* "项  目  名  称": how many cells from `at` on are the characters of one label; 0 when they are
 * none. Only where columns are made of spaces. */
static size_t match_split_label(const struct labels *labels, const struct row *row, size_t at,
                                struct label_match *match)
{
    if (row->tabular || row->cells[at].length > 6 || (unsigned char)row->cells[at].text[0] < 0xE0)
        return 0;
    struct strbuf joined = {0};
    size_t found = 0;
    for (size_t i = at; i < row->count && i - at < SPLIT_LABEL_CELLS; i++) {
        struct slice cell = row->cells[i];
        if (cell.length > 9)
            break;
        strbuf_add(&joined, cell.text, cell.length);
        struct slice label = {joined.text, joined.length};
        struct label_match longer;
        if (i > at && label_match(labels, label, &longer) && longer.form == LABEL_ALONE) {
            *match = longer;
            match->rest = row->cells[at].length;
            found = i - at + 1;
        }
    }
    strbuf_free(&joined);
    return found;
}

void tokens_read(struct tokens *tokens, const struct labels *labels, const struct row *row)
{
    tokens->count = 0;
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].length == 0)
            continue;
        struct token *token = add_token(tokens);
        *token = (struct token){.cell = row->cells[i], .column = i};
        size_t cells = match_split_label(labels, row, i, &token->match);
        if (cells)
            i += cells - 1;
        else if (!label_match(labels, token->cell, &token->match))
            token->match = (struct label_match){0};
    }
}

void tokens_free(struct tokens *tokens)
{
    free(tokens->all);
    *tokens = (struct tokens){0};
}

struct slice token_rest(const struct token *token)
{
    size_t rest = token->match.rest < token->cell.length ? token->match.rest : token->cell.length;
    return slice_trim((struct slice){token->cell.text + rest, token->cell.length - rest});
}

bool tokens_sign_off(const struct tokens *tokens)
{
    size_t signatures = 0;
    if (tokens->count == 0 || tokens->all[0].match.label != LABEL_SIGNATURE)
        return false;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct label_match *match = &tokens->all[i].match;
        signatures += match->form != LABEL_GLUED &&
                      (match->label == LABEL_SIGNATURE || match->label == LABEL_OTHER);
    }
    return signatures > 1 || tokens->all[0].match.form == LABEL_ALONE;
}

/* --- rows -------------------------------------------------------------------------------------- */

static unsigned bits_of(const struct tokens *tokens)
{
    unsigned bits = 0;
    for (size_t i = 0; i < tokens->count; i++)
        if (tokens->all[i].match.label && tokens->all[i].match.form != LABEL_GLUED)
            bits |= BIT(tokens->all[i].match.label);
    return bits;
}

/* The folded text without closing brackets and a colon at its end: "…表(2026年度)" → "…表". */
static void cut_tail(char *folded)
{
    size_t length = strlen(folded);
    while (length > 0) {
        if (folded[length - 1] == ')') {
            char *open = strrchr(folded, '(');
            if (!open)
                return;
            length = (size_t)(open - folded);
        } else if (folded[length - 1] == ':') {
            length--;
        } else {
            return;
        }
        folded[length] = 0;
    }
}

bool table_is_title(const struct labels *labels, const struct row *row)
{
    if (row->text.length > TITLE_BYTES || !slice_has(row->text, "表"))
        return false;
    char *folded = label_fold(labels, row->text, TITLE_BYTES);
    cut_tail(folded);
    struct slice text = slice_of(folded);
    bool title = slice_ends(text, "表") && slice_has(text, "绩效") && slice_has(text, "目标") &&
                 !slice_has(text, ",") && !slice_starts(text, "(") && !slice_has(text, "整体");
    free(folded);
    return title;
}

bool table_is_section(const struct labels *labels, const struct row *row)
{
    static const char *const sections[] = {
        "国有资产占有",     "其他说明",     "名词解释",     "政府采购情况", "绩效管理情况",
        "政府购买服务指导", "机关运行经费", "\"三公\"经费", "收入预算情况", "支出预算情况",
    };
    if (row->tabular || row->text.length > TITLE_BYTES)
        return false;
    char *folded = label_fold(labels, row->text, TITLE_BYTES);
    struct slice text = slice_of(folded);
    static const char *const starts[] = {"一", "二", "三", "四", "五", "六",
                                         "七", "八", "九", "十", "(",  "第"};
    bool numbered = false, section = false;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        numbered = numbered || slice_starts(text, starts[i]);
    for (size_t i = 0; numbered && i < sizeof sections / sizeof *sections; i++)
        section = section || slice_has(text, sections[i]);
    section = section && slice_code_points(text) <= 30 && !slice_ends(text, ".");
    free(folded);
    return section;
}

/* Whether this 项目名称 heads a column of a list rather than a table of its own. */
static bool is_list_heading(const struct labels *labels, const struct tokens *tokens)
{
    static const char *const headings[] = {"合计",     "小计",     "金额",     "序号",
                                           "预算数",   "财政拨款", "资金来源", "预算金额",
                                           "项目支出", "单位编码", "科目编码", "功能科目"};
    bool list = false;
    for (size_t i = 0; i < tokens->count && !list; i++) {
        struct slice cell = tokens->all[i].cell;
        if (cell.length > 60)
            continue;
        char *folded = label_fold(labels, cell, 60);
        for (size_t k = 0; k < sizeof headings / sizeof *headings; k++)
            list = list || strcmp(folded, headings[k]) == 0 ||
                   (strncmp(folded, "20", 2) == 0 && slice_ends(slice_of(folded), "财政拨款"));
        free(folded);
    }
    return list;
}

/* --- finding ----------------------------------------------------------------------------------- */

struct finder {
    const struct labels *labels;
    const struct lines *lines;
    struct tokens tokens;
    struct table *found;
    size_t count, capacity;

    bool open;
    struct table now;
    unsigned seen;   /* labels of the open table */
    char *name;      /* of the open table, folded */
    ptrdiff_t title; /* of a table that may begin; NO_ROW */
    ptrdiff_t loose; /* first head label outside of any table; NO_ROW */
};

static void close_table(struct finder *finder, size_t end)
{
    if (finder->open && (finder->now.name_row != SIZE_MAX ||
                         __builtin_popcount(finder->seen & (head_bits | text_bits)) >= 2)) {
        if (finder->count == finder->capacity) {
            finder->capacity = finder->capacity ? finder->capacity * 2 : 16;
            finder->found = xrealloc(finder->found, finder->capacity * sizeof *finder->found);
        }
        finder->now.end = end;
        finder->found[finder->count++] = finder->now;
    }
    free(finder->name);
    finder->name = NULL;
    finder->open = false;
    finder->seen = 0;
    finder->loose = NO_ROW;
}

static void open_table(struct finder *finder, size_t first)
{
    close_table(finder, first);
    finder->open = true;
    finder->now = (struct table){.first = first, .name_row = SIZE_MAX};
    finder->title = NO_ROW;
}

/* The folded value of 项目名称 on the row of finder->tokens ("" when it stands elsewhere). */
static char *name_on_row(const struct finder *finder)
{
    const struct tokens *tokens = &finder->tokens;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *token = &tokens->all[i];
        if (token->match.label != LABEL_NAME || token->match.form == LABEL_GLUED)
            continue;
        struct slice value = token_rest(token);
        if (value.length == 0 && i + 1 < tokens->count && !tokens->all[i + 1].match.label)
            value = tokens->all[i + 1].cell;
        return label_fold(finder->labels, value, TITLE_BYTES);
    }
    return xstrdup("");
}

/* Whether a row below, before the next title or name, begins with another label of the table. */
static bool has_evidence(struct finder *finder, size_t row)
{
    struct tokens tokens = {0};
    bool evidence = (bits_of(&finder->tokens) & (head_bits | text_bits)) != 0;
    for (size_t i = row + 1, seen = 0;
         !evidence && i < finder->lines->count && seen < EVIDENCE_ROWS; i++) {
        const struct row *below = &finder->lines->rows[i];
        if (below->blank)
            continue;
        seen++;
        if (table_is_title(finder->labels, below) || table_is_section(finder->labels, below))
            break;
        tokens_read(&tokens, finder->labels, below);
        unsigned bits = bits_of(&tokens);
        if (bits & BIT(LABEL_NAME))
            break;
        evidence = tokens.count > 0 && (bits & (head_bits | text_bits)) &&
                   tokens.all[0].match.label && tokens.all[0].match.form != LABEL_GLUED;
    }
    tokens_free(&tokens);
    return evidence;
}

static void take_name(struct finder *finder, size_t row, unsigned bits)
{
    char *name = name_on_row(finder);
    bool same_page = finder->title == NO_ROW || (size_t)finder->title < finder->now.first;
    bool again = finder->open && finder->name && *name && strcmp(finder->name, name) == 0;
    if (again || (finder->open && finder->now.name_row == SIZE_MAX && same_page)) {
        finder->title = NO_ROW;
        finder->seen |= bits;
    } else {
        size_t first = row;
        if (finder->title != NO_ROW && row - (size_t)finder->title <= TITLE_ROWS)
            first = (size_t)finder->title;
        else if (finder->loose != NO_ROW && row - (size_t)finder->loose <= LOOSE_ROWS)
            first = (size_t)finder->loose;
        open_table(finder, first);
        finder->seen = bits;
    }
    if (finder->now.name_row == SIZE_MAX)
        finder->now.name_row = row;
    if (!finder->name)
        finder->name = name;
    else
        free(name);
}

static void take_label_row(struct finder *finder, size_t row, unsigned bits)
{
    bool repeats = (finder->seen & bits & (head_bits | text_bits)) != 0;
    if (finder->title != NO_ROW && (!finder->open || repeats)) {
        open_table(finder, (size_t)finder->title);
    } else if (!finder->open) {
        if (finder->loose == NO_ROW || row - (size_t)finder->loose > LOOSE_ROWS)
            finder->loose = (ptrdiff_t)row;
    }
    finder->seen |= bits;
}

static void take_row(struct finder *finder, size_t row)
{
    const struct row *at = &finder->lines->rows[row];
    if (table_is_section(finder->labels, at)) {
        close_table(finder, row);
        finder->title = NO_ROW;
        return;
    }
    if (table_is_title(finder->labels, at)) {
        finder->title = (ptrdiff_t)row;
        return;
    }
    tokens_read(&finder->tokens, finder->labels, at);
    unsigned bits = bits_of(&finder->tokens);
    if ((bits & BIT(LABEL_NAME)) && !is_list_heading(finder->labels, &finder->tokens) &&
        has_evidence(finder, row)) {
        take_name(finder, row, bits);
    } else if (tokens_sign_off(&finder->tokens) && finder->open &&
               (finder->seen & (text_bits | goal_bits))) {
        finder->now.signed_off = true;
        close_table(finder, row + 1);
    } else if (bits & (head_bits | text_bits | goal_bits)) {
        take_label_row(finder, row, bits);
    }
}

struct table *tables_find(const struct labels *labels, const struct lines *lines, size_t *count)
{
    struct finder finder = {.labels = labels, .lines = lines, .title = NO_ROW, .loose = NO_ROW};
    for (size_t row = 0; row < lines->count; row++)
        if (!lines->rows[row].blank)
            take_row(&finder, row);
    close_table(&finder, lines->count);
    tokens_free(&finder.tokens);
    *count = finder.count;
    return finder.found;
}
