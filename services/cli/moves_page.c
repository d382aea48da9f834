#include "services/cli/moves_page.h"

#include "services/cli/html.h"
#include "services/cli/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WAN = 10000, WAN_DECIMALS = 2, FLOWS_SHOWN = 30 };
static const char *const decision_words[] = {"原自动通过", "原需复核", "原不列入"};

/* --- the plot: what became of each of the old decisions --- */

enum {
    WIDTH = 900,
    LEFT = 150,
    RIGHT = 690,
    BAR = 14,
    GAP = 14,
    LEAST = 6,
    HEIGHT = 360,
    MARGIN = 12
};

struct band {
    double y, height;
};

/* What was not judged has neither moved nor stayed. */
static const char *flow_class(int move)
{
    return move == MOVE_SAME                            ? ""
           : move == MOVE_UNSEEN || move == MOVE_FAILED ? " apart"
                                                        : " moved";
}

static void flow(struct strbuf *out, const struct band *from, const struct band *to, int move,
                 const char *title, double count)
{
    double middle = (LEFT + BAR + RIGHT) / 2.0, x0 = LEFT + BAR, x1 = RIGHT;
    strbuf_printf(out,
                  "<path class=\"flow%s\" d=\"M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f L%.1f %.1f "
                  "C%.1f %.1f %.1f %.1f %.1f %.1f Z\"><title>",
                  flow_class(move), x0, from->y, middle, from->y, middle, to->y, x1, to->y, x1,
                  to->y + to->height, middle, to->y + to->height, middle, from->y + from->height,
                  x0, from->y + from->height);
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

/* The two columns of the plot: old decisions on the left, what became of them on the right. */
struct plot {
    const struct moves *moves;
    double rows[3], columns[MOVES], scale;
    struct band left[3], right[MOVES];
};

/* Stands the bands of a column one below the other. */
static void stand(struct band *bands, const double *counts, int count, double scale)
{
    double y = MARGIN;
    for (int i = 0; i < count; i++) {
        bands[i] = (struct band){y, counts[i] * scale};
        y += counts[i] > 0 ? fmax(bands[i].height, LEAST) + GAP : 0;
    }
}

/* Units of height for one project, when a column's bands and gaps have room. */
static double scale_of(const double *counts, int count, double total)
{
    int bands = 0;
    for (int i = 0; i < count; i++)
        bands += counts[i] > 0;
    return (HEIGHT - (GAP + LEAST) * (bands - 1)) / total;
}

static bool lay_out(struct plot *plot, const struct moves *moves)
{
    double total = 0;
    *plot = (struct plot){.moves = moves};
    for (int d = 0; d < 3; d++)
        for (int m = 0; m < MOVES; m++) {
            double count = (double)moves->decisions[d][m];
            plot->rows[d] += count;
            plot->columns[m] += count;
            total += count;
        }
    if (total <= 0)
        return false;
    plot->scale = fmin(scale_of(plot->rows, 3, total), scale_of(plot->columns, MOVES, total));
    stand(plot->left, plot->rows, 3, plot->scale);
    stand(plot->right, plot->columns, MOVES, plot->scale);
    return true;
}

static void flows(struct strbuf *out, const struct plot *plot)
{
    double used_left[3] = {0}, used_right[MOVES] = {0};
    for (int d = 0; d < 3; d++)
        for (int m = 0; m < MOVES; m++) {
            double count = (double)plot->moves->decisions[d][m], height = count * plot->scale;
            struct band from = {plot->left[d].y + used_left[d], height},
                        to = {plot->right[m].y + used_right[m], height};
            char title[128];
            if (count == 0)
                continue;
            snprintf(title, sizeof title, "%s → %s", decision_words[d], move_words[m]);
            flow(out, &from, &to, m, title, count);
            used_left[d] += height;
            used_right[m] += height;
        }
}

static void sankey(struct strbuf *out, const struct moves *moves)
{
    struct plot plot;
    if (!lay_out(&plot, moves))
        return;
    strbuf_printf(out,
                  "<figure><svg viewBox=\"0 0 %d %d\" role=\"img\"><title>原判断与重判结果"
                  "</title>\n",
                  WIDTH, HEIGHT + 2 * MARGIN);
    flows(out, &plot);
    for (int d = 0; d < 3; d++)
        if (plot.rows[d] > 0) {
            bar(out, LEFT, &plot.left[d]);
            label(out, "end", LEFT - 8, &plot.left[d], decision_words[d], plot.rows[d]);
        }
    for (int m = 0; m < MOVES; m++)
        if (plot.columns[m] > 0) {
            bar(out, RIGHT, &plot.right[m]);
            label(out, "", RIGHT + BAR + 8, &plot.right[m], move_words[m], plot.columns[m]);
        }
    strbuf_puts(out, "</svg></figure>\n");
}

/* --- the table by department --- */

/* The darker the cell, the more of the department's projects it has. */
static void sum_cell(struct strbuf *out, const struct move_sum *sum, double total, bool money)
{
    char style[64] = "";
    if (sum->count && total > 0)
        snprintf(style, sizeof style, " style=\"background:rgb(var(--hit) / %.2f)\"",
                 0.08 + 0.5 * (double)sum->count / total);
    page_figure(out, money ? sum->yuan / WAN : (double)sum->count, money ? WAN_DECIMALS : 0, style);
}

static void department_row(struct strbuf *out, const struct move_department *department,
                           const char *name, bool money, const char *class)
{
    struct move_sum all = move_department_sum(department);
    strbuf_printf(out, "<tr%s>", class);
    page_cell(out, "td", name);
    sum_cell(out, &all, 0, money);
    for (int m = 0; m < MOVES; m++)
        sum_cell(out, &department->moves[m], (double)all.count, money);
    sum_cell(out, &department->to_review, 0, money);
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
    page_cell(out, "th class=\"number\"", "其中新增待复核");
    strbuf_puts(out, "</tr>\n");
    for (size_t d = 0; d < moves->department_count; d++)
        department_row(out, &moves->departments[d],
                       move_department_word(moves->departments[d].name), money, "");
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
        page_figure(out, (double)one->sum.count, 0, "");
        page_figure(out, one->sum.yuan / WAN, WAN_DECIMALS, "");
        strbuf_puts(out, "</tr>\n");
    }
    strbuf_puts(out, "</table></div>\n");
    if (moves->flow_count > FLOWS_SHOWN)
        strbuf_printf(out, "<p class=\"faint\">共 %zu 种流向，这里列出最多的 %d 种。</p>\n",
                      moves->flow_count, FLOWS_SHOWN);
    strbuf_puts(out, "</section>\n");
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
        strbuf_printf(out, " %s %.2f", move_decision_word(outcome->decision),
                      floor(outcome->confidence * 100) / 100); /* 1.00 is certainty */
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

static void in_words(struct strbuf *out, const struct moves *moves)
{
    const struct move_sum *sums = moves->all.moves, *review = &moves->all.to_review;
    struct move_sum all = move_department_sum(&moves->all),
                    apart = {sums[MOVE_UNSEEN].count + sums[MOVE_FAILED].count,
                             sums[MOVE_UNSEEN].yuan + sums[MOVE_FAILED].yuan};
    struct move_sum moved = {all.count - apart.count - sums[MOVE_SAME].count,
                             all.yuan - apart.yuan - sums[MOVE_SAME].yuan};
    strbuf_printf(out,
                  "<p>共 %zu 个项目、%.2f 万元：未变 %zu 个、%.2f 万元，有变化 %zu 个、%.2f 万元",
                  all.count, all.yuan / WAN, sums[MOVE_SAME].count, sums[MOVE_SAME].yuan / WAN,
                  moved.count, moved.yuan / WAN);
    if (apart.count)
        strbuf_printf(out, "，没有重判 %zu 个、%.2f 万元", apart.count, apart.yuan / WAN);
    strbuf_printf(out,
                  "。其中原来不用复核、现在需要复核的 %zu 个、%.2f 万元。</p>\n"
                  "<p class=\"faint\">部门按原条目，原来没有条目的按新条目。</p>\n",
                  review->count, review->yuan / WAN);
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
    in_words(out, moves);
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
