#ifndef JINMU_CLI_SHEET_H
#define JINMU_CLI_SHEET_H

#include <stddef.h>
#include <xlsxwriter.h>

/* Sheets of a workbook: rows below a frozen head. */

struct sheet_column {
    const char *title;
    double width; /* in characters of Latin script */
};
/* A new sheet with its head written in row 0. */
lxw_worksheet *sheet_add(lxw_workbook *book, const char *name, const struct sheet_column *columns,
                         size_t count, lxw_format *head);
/* A text, NULL for an empty one; what a cell cannot hold is cut off. */
void sheet_text(lxw_worksheet *sheet, size_t row, size_t column, const char *text,
                lxw_format *format);

#endif
