#include "catalog/intake/document_label.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { CELL_BYTES = 160, LABEL_UNITS = 24, BRACKET_UNITS = 12 };

static const struct word {
    const char *text;
    enum label label;
    const char *source;
} words[] = {
    {"项目名称", LABEL_NAME, NULL},
    {"二级项目名称", LABEL_NAME, NULL},
    {"二级项目", LABEL_NAME, NULL},
    {"三级项目名称", LABEL_NAME, NULL},
    {"子项目名称", LABEL_NAME, NULL},
    {"政策(项目)名称", LABEL_NAME, NULL},
    {"项目(政策)名称", LABEL_NAME, NULL},

    {"主管部门", LABEL_DEPARTMENT, NULL},
    {"主管部门及代码", LABEL_DEPARTMENT, NULL},
    {"主管部门及编码", LABEL_DEPARTMENT, NULL},
    {"主管部门代码及名称", LABEL_DEPARTMENT, NULL},
    {"主管部门名称", LABEL_DEPARTMENT, NULL},
    {"主管单位", LABEL_DEPARTMENT, NULL},
    {"主管单位及代码", LABEL_DEPARTMENT, NULL},
    {"项目主管部门", LABEL_DEPARTMENT, NULL},
    {"主管预算部门", LABEL_DEPARTMENT, NULL},
    {"一级预算部门", LABEL_DEPARTMENT, NULL},
    {"预算部门", LABEL_DEPARTMENT, NULL},
    {"部门名称", LABEL_DEPARTMENT, NULL},

    {"实施单位", LABEL_UNIT, NULL},
    {"实施单位及代码", LABEL_UNIT, NULL},
    {"项目实施单位", LABEL_UNIT, NULL},
    {"项目单位", LABEL_UNIT, NULL},
    {"预算单位", LABEL_UNIT, NULL},
    {"单位名称", LABEL_UNIT, NULL},
    {"承担单位", LABEL_UNIT, NULL},
    {"项目承担单位", LABEL_UNIT, NULL},
    {"申报单位", LABEL_UNIT, NULL},
    {"使用单位", LABEL_UNIT, NULL},
    {"资金使用单位", LABEL_UNIT, NULL},
    {"用款单位", LABEL_UNIT, NULL},

    {"项目属性", LABEL_ATTRIBUTE, NULL},
    {"项目性质", LABEL_ATTRIBUTE, NULL},
    {"项目类型", LABEL_ATTRIBUTE, NULL},
    {"项目类别", LABEL_ATTRIBUTE, NULL},

    {"项目期", LABEL_TERM, NULL},
    {"项目日期", LABEL_TERM, NULL},
    {"项目周期", LABEL_TERM, NULL},
    {"项目期限", LABEL_TERM, NULL},
    {"项目年限", LABEL_TERM, NULL},
    {"项目实施期", LABEL_TERM, NULL},
    {"项目实施期限", LABEL_TERM, NULL},
    {"项目实施周期", LABEL_TERM, NULL},
    {"项目起止时间", LABEL_TERM, NULL},
    {"项目起止年限", LABEL_TERM, NULL},
    {"项目起止日期", LABEL_TERM, NULL},
    {"起止年限", LABEL_TERM, NULL},
    {"起止时间", LABEL_TERM, NULL},
    {"起止日期", LABEL_TERM, NULL},
    {"实施期限", LABEL_TERM, NULL},
    {"实施周期", LABEL_TERM, NULL},
    {"实施期", LABEL_TERM, NULL},
    {"执行期限", LABEL_TERM, NULL},

    {"项目资金", LABEL_FUNDS, NULL},
    {"资金情况", LABEL_FUNDS, NULL},
    {"项目资金情况", LABEL_FUNDS, NULL},
    {"项目资金来源", LABEL_FUNDS, NULL},
    {"资金来源", LABEL_FUNDS, NULL},
    {"预算资金", LABEL_FUNDS, NULL},
    {"预算资金情况", LABEL_FUNDS, NULL},
    {"预算情况", LABEL_FUNDS, NULL},
    {"项目预算", LABEL_FUNDS, NULL},
    {"项目金额", LABEL_FUNDS, NULL},

    {"实施期资金总额", LABEL_TOTAL, NULL},
    {"实施期金额", LABEL_TOTAL, NULL},
    {"实施期总额", LABEL_TOTAL, NULL},
    {"实施期资金", LABEL_TOTAL, NULL},
    {"实施期预算", LABEL_TOTAL, NULL},
    {"中期资金总额", LABEL_TOTAL, NULL},
    {"全周期资金总额", LABEL_TOTAL, NULL},
    {"项目资金总额", LABEL_TOTAL, NULL},
    {"项目总金额", LABEL_TOTAL, NULL},
    {"项目总额", LABEL_TOTAL, NULL},
    {"项目总投资", LABEL_TOTAL, NULL},
    {"项目总预算", LABEL_TOTAL, NULL},
    {"总投资", LABEL_TOTAL, NULL},

    {"年度资金总额", LABEL_AMOUNT, NULL},
    {"年度资金", LABEL_AMOUNT, NULL},
    {"年度金额", LABEL_AMOUNT, NULL},
    {"年度总额", LABEL_AMOUNT, NULL},
    {"年度预算", LABEL_AMOUNT, NULL},
    {"年度预算数", LABEL_AMOUNT, NULL},
    {"年度预算金额", LABEL_AMOUNT, NULL},
    {"年度预算资金", LABEL_AMOUNT, NULL},
    {"年度预算总额", LABEL_AMOUNT, NULL},
    {"年度预算安排", LABEL_AMOUNT, NULL},
    {"本年度资金总额", LABEL_AMOUNT, NULL},
    {"本年度预算", LABEL_AMOUNT, NULL},
    {"本年度金额", LABEL_AMOUNT, NULL},
    {"本年预算", LABEL_AMOUNT, NULL},
    {"本年预算数", LABEL_AMOUNT, NULL},
    {"本年预算金额", LABEL_AMOUNT, NULL},
    {"当年预算", LABEL_AMOUNT, NULL},
    {"当年金额", LABEL_AMOUNT, NULL},
    {"当年资金总额", LABEL_AMOUNT, NULL},
    {"年预算", LABEL_AMOUNT, NULL},
    {"年预算数", LABEL_AMOUNT, NULL},
    {"年预算金额", LABEL_AMOUNT, NULL},
    {"年资金总额", LABEL_AMOUNT, NULL},
    {"年初预算数", LABEL_AMOUNT, NULL},

    {"资金总额", LABEL_SUM, NULL},
    {"预算金额", LABEL_SUM, NULL},
    {"预算总额", LABEL_SUM, NULL},
    {"预算数", LABEL_SUM, NULL},
    {"申请资金总额", LABEL_SUM, NULL},
    {"申请金额", LABEL_SUM, NULL},

    {"中央财政资金", LABEL_SOURCE, "中央财政资金"},
    {"中央资金", LABEL_SOURCE, "中央财政资金"},
    {"中央补助", LABEL_SOURCE, "中央财政资金"},
    {"省级财政资金", LABEL_SOURCE, "省级财政资金"},
    {"省级资金", LABEL_SOURCE, "省级财政资金"},
    {"省级补助", LABEL_SOURCE, "省级财政资金"},
    {"市县(区)财政资金", LABEL_SOURCE, "市县（区）财政资金"},
    {"市县(区)财政资", LABEL_SOURCE, "市县（区）财政资金"},
    {"市县(区)财政", LABEL_SOURCE, "市县（区）财政资金"},
    {"市县财政资金", LABEL_SOURCE, "市县（区）财政资金"},
    {"市级财政资金", LABEL_SOURCE, "市级财政资金"},
    {"市级资金", LABEL_SOURCE, "市级财政资金"},
    {"市本级资金", LABEL_SOURCE, "市级财政资金"},
    {"县级财政资金", LABEL_SOURCE, "县级财政资金"},
    {"县级资金", LABEL_SOURCE, "县级财政资金"},
    {"县(区)财政资金", LABEL_SOURCE, "县级财政资金"},
    {"区级财政资金", LABEL_SOURCE, "县级财政资金"},
    {"本级财政资金", LABEL_SOURCE, "本级财政资金"},
    {"财政拨款", LABEL_SOURCE, "财政拨款"},
    {"财政资金", LABEL_SOURCE, "财政拨款"},
    {"当年财政拨款", LABEL_SOURCE, "财政拨款"},
    {"一般公共预算", LABEL_SOURCE, "一般公共预算"},
    {"政府性基金预算", LABEL_SOURCE, "政府性基金预算"},
    {"上年结转资金", LABEL_SOURCE, "上年结转资金"},
    {"上年结转", LABEL_SOURCE, "上年结转资金"},
    {"单位自筹", LABEL_SOURCE, "单位自筹"},
    {"自筹资金", LABEL_SOURCE, "单位自筹"},
    {"单位资金", LABEL_SOURCE, "单位资金"},
    {"其他资金", LABEL_SOURCE, "其他资金"},

    {"项目概况", LABEL_DESCRIPTION, NULL},
    {"项目概述", LABEL_DESCRIPTION, NULL},
    {"项目内容", LABEL_DESCRIPTION, NULL},
    {"项目简介", LABEL_DESCRIPTION, NULL},
    {"项目描述", LABEL_DESCRIPTION, NULL},
    {"项目情况", LABEL_DESCRIPTION, NULL},
    {"项目基本情况", LABEL_DESCRIPTION, NULL},
    {"项目概况及内容", LABEL_DESCRIPTION, NULL},
    {"项目主要内容", LABEL_DESCRIPTION, NULL},
    {"项目实施内容", LABEL_DESCRIPTION, NULL},
    {"项目支出内容", LABEL_DESCRIPTION, NULL},
    {"项目建设内容", LABEL_DESCRIPTION, NULL},
    {"主要内容", LABEL_DESCRIPTION, NULL},
    {"实施内容", LABEL_DESCRIPTION, NULL},
    {"建设内容", LABEL_DESCRIPTION, NULL},
    {"工作内容", LABEL_DESCRIPTION, NULL},

    {"立项依据", LABEL_BASIS, NULL},
    {"设立依据", LABEL_BASIS, NULL},
    {"项目依据", LABEL_BASIS, NULL},
    {"项目立项依据", LABEL_BASIS, NULL},
    {"项目设立依据", LABEL_BASIS, NULL},
    {"立项政策依据", LABEL_BASIS, NULL},
    {"政策依据", LABEL_BASIS, NULL},

    {"项目设立必要性", LABEL_NECESSITY, NULL},
    {"项目设立的必要性", LABEL_NECESSITY, NULL},
    {"项目立项必要性", LABEL_NECESSITY, NULL},
    {"项目实施必要性", LABEL_NECESSITY, NULL},
    {"项目必要性", LABEL_NECESSITY, NULL},
    {"设立必要性", LABEL_NECESSITY, NULL},
    {"立项必要性", LABEL_NECESSITY, NULL},
    {"实施必要性", LABEL_NECESSITY, NULL},
    {"必要性", LABEL_NECESSITY, NULL},

    {"保证项目实施的制度、措施", LABEL_MEASURES, NULL},
    {"保证项目实施的制度措施", LABEL_MEASURES, NULL},
    {"保证项目实施的制度和措施", LABEL_MEASURES, NULL},
    {"保障项目实施的制度、措施", LABEL_MEASURES, NULL},
    {"项目实施的制度、措施", LABEL_MEASURES, NULL},
    {"项目保障措施", LABEL_MEASURES, NULL},
    {"制度措施", LABEL_MEASURES, NULL},
    {"制度、措施", LABEL_MEASURES, NULL},
    {"保障措施", LABEL_MEASURES, NULL},

    {"项目实施计划", LABEL_PLAN, NULL},
    {"项目实施方案", LABEL_PLAN, NULL},
    {"项目工作计划", LABEL_PLAN, NULL},
    {"项目进度计划", LABEL_PLAN, NULL},
    {"实施计划", LABEL_PLAN, NULL},
    {"实施进度", LABEL_PLAN, NULL},
    {"实施进度计划", LABEL_PLAN, NULL},
    {"实施方案", LABEL_PLAN, NULL},
    {"工作计划", LABEL_PLAN, NULL},
    {"进度计划", LABEL_PLAN, NULL},

    {"实施期目标", LABEL_TERM_GOAL, NULL},
    {"实施期总目标", LABEL_TERM_GOAL, NULL},
    {"实施期总体目标", LABEL_TERM_GOAL, NULL},
    {"实施期绩效目标", LABEL_TERM_GOAL, NULL},
    {"中期目标", LABEL_TERM_GOAL, NULL},
    {"中长期目标", LABEL_TERM_GOAL, NULL},
    {"年度目标", LABEL_YEAR_GOAL, NULL},
    {"年度总目标", LABEL_YEAR_GOAL, NULL},
    {"年度总体目标", LABEL_YEAR_GOAL, NULL},
    {"年度绩效目标", LABEL_YEAR_GOAL, NULL},
    {"年度绩效总目标", LABEL_YEAR_GOAL, NULL},
    {"年度绩效总体目标", LABEL_YEAR_GOAL, NULL},
    {"本年度绩效目标", LABEL_YEAR_GOAL, NULL},
    {"当年绩效目标", LABEL_YEAR_GOAL, NULL},
    {"当年目标", LABEL_YEAR_GOAL, NULL},
    {"总体目标", LABEL_GOAL, NULL},
    {"总体绩效目标", LABEL_GOAL, NULL},
    {"绩效总目标", LABEL_GOAL, NULL},
    {"绩效总体目标", LABEL_GOAL, NULL},
    {"绩效目标", LABEL_GOAL, NULL},
    {"项目绩效目标", LABEL_GOAL, NULL},
    {"项目总体目标", LABEL_GOAL, NULL},
    {"项目总目标", LABEL_GOAL, NULL},
    {"项目目标", LABEL_GOAL, NULL},
    {"总目标", LABEL_GOAL, NULL},

    {"绩效指标", LABEL_INDICATORS, NULL},
    {"年度绩效指标", LABEL_INDICATORS, NULL},
    {"一级指标", LABEL_INDICATORS, NULL},
    {"二级指标", LABEL_INDICATORS, NULL},
    {"产出指标", LABEL_INDICATORS, NULL},
    {"数量指标", LABEL_INDICATORS, NULL},

    {"负责人", LABEL_SIGNATURE, NULL},
    {"单位负责人", LABEL_SIGNATURE, NULL},
    {"项目负责人签字", LABEL_SIGNATURE, NULL},
    {"经办人", LABEL_SIGNATURE, NULL},
    {"填报人", LABEL_SIGNATURE, NULL},
    {"填表人", LABEL_SIGNATURE, NULL},
    {"填报日期", LABEL_SIGNATURE, NULL},
    {"填表日期", LABEL_SIGNATURE, NULL},

    {"项目编码", LABEL_OTHER, NULL},
    {"项目代码", LABEL_OTHER, NULL},
    {"项目编号", LABEL_OTHER, NULL},
    {"项目负责人", LABEL_OTHER, NULL},
    {"项目联系人", LABEL_OTHER, NULL},
    {"联系人", LABEL_OTHER, NULL},
    {"联系电话", LABEL_OTHER, NULL},
    {"一级项目名称", LABEL_OTHER, NULL},
    {"项目级次", LABEL_OTHER, NULL},
    {"项目等级", LABEL_OTHER, NULL},
    {"部门编码", LABEL_OTHER, NULL},
    {"单位编码", LABEL_OTHER, NULL},
    {"预算年度", LABEL_OTHER, NULL},
    {"支出方向", LABEL_OTHER, NULL},
    {"资金用途", LABEL_OTHER, NULL},
    {"是否政府采购", LABEL_OTHER, NULL},
    {"是否政府购买服务", LABEL_OTHER, NULL},
};
enum { WORDS = sizeof words / sizeof *words };

