#include "services/cli/diff_page.h"

#include "catalog/revision/diff_table.h"
#include "services/cli/html.h"
#include "services/cli/page.h"

#include <stdlib.h>
#include <string.h>

/* Whether a link stands in that department of the comparison: the old one's where there is one. */
static bool is_in(const struct diff *diff, const struct link *link,
                  const struct department_link *department)
{
    if (link->old != NOWHERE)
        return diff->old->items[link->old].department == department->old;
    return diff->new->items[link->new].department == department->new;
}

static char *state_of(const struct diff *diff, const struct department_link *link)
{
    struct strbuf text = {0};
    if (link->old == NOWHERE && link->heir != NOWHERE)
        strbuf_printf(&text, "由“%s”分出", diff->old->departments[link->heir].name);
    else if (link->old == NOWHERE)
        strbuf_puts(&text, diff->old->complete ? "新设" : "旧目录未收录");
    else if (link->heir != NOWHERE)
        strbuf_printf(&text, "并入“%s”", diff->new->departments[link->heir].name);
    else if (link->new == NOWHERE)
        strbuf_puts(&text, diff->new->complete ? "删除" : "未收录");
    else if (link->renamed)
        strbuf_printf(&text, "现名“%s”", diff->new->departments[link->new].name);
    return strbuf_take(&text);
}

bool department_figures(const struct diff *diff, size_t number, const char *department,
                        struct department_figures *figures)
{
    const struct department_link *here = &diff->departments[number];
    const char *old = here->old == NOWHERE ? NULL : diff->old->departments[here->old].name,
               *new = here->new == NOWHERE ? NULL : diff->new->departments[here->new].name;
    if (department && !(old && strcmp(old, department) == 0) &&
        !(new &&strcmp(new, department) == 0))
        return false;
    *figures = (struct department_figures){.name = old ? old : new, .state = state_of(diff, here)};
    for (size_t i = 0; i < diff->count; i++) {
        const struct link *link = &diff->links[i];
        if (!is_in(diff, link, here))
            continue;
        bool leaf = link_item(diff, link)->leaf;
        figures->counts[link->relation] += leaf;
        figures->restricted += (link->changes & CHANGE_RESTRICTION) != 0;
        figures->uppers += !leaf && link->relation == RELATION_RENAMED;
    }
    return true;
}

static void summary_row(struct strbuf *out, const struct department_figures *figures,
                        const char *class)
{
    strbuf_printf(out, "<tr%s><td>", class);
    html_text(out, figures->name);
    if (*figures->state) {
        strbuf_puts(out, " <span class=\"faint\">");
        html_text(out, figures->state);
        strbuf_puts(out, "</span>");
    }
    strbuf_puts(out, "</td>");
    for (int r = 0; r < RELATIONS; r++)
        page_figure(out, (double)figures->counts[r], 0, "");
    page_figure(out, (double)figures->restricted, 0, "");
    page_figure(out, (double)figures->uppers, 0, "");
    strbuf_puts(out, "</tr>\n");
}

static void summary(struct strbuf *out, const struct diff *diff, const char *department)
{
    char nothing[] = "";
    struct department_figures all = {.name = "合计", .state = nothing}, one;
    strbuf_puts(out, "<section>\n<h2>各部门末级条目</h2>\n<div class=\"wide\"><table>\n<tr>");
    page_cell(out, "th", "部门");
    for (int r = 0; r < RELATIONS; r++)
        page_cell(out, "th class=\"number\"", relation_word((enum relation)r));
    page_cell(out, "th class=\"number\"", "改使用限制");
    page_cell(out, "th class=\"number\"", "上级更名");
    strbuf_puts(out, "</tr>\n");
    for (size_t d = 0; d < diff->department_count; d++) {
        if (!department_figures(diff, d, department, &one))
            continue;
        summary_row(out, &one, "");
        for (int r = 0; r < RELATIONS; r++)
            all.counts[r] += one.counts[r];
        all.restricted += one.restricted;
        all.uppers += one.uppers;
        free(one.state);
    }
    summary_row(out, &all, " class=\"sum\"");
    strbuf_puts(out, "</table></div>\n</section>\n");
}

