#include "services/cli/moves_page.h"

#include "services/cli/html.h"
#include "services/cli/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WAN = 10000, FLOWS_SHOWN = 30 };
static const char *const decision_words[] = {"原自动通过", "原需复核", "原不列入"};

static double departments_total(const struct move_department *department)
{
    double total = 0;
    for (int m = 0; m < MOVES; m++)
        total += (double)department->moves[m].count;
    return total;
}

/* --- the plot: what became of each of the old decisions --- */

enum { WIDTH = 900, LEFT = 150, RIGHT = 690, BAR = 14, GAP = 14, HEIGHT = 360 };

struct band {
    double y, height;
};

static double column_scale(double total, int bands)
{
    return total > 0 ? (HEIGHT - GAP * (bands - 1)) / total : 0;
}

static void flow(struct strbuf *out, const struct band *from, const struct band *to, int move,
                 const char *title, double count)
{
    double middle = (LEFT + BAR + RIGHT) / 2.0, x0 = LEFT + BAR, x1 = RIGHT;
    strbuf_printf(out,
                  "<path class=\"flow%s\" d=\"M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f L%.1f %.1f "
                  "C%.1f %.1f %.1f %.1f %.1f %.1f Z\"><title>",
                  move == MOVE_SAME ? "" : " moved", x0, from->y, middle, from->y, middle, to->y,
                  x1, to->y, x1, to->y + to->height, middle, to->y + to->height, middle,
                  from->y + from->height, x0, from->y + from->height);
    html_text(out, title);
    strbuf_printf(out, "：%.0f</title></path>\n", count);
}

static void label(struct strbuf *out, const char *class, double x, const struct band *band,
                  const char *word, double count)
{
    strbuf_printf(out, "<text class=\"%s\" x=\"%.0f\" y=\"%.1f\">", class, x,
                  band->y + band->height / 2 + 4);
    html_text(out, word);
    strbuf_printf(out, " %.0f</text>\n", count);
}

static void bar(struct strbuf *out, double x, const struct band *band)
{
    strbuf_printf(out, "<rect class=\"bar\" x=\"%.0f\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>\n",
                  x, band->y, BAR, fmax(band->height, 1));
}

static void sankey(struct strbuf *out, const struct moves *moves)
{
    double rows[3] = {0}, columns[MOVES] = {0}, total = 0;
    int shown_rows = 0, shown_columns = 0;
    for (int d = 0; d < 3; d++)
        for (int m = 0; m < MOVES; m++) {
            rows[d] += (double)moves->decisions[d][m];
            columns[m] += (double)moves->decisions[d][m];
            total += (double)moves->decisions[d][m];
        }
    for (int d = 0; d < 3; d++)
        shown_rows += rows[d] > 0;
    for (int m = 0; m < MOVES; m++)
        shown_columns += columns[m] > 0;
    if (total <= 0)
        return;
    double scale = fmin(column_scale(total, shown_rows), column_scale(total, shown_columns));
    struct band left[3], right[MOVES];
    double y = 4;
    strbuf_printf(out,
                  "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\"><title>原判断与重判结果"
                  "</title>\n",
                  WIDTH, HEIGHT + 8);
    for (int d = 0; d < 3; d++) {
        left[d] = (struct band){y, rows[d] * scale};
        y += left[d].height + (rows[d] > 0 ? GAP : 0);
    }
    y = 4;
    for (int m = 0; m < MOVES; m++) {
        right[m] = (struct band){y, columns[m] * scale};
        y += fmax(right[m].height, columns[m] > 0 ? 4 : 0) + (columns[m] > 0 ? GAP : 0);
    }
    double used_left[3] = {0}, used_right[MOVES] = {0};
    for (int d = 0; d < 3; d++)
        for (int m = 0; m < MOVES; m++) {
            double height = (double)moves->decisions[d][m] * scale;
            if (height <= 0)
                continue;
            struct band from = {left[d].y + used_left[d], height},
                        to = {right[m].y + used_right[m], height};
            char title[128];
            snprintf(title, sizeof title, "%s → %s", decision_words[d], move_words[m]);
            flow(out, &from, &to, m, title, (double)moves->decisions[d][m]);
            used_left[d] += height;
            used_right[m] += height;
        }
    for (int d = 0; d < 3; d++)
        if (rows[d] > 0) {
            bar(out, LEFT, &left[d]);
            label(out, "end", LEFT - 8, &left[d], decision_words[d], rows[d]);
        }
    for (int m = 0; m < MOVES; m++)
        if (columns[m] > 0) {
            bar(out, RIGHT, &right[m]);
            label(out, "", RIGHT + BAR + 8, &right[m], move_words[m], columns[m]);
        }
    strbuf_puts(out, "</svg></figure>\n");
}

