#ifndef JINMU_COLUMNS_H
#define JINMU_COLUMNS_H

#include <stddef.h>

/* Texts in columns on a terminal, where a Chinese character is two columns wide. */

/* How many columns a text takes. */
size_t columns_of(const char *utf8);
/* Prints a text, filled up with spaces to `width` columns; a longer one is printed whole. */
void print_column(const char *utf8, size_t width);

/* Rows whose widths are not known before all have come. The last column is not filled up. */
struct columns {
    size_t count; /* columns in a row */
    char **cells;
    size_t cell_count;
};
/* Adds a cell (copied); `count` of them make a row. */
void columns_add(struct columns *columns, const char *utf8);
void columns_add_number(struct columns *columns, long number);
/* Prints the rows, two spaces between columns, and empties the table. */
void columns_print(struct columns *columns);

#endif
