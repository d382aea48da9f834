#include "catalog/catalog.h"
#include "catalog/import/check.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* Rows without a heading: B items serve all departments and have none. */
static int name_without_heading(struct check *check, const struct sheet_row *row)
{
    const char *name = row->code[0] == 'B' ? "B" : "";
    for (size_t i = 0; i < check->name_count; i++)
        if (strcmp(check->names[i].name, name) == 0)
            return (int)i;
    return check_add_name(check, name, folder_fold_utf8(check->folder, name), row->line);
}

void check_prepare_rows(struct check *check)
{
    const struct sheet *sheet = check->sheet;
    check->rows = xcalloc(sheet->row_count + 1, sizeof *check->rows);
    check->row_folded = xcalloc(sheet->row_count + 1, sizeof *check->row_folded);
    for (size_t i = 0; i < sheet->row_count; i++) {
        const struct sheet_row *row = &sheet->rows[i];
        int level = catalog_code_level(row->code);
        struct checked_row *checked = &check->rows[i];
        *checked = (struct checked_row){.row = row, .level = level};
        checked->leaf = level >= catalog_leaf_level(row->code);
        checked->department = row->section >= 0 ? check->name_of_section[row->section]
                                                : name_without_heading(check, row);
        if (row->section < 0 && row->code[0] == 'A') {
            checked->doubted = true;
            checked->doubt = HEADING_MISSING;
        }
        if (!checked->leaf && *row->name)
            check->row_folded[i] = folder_fold_utf8(check->folder, row->name);
    }
}

static int by_key(const void *a, const void *b)
{
    const struct checked_row *x = *(struct checked_row *const *)a;
    const struct checked_row *y = *(struct checked_row *const *)b;
    if (x->department != y->department)
        return x->department < y->department ? -1 : 1;
    int order = strcmp(x->row->code, y->row->code);
    return order ? order : (x > y) - (x < y);
}

static int by_code(const void *a, const void *b, void *argument)
{
    const struct check *check = argument;
    const struct checked_row *x = *(struct checked_row *const *)a;
    const struct checked_row *y = *(struct checked_row *const *)b;
    int order = strcmp(x->row->code, y->row->code);
    if (order == 0)
        order = strcmp(check->row_folded[x - check->rows], check->row_folded[y - check->rows]);
    return order ? order : (x > y) - (x < y);
}

void check_sort_rows(struct check *check)
{
    size_t count = check->sheet->row_count;
    check->by_key = xcalloc(count + 1, sizeof(struct checked_row *));
    check->by_code = xcalloc(count + 1, sizeof(struct checked_row *));
    for (size_t i = 0; i < count; i++) {
        check->by_key[i] = &check->rows[i];
        if (check->row_folded[i] && !check->rows[i].doubted)
            check->by_code[check->by_code_count++] = &check->rows[i];
    }
    qsort(check->by_key, count, sizeof(struct checked_row *), by_key);
    qsort_r(check->by_code, check->by_code_count, sizeof(struct checked_row *), by_code, check);
}

static size_t first_of_key(const struct check *check, int department, const char *code)
{
    size_t low = 0, high = check->sheet->row_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct checked_row *row = check->by_key[middle];
        if (row->department < department ||
            (row->department == department && strcmp(row->row->code, code) < 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct checked_row *check_find_row(const struct check *check, int department,
                                         const char *code, const struct checked_row *except)
{
    for (size_t i = first_of_key(check, department, code); i < check->sheet->row_count; i++) {
        const struct checked_row *row = check->by_key[i];
        if (row->department != department || strcmp(row->row->code, code) != 0)
            return NULL;
        if (!row->doubted && row != except)
            return row;
    }
    return NULL;
}

static size_t first_of_code(const struct check *check, const char *code)
{
    size_t low = 0, high = check->by_code_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (strcmp(check->by_code[middle]->row->code, code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct checked_row *check_usual_name(const struct check *check, const char *code)
{
    const struct checked_row *usual = NULL;
    size_t run = 0, votes = 0;
    for (size_t i = first_of_code(check, code), from = i;
         i < check->by_code_count && strcmp(check->by_code[i]->row->code, code) == 0; i++) {
        const char *folded = check->row_folded[check->by_code[i] - check->rows];
        if (strcmp(folded, check->row_folded[check->by_code[from] - check->rows]) != 0) {
            from = i;
            run = 0;
        }
        run++;
        bool earlier = usual && check->by_code[from] < usual;
        if (run > votes || (run == votes && earlier)) {
            votes = run;
            usual = check->by_code[from];
        }
    }
    return usual;
}
