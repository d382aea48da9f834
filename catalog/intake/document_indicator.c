#include "catalog/intake/document_indicator.h"

#include <stdlib.h>
#include <string.h>

enum {
    INDICATORS_MAX = 400, /* of one project; more is a table that was not a project's */
    VALUE_CHARS = 8,      /* a value without a number is a word or two: 及时, 稳步提升 */
    NUMBER_CHARS = 20,    /* one with a number may be longer: 2026年12月底前 */
    CELL_BYTES = 90
};

static const char *const type_names[] = {
    "", "数量", "质量", "时效", "成本", "经济效益", "社会效益", "生态效益", "可持续影响", "满意度"};

/* The words of the left columns; INDICATOR_UNKNOWN says nothing of the type. */
static const struct {
    const char *word;
    enum indicator_type type;
} categories[] = {
    {"数量指标", INDICATOR_QUANTITY},
    {"质量指标", INDICATOR_QUALITY},
    {"时效指标", INDICATOR_TIME},
    {"成本指标", INDICATOR_COST},
    {"经济成本指标", INDICATOR_COST},
    {"社会成本指标", INDICATOR_COST},
    {"生态环境成本指标", INDICATOR_COST},
    {"经济效益", INDICATOR_ECONOMIC},
    {"经济效益指标", INDICATOR_ECONOMIC},
    {"社会效益", INDICATOR_SOCIAL},
    {"社会效益指标", INDICATOR_SOCIAL},
    {"生态效益", INDICATOR_ECOLOGICAL},
    {"生态效益指标", INDICATOR_ECOLOGICAL},
    {"可持续影响", INDICATOR_LASTING},
    {"可持续影响指标", INDICATOR_LASTING},
    {"可持续性影响", INDICATOR_LASTING},
    {"可持续发展影响", INDICATOR_LASTING},
    {"可持续发展影响指标", INDICATOR_LASTING},
    {"服务对象满意", INDICATOR_SATISFACTION},
    {"服务对象满意度", INDICATOR_SATISFACTION},
    {"服务对象满意度指标", INDICATOR_SATISFACTION},
    {"满意度指标", INDICATOR_SATISFACTION},
    {"产出指标", INDICATOR_UNKNOWN},
    {"效益指标", INDICATOR_UNKNOWN},
    {"绩效指标", INDICATOR_UNKNOWN},
    {"年度绩效指标", INDICATOR_UNKNOWN},
    {"一级指标", INDICATOR_UNKNOWN},
    {"二级指标", INDICATOR_UNKNOWN},
    {"三级指标", INDICATOR_UNKNOWN},
    {"指标值", INDICATOR_UNKNOWN},
    {"年度指标值", INDICATOR_UNKNOWN},
    {"实施期指标值", INDICATOR_UNKNOWN},
    {"指标名称", INDICATOR_UNKNOWN},
    {"指标内容", INDICATOR_UNKNOWN},
    {"绩", INDICATOR_UNKNOWN},
    {"效", INDICATOR_UNKNOWN},
    {"指", INDICATOR_UNKNOWN},
    {"标", INDICATOR_UNKNOWN},
};
enum { CATEGORIES = sizeof categories / sizeof *categories };

/* Which category a cell is, or CATEGORIES. */
static size_t category_of(const struct labels *labels, struct slice cell)
{
    size_t found = CATEGORIES;
    if (cell.length > CELL_BYTES)
        return found;
    char *folded = label_fold(labels, cell, CELL_BYTES);
    for (size_t i = 0; i < CATEGORIES && found == CATEGORIES; i++)
        if (strcmp(folded, categories[i].word) == 0)
            found = i;
    free(folded);
    return found;
}

static bool has_digit(struct slice cell)
{
    for (size_t at = 0; at < cell.length;) {
        uint32_t code = slice_next(cell, &at);
        if (code >= '0' && code <= '9')
            return true;
    }
    return false;
}

static bool starts_like_value(struct slice cell)
{
    size_t at = 0;
    uint32_t code = slice_next(cell, &at);
    return code == 0x2265 || code == 0x2264 || code == '<' || code == '>' || code == '=' ||
           code == 0xB1; /* ≥ ≤ … ± */
}

static bool is_value(struct slice cell)
{
    size_t length = slice_code_points(cell);
    return starts_like_value(cell) || length <= VALUE_CHARS ||
           (length <= NUMBER_CHARS && has_digit(cell));
}

/* A type that the indicator itself makes plain, whatever its row was shifted to. */
static enum indicator_type plain_type(struct slice name, struct slice value,
                                      enum indicator_type otherwise)
{
    if (slice_has(name, "满意"))
        return INDICATOR_SATISFACTION;
    if (slice_has(value, "元") && (slice_has(name, "成本") || slice_has(name, "费用")))
        return INDICATOR_COST;
    if (slice_ends(name, "时间") || slice_has(name, "及时"))
        return INDICATOR_TIME;
    return otherwise;
}

