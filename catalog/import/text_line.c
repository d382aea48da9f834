#include "catalog/import/text_line.h"

#include "catalog/catalog.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEADERS_MIN = 3,      /* dots between a name and its page */
    PAGE_NUMBER_MAX = 16, /* bytes of a line that is a page number */
    DATE_LINE_MAX = 75    /* bytes of a line that is a date with its office */
};

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The length of the tag at `at`, 0 when it is none. Cells become tabs. */
static size_t skip_tag(const char *at, struct strbuf *out, bool *emphasised)
{
    const char *name = at + 1 + (at[1] == '/');
    const char *close = strchr(at, '>');
    if (!close || (!isalpha((unsigned char)*name) && *name != '!'))
        return 0;
    if (at[1] != '/' && (strncasecmp(name, "td", 2) == 0 || strncasecmp(name, "th", 2) == 0))
        strbuf_puts(out, "\t");
    if (strncasecmp(name, "br", 2) == 0)
        strbuf_puts(out, " ");
    if (strncasecmp(name, "b>", 2) == 0 || strncasecmp(name, "strong", 6) == 0 ||
        (tolower((unsigned char)*name) == 'h' && isdigit((unsigned char)name[1])))
        *emphasised = true;
    return (size_t)(close - at) + 1;
}

/* A copy (free()) of the line without markup, its cells apart by tabs. */
static char *strip_markup(const char *text, bool *emphasised)
{
    struct strbuf out = {0};
    const char *at = text + strspn(text, " \t");
    bool bars = *at == '|' || (strchr(at, '|') && strchr(strchr(at, '|') + 1, '|'));
    if (*at == '#') {
        *emphasised = true;
        text = at + strspn(at, "#");
    }
    for (at = text; *at;) {
        size_t tag = *at == '<' ? skip_tag(at, &out, emphasised) : 0;
        if (tag) {
            at += tag;
        } else if (starts_with(at, "&nbsp;")) {
            strbuf_puts(&out, " ");
            at += 6;
        } else if (*at == '*' || *at == '`' || starts_with(at, "__")) {
            *emphasised |= at[1] == *at;
            at += starts_with(at, "__") ? 2 : 1;
        } else {
            strbuf_add(&out, bars && *at == '|' ? "\t" : at, 1);
            at++;
        }
    }
    return strbuf_take(&out);
}

static void add_cell(struct text_line *line, const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\r'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\r'))
        to--;
    char *text = xstrndup(from, (size_t)(to - from));
    char *clean = name_clean(text);
    if (*clean) {
        line->cells = xrealloc(line->cells, (line->cell_count + 1) * sizeof *line->cells);
        line->cells[line->cell_count++] = text;
    } else {
        line->indented |= line->cell_count == 0;
        free(text);
    }
    free(clean);
}

static void split_cells(struct text_line *line, const char *text)
{
    for (const char *from = text;; from++) {
        const char *to = from + strcspn(from, "\t");
        add_cell(line, from, to);
        if (!*to)
            return;
        from = to;
    }
}

char *text_line_name(const struct text_line *line)
{
    struct strbuf all = {0};
    for (size_t i = 0; i < line->cell_count; i++)
        strbuf_printf(&all, "%s%s", i ? " " : "", line->cells[i]);
    char *name = name_clean(all.text ? all.text : "");
    strbuf_free(&all);
    return name;
}

/* "4150201 党的…" or "150201 …": digits where a code should be. A service number in a name
 * (12345) has five, a year is followed by 年. */
static size_t misread_code(const char *cell, char code[CODE_BYTES])
{
    size_t digits = strspn(cell, "0123456789");
    bool length = digits == 4 || digits == 6 || digits == 7;
    if (!length || starts_with(cell + digits, "年"))
        return 0;
    snprintf(code, CODE_BYTES, "%.*s", (int)digits, cell);
    return digits;
}

size_t cell_code(const char *cell, char code[CODE_BYTES])
{
    size_t used = code_read(cell, code);
    if (used == 0)
        return misread_code(cell, code);
    bool bare = code[1] == 0 && cell[used] && !strchr(" \t", cell[used]);
    /* "A级景区…" is a name; only the two classes' own names may follow the letter at once. */
    if (bare && !strstr(cell, "公共服务") && !strstr(cell, "辅助性服务"))
        return 0;
    return used;
}

static bool is_serial_number(const char *cell)
{
    size_t digits = strspn(cell, "0123456789");
    return digits > 0 && digits < 5 && cell[digits] == 0;
}

