#include "catalog/import/csv_table.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <csv.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 << 20 };

/* The reader's state while libcsv calls back. */
struct reading {
    struct csv_table *table;
    char **cells;
    size_t cell_count;
    size_t line;      /* of the byte now being read */
    size_t line_next; /* where the row being read began */
    bool in_row;
};

char *file_read(const char *path, size_t *length, struct fault *fault)
{
    struct strbuf text = {0};
    char chunk[65536];
    size_t got;
    FILE *file = fopen(path, "rbe");
    if (!file) {
        fault_set(fault, "input.unreadable", "%s：无法读取（%s）", path, strerror(errno));
        return NULL;
    }
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0 && text.length <= FILE_BYTES_MAX)
        strbuf_add(&text, chunk, got);
    int broken = ferror(file);
    fclose(file);
    if (broken || text.length > FILE_BYTES_MAX) {
        fault_set(fault, broken ? "input.unreadable" : "input.too_large",
                  broken ? "%s：读取出错" : "%s：文件超过 64 MiB", path);
        strbuf_free(&text);
        return NULL;
    }
    *length = text.length;
    return strbuf_take(&text);
}

static void take_cell(void *bytes, size_t length, void *argument)
{
    struct reading *reading = argument;
    reading->cells = xrealloc(reading->cells, (reading->cell_count + 1) * sizeof(char *));
    reading->cells[reading->cell_count++] = xstrndup(bytes ? bytes : "", length);
}

static void drop_cells(struct reading *reading)
{
    for (size_t i = 0; i < reading->cell_count; i++)
        free(reading->cells[i]);
    free(reading->cells);
    reading->cells = NULL;
    reading->cell_count = 0;
}

/* The cells as a row of the header's width. */
static char **fit_row(struct reading *reading, size_t columns)
{
    for (size_t i = columns; i < reading->cell_count; i++)
        free(reading->cells[i]);
    char **row = xrealloc(reading->cells, (columns ? columns : 1) * sizeof(char *));
    for (size_t i = reading->cell_count; i < columns; i++)
        row[i] = xstrdup("");
    reading->cells = NULL;
    reading->cell_count = 0;
    return row;
}

static void take_row(int terminator, void *argument)
{
    struct reading *reading = argument;
    struct csv_table *table = reading->table;
    (void)terminator;
    bool comment = !table->header && reading->cell_count && reading->cells[0][0] == '#';
    if (comment || reading->cell_count == 0) {
        drop_cells(reading);
    } else if (!table->header) {
        table->columns = reading->cell_count;
        table->header = fit_row(reading, table->columns);
    } else {
        table->rows = xrealloc(table->rows, (table->count + 1) * sizeof *table->rows);
        table->lines = xrealloc(table->lines, (table->count + 1) * sizeof *table->lines);
        table->lines[table->count] = reading->line_next;
        table->rows[table->count++] = fit_row(reading, table->columns);
    }
    reading->in_row = false;
}

/* Gives the text to libcsv line by line, so that each row knows its line. */
static int parse(struct reading *reading, const char *bytes, size_t length)
{
    struct csv_parser parser;
    int failed = 0;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI))
        return -1;
    for (const char *at = bytes, *end = bytes + length; at < end && !failed;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        reading->line++;
        size_t size = (size_t)(next - at);
        bool blank = *at == '\n' || (*at == '\r' && size == 2);
        if (!reading->in_row && !blank) { /* libcsv says nothing of blank lines */
            reading->line_next = reading->line;
            reading->in_row = true;
        }
        failed = csv_parse(&parser, at, size, take_cell, take_row, reading) != size;
        at = next;
    }
    if (!failed)
        failed = csv_fini(&parser, take_cell, take_row, reading) != 0;
    csv_free(&parser);
    return failed ? -1 : 0;
}

static size_t first_bad_line(const char *bytes, size_t length)
{
    size_t line = 1;
    for (const char *at = bytes, *end = bytes + length; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline ? newline + 1 : end;
        if (!text_is_utf8(at, (size_t)(next - at)))
            break;
        at = next;
    }
    return line;
}

struct csv_table *csv_table_read(const char *source, const char *bytes, size_t length,
                                 struct fault *fault)
{
    struct csv_table *table = xcalloc(1, sizeof *table);
    struct reading reading = {.table = table};
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    if (!text_is_utf8(bytes, length)) {
        fault_set(fault, "input.not_utf8", "%s 第 %zu 行：不是 UTF-8 文本", source,
                  first_bad_line(bytes, length));
        csv_table_destroy(&table);
    } else if (parse(&reading, bytes, length)) {
        fault_set(fault, "input.not_csv", "%s 第 %zu 行：引号不合 CSV 格式", source, reading.line);
        csv_table_destroy(&table);
    } else if (!table->header) {
        fault_set(fault, "input.not_csv", "%s：没有表头", source);
        csv_table_destroy(&table);
    }
    drop_cells(&reading);
    return table;
}

struct csv_table *csv_table_load(const char *path, struct fault *fault)
{
    size_t length;
    char *bytes = file_read(path, &length, fault);
    if (!bytes)
        return NULL;
    struct csv_table *table = csv_table_read(path, bytes, length, fault);
    free(bytes);
    return table;
}

static void free_row(char **row, size_t columns)
{
    for (size_t i = 0; row && i < columns; i++)
        free(row[i]);
    free(row);
}

void csv_table_destroy(struct csv_table **table)
{
    struct csv_table *self = *table;
    if (!self)
        return;
    for (size_t r = 0; r < self->count; r++)
        free_row(self->rows[r], self->columns);
    free_row(self->header, self->columns);
    free(self->rows);
    free(self->lines);
    free(self);
    *table = NULL;
}

int csv_table_column(const struct csv_table *table, const char *name, const char *other)
{
    for (size_t i = 0; i < table->columns; i++)
        if (strcmp(table->header[i], name) == 0 || (other && strcmp(table->header[i], other) == 0))
            return (int)i;
    return -1;
}

const char *csv_table_cell(const struct csv_table *table, size_t row, int column)
{
    return column < 0 ? "" : table->rows[row][column];
}
