#ifndef JINMU_CSV_TABLE_H
#define JINMU_CSV_TABLE_H

#include "common/fault.h"

#include <stddef.h>

/* A CSV text (RFC 4180, UTF-8) with a header row, read as a whole. */
struct csv_table {
    char ***rows;  /* rows[r][c], never NULL: short rows are filled up with "" */
    size_t *lines; /* the line on which the row starts, from 1 */
    size_t count;  /* rows without the header */
    char **header;
    size_t columns;
};

/* NULL with a fault ("input.not_utf8", "input.not_csv") that names `source` and the line. Lines
 * that start with # before the header, and empty lines, are skipped. */
struct csv_table *csv_table_read(const char *source, const char *bytes, size_t length,
                                 struct fault *fault);
/* The same of a file; "input.unreadable" when it cannot be read. */
struct csv_table *csv_table_load(const char *path, struct fault *fault);
void csv_table_destroy(struct csv_table **table);

/* The number of the column of that name (or of its other name, which may be NULL), or -1. */
int csv_table_column(const struct csv_table *table, const char *name, const char *other);
/* A cell, "" when the column is -1. */
const char *csv_table_cell(const struct csv_table *table, size_t row, int column);

/* A whole file (free()), ended by NUL; NULL with "input.unreadable" or "input.too_large". */
char *file_read(const char *path, size_t *length, struct fault *fault);

#endif
