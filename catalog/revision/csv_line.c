#include "catalog/revision/csv_line.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

static void add_cell(struct strbuf *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        strbuf_puts(out, text);
        return;
    }
    size_t size = csv_write(NULL, 0, text, strlen(text));
    char *quoted = xcalloc(size + 1, 1);
    csv_write(quoted, size, text, strlen(text));
    strbuf_add(out, quoted, size);
    free(quoted);
}

void csv_line(struct strbuf *out, const char *const cells[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            strbuf_puts(out, ",");
        add_cell(out, cells[i]);
    }
    strbuf_puts(out, "\n");
}

bool csv_is_formula(const char *text)
{
    return *text && strchr("=+-@\t\r", *text);
}
