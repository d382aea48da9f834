#include "services/cli/audit_sheet.h"

#include "services/cli/audit_words.h"
#include "services/cli/sheet.h"

#include <stdlib.h>
#include <string.h>

struct sheet_writer {
    lxw_workbook *book;
    lxw_format *head, *text, *money, *severities[3];
};

static void write_number(lxw_worksheet *sheet, size_t row, size_t column, const struct jv *object,
                         const char *member, lxw_format *format)
{
    if (jv_is_number(jv_get(object, member)))
        worksheet_write_number(sheet, (lxw_row_t)row, (lxw_col_t)column,
                               jv_get_number(object, member, 0), format);
}

static void write_summary(struct sheet_writer *writer, const struct jv *documents)
{
    static const struct sheet_column columns[] = {{"单位", 28},
                                                  {"年度", 8},
                                                  {"文件", 36},
                                                  {"项目数", 8},
                                                  {"年度资金（元）", 18},
                                                  {"自动通过", 10},
                                                  {"待人工审核", 12},
                                                  {"非购买服务", 12},
                                                  {"错误", 8},
                                                  {"警告", 8},
                                                  {"提示", 8},
                                                  {"已接受", 8},
                                                  {"文件编号", 22}};
    static const char *const members[] = {"auto",     "review", "none",    "errors",
                                          "warnings", "infos",  "accepted"};
    lxw_worksheet *sheet =
        sheet_add(writer->book, "汇总", columns, sizeof columns / sizeof *columns, writer->head);
    for (size_t d = 0; d < jv_count(documents); d++) {
        const struct jv *audited = jv_at(documents, d), *summary = jv_get(audited, "summary");
        sheet_text(sheet, d + 1, 0, jv_get_text(audited, "unit"), writer->text);
        write_number(sheet, d + 1, 1, audited, "year", NULL);
        sheet_text(sheet, d + 1, 2, jv_get_text(audited, "file"), writer->text);
        write_number(sheet, d + 1, 3, summary, "projects", NULL);
        write_number(sheet, d + 1, 4, summary, "amount_yuan", writer->money);
        for (size_t m = 0; m < sizeof members / sizeof *members; m++)
            write_number(sheet, d + 1, 5 + m, summary, members[m], NULL);
        sheet_text(sheet, d + 1, 12, jv_get_text(audited, "id"), writer->text);
    }
}

/* A row of the list of findings; `entry` is NULL for one about the whole document. */
static void write_finding(struct sheet_writer *writer, lxw_worksheet *sheet, size_t row,
                          const struct jv *audited, const struct jv *entry,
                          const struct jv *finding)
{
    const struct jv *project = jv_get(entry, "project"), *accepted = jv_get(finding, "accepted");
    const struct jv *line = entry ? jv_get(project, "source") : finding;
    char *quote = finding_quote(project, finding);
    sheet_text(sheet, row, 0, jv_get_text(audited, "unit"), writer->text);
    sheet_text(sheet, row, 1, entry ? jv_get_text(project, "name") : "（文件整体）", writer->text);
    write_number(sheet, row, 2, project, "amount_yuan", writer->money);
    sheet_text(sheet, row, 3, severity_label(finding_severity(finding)),
               writer->severities[finding_severity(finding)]);
    sheet_text(sheet, row, 4, jv_get_text(finding, "message"), writer->text);
    sheet_text(sheet, row, 5, field_label(jv_get_text(finding, "field")), writer->text);
    sheet_text(sheet, row, 6, quote, writer->text);
    sheet_text(sheet, row, 7, jv_get_text(finding, "basis"), writer->text);
    sheet_text(sheet, row, 8, jv_get_text(finding, "rule"), writer->text);
    write_number(sheet, row, 9, line, "line", NULL);
    sheet_text(sheet, row, 10, jv_get_text(accepted, "reason"), writer->text);
    sheet_text(sheet, row, 11, jv_get_text(accepted, "by"), writer->text);
    sheet_text(sheet, row, 12, jv_get_text(entry ? project : audited, "id"), writer->text);
    free(quote);
}

