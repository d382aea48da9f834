#include "catalog/import/sheet.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { CODE_DIGITS = 6, FULL_WIDTH_FIRST = 0xFF01, FULL_WIDTH_LAST = 0xFF5E };

/* Makes room for one more element of a growing array. */
static void *grown(void *array, size_t count, size_t size)
{
    return (count & (count - 1)) == 0 ? xrealloc(array, (count ? count * 2 : 1) * size) : array;
}

void sheet_add_row(struct sheet *sheet, size_t line, size_t page, const char *code,
                   const char *name)
{
    sheet->rows = grown(sheet->rows, sheet->row_count, sizeof *sheet->rows);
    struct sheet_row *row = &sheet->rows[sheet->row_count++];
    *row = (struct sheet_row){.line = line,
                              .page = page,
                              .section = (int)sheet->section_count - 1,
                              .name = xstrdup(name)};
    snprintf(row->code, sizeof row->code, "%s", code);
}

void sheet_add_section(struct sheet *sheet, const char *department, size_t line)
{
    sheet->sections = grown(sheet->sections, sheet->section_count, sizeof *sheet->sections);
    sheet->sections[sheet->section_count++] = (struct sheet_section){xstrdup(department), line};
}

void sheet_add_content(struct sheet *sheet, const char *department, long page)
{
    sheet->contents = grown(sheet->contents, sheet->content_count, sizeof *sheet->contents);
    sheet->contents[sheet->content_count++] = (struct sheet_content){xstrdup(department), page};
}

void sheet_add_note(struct sheet *sheet, size_t line, const char *text)
{
    sheet->notes = grown(sheet->notes, sheet->note_count, sizeof *sheet->notes);
    sheet->notes[sheet->note_count++] = (struct sheet_note){line, xstrdup(text)};
}

void sheet_destroy(struct sheet **sheet)
{
    struct sheet *self = *sheet;
    if (!self)
        return;
    for (size_t i = 0; i < self->row_count; i++)
        free(self->rows[i].name);
    for (size_t i = 0; i < self->section_count; i++)
        free(self->sections[i].department);
    for (size_t i = 0; i < self->content_count; i++)
        free(self->contents[i].department);
    for (size_t i = 0; i < self->note_count; i++)
        free(self->notes[i].text);
    free(self->rows);
    free(self->sections);
    free(self->contents);
    free(self->notes);
    free(self);
    *sheet = NULL;
}

void known_names_add(struct known_names *known, const struct folder *folder, const char *name)
{
    char *folded = folder_fold_utf8(folder, name);
    if (!*folded || known_names_find(known, folded) >= 0) {
        free(folded);
        return;
    }
    known->folded = grown(known->folded, known->count, sizeof *known->folded);
    known->printed = grown(known->printed, known->count, sizeof *known->printed);
    known->folded[known->count] = folded;
    known->printed[known->count++] = xstrdup(name);
}

int known_names_find(const struct known_names *known, const char *folded)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->folded[i], folded) == 0)
            return (int)i;
    return -1;
}

void known_names_free(struct known_names *known)
{
    for (size_t i = 0; i < known->count; i++) {
        free(known->folded[i]);
        free(known->printed[i]);
    }
    free(known->folded);
    free(known->printed);
    *known = (struct known_names){0};
}

/* The code point at `text` with full-width forms as ASCII; `used` gets its bytes, 0 at the end. */
static utf8proc_int32_t character(const char *text, size_t *used)
{
    utf8proc_int32_t code = 0;
    *used = 0;
    if (!*text)
        return 0;
    utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)text, -1, &code);
    *used = size > 0 ? (size_t)size : 1;
    if (code >= FULL_WIDTH_FIRST && code <= FULL_WIDTH_LAST)
        return code - FULL_WIDTH_FIRST + '!';
    return code;
}

static int digit_of(utf8proc_int32_t code)
{
    switch (code) {
    case 'O':
    case 'o':
        return '0';
    case 'l':
    case 'I':
        return '1';
    default:
        return code >= '0' && code <= '9' ? (int)code : 0;
    }
}

static bool is_space(utf8proc_int32_t code)
{
    return code == ' ' || code == 0xA0 || code == 0x3000;
}

/* A run of characters that may be digits of a code. */
struct digits {
    char text[CODE_BYTES];
    size_t count; /* may be more than text holds */
    size_t bytes;
    bool real;    /* one of them is a true digit */
    bool bounded; /* no letter or digit follows */
    bool open;    /* space, tab or the end follows */
};

static struct digits read_digits(const char *text)
{
    struct digits run = {0};
    size_t used;
    utf8proc_int32_t code = character(text, &used);
    for (int digit; (digit = digit_of(code)) != 0; code = character(text + run.bytes, &used)) {
        if (run.count < sizeof run.text - 1)
            run.text[run.count] = (char)digit;
        run.real |= code >= '0' && code <= '9';
        run.count++;
        run.bytes += used;
    }
    run.bounded = code > 0x7F || !isalnum((int)code);
    run.open = code == 0 || code == '\t' || is_space(code);
    return run;
}

/* Whether a group of digits behind a space goes on with a code that has `have` digits. A group that
 * runs into a name is taken for the name's ("12345热线") unless it starts with 0, which names do
 * not. */
static bool continues_code(const struct digits *group, size_t have)
{
    if (group->count == 0 || group->count % 2 || have + group->count > CODE_DIGITS)
        return false;
    return group->real && group->bounded && (group->open || group->text[0] == '0');
}

size_t code_read(const char *text, char code[CODE_BYTES])
{
    size_t used, at = 0, digits = 0;
    utf8proc_int32_t letter = character(text, &used);
    if (letter != 'A' && letter != 'B')
        return 0;
    code[0] = (char)letter;
    at = used;
    struct digits first = read_digits(text + at);
    if (!first.bounded || (first.count && !first.real))
        return 0;
    digits = first.count < CODE_BYTES - 2 ? first.count : CODE_BYTES - 2;
    memcpy(code + 1, first.text, digits);
    at += first.bytes;
    while (digits < CODE_DIGITS && digits % 2 == 0 && is_space(character(text + at, &used))) {
        struct digits group = read_digits(text + at + used);
        bool misread = digits == 0 && group.real && group.open; /* "A 17010": no name starts so */
        if (!misread && !continues_code(&group, digits))
            break;
        if (group.count > CODE_BYTES - 2)
            group.count = CODE_BYTES - 2;
        memcpy(code + 1 + digits, group.text, group.count);
        digits += group.count;
        at += used + group.bytes;
    }
    code[1 + digits] = 0;
    return at;
}

char *name_clean(const char *text)
{
    struct strbuf name = {0};
    utf8proc_int32_t before = 0;
    bool spaced = false;
    for (size_t used; *text; text += used) {
        utf8proc_int32_t code = character(text, &used);
        if (is_space(code) || code == '\t' || code == '\r' || code == '\n') {
            spaced = true;
            continue;
        }
        if (spaced && before && before < 0x80 && code < 0x80 && used == 1)
            strbuf_puts(&name, " ");
        strbuf_add(&name, text, used);
        before = used == 1 ? code : 0x80;
        spaced = false;
    }
    return strbuf_take(&name);
}