/* Takes off a column of running numbers before the codes. */
static void drop_serial_number(struct text_line *line)
{
    char code[CODE_BYTES];
    if (line->cell_count < 2 || !is_serial_number(line->cells[0]) ||
        !code_read(line->cells[1], code))
        return;
    free(line->cells[0]);
    line->cell_count--;
    memmove(line->cells, line->cells + 1, line->cell_count * sizeof *line->cells);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

static bool is_header(const char *folded)
{
    size_t levels = count_of(folded, "一级") + count_of(folded, "二级") + count_of(folded, "三级") +
                    count_of(folded, "四级");
    return levels >= 3 || (levels >= 1 && strstr(folded, "代码"));
}

static bool is_page_number(const char *folded)
{
    static const char *const words[] = {"第", "页", "共", "·", "•"};
    bool digit = false;
    if (strlen(folded) > PAGE_NUMBER_MAX)
        return false;
    while (*folded) {
        size_t step = strspn(folded, "0123456789");
        digit |= step > 0;
        step += strspn(folded + step, "-./");
        for (size_t i = 0; step == 0 && i < sizeof words / sizeof *words; i++)
            if (starts_with(folded, words[i]))
                step = strlen(words[i]);
        if (step == 0)
            return false;
        folded += step;
    }
    return digit;
}

static bool is_trivia(const char *folded)
{
    return folded[strspn(folded, "-=_.:+")] == 0 || strstr(folded, "指导性目录") ||
           strcmp(folded, "续表") == 0 || strcmp(folded, "(续)") == 0 ||
           strcmp(folded, "(续表)") == 0 || strcmp(folded, "目录") == 0;
}

static bool is_date_line(const char *folded)
{
    return strlen(folded) <= DATE_LINE_MAX && strpbrk(folded, "0123456789") &&
           strstr(folded, "年") && strstr(folded, "月") && strstr(folded, "日");
}

static bool is_end(const char *text, const char *folded)
{
    static const char *const parts[] = {"信息公开选项", "主动公开", "依申请公开", "此件公开",
                                        "名词解释"};
    static const char *const starts[] = {"抄送", "附件", "附:"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(folded, parts[i]))
            return true;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (starts_with(folded, starts[i]))
            return true;
    bool part = starts_with(folded, "第") && strstr(folded, "部分");
    return part || is_date_line(folded) || strstr(text, "。");
}

/* An entry of a table of contents: leaves the name in the only cell. */
static bool take_content(struct text_line *line)
{
    char *all = text_line_name(line), *end = all + strlen(all), *digits = end;
    while (digits > all && isdigit((unsigned char)digits[-1]))
        digits--;
    size_t leaders = 0;
    char *name_end = digits;
    for (;;) {
        if (name_end > all && strchr(". ", name_end[-1])) {
            leaders += name_end[-1] == '.';
            name_end--;
        } else if (name_end - all >= 3 && starts_with(name_end - 3, "…")) {
            leaders += LEADERS_MIN;
            name_end -= 3;
        } else {
            break;
        }
    }
    bool is_content = digits < end && leaders >= LEADERS_MIN && name_end > all;
    if (is_content) {
        line->page = strtol(digits, NULL, 10);
        *name_end = 0;
        for (size_t i = 0; i < line->cell_count; i++)
            free(line->cells[i]);
        line->cells[0] = all;
        line->cell_count = 1;
        return true;
    }
    free(all);
    return false;
}

static enum line_form form_of(struct text_line *line, const struct folder *folder)
{
    char code[CODE_BYTES];
    if (line->cell_count == 0)
        return LINE_BLANK;
    char *text = text_line_name(line), *folded = folder_fold_utf8(folder, text);
    enum line_form form = LINE_TEXT;
    if (is_header(folded))
        form = LINE_HEADER;
    else if (is_page_number(folded))
        form = LINE_TRIVIA;
    else if (cell_code(line->cells[0], code))
        form = LINE_CODED;
    else if (take_content(line))
        form = LINE_CONTENT;
    else if (is_trivia(folded))
        form = LINE_TRIVIA;
    else if (is_end(text, folded))
        form = LINE_END;
    line->breaks_page |= form == LINE_HEADER || (form == LINE_TRIVIA && is_page_number(folded));
    free(text);
    free(folded);
    return form;
}

void text_line_read(struct text_line *line, const char *bytes, size_t length, size_t number,
                    const struct folder *folder)
{
    *line = (struct text_line){.number = number};
    char *raw = xstrndup(bytes, length);
    for (char *feed; (feed = strchr(raw, '\f')) != NULL;) {
        *feed = ' ';
        line->breaks_page = true;
    }
    char *text = strip_markup(raw, &line->emphasised);
    split_cells(line, text);
    drop_serial_number(line);
    line->form = form_of(line, folder);
    free(text);
    free(raw);
}

void text_line_clear(struct text_line *line)
{
    for (size_t i = 0; i < line->cell_count; i++)
        free(line->cells[i]);
    free(line->cells);
    *line = (struct text_line){0};
}
