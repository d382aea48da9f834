#include "services/cli/audit_page.h"

#include "services/cli/audit_marks.h"
#include "services/cli/audit_page.css.h"
#include "services/cli/audit_words.h"
#include "services/cli/html.h"
#include "services/cli/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *severity_class(enum severity severity)
{
    return severity_word(severity);
}

static void text_or(struct strbuf *out, const char *text, const char *otherwise)
{
    html_text(out, text && *text ? text : otherwise);
}

/* ---- the summary ---- */

static double sum_of(const struct jv *documents, const char *member)
{
    double sum = 0;
    for (size_t i = 0; i < jv_count(documents); i++)
        sum += jv_get_number(jv_get(jv_at(documents, i), "summary"), member, 0);
    return sum;
}

static void figure_card(struct strbuf *out, const char *label, double value, const char *kind)
{
    strbuf_printf(out,
                  "<div class=\"card %s%s\"><div class=\"value\">%.0f</div><div "
                  "class=\"label\">%s</div></div>\n",
                  kind, value > 0 ? "" : " zero", value, label);
}

static void cards(struct strbuf *out, const struct jv *documents)
{
    struct jv *total = jv_object();
    struct strbuf amount = {0};
    jv_set_number(total, "amount_yuan", sum_of(documents, "amount_yuan"));
    yuan_words(&amount, total, "amount_yuan");
    strbuf_puts(out, "<div class=\"cards\">\n");
    figure_card(out, "项目", sum_of(documents, "projects"), "");
    strbuf_printf(out,
                  "<div class=\"card\"><div class=\"value\">%s</div><div class=\"label\">年度资金"
                  "</div></div>\n",
                  amount.text);
    figure_card(out, "错误", sum_of(documents, "errors"), "error");
    figure_card(out, "警告", sum_of(documents, "warnings"), "warning");
    figure_card(out, "提示", sum_of(documents, "infos"), "info");
    if (sum_of(documents, "accepted") > 0)
        figure_card(out, "已接受", sum_of(documents, "accepted"), "");
    strbuf_puts(out, "</div>\n");
    strbuf_free(&amount);
    jv_destroy(&total);
}

/* How often each rule fired in all documents: [{"rule","title","severity","count"}]. */
static struct jv *rules_of(const struct jv *documents)
{
    struct jv *all = jv_array();
    for (size_t d = 0; d < jv_count(documents); d++) {
        const struct jv *rules = jv_get(jv_get(jv_at(documents, d), "summary"), "rules");
        for (size_t r = 0; r < jv_count(rules); r++) {
            const struct jv *rule = jv_at(rules, r);
            struct jv *known = NULL;
            for (size_t i = 0; i < jv_count(all) && !known; i++)
                if (strcmp(jv_get_text(jv_at(all, i), "rule"), jv_get_text(rule, "rule")) == 0 &&
                    finding_severity(jv_at(all, i)) == finding_severity(rule))
                    known = jv_at(all, i);
            if (known)
                jv_set_number(known, "count",
                              jv_get_number(known, "count", 0) + jv_get_number(rule, "count", 0));
            else
                jv_push(all, jv_copy(rule));
        }
    }
    return all;
}

static void chart_row(struct strbuf *out, const struct jv *rule, double most)
{
    double count = jv_get_number(rule, "count", 0);
    strbuf_puts(out, "<tr><th scope=\"row\">");
    text_or(out, jv_get_text(rule, "title"), jv_get_text(rule, "rule"));
    strbuf_puts(out, "<code>");
    html_text(out, jv_get_text(rule, "rule"));
    strbuf_printf(out,
                  "</code></th><td><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
                  "role=\"img\" aria-label=\"%.0f\"><rect class=\"%s\" width=\"%.1f\" "
                  "height=\"10\" rx=\"0.8\"/></svg></td><td class=\"n\">%.0f</td></tr>\n",
                  count, severity_class(finding_severity(rule)), most ? 100 * count / most : 0,
                  count);
}

