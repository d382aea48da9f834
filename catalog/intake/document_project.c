#include "catalog/intake/document_reading.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FINDING_BYTES = 400,
    UNREAD_ROWS = 3 /* so many indicator rows without an indicator are worth a finding */
};

void document_finding(struct jv *findings, const char *code, const char *severity, size_t line,
                      const char *format, ...)
{
    char message[FINDING_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof message) { /* cut between characters */
        size_t end = sizeof message - 1;
        while (end > 0 && ((unsigned char)message[end - 1] & 0xC0) == 0x80)
            end--;
        message[end > 0 ? end - 1 : 0] = 0;
    }
    struct jv *finding = jv_object();
    jv_set_text(finding, "code", code);
    jv_set_text(finding, "severity", severity);
    jv_set_text(finding, "message", message);
    jv_set_number(finding, "line", (double)line);
    jv_push(findings, finding);
}

struct slice table_value(const struct table_reading *reading, enum label label)
{
    return (struct slice){reading->values[label].text, reading->values[label].length};
}

bool label_is_head(enum label label)
{
    return label >= LABEL_NAME && label <= LABEL_TERM;
}

bool label_is_text(enum label label)
{
    return label >= LABEL_DESCRIPTION && label <= LABEL_PLAN;
}

bool label_is_goal(enum label label)
{
    return label >= LABEL_TERM_GOAL && label <= LABEL_GOAL;
}

bool label_is_money(enum label label)
{
    return label == LABEL_TOTAL || label == LABEL_AMOUNT || label == LABEL_SUM;
}

/* --- rows -------------------------------------------------------------------------------------- */

/* "项目概况 | 立项依据：…": the text itself begins with the words of another label. */
static bool is_text_in_text(const struct table_reading *reading, const struct token *token)
{
    return token->match.form == LABEL_MARKED && label_is_text(token->match.label) &&
           reading->labelled && reading->values_on_row == 0 && label_is_text(reading->label);
}

/* Whether to believe a label here. Inside a text, a line may begin with the same words. */
static bool is_believed(const struct table_reading *reading, const struct row *row,
                        const struct token *token, size_t index)
{
    enum label label = token->match.label;
    enum label_form form = token->match.form;
    bool in_text = reading->phase == PHASE_TEXTS || reading->phase == PHASE_GOALS;
    bool columns = row->tabular || row->count > 1;
    if (label == LABEL_NONE)
        return false;
    if (form == LABEL_GLUED)
        return index == 0 && columns && label_is_text(label) && reading->phase != PHASE_HEAD &&
               reading->values[label].length == 0;
    if (label == LABEL_INDICATORS)
        return form == LABEL_ALONE && reading->phase != PHASE_HEAD;
    if (label == LABEL_SIGNATURE)
        return tokens_sign_off(&reading->tokens);
    if (is_text_in_text(reading, token))
        return false;
    if (in_text && (label_is_head(label) || label_is_money(label)))
        return form == LABEL_ALONE && columns && reading->values[label].length == 0;
    if (in_text && (label == LABEL_FUNDS || label == LABEL_SOURCE || label == LABEL_OTHER))
        return form == LABEL_ALONE && columns && label != LABEL_OTHER;
    return true;
}

static void take_label(struct table_reading *reading, const struct token *token)
{
    reading->seen[token->match.label] = true;
    enum label label = token->match.label;
    reading->label = label;
    reading->labelled = true;
    reading->values_on_row = 0;
    if (label >= LABEL_FUNDS && label <= LABEL_SOURCE)
        table_take_funds_label(reading, token);
    else if (label_is_text(label))
        reading->phase = PHASE_TEXTS;
    else if (label_is_goal(label)) {
        reading->phase = PHASE_GOALS;
        table_take_goal_label(reading, label);
    }
}

static void take_value(struct table_reading *reading, struct slice text, size_t column)
{
    if (label_is_head(reading->label))
        table_take_head(reading, text);
    else if (label_is_text(reading->label))
        table_join_text(reading, reading->label, text);
    else if (label_is_goal(reading->label))
        table_take_goal(reading, text, column);
    else if (reading->label >= LABEL_FUNDS && reading->label <= LABEL_SOURCE)
        table_take_funds(reading, text);
    reading->values_on_row++;
}

/* Whether the table's indicators begin on this row. */
static bool begins_indicators(const struct table_reading *reading, const struct row *row)
{
    for (size_t i = 0; i < reading->tokens.count; i++) {
        const struct token *token = &reading->tokens.all[i];
        if (token->match.label == LABEL_INDICATORS && is_believed(reading, row, token, i))
            return true;
        if (i == 0 && token->match.label && token->match.label != LABEL_INDICATORS)
            return false;
    }
    return false;
}

