#include "catalog/intake/document_declaration.h"

#include "catalog/intake/document_project.h"
#include "catalog/intake/document_reference.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADING_BYTES = 240,
    HEADING_CHARS = 40,
    SECTION_ROWS = 200, /* what is longer is a catalog that was bound in */
    ITEMS_MAX = 100,
    NAME_CHARS = 40,
};

/* --- the section ------------------------------------------------------------------------------- */

/* "（一）政府购买服务指导性目录", alone or with what it says behind it on the row: *rest is the byte of
 * the row where that begins. */
static bool is_heading(const struct labels *labels, const struct row *row, size_t *rest)
{
    static const char *const endings[] = {"政府购买服务指导性目录", "政府购买服务目录",
                                          "政府购买服务情况", "政府购买服务指导目录"};
    struct slice text = row->text;
    size_t ending = SIZE_MAX, length = 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings && ending == SIZE_MAX; i++) {
        ending = slice_find(text, endings[i]);
        length = strlen(endings[i]);
    }
    if (ending == SIZE_MAX || ending > HEADING_BYTES / 4)
        return false;
    char *folded = label_fold(labels, (struct slice){text.text, ending}, HEADING_BYTES);
    size_t numbered = strlen(folded);
    bool heading = strcmp(folded, "(一)") == 0 || strcmp(folded, "一,") == 0 ||
                   strcmp(folded, "1.") == 0 || strcmp(folded, "1,") == 0 ||
                   strcmp(folded, "(1)") == 0 || strcmp(folded, "(二)") == 0 ||
                   strcmp(folded, "(三)") == 0 || numbered == 0 ||
                   (slice_has(slice_of(folded), "其他说明") && numbered < HEADING_CHARS * 3);
    free(folded);
    if (!heading)
        return false;
    static const char *const tails[] = {"说明", "情况说明", "情况"};
    *rest = ending + length;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        struct slice after = {text.text + *rest, text.length - *rest};
        if (slice_starts(after, tails[i]))
            *rest += strlen(tails[i]);
    }
    return true;
}

/* A line of the table of contents: dots, or nothing but a page number behind the heading. */
static bool is_contents(const struct row *row, size_t rest)
{
    struct slice after = slice_trim((struct slice){row->text.text + rest, row->text.length - rest});
    if (slice_starts(after, "..") || slice_starts(after, "…") || slice_starts(after, "··"))
        return true;
    for (size_t at = 0; at < after.length;) {
        uint32_t code = slice_next(after, &at);
        if ((code < '0' || code > '9') && code != '.' && !slice_is_space(code))
            return false;
    }
    return after.length > 0;
}

/* The heading that follows, or the letterhead of a document that was bound in. */
static bool ends_section(const struct labels *labels, const struct row *row)
{
    if (row->text.length > HEADING_BYTES || row->tabular)
        return false;
    char *folded = label_fold(labels, row->text, HEADING_BYTES);
    struct slice text = slice_of(folded);
    size_t length = slice_code_points(text);
    bool ends = (slice_starts(text, "(二)") || slice_starts(text, "(三)") ||
                 slice_starts(text, "二,") || slice_starts(text, "2.") ||
                 slice_starts(text, "十三,") || slice_starts(text, "第四部分") ||
                 slice_starts(text, "第五部分") || strcmp(folded, "附件") == 0 ||
                 (slice_ends(text, "文件") && !slice_has(text, ",") && length <= 20) ||
                 (slice_ends(text, "号") && length <= 20 && slice_has(text, "(20"))) &&
                length <= HEADING_CHARS;
    free(folded);
    return ends;
}

/* Rows of a table stay apart; lines of a paragraph are one text. */
static void add_row(struct strbuf *text, const struct row *row)
{
    if (row->count <= 1) {
        slice_join(text, row->text);
        return;
    }
    if (text->length)
        strbuf_puts(text, "\n");
    strbuf_add(text, row->text.text, row->text.length);
}

