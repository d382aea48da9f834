#include "services/cli/columns.h"

#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

enum { COLUMNS_MAX = 16, GAP = 2 };

size_t columns_of(const char *utf8)
{
    size_t width = 0;
    utf8proc_int32_t code;
    while (*utf8) {
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)utf8, -1, &code);
        if (used <= 0)
            return width;
        width += (size_t)utf8proc_charwidth(code);
        utf8 += used;
    }
    return width;
}

void print_column(const char *utf8, size_t width)
{
    size_t own = columns_of(utf8);
    fputs(utf8, stdout);
    for (; own < width; own++)
        putchar(' ');
}

void columns_add(struct columns *columns, const char *utf8)
{
    columns->cells = xrealloc(columns->cells, (columns->cell_count + 1) * sizeof *columns->cells);
    columns->cells[columns->cell_count++] = xstrdup(utf8);
}

void columns_add_number(struct columns *columns, long number)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", number);
    columns_add(columns, text);
}

void columns_print(struct columns *columns)
{
    size_t widths[COLUMNS_MAX] = {0};
    for (size_t i = 0; i < columns->cell_count; i++) {
        size_t width = columns_of(columns->cells[i]), *widest = &widths[i % columns->count];
        if (width > *widest)
            *widest = width;
    }
    for (size_t i = 0; i < columns->cell_count; i++) {
        size_t column = i % columns->count;
        if (column + 1 < columns->count) {
            print_column(columns->cells[i], widths[column] + GAP);
        } else {
            fputs(columns->cells[i], stdout);
            putchar('\n');
        }
        free(columns->cells[i]);
    }
    free(columns->cells);
    columns->cells = NULL;
    columns->cell_count = 0;
}