/* --- the table by department --- */

static void shaded(struct strbuf *out, double number, double share, double shown)
{
    if (number == 0) {
        page_number(out, 0);
        return;
    }
    strbuf_printf(out, "<td class=\"number\" style=\"background:rgb(var(--hit) / %.2f)\">",
                  0.08 + 0.5 * share);
    struct strbuf cell = {0};
    page_number(&cell, shown);
    char *inner = strchr(cell.text, '>') + 1;
    strbuf_add(out, inner, strlen(inner));
    strbuf_free(&cell);
}

static void department_row(struct strbuf *out, const struct move_department *department,
                           const char *name, bool money, const char *class)
{
    double total = departments_total(department), yuan = 0;
    for (int m = 0; m < MOVES; m++)
        yuan += department->moves[m].yuan;
    strbuf_printf(out, "<tr%s>", class);
    page_cell(out, "td", name);
    page_number(out, money ? round(yuan / WAN) : total);
    for (int m = 0; m < MOVES; m++) {
        const struct move_sum *sum = &department->moves[m];
        shaded(out, (double)sum->count, (double)sum->count / total,
               money ? round(sum->yuan / WAN) : (double)sum->count);
    }
    page_number(out, money ? round(department->to_review.yuan / WAN)
                           : (double)department->to_review.count);
    strbuf_puts(out, "</tr>\n");
}

static void departments_table(struct strbuf *out, const struct moves *moves, bool money)
{
    strbuf_printf(out, "<h3>%s</h3>\n<div class=\"wide\"><table>\n<tr>",
                  money ? "资金（万元）" : "项目数");
    page_cell(out, "th", "部门");
    page_cell(out, "th class=\"number\"", "合计");
    for (int m = 0; m < MOVES; m++)
        page_cell(out, "th class=\"number\"", move_words[m]);
    page_cell(out, "th class=\"number\"", "新增待复核");
    strbuf_puts(out, "</tr>\n");
    for (size_t d = 0; d < moves->department_count; d++)
        department_row(out, &moves->departments[d], moves->departments[d].name, money, "");
    department_row(out, &moves->all, "合计", money, " class=\"sum\"");
    strbuf_puts(out, "</table></div>\n");
}

/* --- flows and lists --- */

static void flows_table(struct strbuf *out, const struct moves *moves)
{
    if (!moves->flow_count)
        return;
    strbuf_puts(out,
                "<section>\n<h2>条目之间的流向</h2>\n<div class=\"wide\"><table>\n"
                "<tr><th>原条目</th><th>新条目</th><th>变化</th><th class=\"number\">项目数</th>"
                "<th class=\"number\">资金（万元）</th></tr>\n");
    for (size_t f = 0; f < moves->flow_count && f < FLOWS_SHOWN; f++) {
        const struct move_flow *one = &moves->flows[f];
        strbuf_puts(out, "<tr>");
        page_cell(out, "td", one->old);
        page_cell(out, "td", one->new);
        page_cell(out, "td class=\"word\"", move_words[one->move]);
        page_number(out, (double)one->sum.count);
        page_number(out, round(one->sum.yuan / WAN));
        strbuf_puts(out, "</tr>\n");
    }
    strbuf_puts(out, "</table></div>\n");
    if (moves->flow_count > FLOWS_SHOWN)
        strbuf_printf(out, "<p class=\"faint\">共 %zu 种流向，这里列出最多的 %d 种。</p>\n",
                      moves->flow_count, FLOWS_SHOWN);
    strbuf_puts(out, "</section>\n");
}

