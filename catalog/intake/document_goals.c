#include "catalog/intake/document_reading.h"

void table_join_text(struct table_reading *reading, enum label label, struct slice text)
{
    if (reading->last_row == reading->row && slice_equals(reading->last_cell, text))
        return; /* a merged cell, repeated */
    slice_join(&reading->values[label], text);
    reading->last_cell = text;
    reading->last_row = reading->row;
}

void table_take_goal_label(struct table_reading *reading, enum label label)
{
    if (label == LABEL_GOAL)
        return;
    bool known = (reading->goal_count > 0 && reading->goals[0] == label) ||
                 (reading->goal_count > 1 && reading->goals[1] == label);
    if (!known && reading->goal_count < 2)
        reading->goals[reading->goal_count++] = label;
}

/* Which of the two columns of goals a text stands in. */
static size_t goal_side(const struct table_reading *reading, size_t column)
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

void table_take_goal(struct table_reading *reading, struct slice text, size_t column)
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
    table_join_text(reading, label, text);
}
