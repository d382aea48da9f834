#include "catalog/checks/money.h"

#include "catalog/checks/numeral.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Anything larger is no budget's amount, and sums of a thousand such still fit in 64 bits. */
static const int64_t largest_fen = (int64_t)1e15;

static const struct unit {
    const char *word;
    int64_t fen;
    bool bare;
} units[] = {
    {"亿元", 10000000000, false}, {"千万元", 1000000000, false},
    {"百万元", 100000000, false}, {"十万元", 10000000, false},
    {"万圆", 1000000, false},     {"万元", 1000000, false},
    {"萬元", 1000000, false},     {"千元", 100000, false},
    {"仟元", 100000, false},      {"百元", 10000, false},
    {"佰元", 10000, false},       {"拾万元", 10000000, false},
    {"元", 100, false},           {"圆", 100, false},
    {"亿", 10000000000, true},    {"万", 1000000, true},
};

static const char *const not_after_yuan[] = {"旦", "素", "件", "宵", "首", "老", NULL};
static const char *const after_bare[] = {"用于", "支出", "支付", "作为", "完成", "的",
                                         "左右", "以内", "以上", "以下", "整",   "为",
                                         "进行", "拨付", "安排", NULL};
static const char *const currencies[] = {"\u00A5", "人民币", "RMB", NULL};
static const char *const amount_labels[] = {"金额", "金额为", "金额:", "总额", "总额为", "总额:",
                                            "价款", "价款为", "经费",  "资金", "预算",   NULL};
/* Words before an amount; the longest that stands there decides. */
static const struct {
    const char *word;
    enum money_relation relation;
} before_words[] = {
    {"不超过", MONEY_AT_MOST},  {"不高于", MONEY_AT_MOST},  {"不大于", MONEY_AT_MOST},
    {"不多于", MONEY_AT_MOST},  {"控制在", MONEY_AT_MOST},  {"不低于", MONEY_AT_LEAST},
    {"不少于", MONEY_AT_LEAST}, {"不小于", MONEY_AT_LEAST}, {"低于", MONEY_AT_MOST},
    {"小于", MONEY_AT_MOST},    {"少于", MONEY_AT_MOST},    {"上限", MONEY_AT_MOST},
    {"最高", MONEY_AT_MOST},    {"≤", MONEY_AT_MOST},       {"<", MONEY_AT_MOST},
    {"≦", MONEY_AT_MOST},       {"﹤", MONEY_AT_MOST},      {"≥", MONEY_AT_LEAST},
    {">", MONEY_AT_LEAST},      {"≧", MONEY_AT_LEAST},      {"超过", MONEY_AT_LEAST},
    {"高于", MONEY_AT_LEAST},   {"大于", MONEY_AT_LEAST},   {"约为", MONEY_ABOUT},
    {"约", MONEY_ABOUT},        {"近", MONEY_ABOUT},        {"大概", MONEY_ABOUT},
};
static const char *const at_most_after[] = {"以内", "以下", "之内", "(含)以内", NULL};
static const char *const at_least_after[] = {"以上", NULL};
static const char *const about_after[] = {"左右", "上下", NULL};
static const char *const rate_before[] = {"每", "人均", "户均", "单价", "均价", "日均", NULL};

static size_t skip_spaces(const struct plain *plain, size_t at, size_t most)
{
    while (most-- && at < plain->length && plain_is_space(plain->codes[at]))
        at++;
    return at;
}

static bool ends_phrase(uint32_t code)
{
    return code == 0 || code == ',' || code == ';' || code == ':' || code == 0x3002 ||
           code == 0x3001 || code == ')' || code == '(' || code == '\n' || code == 0x201D ||
           code == '!' || code == '?' || code == '.' || code == '|';
}

/* Units begin with 元 圆 万 萬 亿 千 仟 百 佰 十 or 拾. */
static bool begins_unit(uint32_t code)
{
    switch (code) {
    case 0x5143:
    case 0x5706:
    case 0x4E07:
    case 0x842C:
    case 0x4EBF:
    case 0x5343:
    case 0x4EDF:
    case 0x767E:
    case 0x4F70:
    case 0x5341:
    case 0x62FE:
        return true;
    default:
        return false;
    }
}

