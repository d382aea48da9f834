#include "catalog/intake/document_lines.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PAGE_NUMBER_DIGITS = 3, LAYOUT_GAP = 2 };

static bool is_latin(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z');
}

/* --- markup ------------------------------------------------------------------------------------ */

/* Where the text of a document is being written, row by row. */
struct writer {
    struct strbuf clean;
    struct row *rows; /* text.text is an offset until the buffer stands still */
    size_t *starts;
    size_t count, capacity;
    size_t line, offset, page;   /* of the document, where we read */
    size_t row_line, row_offset; /* where the row that is being written began */
    bool in_row;                 /* between <tr> and </tr>: a new line is white space */
    bool cell_begun;             /* a <td> of this row was seen */
};

static void end_row(struct writer *writer, size_t *start)
{
    if (writer->count == writer->capacity) {
        writer->capacity = writer->capacity ? writer->capacity * 2 : 256;
        writer->rows = xrealloc(writer->rows, writer->capacity * sizeof *writer->rows);
        writer->starts = xrealloc(writer->starts, writer->capacity * sizeof *writer->starts);
    }
    writer->rows[writer->count] = (struct row){.line = writer->row_line,
                                               .offset = writer->row_offset,
                                               .page = writer->page,
                                               .text = {NULL, writer->clean.length - *start}};
    writer->starts[writer->count++] = *start;
    strbuf_puts(&writer->clean, "\n");
    *start = writer->clean.length;
    writer->cell_begun = false;
    writer->row_line = writer->line;
    writer->row_offset = writer->offset;
}

enum tag { TAG_NONE, TAG_DROP, TAG_BREAK, TAG_ROW, TAG_ROW_END, TAG_CELL };

static const struct {
    const char *name;
    enum tag opening, closing;
} tags[] = {
    {"p", TAG_BREAK, TAG_BREAK},      {"br", TAG_BREAK, TAG_BREAK},
    {"div", TAG_BREAK, TAG_BREAK},    {"li", TAG_BREAK, TAG_BREAK},
    {"tr", TAG_ROW, TAG_ROW_END},     {"td", TAG_CELL, TAG_DROP},
    {"th", TAG_CELL, TAG_DROP},       {"b", TAG_DROP, TAG_DROP},
    {"i", TAG_DROP, TAG_DROP},        {"u", TAG_DROP, TAG_DROP},
    {"em", TAG_DROP, TAG_DROP},       {"strong", TAG_DROP, TAG_DROP},
    {"span", TAG_DROP, TAG_DROP},     {"font", TAG_DROP, TAG_DROP},
    {"sup", TAG_DROP, TAG_DROP},      {"sub", TAG_DROP, TAG_DROP},
    {"a", TAG_DROP, TAG_DROP},        {"ul", TAG_DROP, TAG_DROP},
    {"ol", TAG_DROP, TAG_DROP},       {"center", TAG_DROP, TAG_DROP},
    {"img", TAG_DROP, TAG_DROP},      {"table", TAG_DROP, TAG_DROP},
    {"thead", TAG_DROP, TAG_DROP},    {"tbody", TAG_DROP, TAG_DROP},
    {"caption", TAG_DROP, TAG_DROP},  {"col", TAG_DROP, TAG_DROP},
    {"colgroup", TAG_DROP, TAG_DROP}, {"h1", TAG_DROP, TAG_DROP},
    {"h2", TAG_DROP, TAG_DROP},       {"h3", TAG_DROP, TAG_DROP},
    {"h4", TAG_DROP, TAG_DROP},       {"h5", TAG_DROP, TAG_DROP},
    {"h6", TAG_DROP, TAG_DROP},       {"html", TAG_DROP, TAG_DROP},
    {"body", TAG_DROP, TAG_DROP},
};

enum { TAG_BYTES = 512 }; /* a longer "tag" is text with a < in it */

/* The tag at text[at] == '<' and, in *end, where it ends. TAG_NONE when it is text: "<10%". */
static enum tag tag_at(const char *text, size_t length, size_t at, size_t *end)
{
    size_t from = at + 1;
    bool closing = from < length && text[from] == '/';
    from += closing;
    size_t to = from;
    while (to < length && to - from < 12 && is_latin((unsigned char)text[to]))
        to++;
    if (to == from || to >= length)
        return TAG_NONE;
    if (text[to] != '>' && text[to] != ' ' && text[to] != '/')
        return TAG_NONE;
    size_t limit = length - at < TAG_BYTES ? length : at + TAG_BYTES;
    size_t close = to;
    while (close < limit && text[close] != '>' && text[close] != '\n' && text[close] != '<')
        close++;
    if (close >= limit || text[close] != '>')
        return TAG_NONE;
    *end = close + 1;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strlen(tags[i].name) == to - from &&
            strncasecmp(tags[i].name, text + from, to - from) == 0)
            return closing ? tags[i].closing : tags[i].opening;
    return TAG_NONE;
}

