#ifndef JINMU_SHEET_H
#define JINMU_SHEET_H

#include "common/fault.h"

#include <stdbool.h>
#include <stddef.h>

/* A catalog as a document prints it, before anything is made of it: rows in the order of the
 * document, the department headings they stand under, and the table of contents. Whatever reads
 * documents fills a sheet; import_check.c judges sheets. */

enum { CODE_BYTES = 16 };

struct sheet_row {
    size_t line;           /* of the document, from 1 */
    size_t page;           /* counts page breaks; rows of one page share a number */
    int section;           /* in sheet.sections, or -1 before the first heading */
    char code[CODE_BYTES]; /* cleaned; of odd length or too long when it could not be read */
    char *name;            /* without spaces and markup; "" when the document has none */
};

struct sheet_section {
    char *department; /* the heading as printed, without spaces and markup */
    size_t line;
};

/* An entry of the table of contents. */
struct sheet_content {
    char *department;
    long page; /* printed number of the page on which the department starts */
};

/* A line inside the table that is neither row nor heading nor known furniture. */
struct sheet_note {
    size_t line;
    char *text;
};

struct sheet {
    struct sheet_row *rows;
    size_t row_count;
    struct sheet_section *sections;
    size_t section_count;
    struct sheet_content *contents;
    size_t content_count;
    struct sheet_note *notes;
    size_t note_count;
};

/* Department names that are known already: a heading among them is surely one. Folded. */
struct known_names {
    char **folded;
    char **printed;
    size_t count;
};
struct folder;
void known_names_add(struct known_names *known, const struct folder *folder, const char *name);
/* The number of the name with that folded form, or -1. */
int known_names_find(const struct known_names *known, const char *folded);
void known_names_free(struct known_names *known);

/* Reads the table out of a document's text. NULL with a fault: "import.not_catalog",
 * "import.no_rows", "input.not_utf8" (with the line). */
struct sheet *sheet_from_text(const char *bytes, size_t length, const struct known_names *known,
                              const struct folder *folder, struct fault *fault);
/* Reads CSV: department,code,name (also 部门,代码,名称) and, when there, line and page. Rows without
 * a code are entries of the table of contents when they have a page, else headings. Without a
 * department a row stands under no heading. */
struct csv_table;
struct sheet *sheet_from_csv(const struct csv_table *table, const char *source,
                             struct fault *fault);
/* The sheet as such CSV (free()), so that it can be kept, mended and imported again. */
char *sheet_to_csv(const struct sheet *sheet);
void sheet_destroy(struct sheet **sheet);

void sheet_add_row(struct sheet *sheet, size_t line, size_t page, const char *code,
                   const char *name);
/* Starts a section; the rows that follow belong to it. Takes a copy. */
void sheet_add_section(struct sheet *sheet, const char *department, size_t line);
void sheet_add_content(struct sheet *sheet, const char *department, long page);
void sheet_add_note(struct sheet *sheet, size_t line, const char *text);

/* Reads a code at the start of a text: A or B and pairs of digits, in full or half width, with
 * spaces between them, O for 0 and l or I for 1. Returns the bytes used, 0 when there is no code.
 * A code with an odd or too large number of digits is given as far as CODE_BYTES reach. */
size_t code_read(const char *text, char code[CODE_BYTES]);
/* A name (free()) without white space next to a character that is not ASCII. */
char *name_clean(const char *text);

#endif
