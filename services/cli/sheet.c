#include "services/cli/sheet.h"

#include "common/text.h"

#include <stdlib.h>

enum { CELL_MOST = 32000 }; /* Excel takes 32,767 */

lxw_worksheet *sheet_add(lxw_workbook *book, const char *name, const struct sheet_column *columns,
                         size_t count, lxw_format *head)
{
    lxw_worksheet *sheet = workbook_add_worksheet(book, name);
    for (size_t i = 0; i < count; i++) {
        worksheet_set_column(sheet, (lxw_col_t)i, (lxw_col_t)i, columns[i].width, NULL);
        sheet_text(sheet, 0, i, columns[i].title, head);
    }
    worksheet_freeze_panes(sheet, 1, 0);
    return sheet;
}

void sheet_text(lxw_worksheet *sheet, size_t row, size_t column, const char *text,
                lxw_format *format)
{
    bool fits = !text || text_length(text) <= CELL_MOST;
    char *cut = fits ? NULL : text_cut(text, (struct span){0, CELL_MOST});
    const char *shown = cut ? cut : text ? text : "";
    worksheet_write_string(sheet, (lxw_row_t)row, (lxw_col_t)column, shown, format);
    free(cut);
}