static bool find_section(struct declaration_section *section, const struct labels *labels,
                         const struct lines *lines, size_t length)
{
    for (size_t row = 0; row < lines->count; row++) {
        const struct row *at = &lines->rows[row];
        size_t rest;
        if (at->blank || !is_heading(labels, at, &rest) || is_contents(at, rest))
            continue;
        struct strbuf text = {0};
        struct slice after = {at->text.text + rest, at->text.length - rest};
        after = slice_trim(after);
        while (slice_starts(after, "：") || slice_starts(after, ":")) {
            size_t mark = slice_starts(after, ":") ? 1 : strlen("：");
            after = slice_trim((struct slice){after.text + mark, after.length - mark});
        }
        slice_join(&text, after);
        size_t line = after.length ? at->line : 0, last = row;
        for (size_t i = row + 1; i < lines->count && i - row <= SECTION_ROWS; i++) {
            if (lines->rows[i].blank)
                continue;
            if (ends_section(labels, &lines->rows[i]))
                break;
            add_row(&text, &lines->rows[i]);
            line = line ? line : lines->rows[i].line;
            last = i;
        }
        section->found = true;
        section->line = line ? line : at->line;
        free(section->text);
        section->text = strbuf_take(&text);
        section->start = after.length || last == row ? at->offset : lines->rows[row + 1].offset;
        section->end = last + 1 < lines->count ? lines->rows[last + 1].offset : length;
        if (*section->text)
            return true;
    }
    return section->found;
}

/* --- codes ------------------------------------------------------------------------------------- */

static bool is_word(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z');
}

/* 12345政务服务热线, 12328交通运输服务监督热线, 12309政务热线: numbers of five digits from 12 on, and a word. */
static bool begins_with_hotline(struct slice text)
{
    size_t digits = 0;
    while (digits < text.length && text.text[digits] >= '0' && text.text[digits] <= '9')
        digits++;
    struct slice word = slice_trim((struct slice){text.text + digits, text.length - digits});
    return digits == 5 && word.length && ((unsigned char)word.text[0] & 0x80) &&
           (slice_starts(text, "12") || slice_starts(text, "11") || slice_starts(text, "9"));
}

/* A code of the catalog at *at: A160603, also "A16 0603" and full-width. Moves *at behind it. A name
 * that itself begins with the number of a hotline may follow: A18070112345政务…. */
bool declaration_code(struct slice text, size_t *at, char code[8])
{
    enum { LONGEST = 6 };
    size_t next = *at, digits = 0, six = 0;
    uint32_t letter = slice_next(text, &next);
    if (letter != 'A' && letter != 'B')
        return false;
    code[0] = (char)letter;
    size_t end = next;
    while (digits <= LONGEST) {
        size_t after = next;
        uint32_t digit = slice_next(text, &after);
        bool space = digit == ' ' || digit == 0xA0;
        if (digit >= '0' && digit <= '9') {
            if (digits < LONGEST)
                code[1 + digits] = (char)digit;
            digits++;
            end = after;
            six = digits == LONGEST ? end : six;
        } else if (!space || digits == 0) {
            break;
        }
        next = after;
    }
    if (digits > LONGEST) {
        struct slice rest = slice_trim((struct slice){text.text + six, text.length - six});
        if (!begins_with_hotline(rest))
            return false;
        digits = LONGEST;
        end = six;
    }
    if (digits != 4 && digits != LONGEST)
        return false;
    code[1 + digits] = 0;
    *at = end;
    return true;
}

struct code_at {
    size_t start, end;
    char code[8];
};

static size_t find_codes(struct slice text, struct code_at *codes, size_t max)
{
    size_t count = 0;
    uint32_t last = 0;
    for (size_t at = 0; at < text.length && count < max;) {
        size_t end = at;
        if (!is_word(last) && declaration_code(text, &end, codes[count].code)) {
            codes[count].start = at;
            codes[count++].end = end;
            at = end;
            last = '0';
            continue;
        }
        last = slice_next(text, &at);
    }
    return count;
}

static bool ends_name(uint32_t code)
{
    return code == ',' || code == ';' || code == 0x3002 || code == '\n' || code == '\t' ||
           code == ':' || code == '|' || code == 0x2014 || code == '\v';
}

static struct slice skip_separators(struct slice text)
{
    size_t start = 0;
    for (size_t at = 0; at < text.length;) {
        uint32_t code = slice_next(text, &at);
        if (!slice_is_space(code) && code != ':' && code != ',' && code != '-' && code != '|' &&
            code != 0x2014 && code != 0x3001 && code != ')' && code != '"' && code != 0x201D)
            break;
        start = at;
    }
    return (struct slice){text.text + start, text.length - start};
}

