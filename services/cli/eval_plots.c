#include "services/cli/eval_plots.h"

#include "catalog/learn/evaluate_tables.h"
#include "services/cli/eval_words.h"

#include <math.h>
#include <stdio.h>

/* All plots are this wide, which on a phone is about a CSS pixel a unit: texts stay readable. */
enum { WIDTH = 360, LEFT = 46, RIGHT = 346, TOP = 14, BOTTOM = 230, TICKS = 5 };

struct axis {
    double low, high;   /* values */
    double first, last; /* where they are drawn */
};

static double place_of(const struct axis *axis, double value)
{
    double bounded = fmin(fmax(value, axis->low), axis->high);
    return axis->first +
           (bounded - axis->low) / (axis->high - axis->low) * (axis->last - axis->first);
}

static const struct axis share_across = {0, 1, LEFT, RIGHT};
static const struct axis share_up = {0, 1, BOTTOM, TOP};

static void begin(struct strbuf *out, int height, const char *label)
{
    strbuf_printf(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", WIDTH,
                  height, label);
}

static void end(struct strbuf *out)
{
    strbuf_puts(out, "</svg>\n");
}

static void line(struct strbuf *out, const char *class, double x1, double y1, double x2, double y2)
{
    strbuf_printf(out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                  class, x1, y1, x2, y2);
}

