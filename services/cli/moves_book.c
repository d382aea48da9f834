#include "services/cli/moves_page.h"

#include "services/cli/sheet.h"

#include <stdlib.h>

enum { ROWS_PER_SHEET = 1000000, HEAD_COLUMNS = 16 };

struct moves_book {
    lxw_workbook *book;
    lxw_worksheet *sums, *rows;
    lxw_format *bold, *money, *share;
    lxw_row_t next; /* row of `rows` */
    int sheets;
};

static const struct sheet_column columns[HEAD_COLUMNS] = {
    {"变化", 14},   {"新增待复核", 10}, {"项目编号", 18},   {"项目名称", 40},
    {"单位", 28},   {"年度", 8},        {"金额（元）", 16}, {"原目录", 20},
    {"原部门", 16}, {"原代码", 10},     {"原条目", 32},     {"原判断", 10},
    {"新部门", 16}, {"新代码", 10},     {"新条目", 32},     {"新判断", 10}};

static void add_rows_sheet(struct moves_book *book)
{
    char name[32];
    snprintf(name, sizeof name, book->sheets ? "变化明细%d" : "变化明细", book->sheets + 1);
    book->rows = sheet_add(book->book, name, columns, HEAD_COLUMNS, book->bold);
    book->sheets++;
    book->next = 1;
}

struct moves_book *moves_book_new(const char *path, struct fault *fault)
{
    struct moves_book *book = calloc(1, sizeof *book);
    lxw_workbook_options options = {.constant_memory = LXW_TRUE};
    if (!book || !(book->book = workbook_new_opt(path, &options))) {
        fault_set(fault, "report.unwritable", "%s: cannot write", path);
        free(book);
        return NULL;
    }
    book->bold = workbook_add_format(book->book);
    format_set_bold(book->bold);
    book->money = workbook_add_format(book->book);
    format_set_num_format(book->money, "#,##0.00");
    book->sums = workbook_add_worksheet(book->book, "汇总");
    add_rows_sheet(book);
    return book;
}

void moves_book_row(const struct moved *moved, void *argument)
{
    struct moves_book *book = argument;
    if (book->next > ROWS_PER_SHEET)
        add_rows_sheet(book);
    lxw_row_t row = book->next++;
    const char *texts[HEAD_COLUMNS] = {[0] = move_words[moved->move],
                                       [1] = moved->to_review ? "是" : "",
                                       [2] = moved->id,
                                       [3] = moved->name,
                                       [4] = moved->unit,
                                       [7] = moved->old.revision,
                                       [8] = move_department_word(moved->old.department),
                                       [9] = moved->old.code,
                                       [10] = moved->old.name,
                                       [11] = move_decision_word(moved->old.decision),
                                       [12] = move_department_word(moved->new.department),
                                       [13] = moved->new.code,
                                       [14] = moved->new.name,
                                       [15] = move_decision_word(moved->new.decision)};
    for (lxw_col_t c = 0; c < HEAD_COLUMNS; c++)
        if (c == 5 && moved->year)
            worksheet_write_number(book->rows, row, c, moved->year, NULL);
        else if (c == 6 && moved->yuan > 0)
            worksheet_write_number(book->rows, row, c, moved->yuan, book->money);
        else if (texts[c])
            sheet_text(book->rows, row, c, texts[c], NULL);
}

static void write_sum(struct moves_book *book, lxw_row_t row, int place, const struct move_sum *sum,
                      lxw_format *format)
{
    lxw_col_t column = (lxw_col_t)(1 + 2 * place);
    worksheet_write_number(book->sums, row, column, (double)sum->count, format);
    worksheet_write_number(book->sums, row, (lxw_col_t)(column + 1), sum->yuan, book->money);
}

/* All, what became of them, and those that are to be reviewed. */
static void write_sums_row(struct moves_book *book, lxw_row_t row, const char *name,
                           const struct move_department *department, lxw_format *format)
{
    struct move_sum all = move_department_sum(department);
    worksheet_write_string(book->sums, row, 0, name, format);
    write_sum(book, row, 0, &all, format);
    for (int m = 0; m < MOVES; m++)
        write_sum(book, row, 1 + m, &department->moves[m], format);
    write_sum(book, row, 1 + MOVES, &department->to_review, format);
}

static void write_sums(struct moves_book *book, const struct moves *moves)
{
    char head[64];
    lxw_row_t row = 0;
    worksheet_set_column(book->sums, 0, 0, 30, NULL);
    worksheet_set_column(book->sums, 1, 2 * (MOVES + 2), 15, NULL);
    worksheet_write_string(book->sums, row, 0, "部门", book->bold);
    for (int place = 0; place < MOVES + 2; place++) {
        const char *word = place == 0           ? "合计"
                           : place == 1 + MOVES ? "其中新增待复核"
                                                : move_words[place - 1];
        snprintf(head, sizeof head, "%s（个）", word);
        worksheet_write_string(book->sums, row, (lxw_col_t)(1 + 2 * place), head, book->bold);
        snprintf(head, sizeof head, "%s（元）", word);
        worksheet_write_string(book->sums, row, (lxw_col_t)(2 + 2 * place), head, book->bold);
    }
    for (size_t d = 0; d < moves->department_count; d++)
        write_sums_row(book, ++row, move_department_word(moves->departments[d].name),
                       &moves->departments[d], NULL);
    write_sums_row(book, ++row, "合计", &moves->all, book->bold);
    worksheet_freeze_panes(book->sums, 1, 1);
}

int moves_book_finish(struct moves_book **book, const struct moves *moves, struct fault *fault)
{
    if (moves)
        write_sums(*book, moves);
    lxw_error error = workbook_close((*book)->book);
    free(*book);
    *book = NULL;
    return error ? fault_set(fault, "report.unwritable", "xlsx: %s", lxw_strerror(error)) : 0;
}
