#include "catalog/intake/document_reading.h"

#include <string.h>

static enum amount_unit table_unit(const struct table_reading *reading, enum label label)
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
static void take_money_below(struct table_reading *reading, struct slice text)
{
    struct amount amount;
    if (!amount_read(text, AMOUNT_UNSTATED, &amount))
        return;
    enum label last = label_is_money(reading->label) ? reading->label : LABEL_NONE;
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

static void take_source_value(struct table_reading *reading, struct slice text)
{
    static const char *const members[] = {"total_yuan", "year_yuan"};
    struct amount amount;
    if (!reading->source || !amount_read(text, table_unit(reading, LABEL_FUNDS), &amount))
        return;
    size_t column = reading->source_index < 2 ? reading->source_index : 1;
    if (reading->column_count == 1)
        column = reading->columns[0] == LABEL_AMOUNT;
    else if (reading->column_count == 2 && reading->columns[0] == LABEL_AMOUNT)
        column = 1 - column;
    if (!jv_get(reading->source, members[column]))
        jv_set_number(reading->source, members[column], (double)amount.fen / 100);
}

static struct jv *source_named(struct table_reading *reading, const char *name)
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

void table_take_funds_label(struct table_reading *reading, const struct token *token)
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
    } else if (label_is_money(label) && reading->column_count < 2 &&
               (reading->column_count == 0 || reading->columns[0] != label)) {
        reading->columns[reading->column_count++] = label;
    }
}

void table_take_funds(struct table_reading *reading, struct slice text)
{
    if (reading->label == LABEL_FUNDS && slice_code_points(text) <= DIGITS_CHARS &&
        amount_unit_in(text) != AMOUNT_UNSTATED && !table_begins_with_code(text))
        reading->unit = amount_unit_in(text);
    else if (reading->label == LABEL_SOURCE && reading->labelled)
        take_source_value(reading, text);
    else if (reading->labelled && label_is_money(reading->label))
        add_money(&reading->values[reading->label], text);
    else
        take_money_below(reading, text);
}

static int64_t table_money(struct table_reading *reading, enum label label)
{
    struct amount amount;
    struct slice text = table_value(reading, label);
    if (text.length == 0)
        return -1;
    if (!amount_read(text, table_unit(reading, label), &amount)) {
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
        amount.unit != AMOUNT_UNSTATED || table_unit(reading, label) != AMOUNT_UNSTATED;
    return amount.fen;
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

void table_finish_funds(struct table_reading *reading)
{
    struct document_project *project = reading->project;
    project->total_fen = table_money(reading, LABEL_TOTAL);
    project->amount_fen = table_money(reading, LABEL_AMOUNT);
    bool yearly = false;
    for (size_t i = 0; i < reading->column_count; i++)
        yearly |= reading->columns[i] == LABEL_AMOUNT;
    int64_t sum = table_money(reading, LABEL_SUM);
    if (sum >= 0 && !yearly)
        project->amount_fen = sum;
    else if (sum >= 0 && project->total_fen < 0)
        project->total_fen = sum;
    drop_empty_funds(project);
}
