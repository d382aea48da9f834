#include "catalog/catalog.h"
#include "catalog/import/sheet.h"
#include "catalog/import/text_line.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    CODED_RUN = 3,      /* coded lines in a row that make a table without a header */
    HEADING_MAX = 30,   /* characters */
    CONTINUED_MAX = 60, /* characters of a line that goes on with a name */
    ENTRY_CODE_MIN = 3  /* bytes of a code that may start a second row on a line */
};

/* The document's lines, and how far the table has been read. */
struct reader {
    struct sheet *sheet;
    struct known_names known; /* given ones and the table of contents */
    const struct folder *folder;
    struct text_line *lines;
    size_t line_count;
    size_t page;
    bool page_broken;         /* since the last row */
    struct text_line **loose; /* text lines since the last row: headings, or a name going on */
    size_t loose_count;
    bool row_open; /* no heading has come since the last row: its name may go on */
};

static int read_lines(struct reader *reader, const char *bytes, size_t length, struct fault *fault)
{
    const char *end = bytes + length;
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        bytes += 3;
    for (size_t number = 1; bytes < end; number++) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = newline ? newline : end;
        size_t size = (size_t)(stop - bytes);
        if (!text_is_utf8(bytes, size))
            return fault_set(fault, "input.not_utf8", "第 %zu 行：不是 UTF-8 文本", number);
        if ((number & (number - 1)) == 0)
            reader->lines = xrealloc(reader->lines, 2 * number * sizeof *reader->lines);
        text_line_read(&reader->lines[reader->line_count++], bytes, size, number, reader->folder);
        bytes = newline ? newline + 1 : end;
    }
    return 0;
}

/* Where the table starts: its header, else the heading before a run of coded lines. */
static size_t find_start(const struct reader *reader)
{
    size_t run = 0, first = 0, before = 0, last_text = 0;
    for (size_t i = 0; i < reader->line_count; i++)
        if (reader->lines[i].form == LINE_HEADER && strstr(reader->lines[i].cells[0], "代"))
            return i;
    for (size_t i = 0; i < reader->line_count; i++) {
        enum line_form form = reader->lines[i].form;
        if (form == LINE_BLANK || form == LINE_TRIVIA)
            continue;
        if (form != LINE_CODED) {
            run = 0;
            last_text = form == LINE_TEXT ? i : i + 1;
            continue;
        }
        if (run++ == 0) {
            first = i;
            before = last_text;
        }
        if (run == CODED_RUN)
            return before < first ? before : first;
    }
    return reader->line_count;
}

/* A table without a header is one only when half of what stands in it has a code: prose that quotes
 * some rows is none. */
static bool is_table(const struct reader *reader, size_t start)
{
    size_t coded = 0, others = 0, others_before = 0;
    for (size_t i = start; i < reader->line_count; i++) {
        enum line_form form = reader->lines[i].form;
        if (form == LINE_HEADER)
            return true;
        if (form == LINE_CODED) {
            coded++;
            others_before = others;
        } else if (form == LINE_TEXT || form == LINE_END) {
            others++;
        }
    }
    return coded >= others_before;
}

/* The table of contents nearest before the table. */
static void read_contents(struct reader *reader, size_t start, const struct known_names *known)
{
    size_t from = 0;
    for (size_t i = 0; i < start; i++) {
        const struct text_line *line = &reader->lines[i];
        char *name = line->form == LINE_TRIVIA ? text_line_name(line) : xstrdup("");
        if (strcmp(name, "目录") == 0)
            from = i;
        free(name);
    }
    for (size_t i = 0; i < known->count; i++)
        known_names_add(&reader->known, reader->folder, known->printed[i]);
    for (size_t i = from; i < start; i++)
        if (reader->lines[i].form == LINE_CONTENT) {
            sheet_add_content(reader->sheet, reader->lines[i].cells[0], reader->lines[i].page);
            known_names_add(&reader->known, reader->folder, reader->lines[i].cells[0]);
        }
}

static void add_note(struct reader *reader, const struct text_line *line)
{
    char *text = text_line_name(line);
    sheet_add_note(reader->sheet, line->number, text);
    free(text);
}

/* A heading's text without what a further page adds: 宣传部（续）. */
static char *heading_text(const struct text_line *line)
{
    static const char *const added[] = {"（续）", "(续)", "（续表）", "(续表)"};
    char *text = text_line_name(line);
    size_t length = strlen(text);
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        size_t n = strlen(added[i]);
        if (length > n && strcmp(text + length - n, added[i]) == 0)
            text[length - n] = 0;
    }
    return text;
}

