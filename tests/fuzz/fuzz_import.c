/* The importer of catalogs: any bytes as the text of a scan and as CSV; what it keeps as CSV reads
 * back as the same rows, unless a code in it has to be mended first. */
#include "catalog/import/csv_table.h"
#include "catalog/import/import.h"
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check(const struct sheet *sheet, const struct folder *folder)
{
    struct known_names known = {0};
    known_names_add(&known, folder, "行政审批");
    known_names_add(&known, folder, "民政");
    struct import_result *result = import_check(sheet, &known, folder);
    PROMISE(result);
    import_result_destroy(&result);
    known_names_free(&known);
}

static struct sheet *read_csv(const char *bytes, size_t length)
{
    struct fault fault = {0};
    struct csv_table *table = csv_table_read("fuzz", bytes, length, &fault);
    struct sheet *sheet = table ? sheet_from_csv(table, "fuzz", &fault) : NULL;
    PROMISE(sheet || *fault.code);
    csv_table_destroy(&table);
    return sheet;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct folder *folder;
    const char *bytes = (const char *)data;
    struct known_names none = {0};
    struct fault fault = {0};
    if (!folder)
        folder = folder_new();
    struct sheet *sheet = sheet_from_text(bytes, size, &none, folder, &fault);
    if (sheet) {
        check(sheet, folder);
        char *csv = sheet_to_csv(sheet);
        struct sheet *again = read_csv(csv, strlen(csv));
        PROMISE(!again || again->row_count == sheet->row_count);
        sheet_destroy(&again);
        free(csv);
    }
    sheet_destroy(&sheet);
    sheet = read_csv(bytes, size);
    if (sheet)
        check(sheet, folder);
    sheet_destroy(&sheet);
    return 0;
}
