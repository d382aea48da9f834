#ifndef JINMU_DOCUMENT_LINES_H
#define JINMU_DOCUMENT_LINES_H

#include "common/strbuf.h"
#include "common/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed stretch of well-formed UTF-8, not ended by NUL. */
struct slice {
    const char *text;
    size_t length;
};

/* One row of a document: what stands on a line, or between <tr> and </tr>. Cells are parted by tabs,
 * by the bars of a Markdown table, by HTML cells, or else by two or more spaces, as pdftotext -layout
 * writes columns. Cells are trimmed and may be empty; a '\v' in one is a paragraph break of its
 * markup. A row of page furniture (a rule, a page number, an empty line) is blank. */
struct row {
    size_t line;   /* of the document, from 1 */
    size_t offset; /* bytes before that line */
    struct slice text;
    const struct slice *cells;
    size_t count;
    size_t page; /* form feeds before it */
    bool blank;
    bool tabular;      /* real cell borders, not spaces */
    size_t label_rows; /* over how many further rows its label was broken (labels_mend) */
};

/* The rows of a document, without markup. */
struct lines {
    struct row *rows;
    size_t count;
    bool layout; /* columns are made of spaces */
    char *clean; /* what the slices point into */
    struct slice *cells;
};

/* Takes a well-formed UTF-8 text apart; the text may go away afterwards. */
struct lines *lines_read(const char *text, size_t length);
void lines_destroy(struct lines **lines);

struct slice slice_of(const char *text);
struct slice slice_trim(struct slice slice);
/* The code point at *at, full-width forms narrowed, and *at moved behind it; 0 at the end. */
uint32_t slice_next(struct slice slice, size_t *at);
bool slice_is_space(uint32_t code);
size_t slice_code_points(struct slice slice);
bool slice_equals(struct slice one, struct slice other);
/* Where `word` begins in the slice, or SIZE_MAX. */
size_t slice_find(struct slice slice, const char *word);
bool slice_has(struct slice slice, const char *word);
bool slice_starts(struct slice slice, const char *word);
bool slice_ends(struct slice slice, const char *word);

/* Adds a cell to a text that may have begun on an earlier row: without a gap inside a sentence, on a
 * new line after one, with a space between Latin words. */
void slice_join(struct strbuf *text, struct slice more);
/* A copy (free()) without the white space that stands between or next to Chinese characters. */
char *slice_tight(struct slice slice);

#endif
