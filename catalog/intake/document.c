#include "catalog/intake/document.h"

#include "catalog/intake/document_parts.h"
#include "catalog/intake/document_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_ROWS = 80, /* where the title page and the table of contents stand */
    HEADING_BYTES = 300,
};

static char *text_behind_colon(struct slice text)
{
    for (size_t at = 0; at < text.length;)
        if (slice_next(text, &at) == ':')
            return slice_tight((struct slice){text.text + at, text.length - at});
    return xstrdup("");
}

/* "单位名称：晋城市政务服务中心" above a budget table; NULL when there is none. */
static char *unit_above_tables(const struct document *document)
{
    static const char *const heads[] = {
        "单位名称:", "部门名称:", "编制单位:", "预算单位:", "公开单位:"};
    for (size_t i = 0; i < document->lines->count; i++) {
        const struct row *row = &document->lines->rows[i];
        if (row->blank || row->text.length > HEADING_BYTES || row->count == 0)
            continue;
        struct slice cell = row->cells[0];
        char *folded = label_fold(document->labels, cell, HEADING_BYTES);
        bool names = false;
        for (size_t k = 0; k < sizeof heads / sizeof *heads; k++)
            names = names || slice_starts(slice_of(folded), heads[k]);
        free(folded);
        if (!names)
            continue;
        char *unit = text_behind_colon(cell);
        if (*unit)
            return unit;
        free(unit);
        if (row->count > 1 && row->cells[1].length)
            return slice_tight(row->cells[1]);
    }
    return NULL;
}

/* "2026年度晋城市数据局单位预算公开", or the year's line below the unit's; NULL when there is none. */
static char *unit_of_title(const struct document *document)
{
    static const char *const endings[] = {"单位预算", "部门预算", "预算公开", "预算"};
    struct slice before = {0};
    for (size_t i = 0, seen = 0; i < document->lines->count && seen < HEAD_ROWS; i++) {
        const struct row *row = &document->lines->rows[i];
        if (row->blank)
            continue;
        seen++;
        int year = document_year(row->text);
        size_t ending = SIZE_MAX;
        for (size_t k = 0; k < sizeof endings / sizeof *endings && ending == SIZE_MAX; k++)
            ending = slice_find(row->text, endings[k]);
        if (!year || ending == SIZE_MAX || row->text.length > HEADING_BYTES) {
            before = row->text;
            continue;
        }
        char digits[8];
        snprintf(digits, sizeof digits, "%d", year);
        size_t number = slice_find(row->text, digits);
        size_t mark = slice_find(row->text, "年");
        if (number != SIZE_MAX && number > 6 && mark != SIZE_MAX) /* the unit, then the year */
            return slice_tight((struct slice){row->text.text, number});
        size_t from = mark == SIZE_MAX ? 0 : mark + strlen("年");
        struct slice name = {row->text.text + from, ending > from ? ending - from : 0};
        if (slice_starts(name, "度"))
            name = (struct slice){name.text + 3, name.length - 3};
        name = slice_trim(name);
        if (slice_ends(name, "的"))
            name.length -= 3;
        if (slice_code_points(name) >= 3)
            return slice_tight(name);
        if (before.length && slice_code_points(before) <= 40)
            return slice_tight(before);
        return NULL;
    }
    return NULL;
}

static int year_of_head(const struct document *document)
{
    for (size_t i = 0, seen = 0; i < document->lines->count && seen < HEAD_ROWS; i++) {
        const struct row *row = &document->lines->rows[i];
        if (row->blank || row->text.length > HEADING_BYTES)
            continue;
        seen++;
        int year = document_year(row->text);
        if (year && slice_has(row->text, "预算"))
            return year;
    }
    return 0;
}

static void find_unit_and_year(struct document *document)
{
    document->unit = unit_above_tables(document);
    if (!document->unit)
        document->unit = unit_of_title(document);
    for (size_t i = 0; i < document->count && !document->unit; i++)
        if (*document->projects[i].unit)
            document->unit = xstrdup(document->projects[i].unit);
    if (!document->unit)
        document->unit = xstrdup("");
    document->year = year_of_head(document);
    for (size_t i = 0; i < document->count && !document->year; i++)
        document->year = document->projects[i].year;
}

static void read_parts(struct document *document)
{
    size_t count = 0;
    struct table *tables = tables_find(document->labels, document->lines, &count);
    document->projects = xcalloc(count, sizeof *document->projects);
    for (size_t i = 0; i < count; i++)
        document_project_read(&document->projects[i], document->labels, document->lines,
                              &tables[i]);
    document->count = count;
    free(tables);
    find_unit_and_year(document);
    budget_read(&document->budget, document->labels, document->lines);
    procurement_read(&document->procurement, document->labels, document->lines);
    purchase_read(&document->purchase, document->labels, document->lines, document->unit);
    document->purchase_named = xcalloc(document->purchase.count + 1, sizeof(bool));
    declaration_read(&document->declaration, document->labels, document->lines, document->length);
    for (size_t i = 0; i < jv_count(document->declaration.findings); i++)
        jv_push(document->findings, jv_copy(jv_at(document->declaration.findings, i)));
    document_settle(document);
}

static void document_clear(struct document *document)
{
    for (size_t i = 0; i < document->count; i++)
        document_project_clear(&document->projects[i]);
    for (size_t i = 0; i < document->folded_count; i++)
        free(document->folded[i]);
    free(document->folded);
    free(document->sorted);
    free(document->projects);
    free(document->unit);
    free(document->text);
    budget_clear(&document->budget);
    free(document->purchase_named);
    purchase_clear(&document->purchase);
    declaration_clear(&document->declaration);
    lines_destroy(&document->lines);
    jv_destroy(&document->findings);
}

struct jv *document_read_with(const struct labels *labels, const char *bytes, size_t length,
                              const char *file, struct fault *fault)
{
    struct document document = {.file = file, .labels = labels, .findings = jv_array()};
    struct jv *json = NULL;
    if (length > DOCUMENT_BYTES_MAX) {
        fault_set(fault, "document.too_large", "文件超过%d MB，未读取", DOCUMENT_BYTES_MAX >> 20);
        goto done;
    }
    document.text = document_source(bytes, length, &document.length, document.findings, fault);
    if (!document.text)
        goto done;
    document.source_findings = jv_count(document.findings);
    document.lines = lines_read(document.text, document.length);
    labels_mend(document.labels, document.lines);
    read_parts(&document);
    if (document.count == 0) {
        fault_set(fault, "document.no_project",
                  "没有找到项目：文件中没有“项目支出绩效目标表”（以“项目名称”开始的表），"
                  "也没有“项目支出预算表”");
        goto done;
    }
    json = document_json(&document);
done:
    document_clear(&document);
    return json;
}

struct jv *document_read(const char *bytes, size_t length, const char *file, struct fault *fault)
{
    struct labels *labels = labels_new();
    struct jv *document = document_read_with(labels, bytes, length, file, fault);
    labels_destroy(&labels);
    return document;
}
