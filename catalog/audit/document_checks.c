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