static bool is_known(const struct reader *reader, const char *name)
{
    char *folded = folder_fold_utf8(reader->folder, name);
    bool known = known_names_find(&reader->known, folded) >= 0;
    free(folded);
    return known;
}

static bool ends_in(const char *text, const char *ending)
{
    size_t m = strlen(text), n = strlen(ending);
    return m >= n && strcmp(text + m - n, ending) == 0;
}

/* Whether a text ends as names do: …服务, in simplified or traditional characters. */
static bool ends_in_service(const struct reader *reader, const char *text)
{
    char *folded = folder_fold_utf8(reader->folder, text);
    bool service = ends_in(folded, "服务");
    free(folded);
    return service;
}

static bool opens_bracket(const char *text)
{
    return strncmp(text, "(", 1) == 0 || strncmp(text, "（", strlen("（")) == 0;
}

static size_t count_either(const char *text, const char *one, const char *other)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, one)) != NULL; at++)
        count++;
    for (const char *at = text; (at = strstr(at, other)) != NULL; at++)
        count++;
    return count;
}

static bool is_bracket_open(const char *name)
{
    return count_either(name, "(", "（") > count_either(name, ")", "）");
}

/* Whether a name looks whole, so that a line after it is hardly its end. */
static bool is_whole(const struct reader *reader, const char *name)
{
    return !is_bracket_open(name) && (ends_in_service(reader, name) || ends_in(name, "）") ||
                                      ends_in(name, ")") || ends_in(name, "管理"));
}

static bool is_plausible_heading(const char *text)
{
    static const char *const strange[] = {"，", "；", "：", ",", ";", ":", "、", "“"};
    size_t length = text_length(text);
    if (length < 2 || length > HEADING_MAX || opens_bracket(text))
        return false;
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
        if (strstr(text, strange[i]))
            return false;
    return strpbrk(text, "0123456789") == NULL;
}

static void start_section(struct reader *reader, const char *department, size_t line)
{
    sheet_add_section(reader->sheet, department, line);
    reader->row_open = false;
}

/* Goes on with the name of the last row; a line that cannot is noted. */
static void continue_name(struct reader *reader, const struct text_line *line)
{
    struct sheet *sheet = reader->sheet;
    char *text = text_line_name(line);
    if (!reader->row_open || line->cell_count > 1 || text_length(text) > CONTINUED_MAX) {
        add_note(reader, line);
    } else {
        struct sheet_row *row = &sheet->rows[sheet->row_count - 1];
        struct strbuf name = {0};
        strbuf_printf(&name, "%s %s", row->name, text);
        free(row->name);
        row->name = name_clean(name.text);
        strbuf_free(&name);
    }
    free(text);
}

/* Takes the loose lines from `i` on as a heading when they are a known name, alone or with the next
 * one. Returns how many lines that took. */
static size_t take_known_heading(struct reader *reader, size_t i, bool restart)
{
    const struct text_line *line = reader->loose[i];
    size_t taken = 0;
    struct strbuf both = {0};
    char *text = heading_text(line), *next = NULL;
    bool may_be = restart || !line->indented || line->emphasised;
    if (line->cell_count == 1 && may_be && is_known(reader, text)) {
        start_section(reader, text, line->number);
        taken = 1;
    } else if (line->cell_count == 1 && may_be && i + 1 < reader->loose_count) {
        next = heading_text(reader->loose[i + 1]);
        strbuf_printf(&both, "%s%s", text, next);
        if (is_known(reader, both.text)) {
            start_section(reader, both.text, line->number);
            taken = 2;
        }
    }
    free(text);
    free(next);
    strbuf_free(&both);
    return taken;
}

/* Whether an unknown text is a heading: codes start again behind it and no other line can be it, or
 * it is set off from a name that is whole. */
static bool is_new_heading(const struct reader *reader, size_t i, bool restart)
{
    const struct text_line *line = reader->loose[i];
    const struct sheet *sheet = reader->sheet;
    bool whole = !reader->row_open || is_whole(reader, sheet->rows[sheet->row_count - 1].name);
    char *text = heading_text(line);
    bool plausible = line->cell_count == 1 && is_plausible_heading(text);
    bool service = ends_in_service(reader, text); /* as names end, and few departments */
    free(text);
    if (!plausible)
        return false;
    if (restart)
        return i + 1 == reader->loose_count && (whole || !service);
    return !service && (line->emphasised || (whole && !line->indented));
}