struct labels {
    struct folder *folder;
    uint16_t units[WORDS][LABEL_UNITS];
    size_t lengths[WORDS];
};

struct labels *labels_new(void)
{
    struct labels *labels = xcalloc(1, sizeof *labels);
    struct folded folded = {0};
    labels->folder = folder_new();
    for (size_t i = 0; i < WORDS; i++) {
        folder_fold(labels->folder, words[i].text, strlen(words[i].text), &folded);
        labels->lengths[i] = folded.length;
        memcpy(labels->units[i], folded.units, folded.length * sizeof *folded.units);
    }
    folded_free(&folded);
    return labels;
}

void labels_destroy(struct labels **labels)
{
    if (!*labels)
        return;
    folder_destroy(&(*labels)->folder);
    free(*labels);
    *labels = NULL;
}

const struct folder *labels_folder(const struct labels *labels)
{
    return labels->folder;
}

/* The beginning of a slice, cut between characters. */
static struct slice head_of(struct slice text, size_t bytes)
{
    if (text.length <= bytes)
        return text;
    while (bytes > 0 && ((unsigned char)text.text[bytes] & 0xC0) == 0x80)
        bytes--;
    return (struct slice){text.text, bytes};
}

char *label_fold(const struct labels *labels, struct slice text, size_t bytes)
{
    struct folded folded = {0};
    struct strbuf out = {0};
    text = head_of(text, bytes);
    folder_fold(labels->folder, text.text, text.length, &folded);
    for (size_t i = 0; i < folded.length; i++) {
        utf8proc_uint8_t encoded[4];
        utf8proc_ssize_t used = utf8proc_encode_char(folded.units[i], encoded);
        strbuf_add(&out, (const char *)encoded, (size_t)used);
    }
    folded_free(&folded);
    return strbuf_take(&out);
}

