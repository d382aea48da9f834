#include "catalog/label_file.h"

#include "catalog/import/csv_table.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <csv.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A row of one of the files. */
struct place {
    char *path;
    struct csv_table *table;
    size_t row;
};

static bool same_folded(const struct folder *folder, const char *a, const char *b)
{
    char *x = folder_fold_utf8(folder, a), *y = folder_fold_utf8(folder, b);
    bool same = strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

static bool is_row(const struct folder *folder, const struct csv_table *table, size_t row,
                   const struct label_edit *edit)
{
    int department = csv_table_column(table, "department", NULL);
    int code = csv_table_column(table, "code", NULL), name = csv_table_column(table, "name", NULL);
    return strcmp(csv_table_cell(table, row, code), edit->code) == 0 &&
           same_folded(folder, csv_table_cell(table, row, department), edit->department) &&
           (!edit->name || same_folded(folder, csv_table_cell(table, row, name), edit->name));
}

/* Looks for the row in one file; keeps the table when it is there. */
static int look_in(const struct folder *folder, const char *path, const struct label_edit *edit,
                   struct place *place, size_t *found, struct fault *fault)
{
    struct csv_table *table = csv_table_load(path, fault);
    if (!table)
        return -1;
    bool here = false;
    for (size_t row = 0; row < table->count; row++)
        if (is_row(folder, table, row, edit)) {
            here = ++*found == 1;
            if (here)
                *place = (struct place){xstrdup(path), table, row};
        }
    if (place->table != table)
        csv_table_destroy(&table);
    return 0;
}

static int find_place(const struct folder *folder, const char *data_directory,
                      const struct label_edit *edit, struct place *place, struct fault *fault)
{
    struct strbuf directory = {0}, path = {0};
    struct dirent **entries = NULL;
    size_t found = 0;
    int failed = 0;
    strbuf_printf(&directory, "%s/labels", data_directory);
    int count = scandir(directory.text, &entries, NULL, NULL);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        size_t length = strlen(name);
        strbuf_reset(&path);
        strbuf_printf(&path, "%s/%s", directory.text, name);
        if (!failed && length > 4 && strcmp(name + length - 4, ".csv") == 0)
            failed = look_in(folder, path.text, edit, place, &found, fault);
        free(entries[i]);
    }
    free(entries);
    if (!failed && found == 0)
        failed = fault_set(fault, "labels.no_row", "%s 中没有“%s”%s 的条目", directory.text,
                           edit->department, edit->code);
    else if (!failed && found > 1)
        failed = fault_set(fault, "labels.no_row", "%s 有 %zu 行，请用 --name 指明名称", edit->code,
                           found);
    strbuf_free(&directory);
    strbuf_free(&path);
    return failed;
}

/* Whether a cell of phrases holds the phrase; `at` gets where. */
static bool holds(const char *cell, const char *phrase, size_t *at)
{
    size_t length = strlen(phrase);
    for (const char *from = cell; *from; from += *from == ';') {
        size_t size = strcspn(from, ";");
        if (size == length && strncmp(from, phrase, size) == 0) {
            *at = (size_t)(from - cell);
            return true;
        }
        from += size;
    }
    return false;
}

/* The cell with the phrase added or removed (free()), NULL when that changes nothing. */
static char *edited_cell(const char *cell, const char *phrase, bool remove)
{
    size_t at = 0;
    struct strbuf out = {0};
    if (holds(cell, phrase, &at) != remove)
        return NULL;
    if (!remove) {
        strbuf_printf(&out, "%s%s%s", cell, *cell ? ";" : "", phrase);
        return strbuf_take(&out);
    }
    const char *after = cell + at + strlen(phrase);
    strbuf_add(&out, cell, *after ? at : (at ? at - 1 : 0));
    strbuf_puts(&out, after + (*after == ';'));
    return strbuf_take(&out);
}

static void write_cell(FILE *file, const char *text)
{
    if (strpbrk(text, ",\"\r\n"))
        csv_fwrite(file, text, strlen(text));
    else
        fputs(text, file);
}

static int write_table(const struct place *place, struct fault *fault)
{
    struct strbuf draft = {0};
    const struct csv_table *table = place->table;
    strbuf_printf(&draft, "%s.new", place->path);
    FILE *file = fopen(draft.text, "we");
    for (size_t row = 0; file && row <= table->count; row++) {
        char **cells = row ? table->rows[row - 1] : table->header;
        for (size_t i = 0; i < table->columns; i++) {
            if (i)
                fputc(',', file);
            write_cell(file, cells[i]);
        }
        fputc('\n', file);
    }
    int failed = !file || ferror(file) || fflush(file) || fsync(fileno(file));
    if (file)
        failed |= fclose(file) != 0;
    failed = failed || rename(draft.text, place->path) != 0;
    if (failed) {
        fault_set(fault, "labels.unwritable", "%s：无法写入（%s）", place->path, strerror(errno));
        unlink(draft.text);
    }
    strbuf_free(&draft);
    return failed ? -1 : 0;
}

static int check_edit(const struct label_edit *edit, struct fault *fault)
{
    if (strcmp(edit->kind, "alt") && strcmp(edit->kind, "hidden") && strcmp(edit->kind, "not"))
        return fault_set(fault, "labels.bad_phrase", "--kind 应为 alt、hidden 或 not");
    for (size_t i = 0; i < edit->phrase_count; i++)
        if (!*edit->phrases[i] || strpbrk(edit->phrases[i], ";\r\n"))
            return fault_set(fault, "labels.bad_phrase", "短语不能为空，也不能含分号或换行");
    return 0;
}

int label_file_edit(const char *data_directory, const struct label_edit *edit, size_t *changed,
                    struct fault *fault)
{
    struct folder *folder = folder_new();
    struct place place = {0};
    int failed = -1;
    *changed = 0;
    if (check_edit(edit, fault) || find_place(folder, data_directory, edit, &place, fault))
        goto done;
    int column = csv_table_column(place.table, edit->kind, NULL);
    if (column < 0) {
        fault_set(fault, "labels.no_row", "%s 没有 %s 列", place.path, edit->kind);
        goto done;
    }
    for (size_t i = 0; i < edit->phrase_count; i++) {
        char **cell = &place.table->rows[place.row][column];
        char *edited = edited_cell(*cell, edit->phrases[i], edit->remove);
        if (!edited)
            continue;
        free(*cell);
        *cell = edited;
        ++*changed;
    }
    failed = *changed ? write_table(&place, fault) : 0;
done:
    csv_table_destroy(&place.table);
    free(place.path);
    folder_destroy(&folder);
    return failed;
}