/* Settles what the lines since the last row were, now that the next code is known (NULL: there is
 * none). */
static void settle_loose(struct reader *reader, const char *next)
{
    const struct sheet *sheet = reader->sheet;
    const char *last = sheet->row_count ? sheet->rows[sheet->row_count - 1].code : "";
    bool restart = next && (!*last || next[1] == 0 || strcmp(next, last) < 0);
    for (size_t i = 0, taken; i < reader->loose_count; i += taken) {
        const struct text_line *line = reader->loose[i];
        taken = take_known_heading(reader, i, restart);
        if (taken)
            continue;
        taken = 1;
        if (next && is_new_heading(reader, i, restart)) {
            char *text = heading_text(line);
            start_section(reader, text, line->number);
            free(text);
        } else {
            continue_name(reader, line);
        }
    }
    reader->loose_count = 0;
}

/* Reads the row or rows of a coded line: a cell that is a code and nothing else starts another. */
static void read_coded(struct reader *reader, const struct text_line *line)
{
    char code[CODE_BYTES], next[CODE_BYTES];
    size_t used = cell_code(line->cells[0], code);
    settle_loose(reader, code);
    if (reader->page_broken)
        reader->page++;
    reader->page_broken = false;
    struct strbuf name = {0};
    strbuf_puts(&name, line->cells[0] + used);
    for (size_t i = 1; i <= line->cell_count; i++) {
        bool last = i == line->cell_count;
        used = last ? 0 : code_read(line->cells[i], next);
        bool starts_row = used && line->cells[i][used] == 0 && strlen(next) >= ENTRY_CODE_MIN &&
                          catalog_code_level(next) > 0;
        if (last || starts_row) {
            char *clean = name_clean(name.text);
            if (strcmp(code, "B") == 0)
                start_section(reader, "B", line->number);
            sheet_add_row(reader->sheet, line->number, reader->page, code, clean);
            free(clean);
            strbuf_reset(&name);
            strbuf_puts(&name, "");
            memcpy(code, next, sizeof code);
        } else {
            strbuf_printf(&name, " %s", line->cells[i]);
        }
    }
    strbuf_free(&name);
    reader->row_open = true;
}

static void read_table(struct reader *reader, size_t start)
{
    bool inside = false;
    for (size_t i = start; i < reader->line_count; i++) {
        struct text_line *line = &reader->lines[i];
        inside |= i == start || line->form == LINE_HEADER;
        if (!inside)
            continue;
        reader->page_broken |= line->breaks_page;
        if (line->form == LINE_CODED) {
            read_coded(reader, line);
        } else if (line->form == LINE_TEXT || line->form == LINE_CONTENT) {
            reader->loose[reader->loose_count++] = line;
        } else if (line->form == LINE_END) {
            settle_loose(reader, NULL);
            reader->row_open = false;
            inside = false;
        }
    }
    settle_loose(reader, NULL);
}

struct sheet *sheet_from_text(const char *bytes, size_t length, const struct known_names *known,
                              const struct folder *folder, struct fault *fault)
{
    struct reader reader = {.sheet = xcalloc(1, sizeof *reader.sheet), .folder = folder};
    int failed = read_lines(&reader, bytes, length, fault);
    size_t start = failed ? 0 : find_start(&reader);
    if (failed)
        goto done;
    failed = -1;
    if (start == reader.line_count || !is_table(&reader, start)) {
        fault_set(fault, "import.not_catalog",
                  "不是目录：没有“代码 一级目录 …”的表头，也没有成行的目录代码");
        goto done;
    }
    reader.loose = xcalloc(reader.line_count, sizeof(struct text_line *));
    read_contents(&reader, start, known);
    read_table(&reader, start);
    if (reader.sheet->row_count == 0)
        fault_set(fault, "import.no_rows", "第 %zu 行的表头之后没有带代码的行",
                  reader.lines[start].number);
    else
        failed = 0;
done:
    for (size_t i = 0; i < reader.line_count; i++)
        text_line_clear(&reader.lines[i]);
    free(reader.lines);
    free(reader.loose);
    known_names_free(&reader.known);
    if (failed)
        sheet_destroy(&reader.sheet);
    return reader.sheet;
}