static void put_tag(struct writer *writer, enum tag tag, size_t *start)
{
    switch (tag) {
    case TAG_BREAK:
        strbuf_puts(&writer->clean, "\v");
        break;
    case TAG_ROW:
        if (writer->clean.length > *start)
            end_row(writer, start);
        writer->row_line = writer->line;
        writer->row_offset = writer->offset;
        writer->in_row = true;
        break;
    case TAG_ROW_END:
        if (writer->in_row)
            end_row(writer, start);
        writer->in_row = false;
        break;
    case TAG_CELL:
        if (writer->cell_begun)
            strbuf_puts(&writer->clean, "\t");
        writer->cell_begun = true;
        break;
    case TAG_NONE:
    case TAG_DROP:
        break;
    }
}

static const struct {
    const char *name, *text;
} entities[] = {
    {"&nbsp;", " "},   {"&amp;", "&"},   {"&lt;", "<"},     {"&gt;", ">"},    {"&quot;", "\""},
    {"&ldquo;", "“"},  {"&rdquo;", "”"}, {"&lsquo;", "‘"},  {"&rsquo;", "’"}, {"&mdash;", "—"},
    {"&middot;", "·"}, {"&times;", "×"}, {"&ge;", "≥"},     {"&le;", "≤"},    {"&emsp;", " "},
    {"&ensp;", " "},   {"&#160;", " "},  {"&hellip;", "…"}, {"&apos;", "'"},  {"&#39;", "'"},
};

/* The length of the entity at text[at] == '&', its text added; 0 when there is none. */
static size_t put_entity(struct strbuf *clean, const char *text, size_t length, size_t at)
{
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        size_t size = strlen(entities[i].name);
        if (length - at >= size && memcmp(text + at, entities[i].name, size) == 0) {
            strbuf_puts(clean, entities[i].text);
            return size;
        }
    }
    return 0;
}

/* Writes the document without its markup, one row a line. */
static void strip_markup(struct writer *writer, const char *text, size_t length)
{
    size_t start = 0;
    writer->line = writer->row_line = 1;
    for (size_t at = 0; at < length;) {
        unsigned char byte = (unsigned char)text[at];
        size_t end = at;
        if (byte == '\n' || byte == '\f') {
            at++;
            writer->line += byte == '\n';
            writer->offset = at;
            if (writer->in_row && byte == '\n')
                strbuf_puts(&writer->clean, " ");
            else
                end_row(writer, &start);
            writer->page += byte == '\f';
        } else if (byte == '<') {
            enum tag tag = tag_at(text, length, at, &end);
            if (end == at)
                strbuf_add(&writer->clean, text + at++, 1);
            put_tag(writer, tag, &start);
            if (end > at && tag == TAG_NONE) /* an unknown tag stays what it is */
                strbuf_add(&writer->clean, text + at, end - at);
            at = end > at ? end : at;
        } else if (byte == '&' && (end = put_entity(&writer->clean, text, length, at)) > 0) {
            at += end;
        } else if (byte == '*' && at + 1 < length && text[at + 1] == '*') {
            at += 2; /* Markdown's bold */
        } else if (byte < 0x20 && (byte != '\t' || writer->in_row)) {
            strbuf_puts(&writer->clean, byte == '\r' ? "" : " ");
            at++;
        } else {
            strbuf_add(&writer->clean, text + at++, 1);
        }
    }
    if (writer->clean.length > start)
        end_row(writer, &start);
}

/* --- cells ------------------------------------------------------------------------------------- */

struct cells {
    struct slice *all;
    size_t count, capacity;
};

static void add_cell(struct cells *cells, const char *text, size_t length)
{
    if (cells->count == cells->capacity) {
        cells->capacity = cells->capacity ? cells->capacity * 2 : 1024;
        cells->all = xrealloc(cells->all, cells->capacity * sizeof *cells->all);
    }
    cells->all[cells->count++] = slice_trim((struct slice){text, length});
}

static bool is_bar(uint32_t code)
{
    return code == '|' || code == 0x2502 || code == 0x2503; /* | ｜ │ ┃ */
}

static size_t count_bars(struct slice text)
{
    size_t bars = 0;
    for (size_t at = 0; at < text.length;)
        bars += is_bar(slice_next(text, &at));
    return bars;
}

static void split_at_tabs(struct cells *cells, struct slice text)
{
    for (const char *at = text.text, *end = at + text.length;;) {
        const char *tab = memchr(at, '\t', (size_t)(end - at));
        add_cell(cells, at, (size_t)((tab ? tab : end) - at));
        if (!tab)
            return;
        at = tab + 1;
    }
}