static void read_cells(struct table_reading *reading, const struct row *row)
{
    for (size_t i = 0; i < reading->tokens.count; i++) {
        const struct token *token = &reading->tokens.all[i];
        if (!is_believed(reading, row, token, i)) {
            take_value(reading, token->cell, token->column);
            continue;
        }
        take_label(reading, token);
        struct slice rest = token_rest(token);
        if (rest.length)
            take_value(reading, rest, token->column);
    }
}

/* "(2026年度)": stands below the title, on every page of the table. */
static bool is_year_line(const struct row *row)
{
    struct slice text = row->text;
    return row->count == 1 && slice_code_points(text) <= DIGITS_CHARS && document_year(text) &&
           (slice_starts(text, "(") || slice_starts(text, "（"));
}

/* The year and the unit of money above the table and in its title. */
static void read_heading(struct table_reading *reading, const struct row *row)
{
    if (row->text.length > TITLE_CHARS * 3)
        return;
    if (reading->project->year == 0)
        reading->project->year = document_year(row->text);
    char *folded = label_fold(reading->labels, row->text, TITLE_CHARS * 3);
    size_t unit = slice_find(slice_of(folded), "单位:");
    if (unit != SIZE_MAX && reading->unit == AMOUNT_UNSTATED)
        reading->unit = amount_unit_in(slice_of(folded + unit));
    free(folded);
}

/* A row of the head again, at the top of another page, while a text goes on. */
static bool repeats_head(const struct table_reading *reading)
{
    const struct tokens *tokens = &reading->tokens;
    const struct token *first = &tokens->all[0];
    enum label label = first->match.label;
    if (reading->phase < PHASE_TEXTS || !label_is_head(label) || first->match.form == LABEL_GLUED)
        return false;
    struct slice value = token_rest(first);
    if (value.length == 0 && tokens->count > 1)
        value = tokens->all[1].cell;
    return value.length > 0 && slice_equals(value, table_value(reading, label));
}

static void read_row(struct table_reading *reading, const struct row *row)
{
    reading->line = row->line;
    reading->labelled = false;
    reading->values_on_row = 0;
    tokens_read(&reading->tokens, reading->labels, row);
    if (reading->tokens.count == 0)
        return;
    if (reading->phase == PHASE_HEAD)
        read_heading(reading, row);
    if (is_year_line(row) || table_is_title(reading->labels, row) || repeats_head(reading))
        return;
    if (reading->phase < PHASE_INDICATORS && begins_indicators(reading, row))
        reading->phase = PHASE_INDICATORS;
    if (tokens_sign_off(&reading->tokens) && reading->phase > PHASE_FUNDS)
        reading->phase = PHASE_END;
    if (reading->phase == PHASE_INDICATORS)
        indicators_row(&reading->indicators, reading->labels, row, &reading->tokens);
    else if (reading->phase != PHASE_END)
        read_cells(reading, row);
}

/* --- what a table came to ------------------------------------------------------------------------ */

/* "102-晋城市数据局", "晋城市数据局（102）", "[102]晋城市数据局" → 晋城市数据局. */
static char *without_code(struct slice text)
{
    size_t start = 0;
    text = slice_trim(text);
    for (size_t at = 0; at < text.length; start = at) {
        uint32_t code = slice_next(text, &at);
        bool code_part = (code >= '0' && code <= '9') || code == '-' || code == '_' ||
                         code == '[' || code == ']' || code == '.' || code == ':' ||
                         code == 0x2014 || code == 0x2013 || slice_is_space(code);
        if (!code_part)
            break;
    }
    struct slice name = {text.text + start, text.length - start};
    size_t open = SIZE_MAX, digits = 0;
    for (size_t at = 0; at < name.length;) {
        size_t from = at;
        uint32_t code = slice_next(name, &at);
        if (code == '(' || code == '[')
            open = from, digits = 0;
        else if (code >= '0' && code <= '9')
            digits++;
        else if ((code == ')' || code == ']') && at == name.length && digits && open != SIZE_MAX)
            name.length = open;
        else
            open = SIZE_MAX;
    }
    return slice_tight(name.length ? name : text);
}

/* 一次性项目（1年结束） → 一次性项目. */
static char *without_remark(struct slice text)
{
    for (size_t at = 0; at < text.length;) {
        size_t from = at;
        if (slice_next(text, &at) == '(' && from > 0)
            text.length = from;
    }
    return slice_tight(text);
}

static char *take_text(struct table_reading *reading, enum label label)
{
    return strbuf_take(&reading->values[label]);
}

/* The table has the heading, and nothing there: the unit left it out, the reader did not. */
static void report_empty(struct table_reading *reading, const char *code, const char *name)
{
    document_finding(reading->project->findings, code, "warning", reading->project->line,
                     "绩效目标表中“%s”是空的", name);
}

