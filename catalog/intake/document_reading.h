#ifndef JINMU_DOCUMENT_READING_H
#define JINMU_DOCUMENT_READING_H

#include "catalog/intake/document_indicator.h"
#include "catalog/intake/document_project.h"

/* One 绩效目标表 while it is being read: what document_project.c, _head.c, _funds.c, _goals.c and
 * _centre.c share, and nobody else. */

enum {
    ORGAN_CHARS = 40, /* no unit has a longer name */
    TITLE_CHARS = 100,
    DIGITS_CHARS = 12
};

enum phase { PHASE_HEAD, PHASE_FUNDS, PHASE_TEXTS, PHASE_GOALS, PHASE_INDICATORS, PHASE_END };

/* A table while it is being read. */
struct table_reading {
    const struct labels *labels;
    const struct table *table;
    struct document_project *project;
    struct tokens tokens;
    struct strbuf values[LABELS]; /* what was read for each label */
    enum phase phase;
    enum label label; /* that the next value belongs to */
    size_t values_on_row;
    bool labelled;     /* a label was seen on this row */
    bool seen[LABELS]; /* the label stands in the table */
    size_t row, line;
    struct slice last_cell; /* the value read last, to know a merged cell's repetition */
    size_t last_row;
    enum amount_unit unit;          /* of the table's money */
    enum amount_unit units[LABELS]; /* of a label's own */
    enum label columns[2];          /* the two columns of money, in their order */
    size_t column_count;
    struct jv *source; /* the fund of this row */
    size_t source_index;
    enum label goals[2]; /* the two columns of goals, in their order */
    size_t goal_count;
    size_t goal_columns[2]; /* where their texts began; SIZE_MAX not yet */
    struct indicators indicators;
};

struct slice table_value(const struct table_reading *reading, enum label label);
bool label_is_head(enum label label);
bool label_is_text(enum label label);
bool label_is_goal(enum label label);
bool label_is_money(enum label label);

/* document_head.c: a value of the head, beside its label or astray. */
void table_take_head(struct table_reading *reading, struct slice text);
bool table_begins_with_code(struct slice text);

/* document_funds.c: labels and values of the money, and what they come to. */
void table_take_funds_label(struct table_reading *reading, const struct token *token);
void table_take_funds(struct table_reading *reading, struct slice text);
void table_finish_funds(struct table_reading *reading);

/* document_goals.c: running texts, and goals in two columns. */
void table_join_text(struct table_reading *reading, enum label label, struct slice text);
void table_take_goal_label(struct table_reading *reading, enum label label);
void table_take_goal(struct table_reading *reading, struct slice text, size_t column);

/* document_centre.c: the label of each row of the table (free()) where labels stand at half the
 * height of their texts; NULL where they stand on the first row. Uses reading->tokens. */
enum label *table_centre_labels(struct table_reading *reading, const struct lines *lines);

#endif
