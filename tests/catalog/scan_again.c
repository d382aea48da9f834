/* Another scan of a document, made from the first by rules: what scanners and OCR do to tables. */
#include "catalog/import/sheet.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "tests/catalog/catalog_case.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    struct strbuf out;
    unsigned state;
    size_t rows;
};

static const char header[] = "代码\t一级目录\t二级目录\t三级目录\t四级目录";

/* A number below `limit`, the next of a fixed sequence. */
static unsigned next(struct scan *scan, unsigned limit)
{
    scan->state = scan->state * 1103515245u + 12345u;
    return (scan->state >> 16) % limit;
}

/* The code as OCR gives it: spaced, in full width, with letters for digits. */
static void put_code(struct scan *scan, const char *code)
{
    switch (next(scan, 8)) {
    case 0:
        strbuf_printf(&scan->out, "%c %s", code[0], code + 1);
        return;
    case 1:
        if (strlen(code) == 7) {
            strbuf_printf(&scan->out, "%.5s %s", code, code + 5);
            return;
        }
        break;
    case 2:
        for (; *code; code++)
            if (*code >= '0' && *code <= '9')
                strbuf_printf(&scan->out, "\xEF\xBC%c", 0x90 + *code - '0');
            else
                strbuf_printf(&scan->out, "\xEF\xBC%c", 0xA1 + *code - 'A');
        return;
    case 3:
        for (size_t i = 0; code[i]; i++)
            strbuf_printf(&scan->out, "%c",
                          code[i] == '0' && i > 1   ? 'O'
                          : code[i] == '1' && i > 2 ? 'l'
                                                    : code[i]);
        return;
    default:
        break;
    }
    strbuf_puts(&scan->out, code);
}

/* The name with a slip, a space or a line break in it. */
static void put_name(struct scan *scan, const char *name)
{
    static const char *const slips[][2] = {{"服务", "服務"}, {"管理", "菅理"}, {"测", "侧"},
                                           {"培", "陪"},     {"未", "末"},     {"员", "贝"}};
    unsigned slip = next(scan, 12);
    bool broken = next(scan, 9) == 0;
    size_t half = strlen(name) / 6 * 3;
    for (const char *at = name; *at;) {
        size_t length = 0;
        if (slip < 6 && strncmp(at, slips[slip][0], strlen(slips[slip][0])) == 0) {
            strbuf_puts(&scan->out, slips[slip][1]);
            length = strlen(slips[slip][0]);
        } else {
            length = (unsigned char)*at < 0x80 ? 1 : 3;
            strbuf_add(&scan->out, at, length);
        }
        if ((size_t)(at - name) == half && slip == 7)
            strbuf_puts(&scan->out, " ");
        if (broken && (size_t)(at - name) >= half && at[length]) {
            strbuf_puts(&scan->out, "\n\t\t\t");
            broken = false;
        }
        at += length;
    }
}

static void break_page(struct scan *scan)
{
    unsigned page = next(scan, 90) + 1;
    switch (next(scan, 3)) {
    case 0:
        strbuf_printf(&scan->out, "\n- %u -\n\n%s\n", page, header);
        return;
    case 1:
        strbuf_printf(&scan->out, "\n第 %u 页\n\f|%s|\n|---|---|---|\n", page,
                      "代 码|一级目录|二级目录|三级目录|四级目录");
        return;
    default:
        strbuf_printf(&scan->out, "\n— %u —\n\n**%s**\n", page, header);
    }
}

static void put_row(struct scan *scan, const char *code, const char *name)
{
    unsigned shift = next(scan, 3), style = next(scan, 6);
    const char *bar = style == 0 ? "|" : "\t";
    if (style == 0)
        strbuf_puts(&scan->out, "| ");
    for (unsigned i = 0; style == 1 && i < shift; i++)
        strbuf_puts(&scan->out, "\t");
    strbuf_puts(&scan->out, style == 2 ? "<b>" : style == 3 ? "**" : "");
    put_code(scan, code);
    strbuf_puts(&scan->out, style == 2 ? "</b>" : style == 3 ? "**" : "");
    for (size_t i = 0; i < strlen(code) / 2 + shift; i++)
        strbuf_puts(&scan->out, bar);
    strbuf_puts(&scan->out, bar);
    if (style == 0)
        strbuf_puts(&scan->out, name);
    else
        put_name(scan, name);
    strbuf_puts(&scan->out, style == 0 ? " |\n" : "\n");
    if (++scan->rows % 23 == 0)
        break_page(scan);
}

static void put_heading(struct scan *scan, const char *name)
{
    static const char *const shapes[][2] = {{"", ""},     {"<b>", "</b>"}, {"## ", ""},
                                            {"**", "**"}, {"\t", "\t\t"},  {"|", "| | | |"}};
    unsigned shape = next(scan, 6);
    strbuf_printf(&scan->out, "%s%s%s\n", shapes[shape][0], name, shapes[shape][1]);
}

char *scan_again(const char *text, unsigned seed)
{
    struct scan scan = {.state = seed};
    struct fault fault = {0};
    struct known_names none = {0};
    struct folder *folder = folder_new();
    struct sheet *sheet = sheet_from_text(text, strlen(text), &none, folder, &fault);
    int section = -1;
    strbuf_printf(&scan.out, "某市文件\n\n%s\n", header);
    for (size_t i = 0; sheet && i < sheet->row_count; i++) {
        const struct sheet_row *row = &sheet->rows[i];
        for (; section < row->section; section++)
            put_heading(&scan, sheet->sections[section + 1].department);
        put_row(&scan, row->code, row->name);
    }
    strbuf_puts(&scan.out, "\n信息公开选项：主动公开\n\n第四部分 名词解释\n");
    sheet_destroy(&sheet);
    folder_destroy(&folder);
    return strbuf_take(&scan.out);
}
