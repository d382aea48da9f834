#ifndef JINMU_TEXT_LINE_H
#define JINMU_TEXT_LINE_H

#include "catalog/import/sheet.h"

#include <stdbool.h>
#include <stddef.h>

/* One line of a document that came out of a PDF, with its markup taken off: what it looks like,
 * before it is known where it stands. */
enum line_form {
    LINE_BLANK,
    LINE_HEADER,  /* 代码 一级目录 二级目录 … */
    LINE_TRIVIA,  /* page numbers, rules, the table's own title */
    LINE_CODED,   /* begins with a code, or with what must have been one */
    LINE_CONTENT, /* an entry of a table of contents: name ..... page */
    LINE_END,     /* what only follows a table: 信息公开选项, 名词解释, dates, prose */
    LINE_TEXT     /* anything else: a heading, or a name going on */
};

struct text_line {
    enum line_form form;
    size_t number;
    char **cells; /* those that are not empty, trimmed */
    size_t cell_count;
    bool indented;   /* an empty cell stands before the first */
    bool emphasised; /* bold, or a Markdown or HTML heading */
    bool breaks_page;
    long page; /* of a LINE_CONTENT; its name is the only cell */
};

struct folder;
/* Reads a line of `length` bytes (well-formed UTF-8, without the newline). */
void text_line_read(struct text_line *line, const char *bytes, size_t length, size_t number,
                    const struct folder *folder);
void text_line_clear(struct text_line *line);
/* The cells as one name (free()). */
char *text_line_name(const struct text_line *line);

/* Reads the code of a cell of a coded line and tells where the name starts; 0 when it has none. A
 * cell like "4150201 …", whose letter was misread, gives what stands there as an unreadable code. */
size_t cell_code(const char *cell, char code[CODE_BYTES]);

#endif