/* Words that cannot belong to an item's name where they end it. */
static size_t cut_at_words(struct slice name)
{
    static const char *const words[] = {"金额", "预算", "共计",   "合计", "资金",
                                        "，",   "等",   "项目为", "采购", "支出"};
    size_t end = name.length;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t found = slice_find((struct slice){name.text, end}, words[i]);
        if (found != SIZE_MAX && found > 0 && i < 5)
            end = found;
        else if (i == 6 && found != SIZE_MAX && found + strlen(words[i]) >= end)
            end = found;
    }
    return end;
}

/* The name behind a code, up to a mark that ends it or an amount. Brackets stay whole. */
static struct slice name_behind(struct slice text)
{
    text = skip_separators(text);
    size_t end = 0, depth = 0;
    for (size_t at = 0, chars = 0; at < text.length && chars < NAME_CHARS; chars++) {
        size_t from = at;
        uint32_t code = slice_next(text, &at);
        size_t number = from, start;
        struct amount amount;
        struct slice near = {text.text, text.length - from > 40 ? from + 40 : text.length};
        if (code == '(')
            depth++;
        if ((code == ')' && depth == 0) || (depth == 0 && ends_name(code)))
            break;
        if (code == ')')
            depth--;
        if (code >= '0' && code <= '9' && amount_find(near, &number, &start, &amount) &&
            start == from)
            break;
        if (code == 0x3001) { /* 、 before another code */
            struct slice rest = skip_separators((struct slice){text.text + at, text.length - at});
            size_t next = 0;
            char other[8];
            if (declaration_code(rest, &next, other))
                break;
        }
        end = at;
    }
    struct slice name = {text.text, end};
    name.length = cut_at_words(name);
    name = slice_trim(name);
    while (slice_ends(name, "（") || slice_ends(name, "(") || slice_ends(name, "、"))
        name = slice_trim((struct slice){name.text, name.length - (slice_ends(name, "(") ? 1 : 3)});
    return name;
}

/* The name before a code in brackets: 政务服务事项标准化服务（A160603）. `from` is where the last code
 * ended. */
static struct slice name_before(struct slice text, size_t from, size_t bracket)
{
    static const char *const leads[] = {"为", "是", "包括", "涉及", "有", "和", "及"};
    size_t start = from;
    for (size_t at = from; at < bracket;) {
        uint32_t code = slice_next(text, &at);
        if (ends_name(code) || code == ')' || code == 0x3001)
            start = at;
    }
    struct slice name = {text.text + start, bracket - start};
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
        size_t lead = strlen(leads[i]);
        size_t found = slice_find(name, leads[i]);
        bool begins = found == 0;
        bool sentence = i == 0 && found != SIZE_MAX && slice_has(name, "购买服务");
        if ((begins || sentence) && found + lead < name.length)
            name = (struct slice){name.text + found + lead, name.length - found - lead};
    }
    return slice_trim(name);
}

static void put_item(struct jv *items, const char *code, struct slice name,
                     const struct amount *amount)
{
    char *tight = slice_tight(name);
    struct jv *item = jv_object();
    jv_set_text(item, "code", code);
    jv_set_text(item, "name", tight);
    if (amount)
        jv_set_number(item, "amount_yuan", (double)amount->fen / 100);
    jv_push(items, item);
    free(tight);
}

/* The amount of an item between its code and the next: one with its unit, or the last number of a
 * row under a heading that states the unit. */
static bool item_amount(struct slice between, enum amount_unit unit, struct amount *amount)
{
    size_t at = 0, start;
    if (amount_find(between, &at, &start, amount))
        return true;
    if (unit == AMOUNT_UNSTATED)
        return false;
    size_t end = slice_find(between, "\n");
    struct slice row = {between.text, end == SIZE_MAX ? between.length : end};
    bool found = false;
    while (row.length > 0) {
        size_t tab = 0;
        while (tab < row.length && row.text[tab] != '\t' && row.text[tab] != '|')
            tab++;
        struct amount read;
        if (amount_read((struct slice){row.text, tab}, unit, &read)) {
            *amount = read;
            found = true;
        }
        size_t step = tab < row.length ? tab + 1 : tab;
        row = (struct slice){row.text + step, row.length - step};
    }
    return found;
}