static bool is_mark(uint16_t unit)
{
    return unit == '*' || unit == 0x2605 || unit == 0x25CF || unit == 0x25A0 || unit == '#';
}

/* What may stand before a label: "*", "一,", "3.", "(二)", "其中:", "2026" before 年度预算. */
static size_t skip_prefix(const uint16_t *units, size_t length)
{
    static const uint16_t numerals[] = {0x4E00, 0x4E8C, 0x4E09, 0x56DB, 0x4E94,
                                        0x516D, 0x4E03, 0x516B, 0x4E5D, 0x5341};
    size_t at = 0, number = 0;
    while (at < length && is_mark(units[at]))
        at++;
    if (length - at > 3 && units[at] == 0x5176 && units[at + 1] == 0x4E2D) /* 其中 */
        return at + 2 + (units[at + 2] == ':' || units[at + 2] == ',');
    size_t from = at + (at < length && units[at] == '(');
    for (number = from; number < length && number - from < 4; number++) {
        bool numeral = units[number] >= '0' && units[number] <= '9';
        for (size_t i = 0; i < sizeof numerals / sizeof *numerals; i++)
            numeral = numeral || units[number] == numerals[i];
        if (!numeral)
            break;
    }
    if (number - from == 4 && units[from] == '2' && units[from + 1] == '0')
        return number;
    if (number > from && number < length &&
        (units[number] == ',' || units[number] == '.' || units[number] == ')'))
        return number + 1;
    return at;
}

