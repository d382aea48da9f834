#include "services/cli/eval_report.h"

#include "services/cli/eval_plots.h"
#include "services/cli/eval_report.css.h"
#include "services/cli/eval_words.h"
#include "services/cli/html.h"
#include "services/cli/page.h"

#include <math.h>

static void cell(struct strbuf *out, const char *words)
{
    strbuf_puts(out, "<td>");
    html_text(out, words);
    strbuf_puts(out, "</td>");
}

static void number_cell(struct strbuf *out, size_t number)
{
    strbuf_printf(out, "<td class=\"n\">%zu</td>", number);
}

static void share_cell(struct strbuf *out, struct share share)
{
    if (share.of)
        strbuf_printf(out, "<td class=\"n\" title=\"%zu / %zu\">%.1f%%</td>", share.count, share.of,
                      share_value(share) * 100);
    else
        strbuf_puts(out, "<td class=\"n faint\">—</td>");
}

/* Opens a table with its headings; those after the first `words` are of numbers. */
static void begin_table(struct strbuf *out, const char *const *titles, size_t count, size_t words)
{
    strbuf_puts(out, "<div class=\"scroll\"><table>\n<thead><tr>");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(out, "<th scope=\"col\"%s>%s</th>", i < words ? "" : " class=\"n\"",
                      titles[i]);
    strbuf_puts(out, "</tr></thead>\n<tbody>\n");
}

static void end_table(struct strbuf *out)
{
    strbuf_puts(out, "</tbody></table></div>\n");
}

static bool is_plain_number(enum figure figure)
{
    return figure == FIGURE_NONE_F1 || figure == FIGURE_CALIBRATION_ERROR;
}

static void figure_number(struct strbuf *out, enum figure figure, double value)
{
    if (isnan(value))
        strbuf_puts(out, "—");
    else if (is_plain_number(figure))
        strbuf_printf(out, "%.3f", value);
    else
        strbuf_printf(out, "%.1f%%", value * 100);
}

static void figure_cell(struct strbuf *out, enum figure figure, double value)
{
    strbuf_puts(out, "<td class=\"n\">");
    figure_number(out, figure, value);
    if (!isnan(value)) {
        bool good = figure_on_target(figure, value);
        strbuf_printf(out, " <span class=\"%s\">%s</span>", good ? "good" : "bad",
                      good ? "达标" : "未达标");
    }
    strbuf_puts(out, "</td>");
}

static void target_cell(struct strbuf *out, enum figure figure)
{
    strbuf_printf(out, "<td class=\"n\">%s ", figure_meanings[figure].is_error ? "≤" : "≥");
    figure_number(out, figure, figure_meanings[figure].target);
    strbuf_puts(out, "</td>");
}

static void figures_table(struct strbuf *out, const struct eval_report *report)
{
    const char *titles[5] = {"指标", "目标", "现行模型"};
    size_t count = 3;
    double plain[FIGURES], crosswise[FIGURES];
    evaluation_figures(report->plain, plain);
    if (report->crosswise) {
        evaluation_figures(report->crosswise, crosswise);
        titles[count++] = "交叉验证";
    }
    if (report->comparison)
        titles[count++] = "上次";
    begin_table(out, titles, count, 1);
    for (int f = 0; f < FIGURES; f++) {
        enum figure figure = (enum figure)f;
        strbuf_printf(out, "<tr><th scope=\"row\">%s</th>", figure_word(figure));
        target_cell(out, figure);
        figure_cell(out, figure, plain[f]);
        if (report->crosswise)
            figure_cell(out, figure, crosswise[f]);
        if (report->comparison) {
            strbuf_puts(out, "<td class=\"n\">");
            figure_number(out, figure, report->comparison->before[f]);
            strbuf_puts(out, "</td>");
        }
        strbuf_puts(out, "</tr>\n");
    }
    end_table(out);
}

typedef void plot(struct strbuf *out, const struct evaluation *evaluation);

static void figure(struct strbuf *out, const struct evaluation *evaluation, plot *draw,
                   const char *title, const char *note)
{
    strbuf_printf(out, "<figure><h3>%s</h3>\n", title);
    draw(out, evaluation);
    strbuf_printf(out, "<figcaption>%s</figcaption></figure>\n", note);
}

static void plots(struct strbuf *out, const struct evaluation *evaluation)
{
    strbuf_puts(out, "<div class=\"plots\">\n");
    figure(out, evaluation, plot_calibration, "校准",
           "点在虚线上，说明置信度可信；竖线为 95% 区间，点越大案例越多。");
    figure(out, evaluation, plot_difficulties, "按难度",
           "仅服务类案例；困难：与目录名称没有共同的特征词。");
    figure(out, evaluation, plot_automatic, "自动通过",
           "阈值由高到低，曲线由左到右；圆点为现行阈值，底色区为目标。");
    strbuf_puts(out, "</div>\n");
}