static const struct jv *find(const struct indicators *indicators, const char *name,
                             const char *value)
{
    for (size_t i = 0; i < jv_count(indicators->found); i++) {
        const struct jv *other = jv_at(indicators->found, i);
        if (strcmp(jv_get_text(other, "name"), name) == 0 &&
            strcmp(jv_get_text(other, "value"), value) == 0)
            return other;
    }
    return NULL;
}

static void add(struct indicators *indicators, struct slice name_cell, struct slice value_cell,
                int half)
{
    static const char *const scopes[] = {"term", "year"};
    if (jv_count(indicators->found) >= INDICATORS_MAX)
        return;
    char *name = slice_tight(name_cell), *value = slice_tight(value_cell);
    const struct jv *same = find(indicators, name, value);
    if (same) {
        if (strcmp(jv_get_text(same, "scope"), scopes[half]) != 0)
            jv_set_text((struct jv *)same, "scope", "both");
    } else {
        enum indicator_type type = plain_type(name_cell, value_cell, indicators->types[half]);
        struct jv *indicator = jv_object();
        jv_set_text(indicator, "name", name);
        jv_set_text(indicator, "value", value);
        if (type != INDICATOR_UNKNOWN)
            jv_set_text(indicator, "type", type_names[type]);
        jv_set_text(indicator, "scope", scopes[half]);
        jv_push(indicators->found, indicator);
    }
    free(name);
    free(value);
}

/* 二级指标 stands twice on the heading row; the second begins the right half. */
static void take_heading(struct indicators *indicators, const struct labels *labels,
                         const struct tokens *tokens)
{
    size_t seen = 0;
    for (size_t i = 0; i < tokens->count; i++) {
        if (tokens->all[i].cell.length > CELL_BYTES)
            return;
        char *folded = label_fold(labels, tokens->all[i].cell, CELL_BYTES);
        if (strcmp(folded, "二级指标") == 0 && ++seen == 2)
            indicators->middle = tokens->all[i].column;
        free(folded);
    }
}

static int half_of(const struct indicators *indicators, const struct row *row, size_t column,
                   size_t pairs)
{
    size_t middle = indicators->middle ? indicators->middle : row->count / 2;
    return pairs > 0 || column >= middle;
}

/* Whether the cell after `at` is a name that lost its place, with a value of its own behind it:
 * 年度成本 | 服务费用支付时间 | 每3个月. */
static bool next_is_a_name(const struct labels *labels, const struct tokens *tokens, size_t at)
{
    enum { WORD_CHARS = 4 };
    if (at + 2 >= tokens->count)
        return false;
    struct slice next = tokens->all[at + 1].cell, after = tokens->all[at + 2].cell;
    return slice_code_points(next) > WORD_CHARS && !has_digit(next) && !starts_like_value(next) &&
           is_value(after) && has_digit(after) && category_of(labels, after) == CATEGORIES;
}

/* 数量指标 | 数量指标 | 数量指标 …: a scan that lost what stood there. */
static bool is_one_word_again(const struct tokens *tokens)
{
    enum { TIMES = 4 };
    size_t again = 0;
    for (size_t i = 1; i < tokens->count; i++)
        again += slice_equals(tokens->all[i].cell, tokens->all[i - 1].cell);
    return again >= TIMES;
}

void indicators_row(struct indicators *indicators, const struct labels *labels,
                    const struct row *row, const struct tokens *tokens)
{
    size_t pairs = 0, texts = 0;
    take_heading(indicators, labels, tokens);
    for (size_t i = 0; i < tokens->count && i < INDICATORS_MAX; i++) {
        struct slice cell = tokens->all[i].cell;
        size_t column = tokens->all[i].column;
        size_t category = category_of(labels, cell);
        if (category < CATEGORIES) {
            if (categories[category].type != INDICATOR_UNKNOWN)
                indicators->types[half_of(indicators, row, column, pairs)] =
                    categories[category].type;
            continue;
        }
        texts++;
        bool last = i + 1 >= tokens->count;
        struct slice next = last ? cell : tokens->all[i + 1].cell;
        if (starts_like_value(cell) || slice_code_points(cell) < 2 || slice_equals(cell, next) ||
            category_of(labels, next) < CATEGORIES || !is_value(next) ||
            next_is_a_name(labels, tokens, i))
            continue;
        add(indicators, cell, next, half_of(indicators, row, column, pairs));
        pairs++;
        i++;
    }
    indicators->unread += (texts > 0 && pairs == 0) || is_one_word_again(tokens);
}
