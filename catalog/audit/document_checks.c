#include "catalog/audit/document_checks.h"

#include "common/strbuf.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

void document_report(struct document_view *view, const char *id, size_t line, ...)
{
    const struct rule *rule = rules_find(view->rules, id);
    int year = (int)jv_get_number(view->document, "year", 0);
    if (!rule || (year && ((rule->from_year && year < rule->from_year) ||
                           (rule->until_year && year > rule->until_year))))
        return;
    struct strbuf message = {0};
    va_list arguments;
    va_start(arguments, line);
    rule_message(&message, rule->message, arguments);
    va_end(arguments);
    struct jv *finding = jv_object();
    jv_set_text(finding, "rule", rule->reported);
    jv_set_text(finding, "severity", severity_word(rule->severity));
    if (line)
        jv_set_number(finding, "line", (double)line);
    jv_set_text(finding, "message", message.text);
    jv_set_text(finding, "basis", rule->basis);
    jv_push(view->findings, finding);
    strbuf_free(&message);
}

int64_t fen_of(const struct jv *object, const char *member)
{
    double yuan = jv_get_number(object, member, -1);
    return yuan < 0 || yuan > 9e13 ? -1 : (int64_t)llround(yuan * 100);
}

void document_checks(struct document_view *view)
{
    check_declaration_of_document(view);
    check_tables_of_document(view);
}

/* The table's rows that name none of the projects, where the section does not list their codes. */
static void add_rows(struct jv *items, const struct jv *rows)
{
    size_t said = jv_count(items);
    for (size_t i = 0; i < jv_count(rows); i++) {
        const char *code = jv_get_text(jv_at(rows, i), "code");
        bool listed = !code || jv_get(jv_at(rows, i), "project");
        for (size_t d = 0; d < said && !listed; d++)
            listed = strcmp(jv_get_text(jv_at(items, d), "code"), code) == 0;
        if (!listed)
            jv_push(items, jv_copy(jv_at(rows, i)));
    }
}

struct jv *document_declaration_project(const struct jv *document)
{
    const struct jv *declaration = jv_get(document, "declaration");
    const struct jv *first = jv_at(jv_get(document, "projects"), 0);
    const char *unit = jv_get_text(document, "unit"),
               *department = jv_get_text(first, "department");
    struct jv *project = jv_object();
    jv_set_text(project, "id", "declaration");
    jv_set_text(project, "name", "政府购买服务指导性目录");
    if (unit)
        jv_set_text(project, "unit", unit);
    if (department)
        jv_set_text(project, "department", department);
    if (jv_get(document, "year"))
        jv_set(project, "year", jv_copy(jv_get(document, "year")));
    struct jv *items = jv_array(), *cited = jv_object();
    const struct jv *said = jv_get(declaration, "items");
    for (size_t i = 0; i < jv_count(said); i++)
        jv_push(items, jv_copy(jv_at(said, i)));
    add_rows(items, jv_get(jv_get(jv_get(document, "tables"), "purchase"), "rows"));
    jv_set(cited, "references", jv_copy(jv_get(declaration, "references")));
    jv_set(project, "declared", items);
    jv_set(project, "declaration", cited);
    return project;
}

bool document_declares(const struct jv *finding)
{
    const char *rule = jv_get_text(finding, "rule");
    return rule && (strncmp(rule, "code.", 5) == 0 || strncmp(rule, "reference.", 10) == 0) &&
           strcmp(rule, "code.disagrees") != 0;
}