static void thresholds_table(struct strbuf *out, const struct evaluation *evaluation)
{
    static const char *const titles[] = {"阈值", "覆盖率", "正确率"};
    static const double thresholds[] = {0.99, 0.98, 0.95, 0.90, 0.80, 0.70, 0.60, 0.50};
    struct curve curve;
    curve_draw(evaluation, &curve);
    strbuf_puts(out, "<details><summary>换一个阈值会怎样</summary>\n");
    begin_table(out, titles, 3, 0);
    for (size_t t = 0, at = 0; t < sizeof thresholds / sizeof *thresholds; t++) {
        struct curve_point none = {.coverage.of = evaluation->count};
        while (at < curve.count && curve.points[at].threshold >= thresholds[t])
            at++;
        const struct curve_point *point = at ? &curve.points[at - 1] : &none;
        strbuf_printf(out, "<tr><td class=\"n\">%.2f</td>", thresholds[t]);
        share_cell(out, point->coverage);
        share_cell(out, point->precision);
        strbuf_puts(out, "</tr>\n");
    }
    end_table(out);
    strbuf_puts(out, "</details>\n");
    curve_free(&curve);
}

/* A cell of the heat table: the deeper, the larger its part of the row. */
static void heat_cell(struct strbuf *out, size_t count, size_t row, bool hit)
{
    double part = row ? (double)count / (double)row : 0;
    if (!count) {
        strbuf_puts(out, "<td class=\"heat zero\">·</td>");
        return;
    }
    /* A single miss among many must still be seen: no less than a tenth. */
    strbuf_printf(out, "<td class=\"heat %s%s\" style=\"--part:%.2f\" title=\"%.1f%%\">%zu</td>",
                  hit ? "hit" : "miss", part > 0.5 ? " deep" : "", 0.1 + 0.9 * part, part * 100,
                  count);
}

static size_t column_sum(const struct kind_matrix *matrix, int column)
{
    size_t sum = 0;
    for (int k = 0; k < KINDS; k++)
        sum += matrix->cells[k][column];
    return sum;
}

static void kinds_table(struct strbuf *out, const struct evaluation *evaluation)
{
    struct kind_matrix matrix;
    kind_matrix_count(evaluation, &matrix);
    int columns = KINDS + (column_sum(&matrix, KINDS) > 0);
    strbuf_puts(out, "<h3>资金性质：应为（行）与判为（列）</h3>\n"
                     "<div class=\"scroll\"><table class=\"kinds\">\n<thead><tr><td></td>");
    for (int k = 0; k < columns; k++)
        strbuf_printf(out, "<th scope=\"col\">%s</th>", kind_word((enum kind)k));
    strbuf_puts(out, "<th scope=\"col\" class=\"n\">召回率</th><th scope=\"col\" class=\"n\">精确率"
                     "</th><th scope=\"col\" class=\"n\">F1</th></tr></thead>\n<tbody>\n");
    for (int k = 0; k < KINDS; k++) {
        struct kind_figures figures = kind_figures(&matrix, (enum kind)k);
        strbuf_printf(out, "<tr><th scope=\"row\">%s</th>", kind_word((enum kind)k));
        for (int other = 0; other < columns; other++)
            heat_cell(out, matrix.cells[k][other], figures.recall.of, k == other);
        share_cell(out, figures.recall);
        share_cell(out, figures.precision);
        strbuf_printf(out, "<td class=\"n\">%.3f</td></tr>\n", figures.f1);
    }
    end_table(out);
}

static void departments_table(struct strbuf *out, const struct evaluation *evaluation)
{
    static const char *const titles[] = {"部门",     "案例",         "首位正确",
                                         "前三正确", "自动通过覆盖", "自动通过正确"};
    struct tallies tallies;
    tallies_by_department(evaluation, &tallies);
    if (tallies.count) {
        strbuf_puts(out, "<h3>按部门（服务类案例）</h3>\n");
        begin_table(out, titles, sizeof titles / sizeof *titles, 1);
        for (size_t i = 0; i < tallies.count; i++) {
            const struct tally *tally = &tallies.all[i];
            strbuf_puts(out, "<tr><th scope=\"row\">");
            html_text(out, department_word(tally->name));
            strbuf_puts(out, "</th>");
            number_cell(out, tally->count);
            share_cell(out, tally->top1);
            share_cell(out, tally->top3);
            share_cell(out, tally->coverage);
            share_cell(out, tally->precision);
            strbuf_puts(out, "</tr>\n");
        }
        end_table(out);
    }
    tallies_free(&tallies);
}

static void meaning_cell(struct strbuf *out, struct meaning meaning)
{
    struct strbuf words = {0};
    meaning_words(&words, meaning);
    cell(out, words.text);
    strbuf_free(&words);
}

static void case_name(struct strbuf *out, const struct outcome *outcome)
{
    const struct project *project = &outcome->labelled->project;
    strbuf_puts(out, "<code>");
    html_text(out, project->id);
    strbuf_puts(out, "</code> ");
    html_text(out, project->fields[FIELD_NAME]);
}

