#include "catalog/intake/document_reading.h"

#include <stdlib.h>

/* The rows of a table that are not blank, and the label that each begins with. */
struct outline {
    size_t *rows;
    enum label *labels;
    size_t count;
};

static bool ends_sentence(struct slice text)
{
    static const char *const ends[] = {"。", "；", "！", "？", ".", ";",
                                       "：", ":",  "》", "）", "”"};
    text = slice_trim(text);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (slice_ends(text, ends[i]))
            return true;
    return false;
}

static void make_outline(struct outline *outline, struct table_reading *reading,
                         const struct lines *lines)
{
    size_t first = reading->table->first, end = reading->table->end;
    outline->rows = xcalloc(end - first, sizeof *outline->rows);
    outline->labels = xcalloc(end - first, sizeof *outline->labels);
    for (size_t i = first; i < end; i++) {
        if (lines->rows[i].blank)
            continue;
        tokens_read(&reading->tokens, reading->labels, &lines->rows[i]);
        if (reading->tokens.count == 0 && lines->rows[i].count > 0)
            continue; /* it held the rest of a label */
        const struct label_match *match = &reading->tokens.all[0].match;
        outline->rows[outline->count] = i;
        outline->labels[outline->count++] =
            reading->tokens.count && match->form != LABEL_GLUED ? match->label : LABEL_NONE;
    }
}

/* Whether labels stand below the beginning of their texts: the first has lines of text above it
 * that can belong to nothing else, or lines above others break off within a sentence. */
static bool are_centred(const struct outline *outline, const struct lines *lines)
{
    enum { ENOUGH = 2 };
    int votes = 0;
    bool texts_begun = false, head_seen = false;
    for (size_t i = 1; i < outline->count; i++) {
        enum label label = outline->labels[i];
        head_seen = head_seen || (label >= LABEL_FUNDS && label <= LABEL_SOURCE);
        if (!label_is_text(label))
            continue;
        if (outline->labels[i - 1] == LABEL_NONE) {
            votes += !ends_sentence(lines->rows[outline->rows[i - 1]].text);
            votes += !texts_begun && head_seen ? ENOUGH : 0;
        }
        texts_begun = true;
    }
    return votes >= ENOUGH;
}

/* Gives rows at the top of a page to the text that broke off at the foot of the last; the first row
 * after them. */
static size_t take_overflow(const struct outline *outline, const struct lines *lines, size_t begin,
                            enum label label, enum label *of_row, size_t first)
{
    if (begin == 0 || begin >= outline->count ||
        lines->rows[outline->rows[begin]].page == lines->rows[outline->rows[begin - 1]].page)
        return begin;
    while (begin < outline->count && outline->labels[begin] == LABEL_NONE &&
           !ends_sentence(lines->rows[outline->rows[begin - 1]].text)) {
        of_row[outline->rows[begin] - first] = label;
        begin++;
    }
    return begin;
}

/* pdftotext -layout sets a label at half the height of the text beside it, so that lines of the text
 * stand above it. Where that is so, gives each row of the table the label of the text it belongs to:
 * a text that begins at row b and has its label at row m goes on to row 2m - b. free(); NULL where
 * labels stand on their first row. */
enum label *table_centre_labels(struct table_reading *reading, const struct lines *lines)
{
    struct outline outline = {0};
    enum label *of_row = NULL;
    size_t first = reading->table->first, begin = SIZE_MAX;
    if (!lines->layout)
        return NULL;
    make_outline(&outline, reading, lines);
    if (!are_centred(&outline, lines))
        goto done;
    of_row = xcalloc(reading->table->end - first, sizeof *of_row);
    for (size_t i = 0; i < outline.count; i++) {
        enum label label = outline.labels[i];
        if (label >= LABEL_NAME && label <= LABEL_SOURCE) {
            begin = i + 1;
        } else if (label_is_text(label) && begin != SIZE_MAX && begin <= i) {
            size_t reach = 2 * i + lines->rows[outline.rows[i]].label_rows - begin;
            for (; begin <= reach && begin < outline.count; begin++) {
                if (begin > i && outline.labels[begin] != LABEL_NONE)
                    break;
                of_row[outline.rows[begin] - first] = label;
            }
            begin = take_overflow(&outline, lines, begin, label, of_row, first);
        } else if (label_is_goal(label) || label == LABEL_INDICATORS) {
            break;
        }
    }
done:
    free(outline.rows);
    free(outline.labels);
    return of_row;
}