static size_t longest_word(const struct labels *labels, const uint16_t *units, size_t length)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < WORDS; i++)
        if (labels->units[i][0] == units[0] && labels->lengths[i] <= length &&
            (best == SIZE_MAX || labels->lengths[i] > labels->lengths[best]) &&
            memcmp(labels->units[i], units, labels->lengths[i] * sizeof *units) == 0)
            best = i;
    return best;
}

/* The end of a bracket that opens at `at`, or `at` when there is none. */
static size_t skip_bracket(const uint16_t *units, size_t length, size_t at, enum amount_unit *unit)
{
    if (at >= length || units[at] != '(')
        return at;
    for (size_t end = at + 1; end < length && end - at <= BRACKET_UNITS; end++) {
        if (units[end] == 0x5143) /* 元 */
            *unit = units[end - 1] == 0x4E07   ? AMOUNT_WAN
                    : units[end - 1] == 0x4EBF ? AMOUNT_YI
                                               : AMOUNT_YUAN;
        if (units[end] == ')')
            return end + 1;
    }
    return at;
}

/* Whether white space stands right before byte `at`. */
static bool space_before(struct slice cell, size_t at)
{
    size_t from = at;
    while (from > 0 && at - from < 3) {
        from--;
        if (((unsigned char)cell.text[from] & 0xC0) != 0x80)
            break;
    }
    return from < at && slice_is_space(slice_next(cell, &from));
}