static void confused_cases(struct strbuf *out, const struct confusion *confusion)
{
    strbuf_puts(out, "<td>");
    for (size_t i = 0; i < confusion->count; i++) {
        const struct outcome *outcome = confusion->outcomes[i];
        strbuf_puts(out, "<div>");
        case_name(out, outcome);
        strbuf_printf(out, " <span class=\"faint\">%s %.2f</span></div>",
                      decision_word(outcome->decision), outcome->confidence);
    }
    strbuf_puts(out, "</td>");
}

static void confusions_table(struct strbuf *out, const struct evaluation *evaluation)
{
    static const char *const titles[] = {"应为", "认作", "案例（判定与置信度）", "次数"};
    struct confusions confusions;
    confusions_find(evaluation, &confusions);
    strbuf_puts(out, "<h3>认错的：什么被认作什么</h3>\n");
    if (!confusions.count)
        strbuf_puts(out, "<p>没有。</p>\n");
    else
        begin_table(out, titles, sizeof titles / sizeof *titles, 3);
    for (size_t i = 0; i < confusions.count; i++) {
        const struct confusion *confusion = &confusions.all[i];
        strbuf_puts(out, "<tr>");
        meaning_cell(out, outcome_wanted(confusion->outcomes[0]));
        meaning_cell(out, outcome_said(confusion->outcomes[0]));
        confused_cases(out, confusion);
        number_cell(out, confusion->count);
        strbuf_puts(out, "</tr>\n");
    }
    if (confusions.count)
        end_table(out);
    confusions_free(&confusions);
}

static void change_row(struct strbuf *out, const struct change *change)
{
    struct strbuf before = {0}, now = {0};
    meaning_words_before(&before, change->before);
    strbuf_printf(&before, "（%s %.2f）", decision_word_of(jv_get_text(change->before, "decision")),
                  jv_get_number(change->before, "confidence", 0));
    meaning_words(&now, outcome_said(change->now));
    strbuf_printf(&now, "（%s %.2f）", decision_word(change->now->decision),
                  change->now->confidence);
    strbuf_puts(out, "<tr><td>");
    case_name(out, change->now);
    strbuf_puts(out, "</td>");
    meaning_cell(out, outcome_wanted(change->now));
    cell(out, before.text);
    cell(out, now.text);
    strbuf_puts(out, "</tr>\n");
    strbuf_free(&before);
    strbuf_free(&now);
}

static void changes_table(struct strbuf *out, const char *title, const struct changes *changes)
{
    static const char *const titles[] = {"案例", "应为", "上次", "这次"};
    strbuf_printf(out, "<h3>%s：%zu 个</h3>\n", title, changes->count);
    if (!changes->count)
        return;
    begin_table(out, titles, sizeof titles / sizeof *titles, 4);
    for (size_t i = 0; i < changes->count; i++)
        change_row(out, &changes->all[i]);
    end_table(out);
}

static void comparison_chapter(struct strbuf *out, const struct eval_report *report)
{
    const struct comparison *comparison = report->comparison;
    strbuf_puts(out, "<section>\n<h2>与上次相比</h2>\n<p>上次：");
    html_text(out, report->earlier);
    strbuf_printf(out, "。两次都有的案例 %zu 个；只在这次 %zu 个，只在上次 %zu 个。</p>\n",
                  comparison->common, comparison->only_now, comparison->only_before);
    changes_table(out, "变好（原来错，现在对）", &comparison->better);
    changes_table(out, "变差（原来对，现在错）", &comparison->worse);
    strbuf_puts(out, "</section>\n");
}

static void chapter(struct strbuf *out, const char *title, const struct evaluation *evaluation)
{
    strbuf_printf(out, "<section>\n<h2>%s</h2>\n", title);
    plots(out, evaluation);
    thresholds_table(out, evaluation);
    kinds_table(out, evaluation);
    departments_table(out, evaluation);
    confusions_table(out, evaluation);
    strbuf_puts(out, "</section>\n");
}

static void head(struct strbuf *out, const struct eval_report *report)
{
    page_open(out, "晋目评测报告", eval_report_css);
    strbuf_puts(out, "<p>");
    html_text(out, report->cases);
    strbuf_printf(out, "：%zu 个案例<br>引擎 ", report->plain->count);
    html_text(out, report->engine);
    strbuf_puts(out, "　<span class=\"hash\">模型 ");
    html_text(out, report->model);
    strbuf_puts(out, "</span><br>");
    html_text(out, report->made);
    strbuf_puts(out, "</p>\n</header>\n");
}

void eval_report_write(struct strbuf *out, const struct eval_report *report)
{
    head(out, report);
    strbuf_puts(out, "<main>\n<section>\n<h2>指标与目标</h2>\n");
    figures_table(out, report);
    if (report->crosswise)
        strbuf_printf(
            out, "<p class=\"faint\">交叉验证：案例分为 %d 份，每份由没有见过它的模型判断。</p>\n",
            report->folds);
    strbuf_puts(out, "</section>\n");
    if (report->comparison)
        comparison_chapter(out, report);
    chapter(out, "现行模型", report->plain);
    if (report->crosswise)
        chapter(out, "交叉验证", report->crosswise);
    page_end(out);
}