/* `class` may add the anchor: "end", "middle". */
static void text(struct strbuf *out, const char *class, double x, double y, const char *words)
{
    strbuf_printf(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", class, x, y, words);
}

static void percent_text(struct strbuf *out, const char *class, double x, double y, double share,
                         int decimals)
{
    char words[32];
    snprintf(words, sizeof words, "%.*f%%", decimals, share * 100);
    text(out, class, x, y, words);
}

static void grid(struct strbuf *out, const struct axis *across, const struct axis *up)
{
    int decimals = up->high - up->low < 0.1 ? 1 : 0;
    for (int i = 0; i <= TICKS; i++) {
        double part = (double)i / TICKS;
        double value_up = up->low + part * (up->high - up->low);
        double value_across = across->low + part * (across->high - across->low);
        double y = place_of(up, value_up), x = place_of(across, value_across);
        line(out, "grid", LEFT, y, RIGHT, y);
        line(out, "grid", x, TOP, x, BOTTOM);
        percent_text(out, "tick end", LEFT - 6, y + 4, value_up, decimals);
        percent_text(out, "tick middle", x, BOTTOM + 16, value_across, 0);
    }
}

/* Wilson's 95% interval of a share that was seen on `count` cases. */
static void interval_of(double share, double count, double *low, double *high)
{
    const double z = 1.96;
    double scale = 1 + z * z / count, middle = (share + z * z / (2 * count)) / scale;
    double half = z / scale * sqrt(share * (1 - share) / count + z * z / (4 * count * count));
    *low = middle - half;
    *high = middle + half;
}

static void calibration_bin(struct strbuf *out, const struct bin *bin, int number, size_t cases)
{
    char count[24];
    snprintf(count, sizeof count, "%zu", bin->count);
    text(out, "tick middle", place_of(&share_across, (number + 0.5) / CALIBRATION_BINS),
         BOTTOM + 48, count);
    if (!bin->count)
        return;
    double low, high, x = place_of(&share_across, bin->confidence);
    interval_of(bin->right, (double)bin->count, &low, &high);
    line(out, "interval", x, place_of(&share_up, low), x, place_of(&share_up, high));
    strbuf_printf(out,
                  "<circle class=\"point\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>置信度 "
                  "%.1f–%.1f：%zu 个案例，平均置信度 %.3f，实际正确 %.3f</title></circle>\n",
                  x, place_of(&share_up, bin->right),
                  3.5 + 4 * sqrt((double)bin->count / (double)cases),
                  (double)number / CALIBRATION_BINS, (number + 1.0) / CALIBRATION_BINS, bin->count,
                  bin->confidence, bin->right);
}

void plot_calibration(struct strbuf *out, const struct evaluation *evaluation)
{
    struct calibration calibration;
    evaluation_calibration(evaluation, &calibration);
    begin(out, BOTTOM + 74, "校准图：横轴为给出的置信度，纵轴为实际正确率");
    grid(out, &share_across, &share_up);
    line(out, "ideal", LEFT, BOTTOM, RIGHT, TOP);
    text(out, "tick", LEFT, BOTTOM + 33, "各段案例数");
    for (int b = 0; b < CALIBRATION_BINS; b++)
        calibration_bin(out, &calibration.bins[b], b, evaluation->count);
    text(out, "axis middle", (LEFT + RIGHT) / 2.0, BOTTOM + 68, "横轴：置信度　纵轴：实际正确率");
    end(out);
}

enum { ROW = 40, BAR = 12, BAR_LEFT = 66, BAR_RIGHT = 300, LEGEND = 28 };
static const struct axis bar_across = {0, 1, BAR_LEFT, BAR_RIGHT};

static void bar(struct strbuf *out, const char *class, double y, const char *title,
                struct share share)
{
    double x = place_of(&bar_across, share_value(share));
    strbuf_printf(out,
                  "<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"2\">"
                  "<title>%s：%zu / %zu</title></rect>\n",
                  class, BAR_LEFT, y, x - BAR_LEFT, BAR, title, share.count, share.of);
    percent_text(out, "value", BAR_RIGHT + 8, y + BAR - 2, share_value(share), 1);
}

static bool bar_pair(struct strbuf *out, double y, const struct evaluation *evaluation,
                     const char *name, const char *difficulty)
{
    case_filter *wanted = difficulty ? case_of_difficulty : NULL;
    struct share first = evaluation_top(evaluation, 1, wanted, difficulty);
    struct share third = evaluation_top(evaluation, 3, wanted, difficulty);
    char count[32];
    if (!first.of)
        return false;
    snprintf(count, sizeof count, "%zu 个", first.of);
    text(out, "name end", BAR_LEFT - 8, y + BAR, name);
    text(out, "tick end", BAR_LEFT - 8, y + 2 * BAR + 2, count);
    bar(out, "one", y, "首位正确", first);
    bar(out, "two", y + BAR + 2, "前三正确", third);
    return true;
}

static void legend(struct strbuf *out, double x, const char *class, const char *words)
{
    strbuf_printf(out,
                  "<rect class=\"%s\" x=\"%.1f\" y=\"4\" width=\"12\" height=\"12\" rx=\"2\"/>\n",
                  class, x);
    text(out, "name", x + 18, 15, words);
}

void plot_difficulties(struct strbuf *out, const struct evaluation *evaluation)
{
    struct strbuf rows = {0};
    int count = bar_pair(&rows, LEGEND, evaluation, "全部", NULL);
    for (int d = 0; d < DIFFICULTIES; d++)
        count += bar_pair(&rows, LEGEND + count * ROW, evaluation,
                          difficulty_word(difficulty_names[d]), difficulty_names[d]);
    int bottom = LEGEND + count * ROW;
    begin(out, bottom + 24, "按难度的首位、前三正确率");
    for (int i = 0; i <= TICKS; i++) {
        double share = (double)i / TICKS, x = place_of(&bar_across, share);
        line(out, "grid", x, LEGEND - 4, x, bottom - 4);
        percent_text(out, "tick middle", x, bottom + 14, share, 0);
    }
    legend(out, BAR_LEFT, "one", "首位正确");
    legend(out, BAR_LEFT + 100, "two", "前三正确");
    strbuf_puts(out, rows.text ? rows.text : "");
    strbuf_free(&rows);
    end(out);
}

enum { STEADY = 20 }; /* a precision over fewer cases than this says nothing of the scale */

/* The lowest precision that is worth showing, rounded down to 5%. */
static double floor_of(const struct curve *curve, struct share now)
{
    double lowest = now.of ? fmin(0.95, share_value(now)) : 0.95;
    for (size_t i = 0; i < curve->count; i++)
        if (curve->points[i].precision.of >= STEADY)
            lowest = fmin(lowest, share_value(curve->points[i].precision));
    return floor(lowest * 20 + 1e-9) / 20;
}

static void curve_path(struct strbuf *out, const struct curve *curve, const struct axis *up)
{
    double drawn_x = -WIDTH, drawn_y = -WIDTH;
    strbuf_puts(out, "<path class=\"curve\" d=\"");
    for (size_t i = 0; i < curve->count; i++) {
        const struct curve_point *point = &curve->points[i];
        double x = place_of(&share_across, share_value(point->coverage));
        double y = place_of(up, share_value(point->precision));
        if (fabs(x - drawn_x) + fabs(y - drawn_y) < 0.5 && i + 1 < curve->count)
            continue;
        strbuf_printf(out, "%s%.1f %.1f", i ? "L" : "M", x, y);
        drawn_x = x;
        drawn_y = y;
    }
    strbuf_puts(out, "\"/>\n");
}

static void target_zone(struct strbuf *out, const struct axis *up)
{
    double coverage = figure_meanings[FIGURE_AUTO_COVERAGE].target;
    double precision = figure_meanings[FIGURE_AUTO_PRECISION].target;
    double x = place_of(&share_across, coverage), y = place_of(up, precision);
    strbuf_printf(out,
                  "<rect class=\"zone\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%.1f\">"
                  "<title>目标：覆盖 ≥ %.0f%%，正确 ≥ %.0f%%</title></rect>\n",
                  x, TOP, RIGHT - x, y - TOP, coverage * 100, precision * 100);
}

void plot_automatic(struct strbuf *out, const struct evaluation *evaluation)
{
    struct curve curve;
    struct auto_figures now = evaluation_auto(evaluation);
    curve_draw(evaluation, &curve);
    struct axis up = {floor_of(&curve, now.precision), 1, BOTTOM, TOP};
    begin(out, BOTTOM + 54, "自动通过：覆盖率与正确率随阈值变化的曲线");
    grid(out, &share_across, &up);
    target_zone(out, &up);
    curve_path(out, &curve, &up);
    if (now.precision.of) {
        double x = place_of(&share_across, share_value(now.coverage));
        double y = place_of(&up, share_value(now.precision));
        strbuf_printf(out,
                      "<circle class=\"now\" cx=\"%.1f\" cy=\"%.1f\" r=\"6\"><title>现行阈值：覆盖 "
                      "%.1f%%，正确 %.1f%%（%zu / %zu）</title></circle>\n",
                      x, y, share_value(now.coverage) * 100, share_value(now.precision) * 100,
                      now.precision.count, now.precision.of);
    }
    text(out, "axis middle", (LEFT + RIGHT) / 2.0, BOTTOM + 40,
         "横轴：自动通过占全部案例　纵轴：其中正确");
    end(out);
    curve_free(&curve);
}