/* A bar a rule, the gravest first, then the most frequent. */
static void rules_chart(struct strbuf *out, const struct jv *documents)
{
    struct jv *rules = rules_of(documents);
    double most = 0;
    for (size_t i = 0; i < jv_count(rules); i++) {
        double count = jv_get_number(jv_at(rules, i), "count", 0);
        most = count > most ? count : most;
    }
    strbuf_puts(out, "<figure><figcaption>发现的问题</figcaption>\n");
    if (!jv_count(rules))
        strbuf_puts(out, "<p class=\"faint\">没有发现问题。</p>\n");
    else
        strbuf_puts(out, "<table class=\"bars\"><tbody>\n");
    for (int severity = SEVERITY_ERROR; severity <= SEVERITY_INFO; severity++)
        for (double count = most; count > 0; count--)
            for (size_t i = 0; i < jv_count(rules); i++)
                if (finding_severity(jv_at(rules, i)) == (enum severity)severity &&
                    jv_get_number(jv_at(rules, i), "count", 0) == count)
                    chart_row(out, jv_at(rules, i), most);
    if (jv_count(rules))
        strbuf_puts(out, "</tbody></table>\n");
    strbuf_puts(out, "</figure>\n");
    jv_destroy(&rules);
}

static void decisions_chart(struct strbuf *out, const struct jv *documents)
{
    static const struct {
        const char *member, *label;
    } parts[] = {{"auto", "自动通过"}, {"review", "待人工审核"}, {"none", "非购买服务"}};
    double all = 0, from = 0;
    for (int i = 0; i < 3; i++)
        all += sum_of(documents, parts[i].member);
    strbuf_puts(out, "<figure><figcaption>项目判定</figcaption>\n<svg class=\"share\" viewBox=\"0 "
                     "0 100 8\" preserveAspectRatio=\"none\" role=\"img\">");
    for (int i = 0; i < 3; i++) {
        double part = all ? 100 * sum_of(documents, parts[i].member) / all : 0;
        strbuf_printf(out, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"8\"/>",
                      parts[i].member, from, part);
        from += part;
    }
    strbuf_puts(out, "</svg>\n<ul class=\"legend\">");
    for (int i = 0; i < 3; i++)
        strbuf_printf(out, "<li><i class=\"%s\"></i>%s <b>%.0f</b></li>", parts[i].member,
                      parts[i].label, sum_of(documents, parts[i].member));
    strbuf_puts(out, "</ul>\n</figure>\n");
}

/* ---- findings ---- */

static void other_words(struct strbuf *out, const struct jv *finding)
{
    const char *name = jv_get_text(finding, "other_name"),
               *file = jv_get_text(finding, "other_file");
    if (!name)
        return;
    strbuf_puts(out, "<p class=\"quote\">另一项目：");
    html_text(out, name);
    if (file && *file) {
        strbuf_puts(out, "（");
        html_text(out, file);
        strbuf_puts(out, "）");
    }
    strbuf_puts(out, "</p>");
}

static void finding_item(struct strbuf *out, const struct jv *project, const struct jv *finding,
                         size_t number)
{
    const char *field = field_label(jv_get_text(finding, "field"));
    const char *basis = jv_get_text(finding, "basis");
    const struct jv *accepted = jv_get(finding, "accepted");
    enum severity severity = finding_severity(finding);
    char *quote = finding_quote(project, finding);
    strbuf_printf(out,
                  "<li class=\"%s%s\"><span class=\"number\">%zu</span><div><p "
                  "class=\"message\"><span class=\"badge\">%s</span>",
                  severity_class(severity), accepted ? " accepted" : "", number,
                  accepted ? "已接受" : severity_label(severity));
    html_text(out, jv_get_text(finding, "message"));
    strbuf_puts(out, "</p>");
    if (*quote) {
        strbuf_printf(out, "<p class=\"quote\">%s：“", field);
        html_text(out, quote);
        strbuf_puts(out, "”</p>");
    }
    other_words(out, finding);
    if (accepted) {
        strbuf_puts(out, "<p class=\"reason\">接受理由：");
        html_text(out, jv_get_text(accepted, "reason"));
        strbuf_puts(out, "（");
        html_text(out, jv_get_text(accepted, "by"));
        strbuf_puts(out, "，");
        html_text(out, jv_get_text(accepted, "at"));
        strbuf_puts(out, "）</p>");
    }
    strbuf_puts(out, "<p class=\"basis\"><code>");
    html_text(out, jv_get_text(finding, "rule"));
    strbuf_puts(out, "</code>");
    if (jv_get(finding, "line"))
        strbuf_printf(out, " 第%.0f行", jv_get_number(finding, "line", 0));
    if (basis && *basis) {
        strbuf_puts(out, " 依据：");
        html_text(out, basis);
    }
    strbuf_puts(out, "</p></div></li>\n");
    free(quote);
}