static void report_missing(struct table_reading *reading)
{
    const struct document_project *project = reading->project;
    bool no_basis = !*project->basis, no_indicators = jv_count(project->indicators) == 0;
    bool basis_empty = no_basis && reading->seen[LABEL_BASIS];
    bool indicators_empty = no_indicators && reading->indicators.unread < UNREAD_ROWS &&
                            reading->phase >= PHASE_INDICATORS;
    const struct {
        const char *code, *name;
        bool missing;
    } fields[] = {
        {"intake.name_missing", "项目名称", !*project->name},
        {"intake.department_missing", "主管部门", !*project->department},
        {"intake.attribute_missing", "项目属性", !*project->attribute},
        {"intake.term_missing", "项目期", project->term_years == 0},
        {"intake.total_missing", "实施期资金总额", project->total_fen < 0},
        {"intake.description_missing", "项目概况", !*project->description},
        {"intake.basis_missing", "立项依据", no_basis && !basis_empty},
        {"intake.necessity_missing", "项目设立必要性", !*project->necessity},
        {"intake.measures_missing", "保证项目实施的制度、措施", !*project->measures},
        {"intake.plan_missing", "项目实施计划", !*project->plan},
        {"intake.goals_missing", "总体目标", !*project->goals},
        {"intake.indicators_missing", "绩效指标", no_indicators && !indicators_empty},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].missing)
            document_finding(project->findings, fields[i].code, "warning", project->line,
                             "绩效目标表中没有读到“%s”的内容", fields[i].name);
    if (basis_empty)
        report_empty(reading, "intake.basis_empty", "立项依据");
    if (indicators_empty)
        report_empty(reading, "intake.indicators_empty", "绩效指标");
    if (reading->indicators.unread >= UNREAD_ROWS && jv_count(project->indicators) > 0)
        document_finding(project->findings, "intake.indicators_partial", "info", project->line,
                         "绩效指标中有%zu行无法读出", reading->indicators.unread);
    if (!reading->table->signed_off && reading->phase != PHASE_END)
        document_finding(project->findings, "intake.table_cut", "warning", reading->line,
                         "绩效目标表没有读到末行（负责人、填报日期），可能不完整");
}

static void finish(struct table_reading *reading)
{
    struct document_project *project = reading->project;
    struct slice term = table_value(reading, LABEL_TERM);
    project->name = slice_tight(table_value(reading, LABEL_NAME));
    project->unit = without_code(table_value(reading, LABEL_UNIT));
    project->department = without_code(table_value(reading, LABEL_DEPARTMENT));
    project->term_years = document_term_years(term);
    table_finish_funds(reading);
    project->attribute = without_remark(table_value(reading, LABEL_ATTRIBUTE));
    project->term = take_text(reading, LABEL_TERM);
    project->description = take_text(reading, LABEL_DESCRIPTION);
    project->basis = take_text(reading, LABEL_BASIS);
    project->necessity = take_text(reading, LABEL_NECESSITY);
    project->measures = take_text(reading, LABEL_MEASURES);
    project->plan = take_text(reading, LABEL_PLAN);
    project->term_goals = take_text(reading, LABEL_TERM_GOAL);
    project->goals = take_text(reading, LABEL_YEAR_GOAL);
    if (!*project->goals) { /* one goal for both, as most tables have it */
        free(project->goals);
        project->goals = xstrdup(project->term_goals);
    }
    report_missing(reading);
}

void document_project_read(struct document_project *project, const struct labels *labels,
                           const struct lines *lines, const struct table *table)
{
    struct table_reading reading = {.labels = labels,
                                    .table = table,
                                    .project = project,
                                    .last_row = SIZE_MAX,
                                    .goal_columns = {SIZE_MAX, SIZE_MAX}};
    size_t name_row = table->name_row != SIZE_MAX ? table->name_row : table->first;
    *project = (struct document_project){.line = lines->rows[name_row].line,
                                         .amount_fen = -1,
                                         .total_fen = -1,
                                         .indicators = jv_array(),
                                         .funding = jv_array(),
                                         .findings = jv_array()};
    reading.indicators.found = project->indicators;
    enum label *centred = table_centre_labels(&reading, lines);
    for (size_t i = table->first; i < table->end; i++) {
        if (lines->rows[i].blank)
            continue;
        reading.row = i;
        if (centred && centred[i - table->first] != LABEL_NONE) {
            reading.label = centred[i - table->first];
            reading.phase = PHASE_TEXTS;
        }
        read_row(&reading, &lines->rows[i]);
    }
    finish(&reading);
    free(centred);
    for (size_t i = 0; i < LABELS; i++)
        strbuf_free(&reading.values[i]);
    tokens_free(&reading.tokens);
}

void document_project_clear(struct document_project *project)
{
    char *texts[] = {project->name,      project->unit,      project->department,
                     project->attribute, project->term,      project->description,
                     project->basis,     project->necessity, project->measures,
                     project->plan,      project->goals,     project->term_goals};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    jv_destroy(&project->indicators);
    jv_destroy(&project->funding);
    jv_destroy(&project->findings);
    *project = (struct document_project){0};
}