static void write_findings(struct sheet_writer *writer, const struct jv *documents)
{
    static const struct sheet_column columns[] = {
        {"单位", 24}, {"项目", 34}, {"年度资金（元）", 16}, {"级别", 7},
        {"问题", 60}, {"位置", 12}, {"原文", 30},           {"依据", 44},
        {"规则", 26}, {"行号", 7},  {"接受理由", 24},       {"接受人", 12},
        {"编号", 22}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    lxw_worksheet *sheet = sheet_add(writer->book, "问题清单", columns, COLUMNS, writer->head);
    size_t row = 1;
    for (size_t d = 0; d < jv_count(documents); d++) {
        const struct jv *audited = jv_at(documents, d);
        const struct jv *own = jv_get(audited, "findings"), *entries = jv_get(audited, "projects");
        for (size_t i = 0; i < jv_count(own); i++)
            write_finding(writer, sheet, row++, audited, NULL, jv_at(own, i));
        for (size_t p = 0; p < jv_count(entries); p++) {
            const struct jv *entry = jv_at(entries, p);
            const struct jv *findings = jv_get(jv_get(entry, "result"), "findings");
            for (size_t i = 0; i < jv_count(findings); i++)
                write_finding(writer, sheet, row++, audited, entry, jv_at(findings, i));
        }
    }
    if (row > 1)
        worksheet_autofilter(sheet, 0, 0, (lxw_row_t)(row - 1), COLUMNS - 1);
}

static void write_projects(struct sheet_writer *writer, const struct jv *documents)
{
    static const struct sheet_column columns[] = {{"单位", 24},
                                                  {"项目", 40},
                                                  {"年度资金（元）", 16},
                                                  {"实施期资金（元）", 16},
                                                  {"判定", 12},
                                                  {"性质", 10},
                                                  {"目录条目", 34},
                                                  {"把握", 8},
                                                  {"问题数", 8},
                                                  {"项目概况", 80},
                                                  {"编号", 22}};
    enum { COLUMNS = sizeof columns / sizeof *columns };
    lxw_worksheet *sheet = sheet_add(writer->book, "项目", columns, COLUMNS, writer->head);
    size_t row = 1;
    for (size_t d = 0; d < jv_count(documents); d++) {
        const struct jv *entries = jv_get(jv_at(documents, d), "projects");
        for (size_t p = 0; p < jv_count(entries); p++, row++) {
            const struct jv *project = jv_get(jv_at(entries, p), "project");
            const struct jv *result = jv_get(jv_at(entries, p), "result");
            struct strbuf code = {0};
            code_words(&code, result);
            sheet_text(sheet, row, 0, jv_get_text(project, "unit"), writer->text);
            sheet_text(sheet, row, 1, jv_get_text(project, "name"), writer->text);
            write_number(sheet, row, 2, project, "amount_yuan", writer->money);
            write_number(sheet, row, 3, project, "total_yuan", writer->money);
            sheet_text(sheet, row, 4, decision_label(result), writer->text);
            sheet_text(sheet, row, 5, kind_label(result), writer->text);
            sheet_text(sheet, row, 6, code.text, writer->text);
            write_number(sheet, row, 7, result, "confidence", NULL);
            worksheet_write_number(sheet, (lxw_row_t)row, 8,
                                   (double)open_findings(jv_get(result, "findings")), NULL);
            sheet_text(sheet, row, 9, jv_get_text(project, "description"), writer->text);
            sheet_text(sheet, row, 10, jv_get_text(project, "id"), writer->text);
            strbuf_free(&code);
        }
    }
    if (row > 1)
        worksheet_autofilter(sheet, 0, 0, (lxw_row_t)(row - 1), COLUMNS - 1);
}

static void add_formats(struct sheet_writer *writer)
{
    static const lxw_color_t colours[] = {0xB3261E, 0xA05A00, 0x2A66C8};
    writer->head = workbook_add_format(writer->book);
    format_set_bold(writer->head);
    format_set_bg_color(writer->head, 0xE8ECF1);
    format_set_align(writer->head, LXW_ALIGN_VERTICAL_CENTER);
    writer->text = workbook_add_format(writer->book);
    format_set_text_wrap(writer->text);
    format_set_align(writer->text, LXW_ALIGN_VERTICAL_TOP);
    writer->money = workbook_add_format(writer->book);
    format_set_num_format(writer->money, "#,##0.00");
    format_set_align(writer->money, LXW_ALIGN_VERTICAL_TOP);
    for (int s = 0; s < 3; s++) {
        writer->severities[s] = workbook_add_format(writer->book);
        format_set_font_color(writer->severities[s], colours[s]);
        format_set_align(writer->severities[s], LXW_ALIGN_VERTICAL_TOP);
    }
}

int audit_sheet_write(const struct jv *documents, const char *path, struct fault *fault)
{
    struct sheet_writer writer = {.book = workbook_new(path)};
    if (!writer.book)
        return fault_set(fault, "audit.sheet", "cannot make the workbook");
    add_formats(&writer);
    write_summary(&writer, documents);
    write_findings(&writer, documents);
    write_projects(&writer, documents);
    lxw_error error = workbook_close(writer.book);
    return error ? fault_set(fault, "audit.sheet", "%s", lxw_strerror(error)) : 0;
}