static size_t byte_of(struct slice cell, size_t code_point)
{
    size_t at = 0;
    while (code_point-- && at < cell.length)
        slice_next(cell, &at);
    return at;
}

static bool match_folded(const struct labels *labels, struct slice cell,
                         const struct folded *folded, bool whole, struct label_match *match)
{
    const uint16_t *units = folded->units;
    size_t length = folded->length, at = skip_prefix(units, length);
    if (at >= length)
        return false;
    size_t word = longest_word(labels, units + at, length - at);
    if (word == SIZE_MAX)
        return false;
    *match = (struct label_match){.label = words[word].label, .source = words[word].source};
    size_t end = skip_bracket(units, length, at + labels->lengths[word], &match->unit);
    bool colon = end < length && units[end] == ':';
    end += colon;
    if (end >= length) {
        match->form = whole ? LABEL_ALONE : LABEL_GLUED;
        match->rest = whole ? cell.length : 0;
        return whole;
    }
    match->rest = byte_of(cell, folded->origin[end]);
    match->form = colon || space_before(cell, match->rest) ? LABEL_MARKED : LABEL_GLUED;
    /* A number before the word is an enumeration, not a label's, unless the label is marked. */
    return at == 0 || match->form == LABEL_MARKED;
}

bool label_match(const struct labels *labels, struct slice cell, struct label_match *match)
{
    struct folded folded = {0};
    struct slice head = head_of(cell, CELL_BYTES);
    if (head.length < 6) /* no label has fewer than two characters */
        return false;
    folder_fold(labels->folder, head.text, head.length, &folded);
    bool found =
        folded.length > 0 && match_folded(labels, cell, &folded, head.length == cell.length, match);
    folded_free(&folded);
    return found;
}

