#include "catalog/import/csv_table.h"
#include "catalog/import/sheet.h"
#include "common/strbuf.h"

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct columns {
    int department, code, name, line, page;
};

static int find_columns(const struct csv_table *table, const char *source, struct columns *columns,
                        struct fault *fault)
{
    *columns = (struct columns){.department = csv_table_column(table, "department", "部门"),
                                .code = csv_table_column(table, "code", "代码"),
                                .name = csv_table_column(table, "name", "名称"),
                                .line = csv_table_column(table, "line", "行"),
                                .page = csv_table_column(table, "page", "页")};
    if (columns->code >= 0 && columns->name >= 0)
        return 0;
    return fault_set(
        fault, "import.not_catalog",
        "%s 第 1 行：表头缺少 code 或 name 列（department,code,name 或 部门,代码,名称）", source);
}

static size_t number_of(const char *text, size_t otherwise)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    return end == text || *end ? otherwise : (size_t)number;
}

/* The code of a cell; a cell that holds anything else is a mistake of the file's writer. */
static int read_code(const char *cell, char code[CODE_BYTES])
{
    size_t used = code_read(cell, code);
    return used && cell[used + strspn(cell + used, " ")] == 0 ? 0 : -1;
}

static int read_row(struct sheet *sheet, const struct csv_table *table, size_t row,
                    const struct columns *columns, const char *source, struct fault *fault)
{
    char code[CODE_BYTES];
    size_t line = table->lines[row], page = number_of(csv_table_cell(table, row, columns->page), 0);
    char *department = name_clean(csv_table_cell(table, row, columns->department));
    char *name = name_clean(csv_table_cell(table, row, columns->name));
    const char *cell = csv_table_cell(table, row, columns->code);
    cell += strspn(cell, " \t");
    int result = 0;
    if (!*cell && !*department && !*name) {
        /* an empty row */
    } else if (!*cell && (*name || !*department)) {
        result =
            fault_set(fault, "import.bad_code", "%s 第 %zu 行：有名称而没有代码", source, line);
    } else if (!*cell && page) {
        sheet_add_content(sheet, department, (long)page);
    } else if (!*cell) {
        sheet_add_section(sheet, department,
                          number_of(csv_table_cell(table, row, columns->line), line));
    } else if (read_code(cell, code)) {
        result = fault_set(fault, "import.bad_code", "%s 第 %zu 行：“%.60s”不是目录代码", source,
                           line, cell);
    } else {
        line = number_of(csv_table_cell(table, row, columns->line), line);
        bool same = sheet->section_count &&
                    strcmp(sheet->sections[sheet->section_count - 1].department, department) == 0;
        if (!same && (*department || sheet->section_count))
            sheet_add_section(sheet, department, line);
        sheet_add_row(sheet, line, page, code, name);
    }
    free(department);
    free(name);
    return result;
}

struct sheet *sheet_from_csv(const struct csv_table *table, const char *source, struct fault *fault)
{
    struct columns columns;
    if (find_columns(table, source, &columns, fault))
        return NULL;
    struct sheet *sheet = xcalloc(1, sizeof *sheet);
    int failed = 0;
    for (size_t row = 0; row < table->count && !failed; row++)
        failed = read_row(sheet, table, row, &columns, source, fault);
    if (!failed && sheet->row_count == 0)
        failed = fault_set(fault, "import.no_rows", "%s：没有带代码的行", source);
    if (failed)
        sheet_destroy(&sheet);
    return sheet;
}

/* Adds a cell, quoted when it has to be. */
static void put_cell(struct strbuf *out, const char *text, char end)
{
    if (!strpbrk(text, ",\"\r\n")) {
        strbuf_puts(out, text);
    } else {
        size_t size = csv_write(NULL, 0, text, strlen(text));
        char *quoted = xcalloc(size, 1);
        csv_write(quoted, size, text, strlen(text));
        strbuf_add(out, quoted, size);
        free(quoted);
    }
    strbuf_add(out, &end, 1);
}

static void put_row(struct strbuf *out, const char *department, const char *code, const char *name)
{
    put_cell(out, department, ',');
    put_cell(out, code, ',');
    put_cell(out, name, ',');
}

char *sheet_to_csv(const struct sheet *sheet)
{
    struct strbuf out = {0};
    int section = -1;
    strbuf_puts(&out, "department,code,name,line,page\n");
    for (size_t i = 0; i < sheet->content_count; i++) {
        put_row(&out, sheet->contents[i].department, "", "");
        strbuf_printf(&out, ",%ld\n", sheet->contents[i].page);
    }
    for (size_t i = 0; i < sheet->row_count; i++) {
        const struct sheet_row *row = &sheet->rows[i];
        const char *department = row->section < 0 ? "" : sheet->sections[row->section].department;
        for (; section < row->section; section++) {
            put_row(&out, sheet->sections[section + 1].department, "", "");
            strbuf_printf(&out, "%zu,\n", sheet->sections[section + 1].line);
        }
        put_row(&out, department, row->code, row->name);
        strbuf_printf(&out, "%zu,%zu\n", row->line, row->page + 1);
    }
    return strbuf_take(&out);
}
