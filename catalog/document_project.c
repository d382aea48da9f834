#include "catalog/document_project.h"

#include "catalog/document_indicator.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ORGAN_CHARS = 40, /* no unit has a longer name */
    TITLE_CHARS = 100,
    DIGITS_CHARS = 12,
    FINDING_BYTES = 400,
    UNREAD_ROWS = 3 /* so many indicator rows without an indicator are worth a finding */
};

enum phase { PHASE_HEAD, PHASE_FUNDS, PHASE_TEXTS, PHASE_GOALS, PHASE_INDICATORS, PHASE_END };

/* A table while it is being read. */
struct reading {
    const struct labels *labels;
    const struct table *table;
    struct document_project *project;
    struct tokens tokens;
    struct strbuf values[LABELS]; /* what was read for each label */
    enum phase phase;
    enum label label; /* that the next value belongs to */
    size_t values_on_row;
    bool labelled; /* a label was seen on this row */
    size_t row, line;
    struct slice last_cell; /* the value read last, to know a merged cell's repetition */
    size_t last_row;
    enum amount_unit unit;          /* of the table's money */
    enum amount_unit units[LABELS]; /* of a label's own */
    enum label columns[2];          /* the two columns of money, in their order */
    size_t column_count;
    struct strbuf source_texts[2];
    struct jv *source; /* the fund of this row */
    size_t source_index;
    enum label goals[2]; /* the two columns of goals, in their order */
    size_t goal_count;
    size_t goal_columns[2]; /* where their texts began; SIZE_MAX not yet */
    struct indicators indicators;
    const enum label
        *centred; /* the label of each row where labels stand in the middle of theirs */
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

static struct slice value_of(const struct reading *reading, enum label label)
{
    return (struct slice){reading->values[label].text, reading->values[label].length};
}

static bool is_head(enum label label)
{
    return label >= LABEL_NAME && label <= LABEL_TERM;
}

static bool is_text(enum label label)
{
    return label >= LABEL_DESCRIPTION && label <= LABEL_PLAN;
}

static bool is_goal(enum label label)
{
    return label >= LABEL_TERM_GOAL && label <= LABEL_GOAL;
}

static bool is_money(enum label label)
{
    return label == LABEL_TOTAL || label == LABEL_AMOUNT || label == LABEL_SUM;
}

/* --- head -------------------------------------------------------------------------------------- */

static bool is_attribute(struct slice text)
{
    return slice_has(text, "一次性") || slice_has(text, "延续性") || slice_has(text, "经常性") ||
           slice_has(text, "新增项目") || slice_has(text, "运转类") || slice_has(text, "特定目标");
}

static bool is_term(struct slice text)
{
    return slice_code_points(text) <= ORGAN_CHARS && document_term_years(text) > 0 &&
           !is_attribute(text);
}

static bool begins_with_code(struct slice text)
{
    size_t at = 0;
    uint32_t code = slice_next(text, &at);
    return code >= '0' && code <= '9';
}

static bool ends_like_organ(struct slice text)
{
    static const char *const ends[] = {"局", "中心", "委员会", "办公室", "院", "校", "所", "站",
                                       "队", "馆",   "会",     "部",     "厅", "处", "科", "园",
                                       "社", "公司", "政府",   "大学",   "室", "厂", "台", "团"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (slice_ends(text, ends[i]))
            return true;
    return false;
}

/* Whether the text stands already in the head: scans repeat merged cells. */
static bool is_repetition(const struct reading *reading, struct slice text)
{
    for (enum label label = LABEL_NAME; label <= LABEL_TERM; label++)
        if (slice_equals(value_of(reading, label), text))
            return true;
    return false;
}

/* A text of the head that stands beside no label of its own, since the scan shifted or broke its
 * row: 晋城市数据局 on the row below 实施单位, or where that label is missing. What it looks like
 * tells what it is. */
static void take_stray(struct reading *reading, struct slice text)
{
    struct strbuf *values = reading->values;
    bool alone = reading->tokens.count == 1;
    if (is_repetition(reading, text))
        return;
    enum label place = LABEL_NONE;
    if (alone && reading->label == LABEL_NAME && !reading->labelled)
        place = LABEL_NAME;
    else if (is_attribute(text) && !values[LABEL_ATTRIBUTE].length)
        place = LABEL_ATTRIBUTE;
    else if (is_term(text) && !values[LABEL_TERM].length)
        place = LABEL_TERM;
    else if (begins_with_code(text) && !values[LABEL_DEPARTMENT].length)
        place = LABEL_DEPARTMENT;
    else if (alone && is_head(reading->label) && values[reading->label].length &&
             !ends_like_organ(value_of(reading, reading->label)) && ends_like_organ(text) &&
             (reading->label == LABEL_UNIT || reading->label == LABEL_DEPARTMENT))
        place = reading->label; /* the other half of a name that was broken */
    else if (!values[LABEL_UNIT].length && slice_code_points(text) <= ORGAN_CHARS)
        place = LABEL_UNIT;
    else if (!values[LABEL_DEPARTMENT].length && ends_like_organ(text))
        place = LABEL_DEPARTMENT;
    if (place != LABEL_NONE)
        slice_join(&values[place], text);
    else
        document_finding(reading->project->findings, "intake.stray_text", "info", reading->line,
                         "表头中的“%.*s”没有对应的标签，未采用",
                         (int)(text.length > 120 ? 0 : text.length), text.text);
}

static void take_head_value(struct reading *reading, struct slice text)
{
    struct strbuf *value = &reading->values[reading->label];
    bool first = reading->labelled && reading->values_on_row == 0;
    if (first && value->length == 0)
        slice_join(value, text);
    else if (first)
        return; /* the head again, at the top of another page */
    else if (reading->label == LABEL_NAME && reading->labelled && !is_attribute(text) &&
             !is_repetition(reading, text) && !begins_with_code(text))
        slice_join(value, text); /* a name broken over cells */
    else
        take_stray(reading, text);
}

/* --- money ------------------------------------------------------------------------------------- */

static enum amount_unit unit_of(const struct reading *reading, enum label label)
{
    return reading->units[label] != AMOUNT_UNSTATED ? reading->units[label] : reading->unit;
}

static bool is_number_part(struct slice text)
{
    if (slice_code_points(text) > DIGITS_CHARS || text.length == 0)
        return false;
    for (size_t at = 0; at < text.length;) {
        uint32_t code = slice_next(text, &at);
        if ((code < '0' || code > '9') && code != ',' && code != '.' && !slice_is_space(code))
            return false;
    }
    return true;
}

/* Adds a cell to an amount that is being read: the first that is one, then what a torn number still
 * lacks ("670,00" and "0"). */
static void add_money(struct strbuf *value, struct slice text)
{
    struct amount amount;
    struct slice whole = {value->text, value->length};
    if (value->length == 0) {
        if (is_number_part(text) || amount_read(text, AMOUNT_UNSTATED, &amount))
            strbuf_add(value, text.text, text.length);
    } else if (is_number_part(text) && amount_read(whole, AMOUNT_UNSTATED, &amount) &&
               amount.irregular) {
        strbuf_puts(value, " ");
        strbuf_add(value, text.text, text.length);
    } else if (is_number_part(text) && slice_ends(whole, ",")) {
        strbuf_add(value, text.text, text.length);
    }
}

/* Values on a row below their labels: the first to the first column that is still empty. */
static void take_money_below(struct reading *reading, struct slice text)
{
    struct amount amount;
    if (!amount_read(text, AMOUNT_UNSTATED, &amount))
        return;
    enum label last = is_money(reading->label) ? reading->label : LABEL_NONE;
    if (last && reading->values[last].length) {
        add_money(&reading->values[last], text);
        return;
    }
    for (size_t i = 0; i < reading->column_count; i++)
        if (reading->values[reading->columns[i]].length == 0) {
            add_money(&reading->values[reading->columns[i]], text);
            return;
        }
}

static void take_source_value(struct reading *reading, struct slice text)
{
    static const char *const members[] = {"total_yuan", "year_yuan"};
    struct amount amount;
    if (!reading->source || !amount_read(text, unit_of(reading, LABEL_FUNDS), &amount))
        return;
    size_t column = reading->source_index < 2 ? reading->source_index : 1;
    if (reading->column_count == 1)
        column = reading->columns[0] == LABEL_AMOUNT;
    else if (reading->column_count == 2 && reading->columns[0] == LABEL_AMOUNT)
        column = 1 - column;
    if (!jv_get(reading->source, members[column]))
        jv_set_number(reading->source, members[column], (double)amount.fen / 100);
}

static struct jv *source_named(struct reading *reading, const char *name)
{
    struct jv *funding = reading->project->funding;
    for (size_t i = 0; i < jv_count(funding); i++)
        if (strcmp(jv_get_text(jv_at(funding, i), "source"), name) == 0)
            return jv_at(funding, i);
    struct jv *source = jv_object();
    jv_set_text(source, "source", name);
    jv_push(funding, source);
    return source;
}

static void take_funds_label(struct reading *reading, const struct token *token)
{
    enum label label = token->match.label;
    if (reading->phase == PHASE_HEAD)
        reading->phase = PHASE_FUNDS;
    if (token->match.unit != AMOUNT_UNSTATED) {
        reading->units[label] = token->match.unit;
        if (label == LABEL_FUNDS || reading->unit == AMOUNT_UNSTATED)
            reading->unit = token->match.unit;
    }
    if (label == LABEL_SOURCE) {
        struct jv *source = source_named(reading, token->match.source);
        reading->source_index = source == reading->source ? reading->source_index + 1 : 0;
        reading->source = source;
    } else if (is_money(label) && reading->column_count < 2 &&
               (reading->column_count == 0 || reading->columns[0] != label)) {
        reading->columns[reading->column_count++] = label;
    }
}

static void take_funds_value(struct reading *reading, struct slice text)
{
    if (reading->label == LABEL_FUNDS && slice_code_points(text) <= DIGITS_CHARS &&
        amount_unit_in(text) != AMOUNT_UNSTATED && !begins_with_code(text))
        reading->unit = amount_unit_in(text);
    else if (reading->label == LABEL_SOURCE && reading->labelled)
        take_source_value(reading, text);
    else if (reading->labelled && is_money(reading->label))
        add_money(&reading->values[reading->label], text);
    else
        take_money_below(reading, text);
}

/* --- texts and goals --------------------------------------------------------------------------- */

static void join_text(struct reading *reading, enum label label, struct slice text)
{
    if (reading->last_row == reading->row && slice_equals(reading->last_cell, text))
        return; /* a merged cell, repeated */
    slice_join(&reading->values[label], text);
    reading->last_cell = text;
    reading->last_row = reading->row;
}

static void take_goal_label(struct reading *reading, enum label label)
{
    if (label == LABEL_GOAL)
        return;
    bool known = (reading->goal_count > 0 && reading->goals[0] == label) ||
                 (reading->goal_count > 1 && reading->goals[1] == label);
    if (!known && reading->goal_count < 2)
        reading->goals[reading->goal_count++] = label;
}

/* Which of the two columns of goals a text stands in. */
static size_t goal_side(const struct reading *reading, size_t column)
{
    if (reading->values_on_row > 0)
        return 1;
    if (reading->labelled || reading->tokens.count > 1 || reading->goal_columns[0] == SIZE_MAX)
        return 0;
    if (reading->goal_columns[1] == SIZE_MAX)
        return column > reading->goal_columns[0] && reading->goal_count == 2;
    size_t middle = (reading->goal_columns[0] + reading->goal_columns[1] + 1) / 2;
    return column >= middle;
}

static void take_goal_value(struct reading *reading, struct slice text, size_t column)
{
    enum label label = reading->label;
    bool of_row = label == LABEL_GOAL || (!reading->labelled && reading->tokens.count > 1);
    if (of_row) {
        size_t side = goal_side(reading, column);
        if (reading->goal_columns[side] == SIZE_MAX)
            reading->goal_columns[side] = column;
        label = reading->goal_count == 0 ? LABEL_YEAR_GOAL : reading->goals[0];
        if (side == 1)
            label = label == LABEL_YEAR_GOAL ? LABEL_TERM_GOAL : LABEL_YEAR_GOAL;
        if (side == 1 && reading->goal_count < 2)
            label = reading->goal_count == 0 ? LABEL_YEAR_GOAL : reading->goals[0];
        slice_join(&reading->values[label], text);
        return;
    }
    join_text(reading, label, text);
}

/* --- rows -------------------------------------------------------------------------------------- */

/* Whether to believe a label here. Inside a text, a line may begin with the same words. */
static bool is_believed(const struct reading *reading, const struct row *row,
                        const struct token *token, size_t index)
{
    enum label label = token->match.label;
    enum label_form form = token->match.form;
    bool in_text = reading->phase == PHASE_TEXTS || reading->phase == PHASE_GOALS;
    bool columns = row->tabular || row->count > 1;
    if (label == LABEL_NONE)
        return false;
    if (form == LABEL_GLUED)
        return index == 0 && columns && is_text(label) && reading->phase != PHASE_HEAD &&
               reading->values[label].length == 0;
    if (label == LABEL_INDICATORS)
        return form == LABEL_ALONE && reading->phase != PHASE_HEAD;
    if (label == LABEL_SIGNATURE)
        return index == 0 || reading->label == LABEL_SIGNATURE;
    if (in_text && (is_head(label) || is_money(label)))
        return form == LABEL_ALONE && columns && reading->values[label].length == 0;
    if (in_text && (label == LABEL_FUNDS || label == LABEL_SOURCE || label == LABEL_OTHER))
        return form == LABEL_ALONE && columns && label != LABEL_OTHER;
    return true;
}

static void take_label(struct reading *reading, const struct token *token)
{
    enum label label = token->match.label;
    reading->label = label;
    reading->labelled = true;
    reading->values_on_row = 0;
    if (label >= LABEL_FUNDS && label <= LABEL_SOURCE)
        take_funds_label(reading, token);
    else if (is_text(label))
        reading->phase = PHASE_TEXTS;
    else if (is_goal(label)) {
        reading->phase = PHASE_GOALS;
        take_goal_label(reading, label);
    }
}

static void take_value(struct reading *reading, struct slice text, size_t column)
{
    if (is_head(reading->label))
        take_head_value(reading, text);
    else if (is_text(reading->label))
        join_text(reading, reading->label, text);
    else if (is_goal(reading->label))
        take_goal_value(reading, text, column);
    else if (reading->label >= LABEL_FUNDS && reading->label <= LABEL_SOURCE)
        take_funds_value(reading, text);
    reading->values_on_row++;
}

/* Whether the table's indicators begin on this row. */
static bool begins_indicators(const struct reading *reading, const struct row *row)
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

static void read_cells(struct reading *reading, const struct row *row)
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
static void read_heading(struct reading *reading, const struct row *row)
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
static bool repeats_head(const struct reading *reading)
{
    const struct tokens *tokens = &reading->tokens;
    const struct token *first = &tokens->all[0];
    enum label label = first->match.label;
    if (reading->phase < PHASE_TEXTS || !is_head(label) || first->match.form == LABEL_GLUED)
        return false;
    struct slice value = token_rest(first);
    if (value.length == 0 && tokens->count > 1)
        value = tokens->all[1].cell;
    return value.length > 0 && slice_equals(value, value_of(reading, label));
}

static void read_row(struct reading *reading, const struct row *row)
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
    const struct token *first = &reading->tokens.all[0];
    if (first->match.label == LABEL_SIGNATURE && first->match.form != LABEL_GLUED &&
        reading->phase > PHASE_FUNDS)
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

static int64_t money_of(struct reading *reading, enum label label)
{
    struct amount amount;
    struct slice text = value_of(reading, label);
    if (text.length == 0)
        return -1;
    if (!amount_read(text, unit_of(reading, label), &amount)) {
        document_finding(reading->project->findings, "intake.amount_unreadable", "warning",
                         reading->project->line, "金额“%.*s”无法读出",
                         (int)(text.length > 60 ? 0 : text.length), text.text);
        return -1;
    }
    if (amount.irregular) {
        reading->project->amount_irregular |= label != LABEL_TOTAL;
        document_finding(reading->project->findings, "intake.amount_irregular", "warning",
                         reading->project->line, "金额“%.*s”的数字分组不规范，请核对",
                         (int)(text.length > 60 ? 0 : text.length), text.text);
    }
    reading->project->unit_stated |=
        amount.unit != AMOUNT_UNSTATED || unit_of(reading, label) != AMOUNT_UNSTATED;
    return amount.fen;
}

static void take_money(struct reading *reading)
{
    struct document_project *project = reading->project;
    project->total_fen = money_of(reading, LABEL_TOTAL);
    project->amount_fen = money_of(reading, LABEL_AMOUNT);
    bool yearly = false;
    for (size_t i = 0; i < reading->column_count; i++)
        yearly |= reading->columns[i] == LABEL_AMOUNT;
    int64_t sum = money_of(reading, LABEL_SUM);
    if (sum >= 0 && !yearly)
        project->amount_fen = sum;
    else if (sum >= 0 && project->total_fen < 0)
        project->total_fen = sum;
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

static char *take_text(struct reading *reading, enum label label)
{
    return strbuf_take(&reading->values[label]);
}

/* Without the funds for which the table only has a row: 其他资金. */
static void drop_empty_funds(struct document_project *project)
{
    struct jv *stated = jv_array();
    for (size_t i = 0; i < jv_count(project->funding); i++)
        if (jv_count(jv_at(project->funding, i)) > 1)
            jv_push(stated, jv_copy(jv_at(project->funding, i)));
    jv_destroy(&project->funding);
    project->funding = stated;
}

static void report_missing(struct reading *reading)
{
    const struct document_project *project = reading->project;
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
        {"intake.basis_missing", "立项依据", !*project->basis},
        {"intake.necessity_missing", "项目设立必要性", !*project->necessity},
        {"intake.measures_missing", "保证项目实施的制度、措施", !*project->measures},
        {"intake.plan_missing", "项目实施计划", !*project->plan},
        {"intake.goals_missing", "总体目标", !*project->goals},
        {"intake.indicators_missing", "绩效指标", jv_count(project->indicators) == 0},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].missing)
            document_finding(project->findings, fields[i].code, "warning", project->line,
                             "绩效目标表中没有读到“%s”的内容", fields[i].name);
    if (reading->indicators.unread >= UNREAD_ROWS && jv_count(project->indicators) > 0)
        document_finding(project->findings, "intake.indicators_partial", "info", project->line,
                         "绩效指标中有%zu行无法读出", reading->indicators.unread);
    if (!reading->table->signed_off && reading->phase != PHASE_END)
        document_finding(project->findings, "intake.table_cut", "warning", reading->line,
                         "绩效目标表没有读到末行（负责人、填报日期），可能不完整");
}

static void finish(struct reading *reading)
{
    struct document_project *project = reading->project;
    struct slice term = value_of(reading, LABEL_TERM);
    project->name = slice_tight(value_of(reading, LABEL_NAME));
    project->unit = without_code(value_of(reading, LABEL_UNIT));
    project->department = without_code(value_of(reading, LABEL_DEPARTMENT));
    project->term_years = document_term_years(term);
    take_money(reading);
    drop_empty_funds(project);
    project->attribute = without_remark(value_of(reading, LABEL_ATTRIBUTE));
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

/* --- labels in the middle of their rows ---------------------------------------------------------- */

/* The rows of a table that are not blank, and the label that each begins with. */
struct outline {
    size_t *rows;
    enum label *labels;
    size_t count;
};

static bool ends_sentence(struct slice text)
{
    static const char *const ends[] = {"。", "；", "！", "？", ".", ";",
                                       "：", ":",  "》", "）", "”"};
    text = slice_trim(text);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (slice_ends(text, ends[i]))
            return true;
    return false;
}

static void make_outline(struct outline *outline, struct reading *reading,
                         const struct lines *lines)
{
    size_t first = reading->table->first, end = reading->table->end;
    outline->rows = xcalloc(end - first, sizeof *outline->rows);
    outline->labels = xcalloc(end - first, sizeof *outline->labels);
    for (size_t i = first; i < end; i++) {
        if (lines->rows[i].blank)
            continue;
        tokens_read(&reading->tokens, reading->labels, &lines->rows[i]);
        if (reading->tokens.count == 0 && lines->rows[i].count > 0)
            continue; /* it held the rest of a label */
        const struct label_match *match = &reading->tokens.all[0].match;
        outline->rows[outline->count] = i;
        outline->labels[outline->count++] =
            reading->tokens.count && match->form != LABEL_GLUED ? match->label : LABEL_NONE;
    }
}

/* Whether labels stand below the beginning of their texts: the first has lines of text above it
 * that can belong to nothing else, or lines above others break off within a sentence. */
static bool are_centred(const struct outline *outline, const struct lines *lines)
{
    enum { ENOUGH = 2 };
    int votes = 0;
    bool texts_begun = false, head_seen = false;
    for (size_t i = 1; i < outline->count; i++) {
        enum label label = outline->labels[i];
        head_seen = head_seen || (label >= LABEL_FUNDS && label <= LABEL_SOURCE);
        if (!is_text(label))
            continue;
        if (outline->labels[i - 1] == LABEL_NONE) {
            votes += !ends_sentence(lines->rows[outline->rows[i - 1]].text);
            votes += !texts_begun && head_seen ? ENOUGH : 0;
        }
        texts_begun = true;
    }
    return votes >= ENOUGH;
}

/* Gives rows at the top of a page to the text that broke off at the foot of the last; the first row
 * after them. */
static size_t take_overflow(const struct outline *outline, const struct lines *lines, size_t begin,
                            enum label label, enum label *of_row, size_t first)
{
    if (begin == 0 || begin >= outline->count ||
        lines->rows[outline->rows[begin]].page == lines->rows[outline->rows[begin - 1]].page)
        return begin;
    while (begin < outline->count && outline->labels[begin] == LABEL_NONE &&
           !ends_sentence(lines->rows[outline->rows[begin - 1]].text)) {
        of_row[outline->rows[begin] - first] = label;
        begin++;
    }
    return begin;
}

/* pdftotext -layout sets a label at half the height of the text beside it, so that lines of the text
 * stand above it. Where that is so, gives each row of the table the label of the text it belongs to:
 * a text that begins at row b and has its label at row m goes on to row 2m - b. free(); NULL where
 * labels stand on their first row. */
static enum label *centre_labels(struct reading *reading, const struct lines *lines)
{
    struct outline outline = {0};
    enum label *of_row = NULL;
    size_t first = reading->table->first, begin = SIZE_MAX;
    if (!lines->layout)
        return NULL;
    make_outline(&outline, reading, lines);
    if (!are_centred(&outline, lines))
        goto done;
    of_row = xcalloc(reading->table->end - first, sizeof *of_row);
    for (size_t i = 0; i < outline.count; i++) {
        enum label label = outline.labels[i];
        if (label >= LABEL_NAME && label <= LABEL_SOURCE) {
            begin = i + 1;
        } else if (is_text(label) && begin != SIZE_MAX && begin <= i) {
            size_t reach = 2 * i + lines->rows[outline.rows[i]].label_rows - begin;
            for (; begin <= reach && begin < outline.count; begin++) {
                if (begin > i && outline.labels[begin] != LABEL_NONE)
                    break;
                of_row[outline.rows[begin] - first] = label;
            }
            begin = take_overflow(&outline, lines, begin, label, of_row, first);
        } else if (is_goal(label) || label == LABEL_INDICATORS) {
            break;
        }
    }
done:
    free(outline.rows);
    free(outline.labels);
    return of_row;
}

void document_project_read(struct document_project *project, const struct labels *labels,
                           const struct lines *lines, const struct table *table)
{
    struct reading reading = {.labels = labels,
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
    enum label *centred = centre_labels(&reading, lines);
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