/* The first cell of a row that is not empty; NULL when there is none. */
static struct slice *first_cell(const struct lines *lines, const struct row *row)
{
    size_t first = row->count ? (size_t)(row->cells - lines->cells) : 0;
    for (size_t i = 0; i < row->count && i < LABEL_UNITS; i++)
        if (lines->cells[first + i].length)
            return &lines->cells[first + i];
    return NULL;
}

/* The word that the text is, exactly and without more, or NULL. */
static const struct word *whole_word(const struct labels *labels, struct slice text)
{
    struct folded folded = {0};
    folder_fold(labels->folder, text.text, text.length, &folded);
    size_t word = folded.length ? longest_word(labels, folded.units, folded.length) : SIZE_MAX;
    bool whole = word != SIZE_MAX && labels->lengths[word] == folded.length;
    folded_free(&folded);
    return whole ? &words[word] : NULL;
}

void labels_mend(const struct labels *labels, struct lines *lines)
{
    enum { MOST_ROWS = 4, PART_BYTES = 30 };
    for (size_t i = 0; i + 1 < lines->count; i++) {
        struct strbuf joined = {0};
        struct slice *parts[MOST_ROWS] = {0};
        const struct word *word = NULL;
        size_t rows = 0;
        for (size_t k = 0; k < MOST_ROWS && i + k < lines->count; k++) {
            const struct row *row = &lines->rows[i + k];
            parts[k] = row->blank ? NULL : first_cell(lines, row);
            if (!parts[k] || parts[k]->length > PART_BYTES || (k == 0 && row->count < 2))
                break;
            strbuf_add(&joined, parts[k]->text, parts[k]->length);
            const struct word *longer =
                k ? whole_word(labels, (struct slice){joined.text, joined.length}) : NULL;
            word = longer ? longer : word;
            rows = longer ? k : rows;
        }
        strbuf_free(&joined);
        if (!word)
            continue;
        *parts[0] = slice_of(word->text);
        for (size_t k = 1; k <= rows; k++)
            parts[k]->length = 0;
        lines->rows[i].label_rows = rows;
    }
}
