#include "catalog/intake/document_reading.h"

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

bool table_begins_with_code(struct slice text)
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
static bool is_repetition(const struct table_reading *reading, struct slice text)
{
    for (enum label label = LABEL_NAME; label <= LABEL_TERM; label++)
        if (slice_equals(table_value(reading, label), text))
            return true;
    return false;
}

/* A text of the head that stands beside no label of its own, since the scan shifted or broke its
 * row: 晋城市数据局 on the row below 实施单位, or where that label is missing. What it looks like
 * tells what it is. */
static void take_stray(struct table_reading *reading, struct slice text)
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
    else if (table_begins_with_code(text) && !values[LABEL_DEPARTMENT].length)
        place = LABEL_DEPARTMENT;
    else if (alone && label_is_head(reading->label) && values[reading->label].length &&
             !ends_like_organ(table_value(reading, reading->label)) && ends_like_organ(text) &&
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

void table_take_head(struct table_reading *reading, struct slice text)
{
    struct strbuf *value = &reading->values[reading->label];
    bool first = reading->labelled && reading->values_on_row == 0;
    if (first && value->length == 0)
        slice_join(value, text);
    else if (first)
        return; /* the head again, at the top of another page */
    else if (reading->label == LABEL_NAME && reading->labelled && !is_attribute(text) &&
             !is_repetition(reading, text) && !table_begins_with_code(text))
        slice_join(value, text); /* a name broken over cells */
    else
        take_stray(reading, text);
}