static void item_cells(struct strbuf *out, const struct diff *diff, const struct link *link,
                       const struct outline *outline, int item, const char *class)
{
    if (item == NOWHERE) {
        strbuf_puts(out, "<td></td><td></td>");
        return;
    }
    int elsewhere = link->changes & CHANGE_DEPARTMENT;
    char *path = outline_path(outline, item);
    char *end = strrchr(path, ' '); /* the names above alone: without " › name" */
    page_cell(out, "td class=\"code\"", outline->items[item].code);
    strbuf_printf(out, "<td class=\"%s\">", class);
    html_text(out, outline->items[item].name);
    if (elsewhere && outline == diff->new) {
        strbuf_puts(out, "（");
        html_text(out, outline->departments[outline->items[item].department].name);
        strbuf_puts(out, "）");
    }
    if (end)
        *end = '\0';
    char *arrow = end ? strrchr(path, ' ') : NULL;
    if (arrow)
        *arrow = '\0';
    strbuf_puts(out, "<span class=\"path\">");
    html_text(out, end ? path : "");
    strbuf_puts(out, "</span></td>");
    free(path);
}

static void link_row(struct strbuf *out, const struct diff *diff, const struct link *link)
{
    char *words = link_words(link);
    strbuf_puts(out, "<tr>");
    page_cell(out, "td class=\"word\"", words);
    item_cells(out, diff, link, diff->old, link->old,
               link->relation == RELATION_REMOVED ? "gone" : "");
    item_cells(out, diff, link, diff->new, link->new,
               link->relation == RELATION_ADDED ? "come" : "");
    if (link->old != NOWHERE && link->new != NOWHERE)
        strbuf_printf(out, "<td class=\"number\">%.2f</td>", link->similarity);
    else
        strbuf_puts(out, "<td></td>");
    strbuf_printf(out, "<td class=\"number\">%.2f</td></tr>\n", link->confidence);
    free(words);
}

static void chapter(struct strbuf *out, const struct diff *diff, size_t number,
                    const struct department_figures *figures)
{
    bool begun = false;
    for (size_t i = 0; i < diff->count; i++) {
        const struct link *link = &diff->links[i];
        if (!is_in(diff, link, &diff->departments[number]) || !link_is_change(link) ||
            link->relation == RELATION_UNSEEN)
            continue;
        if (!begun) {
            strbuf_puts(out, "<section>\n<h3>");
            html_text(out, figures->name);
            strbuf_puts(out, "</h3>\n<div class=\"wide\"><table>\n<tr><th>变化</th><th>原代码</th>"
                             "<th>原条目</th><th>新代码</th><th>新条目</th><th class=\"number\">"
                             "相似度</th><th class=\"number\">把握</th></tr>\n");
        }
        begun = true;
        link_row(out, diff, link);
    }
    if (begun)
        strbuf_puts(out, "</table></div>\n</section>\n");
}

void diff_page_write(struct strbuf *out, const struct diff *diff, const char *department)
{
    struct strbuf below = {0};
    struct department_figures figures;
    strbuf_printf(&below, "%s → %s", diff->old->number, diff->new->number);
    page_begin(out, "目录修订对照", below.text);
    if (!diff->new->complete || !diff->old->complete) {
        strbuf_puts(out, "<p class=\"note\">");
        html_text(out, diff->new->complete ? diff->old->number : diff->new->number);
        strbuf_puts(out,
                    "只收录了一部分（摘录）：没有见到的部门和页面列为“未收录”，不等于删除。</p>\n");
    }
    summary(out, diff, department);
    strbuf_puts(out, "<h2>变化明细</h2>\n");
    for (size_t d = 0; d < diff->department_count; d++)
        if (department_figures(diff, d, department, &figures)) {
            chapter(out, diff, d, &figures);
            free(figures.state);
        }
    page_end(out);
    strbuf_free(&below);
}