static void finding_list(struct strbuf *out, const struct jv *project, const struct jv *findings)
{
    if (!jv_count(findings))
        return;
    strbuf_puts(out, "<ol class=\"findings\">\n");
    for (size_t i = 0; i < jv_count(findings); i++)
        finding_item(out, project, jv_at(findings, i), i + 1);
    strbuf_puts(out, "</ol>\n");
}

/* ---- projects ---- */

static void project_texts(struct strbuf *out, const struct jv *project, const struct jv *result)
{
    static const char *const fields[] = {"name",  "description", "plan",
                                         "goals", "necessity",   "basis"};
    struct strbuf marked = {0};
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        const char *text = jv_get_text(project, fields[f]);
        bool shown = strcmp(fields[f], "description") == 0;
        strbuf_reset(&marked);
        size_t marks = text ? audit_marks_write(&marked, fields[f], text, result) : 0;
        if (!text || !*text || (!marks && !shown) || strcmp(fields[f], "name") == 0)
            continue;
        strbuf_printf(out, "<dt>%s</dt><dd>%s</dd>\n", field_label(fields[f]), marked.text);
    }
    strbuf_free(&marked);
}

static void indicator_rows(struct strbuf *out, const struct jv *project, const struct jv *result)
{
    const struct jv *findings = jv_get(result, "findings");
    bool first = true;
    for (size_t i = 0; i < jv_count(findings); i++) {
        const char *field = jv_get_text(jv_at(findings, i), "field");
        size_t index;
        if (!field || sscanf(field, "indicators[%zu]", &index) != 1)
            continue;
        const struct jv *indicator = jv_at(jv_get(project, "indicators"), index);
        strbuf_puts(out, first ? "<dt>绩效指标</dt><dd>" : "<br>");
        first = false;
        text_or(out, jv_get_text(indicator, "name"), "");
        strbuf_printf(out, "：<mark class=\"%s\">",
                      severity_class(finding_severity(jv_at(findings, i))));
        text_or(out, jv_get_text(indicator, "value"), "");
        strbuf_printf(out, "<sup>%zu</sup></mark>", i + 1);
    }
    if (!first)
        strbuf_puts(out, "</dd>\n");
}

static void notes(struct strbuf *out, const struct jv *findings)
{
    if (!jv_count(findings))
        return;
    strbuf_puts(out, "<p class=\"notes\">读取说明：");
    for (size_t i = 0; i < jv_count(findings); i++) {
        if (i)
            strbuf_puts(out, "；");
        html_text(out, jv_get_text(jv_at(findings, i), "message"));
    }
    strbuf_puts(out, "</p>\n");
}

static void project_card(struct strbuf *out, const struct jv *entry, const char *anchor)
{
    const struct jv *project = jv_get(entry, "project"), *result = jv_get(entry, "result");
    const struct jv *findings = jv_get(result, "findings");
    const char *decision = jv_get_text(result, "decision");
    struct strbuf amount = {0}, code = {0}, name = {0};
    yuan_words(&amount, project, "amount_yuan");
    code_words(&code, result);
    audit_marks_write(&name, "name", jv_get_text(project, "name"), result);
    strbuf_printf(out,
                  "<article id=\"%s\">\n<h3>%s</h3>\n<p class=\"meta\"><span class=\"decision "
                  "%s\">%s</span>",
                  anchor, name.text, decision ? decision : "", decision_label(result));
    if (code.length) {
        strbuf_puts(out, "<span class=\"code\">");
        html_text(out, code.text);
        strbuf_puts(out, "</span>");
    } else {
        strbuf_printf(out, "<span>%s</span>", kind_label(result));
    }
    if (jv_get(result, "confidence"))
        strbuf_printf(out, "<span>把握 %.0f%%</span>",
                      100 * jv_get_number(result, "confidence", 0));
    strbuf_printf(out, "<span>%s</span><span class=\"faint\">第%.0f行　", amount.text,
                  jv_get_number(jv_get(project, "source"), "line", 0));
    text_or(out, jv_get_text(project, "id"), "");
    strbuf_puts(out, "</span></p>\n");
    finding_list(out, project, findings);
    strbuf_printf(out, "<details%s><summary>原文</summary><dl>\n",
                  jv_count(findings) ? " open" : "");
    project_texts(out, project, result);
    indicator_rows(out, project, result);
    strbuf_puts(out, "</dl>\n");
    notes(out, jv_get(project, "intake_findings"));
    strbuf_puts(out, "</details>\n</article>\n");
    strbuf_free(&amount);
    strbuf_free(&code);
    strbuf_free(&name);
}