/* `| a | b |`: the bars at both ends border nothing. */
static void split_at_bars(struct cells *cells, struct slice text)
{
    size_t from = 0;
    bool first = true;
    for (size_t at = 0; at < text.length;) {
        size_t start = at;
        if (!is_bar(slice_next(text, &at)))
            continue;
        if (!(first && start == 0))
            add_cell(cells, text.text + from, start - from);
        first = false;
        from = at;
    }
    if (from < text.length)
        add_cell(cells, text.text + from, text.length - from);
}

static void split_at_gaps(struct cells *cells, struct slice text)
{
    size_t from = 0, gap = 0, gap_start = 0;
    for (size_t at = 0; at < text.length;) {
        size_t start = at;
        uint32_t code = slice_next(text, &at);
        if (slice_is_space(code) && code != '\v') {
            gap_start = gap ? gap_start : start;
            gap += code == 0x3000 ? 2 : 1;
            continue;
        }
        if (gap >= LAYOUT_GAP) {
            add_cell(cells, text.text + from, gap_start - from);
            from = start;
        }
        gap = 0;
    }
    add_cell(cells, text.text + from, text.length - from);
}

static struct slice without_heading_marks(struct slice text)
{
    size_t marks = 0;
    while (marks < text.length && marks < 6 && text.text[marks] == '#')
        marks++;
    if (marks == 0)
        return text;
    return slice_trim((struct slice){text.text + marks, text.length - marks});
}

static void split_row(struct row *row, struct cells *cells)
{
    struct slice trimmed = slice_trim(row->text);
    size_t bars = 0;
    if (slice_has(row->text, "\t")) {
        row->tabular = true;
        split_at_tabs(cells, row->text);
    } else if ((bars = count_bars(trimmed)) >= 2) {
        row->tabular = true;
        split_at_bars(cells, trimmed);
    } else {
        row->text = without_heading_marks(trimmed);
        split_at_gaps(cells, row->text);
    }
}

/* A line of dashes, bars and such. */
static bool is_rule(const struct row *row)
{
    for (size_t i = 0; i < row->count; i++)
        for (size_t at = 0; at < row->cells[i].length;) {
            uint32_t code = slice_next(row->cells[i], &at);
            if (code != '-' && code != ':' && code != '=' && code != '_' && code != 0x2014 &&
                code != 0x2500 && !slice_is_space(code))
                return false;
        }
    return true;
}

/* "12", "- 12 -", "— 12 —", "第 12 页", "第12页 共40页". */
static bool is_page_number(const struct row *row)
{
    if (row->tabular || row->text.length > 60)
        return false;
    size_t digits = 0, dashes = 0, words = 0;
    for (size_t at = 0; at < row->text.length;) {
        uint32_t code = slice_next(row->text, &at);
        if (code >= '0' && code <= '9')
            digits++;
        else if (code == '-' || code == 0x2014 || code == 0x2013 || code == '/')
            dashes++;
        else if (code == 0x7B2C || code == 0x9875 || code == 0x5171) /* 第 页 共 */
            words++;
        else if (!slice_is_space(code))
            return false;
    }
    return digits > 0 && (digits <= PAGE_NUMBER_DIGITS || (words >= 2 && dashes == 0));
}

struct lines *lines_read(const char *text, size_t length)
{
    struct writer writer = {0};
    struct cells cells = {0};
    strip_markup(&writer, text, length);

    struct lines *lines = xcalloc(1, sizeof *lines);
    size_t *first = xcalloc(writer.count + 1, sizeof *first);
    size_t gapped = 0, tabular = 0;
    lines->clean = strbuf_take(&writer.clean);
    lines->rows = writer.rows;
    lines->count = writer.count;
    for (size_t i = 0; i < lines->count; i++) {
        lines->rows[i].text.text = lines->clean + writer.starts[i];
        first[i] = cells.count;
        split_row(&lines->rows[i], &cells);
    }
    first[lines->count] = cells.count;
    lines->cells = cells.all;
    for (size_t i = 0; i < lines->count; i++) {
        struct row *row = &lines->rows[i];
        row->cells = lines->cells ? lines->cells + first[i] : NULL;
        row->count = first[i + 1] - first[i];
        row->blank = is_rule(row);
        gapped += !row->tabular && row->count > 1;
        tabular += row->tabular;
    }
    lines->layout = gapped > tabular;
    for (size_t i = 0; i < lines->count; i++) {
        struct row *row = &lines->rows[i];
        bool alone = (i == 0 || lines->rows[i - 1].blank) ||
                     (i + 1 == lines->count || lines->rows[i + 1].blank);
        row->blank = row->blank || ((alone || lines->layout) && is_page_number(row));
    }
    free(first);
    free(writer.starts);
    return lines;
}

void lines_destroy(struct lines **lines)
{
    if (!*lines)
        return;
    free((*lines)->rows);
    free((*lines)->cells);
    free((*lines)->clean);
    free(*lines);
    *lines = NULL;
}