static const struct unit *read_unit(const struct plain *plain, size_t *at)
{
    if (!begins_unit(plain->codes[*at]))
        return NULL;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t length = plain_stands(plain, *at, units[i].word);
        if (!length)
            continue;
        size_t end = *at + length;
        if (units[i].bare) {
            uint32_t next = plain->codes[end];
            bool ends = ends_phrase(next) || plain_is_space(next) || next == '+' || next == '*' ||
                        next == 0xD7 || next == '=' || next == '/' || next == '-';
            if (!ends && !plain_stands_any(plain, end, after_bare))
                return NULL;
        } else if (plain_stands_any(plain, end, not_after_yuan)) {
            return NULL;
        }
        *at = end;
        return &units[i];
    }
    return NULL;
}

static int64_t power_of_ten(int exponent)
{
    int64_t power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

/* mantissa × 10^-decimals × fen, rounded to fen; -1 when it is too large. */
static int64_t in_fen(__int128 mantissa, int decimals, int64_t fen)
{
    if (decimals > 18)
        return -1;
    __int128 divisor = power_of_ten(decimals);
    __int128 value = (mantissa * fen + divisor / 2) / divisor;
    return value > largest_fen ? -1 : (int64_t)value;
}

/* ---- formulas: 3500元/月×12个月, 224*3000+3*5000=687000 ---- */

struct product {
    __int128 mantissa;
    int decimals;
    const struct unit *unit;
};

static bool is_times(const struct plain *plain, size_t at)
{
    uint32_t code = plain->codes[at];
    return code == '*' || code == 0xD7 || code == 0x2715 || code == 0x2573 ||
           ((code == 'x' || code == 'X') && at > 0 &&
            !(plain->codes[at - 1] < 0x80 && !plain_is_digit(plain->codes[at - 1]) &&
              plain->codes[at - 1] != ' '));
}

static bool is_operator(const struct plain *plain, size_t at)
{
    return is_times(plain, at) || plain->codes[at] == '+' || plain->codes[at] == '=';
}

/* Behind the words after a number (/月, 个月, 人) when an operator follows them, else `at`. */
static size_t skip_counter(const struct plain *plain, size_t at)
{
    enum { LONGEST = 8 };
    for (size_t i = at; i <= at + LONGEST && i < plain->length; i++) {
        uint32_t code = plain->codes[i];
        if (plain_is_hanzi(code))
            continue;
        if (is_operator(plain, i))
            return i;
        if (code != '/' && code != ' ' && code != '.' && code != 0xB7)
            return at;
    }
    return at;
}

static bool read_factor(const struct plain *plain, size_t *at, struct product *product)
{
    struct numeral numeral;
    size_t i = skip_spaces(plain, *at, 1);
    if (i >= plain->length || !plain_is_digit(plain->codes[i]) ||
        !numeral_read(plain, &i, &numeral))
        return false;
    product->mantissa *= numeral.mantissa;
    product->decimals += numeral.decimals;
    if (product->mantissa > largest_fen || product->decimals > 12)
        return false;
    size_t unit_at = skip_spaces(plain, i, 1);
    const struct unit *unit = read_unit(plain, &unit_at);
    if (unit) {
        if (product->unit)
            return false;
        product->unit = unit;
        i = unit_at;
    } else if (plain->codes[i] == '%') {
        product->decimals += 2;
        i++;
    }
    *at = skip_counter(plain, i);
    return true;
}

static bool read_product(const struct plain *plain, size_t *at, struct product *product,
                         int *operators)
{
    *product = (struct product){.mantissa = 1};
    if (!read_factor(plain, at, product))
        return false;
    while (is_times(plain, *at)) {
        size_t next = *at + 1;
        if (!read_factor(plain, &next, product))
            return false;
        *at = next;
        (*operators)++;
    }
    return true;
}

enum { PRODUCTS = 16 };

static bool read_result(const struct plain *plain, size_t *at, struct money *money,
                        const struct unit *of_products)
{
    struct numeral numeral;
    size_t i = skip_spaces(plain, *at + 1, 1);
    if (i >= plain->length || !plain_is_digit(plain->codes[i]) ||
        !numeral_read(plain, &i, &numeral))
        return false;
    size_t unit_at = skip_spaces(plain, i, 1);
    const struct unit *unit = read_unit(plain, &unit_at);
    if (unit)
        i = unit_at;
    else if (plain_is_hanzi(plain->codes[i]) || plain->codes[i] == '%' ||
             (!of_products && (numeral.mantissa < 1000 || numeral.decimals > 2)))
        return false; /* 20×50=1000人 */
    money->bare = unit && unit->bare;
    money->ambiguous |= !unit;
    int64_t fen = unit ? unit->fen : 100;
    money->fen = in_fen(numeral.mantissa, numeral.decimals, fen);
    if (!unit && of_products && of_products->fen != 100) {
        /* 6.99万元×80=559.2: in the unit of the products, when that is nearer */
        int64_t other = in_fen(numeral.mantissa, numeral.decimals, of_products->fen);
        if (llabs(other - money->computed_fen) < llabs(money->fen - money->computed_fen)) {
            money->fen = other;
            fen = of_products->fen;
        }
    }
    money->decimals = numeral.decimals;
    money->ulp_fen = fen / power_of_ten(numeral.decimals);
    money->has_result = true;
    *at = i;
    return money->fen >= 0;
}

/* Reads a formula that begins at *at. False when there is none that is about money. */
static bool read_formula(const struct plain *plain, size_t *at, struct money *money)
{
    struct product products[PRODUCTS];
    const struct unit *unit = NULL;
    int operators = 0;
    size_t count = 0, i = *at;
    for (;;) {
        if (count == PRODUCTS || !read_product(plain, &i, &products[count], &operators))
            return false;
        if (products[count].unit)
            unit = products[count].unit;
        count++;
        if (plain->codes[i] != '+')
            break;
        operators++;
        i++;
    }
    if (!operators)
        return false;
    __int128 sum = 0;
    for (size_t p = 0; p < count; p++) {
        const struct unit *own = products[p].unit ? products[p].unit : unit;
        int64_t fen = in_fen(products[p].mantissa, products[p].decimals, own ? own->fen : 100);
        if (fen < 0)
            return false;
        sum += fen;
        money->ambiguous |= unit && !products[p].unit;
    }
    if (sum > largest_fen)
        return false;
    money->computed_fen = money->fen = (int64_t)sum;
    money->ulp_fen = 1;
    money->formula = true;
    bool equals = plain->codes[i] == '=';
    if (!equals && !unit)
        return false;
    if (equals && !read_result(plain, &i, money, unit)) {
        if (!unit)
            return false;
        money->has_result = false;
        money->fen = money->computed_fen;
    }
    money->high_fen = money->fen;
    *at = i;
    return true;
}

/* ---- single amounts and ranges ---- */

/* The last signs of before_words: 过 于 在 限 高 为 约 近 概 and the signs of comparison. */
static bool ends_before_word(uint32_t code)
{
    switch (code) {
    case 0x8FC7:
    case 0x4E8E:
    case 0x5728:
    case 0x9650:
    case 0x9AD8:
    case 0x4E3A:
    case 0x7EA6:
    case 0x8FD1:
    case 0x6982:
    case '<':
    case '>':
    case 0x2264:
    case 0x2265:
    case 0x2266:
    case 0x2267:
    case 0xFE64:
        return true;
    default:
        return false;
    }
}

static enum money_relation relation_before(const struct plain *plain, size_t start)
{
    while (start > 0 && plain_is_space(plain->codes[start - 1]))
        start--;
    if (start == 0 || !ends_before_word(plain->codes[start - 1]))
        return MONEY_IS;
    for (size_t i = 0; i < sizeof before_words / sizeof *before_words; i++)
        if (plain_precedes(plain, start, before_words[i].word))
            return before_words[i].relation;
    return MONEY_IS;
}

/* 每 人均 户均 单价 均价 日均 */
static bool begins_rate(uint32_t code)
{
    return code == 0x6BCF || code == 0x4EBA || code == 0x6237 || code == 0x5355 || code == 0x5747 ||
           code == 0x65E5;
}

static bool rate_stands_before(const struct plain *plain, size_t start)
{
    enum { REACH = 10 };
    for (size_t back = 1; back <= REACH && back <= start; back++) {
        size_t at = start - back;
        if (ends_phrase(plain->codes[at]))
            return false;
        if (begins_rate(plain->codes[at]) && plain_stands_any(plain, at, rate_before))
            return true;
    }
    return false;
}

static bool rate_stands_after(const struct plain *plain, size_t end)
{
    return (plain->codes[end] == '/' && !plain_is_digit(plain->codes[end + 1])) ||
           plain_stands(plain, end, "每") != 0;
}

static size_t read_odd_words(const struct plain *plain, size_t at, bool *odd)
{
    static const char *const words[] = {"余", "多", "几", NULL};
    size_t length = plain_stands_any(plain, at, words);
    *odd |= length > 0;
    return at + length;
}

static size_t read_range_mark(const struct plain *plain, size_t at)
{
    static const char *const marks[] = {"-", "~", "—", "–", "至", "到", "一", NULL};
    at = skip_spaces(plain, at, 1);
    uint32_t code = plain->codes[at];
    if (plain_is_digit(code) || code == 0x4E07 || code == 0x5143 || ends_phrase(code))
        return 0;
    size_t length = plain_stands_any(plain, at, marks);
    return length ? skip_spaces(plain, at + length, 1) : 0;
}

static void set_single(struct money *money, const struct numeral *numeral, const struct unit *unit)
{
    money->fen = money->high_fen = in_fen(numeral->mantissa, numeral->decimals, unit->fen);
    money->decimals = numeral->decimals;
    money->ulp_fen = unit->fen / power_of_ten(numeral->decimals);
    if (money->ulp_fen == 0)
        money->ulp_fen = 1;
    money->bare = unit->bare;
    money->ambiguous |= numeral->parted || (unit->bare && numeral->chinese);
}

/* 12元5角: the small coins after yuan. */
static size_t read_coins(const struct plain *plain, size_t at, struct money *money)
{
    if (plain_is_digit(plain->codes[at]) && plain_stands(plain, at + 1, "角")) {
        int64_t fen = (int64_t)(plain->codes[at] - '0') * 10;
        money->fen += fen;
        money->high_fen += fen;
        money->ulp_fen = 10;
        at += 2;
    }
    return at + plain_stands(plain, at, "整");
}

static bool ends_currency(uint32_t code)
{
    return code == 0xA5 || code == 0x5E01 || code == 'B'; /* ¥ 币 B */
}

static const struct unit yuan = {"", 100, false};

/* The unit of a number without one: 5,350,000 or ¥500 or 合同总金额6478980. */
static const struct unit *guess_unit(const struct plain *plain, size_t start, size_t end,
                                     const struct numeral *numeral, struct money *money)
{
    uint32_t next = plain->codes[end];
    if (numeral->chinese || next == '%' || next == 0x2030)
        return NULL;
    if (ends_currency(start ? plain->codes[start - 1] : 0) &&
        plain_precedes_any(plain, start, currencies))
        return &yuan;
    money->ambiguous = true;
    bool counted =
        plain_is_hanzi(next) && !plain_stands(plain, end, "中") && !plain_stands(plain, end, "的");
    if (counted || (next < 0x80 && next > ' ' && !ends_phrase(next)))
        return NULL;
    if (numeral->grouped)
        return &yuan;
    return numeral->digits >= 5 && plain_precedes_any(plain, start, amount_labels) ? &yuan : NULL;
}

static bool read_single(const struct plain *plain, size_t *at, struct money *money)
{
    struct numeral first, second;
    size_t start = *at, i = start;
    bool odd = false;
    if (!numeral_read(plain, &i, &first)) {
        *at = i;
        return false;
    }
    *at = i; /* where to go on when this is no money */
    size_t mark = read_range_mark(plain, i);
    i = skip_spaces(plain, read_odd_words(plain, i, &odd), 2);
    const struct unit *unit = read_unit(plain, &i);
    if (!unit && mark && first.mantissa) {
        size_t end = mark;
        if (numeral_starts(plain->codes[end]) && numeral_read(plain, &end, &second)) {
            end = skip_spaces(plain, end, 2);
            unit = read_unit(plain, &end);
            if (unit && first.chinese && !first.magnitude && second.decimals)
                return false;
        }
        if (unit) {
            set_single(money, &second, unit);
            money->fen = in_fen(first.mantissa, first.decimals, unit->fen);
            if (money->fen > money->high_fen)
                return false; /* 12-3万元: a number and an amount, no range */
            money->ambiguous |= money->fen >= money->high_fen;
            *at = end;
            return money->fen >= 0 && money->high_fen >= 0;
        }
    }
    if (!unit) {
        unit = guess_unit(plain, start, *at, &first, money);
        i = *at;
    }
    /* 二元 (结构), 一元 (化): no amounts */
    if (!unit || (first.chinese && !first.magnitude && unit->fen <= 100))
        return false;
    set_single(money, &first, unit);
    i = read_coins(plain, i, money);
    if (odd)
        money->relation = MONEY_ABOUT;
    size_t next = read_range_mark(plain, i), end = next;
    if (next && numeral_starts(plain->codes[next]) && numeral_read(plain, &end, &second)) {
        end = skip_spaces(plain, end, 1);
        const struct unit *other = read_unit(plain, &end);
        int64_t high = other ? in_fen(second.mantissa, second.decimals, other->fen) : -1;
        if (high > money->fen) {
            money->high_fen = high;
            i = end;
        }
    }
    *at = i;
    return money->fen >= 0;
}

static bool glued_before(const struct plain *plain, size_t at)
{
    if (at == 0)
        return false;
    uint32_t before = plain->codes[at - 1];
    if (plain_is_digit(plain->codes[at]))
        return (before >= 'A' && before <= 'Z') || (before >= 'a' && before <= 'z') ||
               plain_is_digit(before) ||
               (before == '.' && at > 1 && plain_is_digit(plain->codes[at - 2]));
    return before == 0x7B2C; /* 第 */
}

static void add_context(const struct plain *plain, struct money *money)
{
    enum money_relation before = relation_before(plain, money->span.start);
    size_t end = money->span.end;
    if (before != MONEY_IS)
        money->relation = before;
    else if (plain_stands_any(plain, end, at_most_after))
        money->relation = MONEY_AT_MOST;
    else if (plain_stands_any(plain, end, at_least_after))
        money->relation = MONEY_AT_LEAST;
    else if (plain_stands_any(plain, end, about_after))
        money->relation = MONEY_ABOUT;
    money->rate = !money->formula &&
                  (rate_stands_before(plain, money->span.start) || rate_stands_after(plain, end));
}

bool money_next(const struct plain *plain, size_t *at, struct money *money)
{
    for (size_t i = *at; (i = plain_next_mark(plain, i)) < plain->length;) {
        if (!numeral_starts(plain->codes[i]) || glued_before(plain, i)) {
            i++;
            continue;
        }
        size_t end = i;
        *money = (struct money){0};
        bool found = plain_is_digit(plain->codes[i]) && read_formula(plain, &end, money);
        if (!found) {
            end = i;
            *money = (struct money){0};
            found = read_single(plain, &end, money);
            money->computed_fen = money->fen;
        }
        if (found) {
            money->span = (struct span){i, end};
            add_context(plain, money);
            *at = end;
            return true;
        }
        /* a number that is none must not be read again from its middle */
        i = end > i ? end : i + 1;
    }
    *at = plain->length;
    return false;
}

size_t money_find(const struct plain *plain, struct money *out, size_t max)
{
    size_t count = 0, at = 0;
    while (count < max && money_next(plain, &at, &out[count]))
        count++;
    return count;
}

bool money_agrees(const struct money *stated, int64_t fen)
{
    int64_t slack = stated->ulp_fen / 2;
    return fen >= stated->fen - slack && fen <= stated->high_fen + slack;
}

/* ---- writing ---- */

static void put_decimals(char *text, size_t size, int64_t whole, int64_t rest, int places,
                         const char *unit)
{
    char digits[8];
    snprintf(digits, sizeof digits, "%0*d", places, (int)rest);
    size_t length = strlen(digits);
    while (length > 0 && digits[length - 1] == '0')
        digits[--length] = 0;
    snprintf(text, size, "%lld%s%s%s", (long long)whole, length ? "." : "", digits, unit);
}

const char *money_text(int64_t fen, char text[MONEY_TEXT])
{
    const char *sign = fen < 0 ? "-" : "";
    int64_t amount = fen < 0 ? -fen : fen;
    char body[MONEY_TEXT - 2];
    if (amount >= 1000000 && amount % 100 == 0)
        put_decimals(body, sizeof body, amount / 1000000, amount % 1000000 / 100, 4, "万元");
    else
        put_decimals(body, sizeof body, amount / 100, amount % 100, 2, "元");
    snprintf(text, MONEY_TEXT, "%s%s", sign, body);
    return text;
}