static void count_cell(struct strbuf *out, const struct jv *findings)
{
    size_t counts[3] = {0};
    for (size_t i = 0; i < jv_count(findings); i++)
        if (!finding_is_accepted(jv_at(findings, i)))
            counts[finding_severity(jv_at(findings, i))]++;
    strbuf_puts(out, "<td class=\"dots\">");
    for (int s = SEVERITY_ERROR; s <= SEVERITY_INFO; s++)
        if (counts[s])
            strbuf_printf(out, "<span class=\"dot %s\" title=\"%s\">%zu</span>",
                          severity_class((enum severity)s), severity_label((enum severity)s),
                          counts[s]);
    strbuf_puts(out, "</td>");
}

static void index_row(struct strbuf *out, const struct jv *entry, const char *anchor)
{
    const struct jv *project = jv_get(entry, "project"), *result = jv_get(entry, "result");
    struct strbuf amount = {0}, code = {0};
    yuan_words(&amount, project, "amount_yuan");
    code_words(&code, result);
    strbuf_printf(out, "<tr><td><a href=\"#%s\">", anchor);
    text_or(out, jv_get_text(project, "name"), "（无名称）");
    strbuf_printf(out, "</a></td><td class=\"n\">%s</td><td>%s</td><td>", amount.text,
                  decision_label(result));
    text_or(out, code.text, kind_label(result));
    strbuf_puts(out, "</td>");
    count_cell(out, jv_get(result, "findings"));
    strbuf_puts(out, "</tr>\n");
    strbuf_free(&amount);
    strbuf_free(&code);
}

static void anchor_of(char anchor[48], size_t document, size_t project)
{
    snprintf(anchor, 48, "p%zu-%zu", document + 1, project + 1);
}

static void document_section(struct strbuf *out, const struct jv *audited, size_t number)
{
    const struct jv *projects = jv_get(audited, "projects");
    char anchor[48];
    strbuf_puts(out, "<section>\n<h2>");
    text_or(out, jv_get_text(audited, "unit"), "（未读到单位）");
    if (jv_get(audited, "year"))
        strbuf_printf(out, " <small>%.0f年预算</small>", jv_get_number(audited, "year", 0));
    strbuf_puts(out, "</h2>\n<p class=\"faint file\">");
    text_or(out, jv_get_text(audited, "file"), "");
    strbuf_puts(out, "　");
    text_or(out, jv_get_text(audited, "id"), "");
    strbuf_puts(out, "</p>\n<div class=\"scroll\"><table class=\"index\"><thead><tr><th>项目</th>"
                     "<th class=\"n\">年度资金</th><th>判定</th><th>目录条目或性质</th>"
                     "<th>问题</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < jv_count(projects); i++) {
        anchor_of(anchor, number, i);
        index_row(out, jv_at(projects, i), anchor);
    }
    strbuf_puts(out, "</tbody></table></div>\n");
    if (jv_count(jv_get(audited, "findings"))) {
        strbuf_puts(out, "<article class=\"whole\">\n<h3>文件整体</h3>\n");
        finding_list(out, NULL, jv_get(audited, "findings"));
        strbuf_puts(out, "</article>\n");
    }
    for (size_t i = 0; i < jv_count(projects); i++) {
        anchor_of(anchor, number, i);
        project_card(out, jv_at(projects, i), anchor);
    }
    strbuf_puts(out, "</section>\n");
}

static void head(struct strbuf *out, const struct audit_page *page)
{
    page_open(out, "预算公开审核报告", audit_page_css);
    strbuf_printf(out, "<p class=\"faint\">%zu份文件　%s　引擎 ", jv_count(page->documents),
                  page->made);
    html_text(out, page->engine);
    strbuf_puts(out, "　<span class=\"hash\">模型 ");
    html_text(out, page->model);
    strbuf_puts(out, "</span></p>\n</header>\n<main>\n");
}

void audit_page_write(struct strbuf *out, const struct audit_page *page)
{
    head(out, page);
    cards(out, page->documents);
    strbuf_puts(out, "<div class=\"charts\">\n");
    rules_chart(out, page->documents);
    decisions_chart(out, page->documents);
    strbuf_puts(out, "</div>\n");
    for (size_t i = 0; i < jv_count(page->documents); i++)
        document_section(out, jv_at(page->documents, i), i);
    strbuf_puts(out,
                "</main>\n<footer class=\"faint\">底色标出问题所依据的文字，数字为问题序号；下划线"
                "为目录条目的依据。规则检查只提示疑点，由审核人员核实。</footer>\n</body>\n"
                "</html>\n");
}
