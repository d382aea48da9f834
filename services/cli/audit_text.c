#include "services/cli/audit_text.h"

#include "services/cli/audit_words.h"

#include <stdlib.h>
#include <string.h>

static void print_finding(const struct jv *project, const struct jv *finding, FILE *out)
{
    const char *field = field_label(jv_get_text(finding, "field"));
    const char *basis = jv_get_text(finding, "basis");
    const struct jv *accepted = jv_get(finding, "accepted");
    char *quote = finding_quote(project, finding);
    fprintf(out, "   %s %s", severity_label(finding_severity(finding)),
            jv_get_text(finding, "rule"));
    if (*field)
        fprintf(out, "  %s", field);
    if (*quote)
        fprintf(out, "“%s”", quote);
    if (jv_get(finding, "line"))
        fprintf(out, "  第%.0f行", jv_get_number(finding, "line", 0));
    fprintf(out, "\n      %s\n", jv_get_text(finding, "message"));
    if (basis && *basis)
        fprintf(out, "      依据：%s\n", basis);
    if (jv_get_text(finding, "other_name"))
        fprintf(out, "      另一项目：%s（%s）\n", jv_get_text(finding, "other_name"),
                jv_get_text(finding, "other_file"));
    if (accepted)
        fprintf(out, "      已接受：%s（%s，%s）\n", jv_get_text(accepted, "reason"),
                jv_get_text(accepted, "by"), jv_get_text(accepted, "at"));
    free(quote);
}

static void print_project(const struct jv *entry, size_t number, FILE *out)
{
    const struct jv *project = jv_get(entry, "project"), *result = jv_get(entry, "result");
    const struct jv *findings = jv_get(result, "findings");
    struct strbuf amount = {0}, code = {0};
    yuan_words(&amount, project, "amount_yuan");
    code_words(&code, result);
    fprintf(out, "\n%zu. %s  %s  %s", number, jv_get_text(project, "name"), amount.text,
            decision_label(result));
    if (code.length)
        fprintf(out, "  %s", code.text);
    else
        fprintf(out, "（%s）", kind_label(result));
    if (jv_get(result, "confidence"))
        fprintf(out, "  把握%.0f%%", 100 * jv_get_number(result, "confidence", 0));
    fprintf(out, "\n   编号 %s  第%.0f行\n", jv_get_text(project, "id"),
            jv_get_number(jv_get(project, "source"), "line", 0));
    if (jv_get(result, "error"))
        fprintf(out, "   %s\n", jv_get_text(jv_get(result, "error"), "message"));
    for (size_t i = 0; i < jv_count(findings); i++)
        print_finding(project, jv_at(findings, i), out);
    strbuf_free(&amount);
    strbuf_free(&code);
}

static void print_head(const struct jv *audited, FILE *out)
{
    const struct jv *summary = jv_get(audited, "summary");
    struct strbuf amount = {0};
    yuan_words(&amount, summary, "amount_yuan");
    fprintf(out, "%s", jv_get_text(audited, "unit"));
    if (jv_get(audited, "year"))
        fprintf(out, " %.0f年预算", jv_get_number(audited, "year", 0));
    fprintf(out, "  %s\n", jv_get_text(audited, "file"));
    fprintf(out, "%.0f个项目，%s：自动通过%.0f，待人工审核%.0f，非购买服务%.0f\n",
            jv_get_number(summary, "projects", 0), amount.text, jv_get_number(summary, "auto", 0),
            jv_get_number(summary, "review", 0), jv_get_number(summary, "none", 0));
    fprintf(out, "错误%.0f，警告%.0f，提示%.0f", jv_get_number(summary, "errors", 0),
            jv_get_number(summary, "warnings", 0), jv_get_number(summary, "infos", 0));
    if (jv_get_number(summary, "accepted", 0) > 0)
        fprintf(out, "，已接受%.0f", jv_get_number(summary, "accepted", 0));
    fputc('\n', out);
    strbuf_free(&amount);
}

void audit_text_print(const struct jv *audited, FILE *out)
{
    const struct jv *projects = jv_get(audited, "projects");
    const struct jv *findings = jv_get(audited, "findings");
    print_head(audited, out);
    if (jv_count(findings) > 0)
        fprintf(out, "\n文件整体\n   编号 %s\n", jv_get_text(audited, "id"));
    for (size_t i = 0; i < jv_count(findings); i++)
        print_finding(NULL, jv_at(findings, i), out);
    for (size_t i = 0; i < jv_count(projects); i++)
        print_project(jv_at(projects, i), i + 1, out);
}