/* 金额（万元） as the heading of a column. */
static enum amount_unit column_unit(struct slice text)
{
    size_t found = slice_find(text, "金额");
    if (found == SIZE_MAX)
        return AMOUNT_UNSTATED;
    size_t end = text.length - found > 24 ? found + 24 : text.length;
    while (end < text.length && ((unsigned char)text.text[end] & 0xC0) == 0x80)
        end--;
    struct slice near = {text.text + found, end - found};
    return slice_has(near, "（") || slice_has(near, "(") ? amount_unit_in(near) : AMOUNT_UNSTATED;
}

static void read_items(struct declaration_section *section)
{
    struct slice text = slice_of(section->text);
    struct code_at *codes = xcalloc(ITEMS_MAX + 1, sizeof *codes);
    size_t count = find_codes(text, codes, ITEMS_MAX + 1);
    enum amount_unit unit = column_unit(text);
    if (count > ITEMS_MAX) {
        document_finding(
            section->findings, "intake.declaration_too_long", "warning", section->line,
            "政府购买服务指导性目录一节列出了%d个以上的代码，像是整份目录，未作为申报读取",
            ITEMS_MAX);
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        size_t next = i + 1 < count ? codes[i + 1].start : text.length;
        struct slice between = {text.text + codes[i].end, next - codes[i].end};
        struct slice name = name_behind(between);
        size_t bracket = codes[i].start;
        while (bracket > 0 && text.text[bracket - 1] == ' ')
            bracket--;
        struct slice ahead = {text.text, bracket};
        if (slice_ends(ahead, "代码"))
            ahead.length -= strlen("代码");
        bool bracketed = slice_ends(ahead, "（") || slice_ends(ahead, "(");
        if (bracketed) {
            size_t open = ahead.length - (slice_ends(ahead, "(") ? 1 : strlen("（"));
            struct slice before = name_before(text, i ? codes[i - 1].end : 0, open);
            if (before.length && slice_code_points(before) <= NAME_CHARS)
                name = before;
        }
        struct amount amount;
        put_item(section->items, codes[i].code, name,
                 item_amount(between, unit, &amount) ? &amount : NULL);
    }
    free(codes);
}

/* --- none -------------------------------------------------------------------------------------- */

static bool says_none(struct slice text)
{
    static const char *const words[] = {
        "不涉及", "未安排", "没有",   "未编制", "未列入",  "未纳入", "不存在", "暂无",
        "未发生", "未申报", "未编报", "未实施", "未开展",  "未涉及", "不编制", "无政府购买",
        "无此",   "无该",   "无相关", "均无",   "为0万元", "为0元",  "为0项"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_has(text, words[i]))
            return true;
    /* 无 by itself: "无", "无。", "本单位无。"; not 无特殊情况 */
    size_t at = slice_find(text, "无");
    while (at != SIZE_MAX) {
        struct slice rest = {text.text + at + 3, text.length - at - 3};
        size_t skip = 0;
        uint32_t after = slice_next(slice_trim(rest), &skip);
        if (after == 0 || after == 0x3002 || after == ',' || after == '.' || after == ';')
            return true;
        size_t more = slice_find(rest, "无");
        at = more == SIZE_MAX ? SIZE_MAX : at + 3 + more;
    }
    return false;
}

/* "详见表十四", "见《政府购买服务预算表》", "除表中所列外": the table is the declaration. */
static bool refers_to_table(struct slice text)
{
    static const char *const words[] = {"见表",   "见附表", "见下表", "见预算表", "公开表",
                                        "表中所", "表所列", "表十四", "预算表"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (slice_has(text, words[i]))
            return true;
    return false;
}

void declaration_read(struct declaration_section *section, const struct labels *labels,
                      const struct lines *lines, size_t length)
{
    *section = (struct declaration_section){
        .items = jv_array(), .references = jv_array(), .findings = jv_array()};
    if (!find_section(section, labels, lines, length)) {
        section->text = xstrdup("");
        return;
    }
    read_items(section);
    references_read(section->text, section->references);
    section->none = jv_count(section->items) == 0 && says_none(slice_of(section->text));
    section->table = refers_to_table(slice_of(section->text));
    section->none = section->none && !section->table;
}

void declaration_clear(struct declaration_section *section)
{
    free(section->text);
    jv_destroy(&section->items);
    jv_destroy(&section->references);
    jv_destroy(&section->findings);
    *section = (struct declaration_section){0};
}
