#ifndef JINMU_MOVES_PAGE_H
#define JINMU_MOVES_PAGE_H

#include "common/strbuf.h"
#include "services/cli/moves.h"

/* The report of a reclassification: as a page, and as a workbook. */
struct moves_report {
    const struct moves *moves;
    const char *title, *what; /* 目录修订重判, "晋财综〔2021〕63号 → …" */
    const char *made;         /* when and by which engine */
    const char *note;         /* "" or what the reader must know */
};
void moves_page_write(struct strbuf *out, const struct moves_report *report);

/* A workbook takes its rows while they are compared (moves.row), so that its memory stays flat. */
struct moves_book;
struct moves_book *moves_book_new(const char *path, struct fault *fault);
void moves_book_row(const struct moved *moved, void *book);
/* Adds the sums and closes the file. 0, or -1 with a fault. Destroys the book either way. */
int moves_book_finish(struct moves_book **book, const struct moves *moves, struct fault *fault);

#endif