static const char *decision_word(const char *decision)
{
    return strcmp(decision, "auto") == 0     ? "自动通过"
           : strcmp(decision, "review") == 0 ? "需复核"
           : strcmp(decision, "none") == 0   ? "不列入"
                                             : "";
}

static void outcome_cell(struct strbuf *out, const struct outcome *outcome)
{
    strbuf_puts(out, "<td>");
    if (outcome->listed) {
        html_text(out, outcome->code);
        strbuf_puts(out, " ");
        html_text(out, outcome->name);
    } else {
        strbuf_puts(out, "—");
    }
    strbuf_puts(out, "<span class=\"path\">");
    html_text(out, outcome->department);
    if (*outcome->decision)
        strbuf_printf(out, " %s %.2f", decision_word(outcome->decision), outcome->confidence);
    strbuf_puts(out, "</span></td>");
}

static void moved_row(struct strbuf *out, const struct moved *moved)
{
    strbuf_puts(out, "<tr><td>");
    html_text(out, moved->name);
    strbuf_puts(out, "<span class=\"path\">");
    html_text(out, moved->unit);
    strbuf_puts(out, " ");
    html_text(out, moved->id);
    strbuf_puts(out, "</span></td>");
    if (moved->yuan > 0)
        strbuf_printf(out, "<td class=\"number\">%.2f</td>", moved->yuan / WAN);
    else
        strbuf_puts(out, "<td></td>");
    outcome_cell(out, &moved->old);
    outcome_cell(out, &moved->new);
    strbuf_puts(out, "</tr>\n");
}

static void list(struct strbuf *out, const char *title, const struct move_list *rows)
{
    if (!rows->count)
        return;
    size_t shown = rows->count < MOVE_LIST_ROWS ? rows->count : MOVE_LIST_ROWS;
    strbuf_printf(out,
                  "<section>\n<h3>%s（%zu）</h3>\n<div class=\"wide\"><table>\n<tr><th>项目</th>"
                  "<th class=\"number\">万元</th><th>原结果</th><th>新结果</th></tr>\n",
                  title, rows->count);
    for (size_t i = 0; i < shown; i++)
        moved_row(out, &rows->rows[i]);
    strbuf_puts(out, "</table></div>\n");
    if (rows->count > shown)
        strbuf_printf(out, "<p class=\"faint\">这里列出前 %zu 个，全部见 Excel 表。</p>\n", shown);
    strbuf_puts(out, "</section>\n");
}

void moves_page_write(struct strbuf *out, const struct moves_report *report)
{
    const struct moves *moves = report->moves;
    page_begin(out, report->title, report->what);
    strbuf_puts(out, "<p class=\"faint\">");
    html_text(out, report->made);
    strbuf_puts(out, "</p>\n");
    if (*report->note) {
        strbuf_puts(out, "<p class=\"note\">");
        html_text(out, report->note);
        strbuf_puts(out, "</p>\n");
    }
    if (!moves_changed(moves) && !moves->to_review.count)
        strbuf_puts(out, "<p class=\"note\">没有变化。</p>\n");
    strbuf_puts(out, "<section>\n<h2>总览</h2>\n");
    sankey(out, moves);
    departments_table(out, moves, false);
    departments_table(out, moves, true);
    strbuf_puts(out, "</section>\n");
    flows_table(out, moves);
    strbuf_puts(out, "<h2>名单</h2>\n");
    list(out, "新增待复核", &moves->to_review);
    for (int m = MOVE_UNLISTED; m <= MOVE_LISTED; m++)
        list(out, move_words[m], &moves->lists[m]);
    for (int m = MOVE_JUDGED; m >= MOVE_RENAMED; m--)
        list(out, move_words[m], &moves->lists[m]);
    list(out, move_words[MOVE_FAILED], &moves->lists[MOVE_FAILED]);
    page_end(out);
}
