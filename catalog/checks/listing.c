#include "catalog/checks/listing.h"

#include "catalog/checks/numeral.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANNOUNCES_WITHIN = 26, /* code points between a total and the word that announces its list */
    FIRST_NUMBER_WITHIN = 30,
    SUMS = 1024
};

static const char *const exhaustive_words[] = {"具体为",   "具体包括", "具体如下", "分别为",
                                               "分别是",   "具体工作", "具体内容", "明细",
                                               "分别用于", NULL};
static const char *const plain_words[] = {"其中", "包括",     "包含", "主要为", "主要包括",
                                          "构成", "主要用于", "分为", "具体",   NULL};
static const char *const loose_words[] = {"用于", "含", NULL};
static const char *const aside_words[] = {
    "合同金额", "合同总",   "合同价",   "合同额", "成交", "中标",   "总投资", "决算", "产值",
    "收入",     "上年",     "去年",     "上一年", "已付", "已支付", "累计",   "剩余", "单价",
    "标准为",   "限额",     "实际支出", "执行",   "原有", "由原",   "节约",   "增长", "减少",
    "同比",     "年度支出", "结余",     "罚款",   "保额", "注册",   NULL};

static bool is_stop(uint32_t code)
{
    return code == 0x3002 || code == ';' || code == '\n' || code == '!' || code == '?';
}

static bool ends_clause(const struct plain *plain, size_t at)
{
    uint32_t code = plain->codes[at];
    if (code == ',')
        return !(at > 0 && plain_is_digit(plain->codes[at - 1]) &&
                 plain_is_digit(plain->codes[at + 1]));
    return is_stop(code) || code == ':' || code == 0x3001 || code == '(' || code == ')';
}

size_t plain_clause_start(const struct plain *plain, size_t at)
{
    enum { LONGEST = 40 };
    size_t start = at;
    while (start > 0 && at - start < LONGEST && !ends_clause(plain, start - 1))
        start--;
    return start;
}

size_t plain_sentence_end(const struct plain *plain, size_t at)
{
    while (at < plain->length && plain->codes[at] != 0x3002 && plain->codes[at] != '\n')
        at++;
    return at;
}

bool listing_is_aside(const struct plain *plain, const struct money *amount)
{
    size_t start = plain_clause_start(plain, amount->span.start);
    return amount->rate || plain_holds(plain, start, amount->span.start, aside_words);
}

/* ---- numbers of a list ---- */

enum style { STYLE_DOT, STYLE_COMMA, STYLE_BRACKET, STYLE_CIRCLE, STYLE_CHINESE, STYLE_OF_WHICH };

/* The number of a list that stands at `at` ("1.", "1、", "(1)", "①", "一、", "一是"), 0 for none. */
static int number_at(const struct plain *plain, size_t at, enum style *style, size_t *length)
{
    static const char *const chinese[] = {"一", "二", "三", "四", "五",
                                          "六", "七", "八", "九", "十"};
    const uint32_t *codes = plain->codes;
    size_t digits = 0;
    if (codes[at] >= 0x2460 && codes[at] <= 0x2473) {
        *style = STYLE_CIRCLE;
        *length = 1;
        return (int)(codes[at] - 0x2460) + 1;
    }
    size_t open = codes[at] == '(';
    while (digits < 2 && plain_is_digit(codes[at + open + digits]))
        digits++;
    if (digits) {
        if (at > 0 && (plain_is_digit(codes[at - 1]) || codes[at - 1] == '.'))
            return 0;
        int value = 0;
        for (size_t i = 0; i < digits; i++)
            value = value * 10 + (int)(codes[at + open + i] - '0');
        uint32_t next = codes[at + open + digits];
        *length = open + digits + 1;
        if (open || next == ')') {
            *style = STYLE_BRACKET;
            return next == ')' ? value : 0;
        }
        *style = next == '.' ? STYLE_DOT : STYLE_COMMA;
        bool decimal = next == '.' && plain_is_digit(codes[at + digits + 1]);
        bool year = plain_is_digit(codes[at + digits + 1]) &&
                    plain_is_digit(codes[at + digits + 4]) && codes[at + digits + 5] == 0x5E74;
        return (next == '.' && (!decimal || year)) || next == 0x3001 ? value : 0;
    }
    if (!numeral_starts(codes[at + open]))
        return 0;
    for (int i = 0; i < 10; i++) {
        size_t word = plain_stands(plain, at + open, chinese[i]);
        if (!word)
            continue;
        uint32_t next = codes[at + open + word];
        *length = open + word + 1;
        *style = next == 0x662F ? STYLE_OF_WHICH : STYLE_CHINESE;
        if (next == 0x662F || (open ? next == ')' : next == 0x3001))
            return i + 1;
    }
    return 0;
}

/* Lists begin behind punctuation, never in the middle of a word. */
static bool may_begin(const struct plain *plain, size_t at)
{
    while (at > 0 && plain_is_space(plain->codes[at - 1]))
        at--;
    if (at == 0)
        return true;
    uint32_t before = plain->codes[at - 1];
    return !(plain_is_hanzi(before) || plain_is_digit(before) ||
             (before < 0x80 && before >= 'A' && before <= 'z'));
}

static size_t find_number(const struct plain *plain, size_t from, size_t to, int wanted,
                          enum style *style, bool any_style, size_t *length)
{
    for (size_t at = from; at < to; at++) {
        enum style found;
        if (may_begin(plain, at) && number_at(plain, at, &found, length) == wanted &&
            (any_style || found == *style)) {
            *style = found;
            return at;
        }
    }
    return SIZE_MAX;
}

/* ---- finding a list ---- */

/* The words above begin with 具 分 明 其 包 主 构 用 or 含. */
static bool begins_announcement(uint32_t code)
{
    switch (code) {
    case 0x5177:
    case 0x5206:
    case 0x660E:
    case 0x5176:
    case 0x5305:
    case 0x4E3B:
    case 0x6784:
    case 0x7528:
    case 0x542B:
        return true;
    default:
        return false;
    }
}

static size_t announcement(const struct plain *plain, size_t at, struct listing *listing)
{
    size_t length = plain_stands_any(plain, at, exhaustive_words);
    if (length) {
        listing->exhaustive = true;
        return length;
    }
    length = plain_stands_any(plain, at, plain_words);
    if (!length) {
        length = plain_stands_any(plain, at, loose_words);
        listing->loose = length > 0;
    }
    return length;
}

static size_t announced_at(const struct plain *plain, size_t from, size_t to,
                           struct listing *listing)
{
    for (size_t at = from; at < to; at++) {
        uint32_t code = plain->codes[at];
        size_t length = begins_announcement(code) ? announcement(plain, at, listing) : 0;
        if (length)
            return at + length;
        if (code == ':')
            return at + 1;
        bool goes_on = code == 0x3002 && (plain_stands_any(plain, at + 1, exhaustive_words) ||
                                          plain_stands_any(plain, at + 1, plain_words));
        if ((is_stop(code) && !goes_on) || code == ')')
            return SIZE_MAX;
    }
    return SIZE_MAX;
}

static void add_amounts(const struct plain *plain, const struct money *amounts, size_t count,
                        size_t from, size_t to, bool own_items, struct listing *listing)
{
    int depth = 0;
    size_t at = from;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (amounts[i].span.start < from || amounts[i].span.end > to)
            continue;
        for (; at < amounts[i].span.start; at++)
            depth += plain->codes[at] == '(' ? 1 : plain->codes[at] == ')' ? -1 : 0;
        if (listing->count == LISTED)
            return;
        size_t n = listing->count++;
        listing->amounts[n] = &amounts[i];
        listing->aside[n] = depth > 0 || listing_is_aside(plain, &amounts[i]);
        listing->item[n] = listing->items;
        any = any || !listing->aside[n];
        listing->items += own_items;
    }
    if (!own_items) {
        listing->open |= !any;
        listing->items++;
    }
}

static void read_numbered(const struct plain *plain, const struct money *amounts, size_t count,
                          size_t first, enum style style, size_t length, struct listing *listing)
{
    size_t from = first + length;
    listing->numbered = true;
    for (int number = 2; listing->items < LISTED_ITEMS; number++) {
        size_t next_length;
        size_t next = find_number(plain, from, plain->length, number, &style, false, &next_length);
        size_t to = next;
        if (next == SIZE_MAX) {
            /* of the last item the sentence in which its first amount stands */
            to = plain->length;
            for (size_t i = 0; i < count; i++)
                if (amounts[i].span.start >= from) {
                    to = plain_sentence_end(plain, amounts[i].span.end);
                    break;
                }
        }
        add_amounts(plain, amounts, count, from, to, false, listing);
        listing->end = to;
        if (next == SIZE_MAX)
            break;
        from = next + next_length;
    }
}

static size_t inline_end(const struct plain *plain, size_t from)
{
    int depth = 0;
    for (size_t at = from; at < plain->length; at++) {
        uint32_t code = plain->codes[at];
        enum style style;
        size_t length;
        if (code == '(')
            depth++;
        if (code == ')' && --depth < 0)
            return at;
        if (code == 0x3002 || code == '\n')
            return at;
        if (code == ';' && may_begin(plain, at + 1) &&
            number_at(plain, at + 1, &style, &length) > 1)
            return at;
    }
    return plain->length;
}

static void read_inline(const struct plain *plain, const struct money *amounts, size_t count,
                        size_t from, struct listing *listing)
{
    static const char *const and_more[] = {"等", "其他", "其余", "以及", NULL};
    size_t to = inline_end(plain, from);
    add_amounts(plain, amounts, count, from, to, true, listing);
    size_t last = listing->count ? listing->amounts[listing->count - 1]->span.end : from;
    listing->open = plain_holds(plain, last, to, and_more);
    listing->end = to;
}

bool listing_find(const struct plain *plain, const struct money *amounts, size_t count, size_t t,
                  struct listing *listing)
{
    const struct money *total = &amounts[t];
    memset(listing, 0, offsetof(struct listing, amounts));
    listing->total = total;
    listing->start = total->span.start;
    if (total->relation != MONEY_IS || total->rate || total->high_fen != total->fen)
        return false;
    size_t limit = total->span.end + ANNOUNCES_WITHIN;
    if (t + 1 < count && amounts[t + 1].span.start < limit)
        limit = amounts[t + 1].span.start;
    if (limit > plain->length)
        limit = plain->length;
    size_t from = announced_at(plain, total->span.end, limit, listing);
    if (from == SIZE_MAX)
        return false;
    size_t first_amount = t + 1 < count ? amounts[t + 1].span.start : plain->length;
    size_t near =
        from + FIRST_NUMBER_WITHIN < first_amount ? from + FIRST_NUMBER_WITHIN : first_amount;
    enum style style = STYLE_DOT;
    size_t length;
    size_t first = find_number(plain, from, near, 1, &style, true, &length);
    if (first != SIZE_MAX)
        read_numbered(plain, amounts, count, first, style, length, listing);
    else
        read_inline(plain, amounts, count, from, listing);
    return listing->count > 0;
}

/* ---- a total behind its parts ---- */

static bool is_sum_of_before(const struct plain *plain, const struct money *total)
{
    static const char *const words[] = {"共计",   "合计",   "总计",  "总共",  "共计为",
                                        "合计为", "总计为", "共计:", "合计:", NULL};
    size_t at = total->span.start;
    while (at > 0 && plain_is_space(plain->codes[at - 1]))
        at--;
    return !total->rate && !total->ambiguous && total->relation == MONEY_IS &&
           total->high_fen == total->fen && plain_precedes_any(plain, at, words);
}

static size_t sentence_start(const struct plain *plain, size_t at)
{
    while (at > 0 && plain->codes[at - 1] != 0x3002 && plain->codes[at - 1] != '\n')
        at--;
    return at;
}

bool listing_find_before(const struct plain *plain, const struct money *amounts, size_t t,
                         struct listing *listing)
{
    static const char *const more[] = {"等", "其他", "另", "剩余", "其余", "加上", "税", NULL};
    enum { FARTHEST = 4 };
    const struct money *total = &amounts[t];
    int64_t sum = 0;
    if (!is_sum_of_before(plain, total))
        return false;
    *listing = (struct listing){.total = total,
                                .start = sentence_start(plain, total->span.start),
                                .end = total->span.start,
                                .exhaustive = true};
    size_t first = t;
    while (first > 0 && amounts[first - 1].span.start >= listing->start &&
           !is_sum_of_before(plain, &amounts[first - 1]))
        first--;
    for (size_t i = first; i < t && listing->count < LISTED; i++) {
        const struct money *amount = &amounts[i];
        if (amount->rate)
            continue; /* a price of one of what is listed */
        if (listing_is_aside(plain, amount) || amount->ambiguous || amount->formula ||
            amount->relation != MONEY_IS || amount->high_fen != amount->fen)
            return false;
        listing->item[listing->count] = listing->count;
        listing->amounts[listing->count++] = amount;
        sum += amount->fen;
    }
    listing->items = listing->count;
    /* what is several times more or less is another thing */
    return listing->count > 1 && listing->count < LISTED && sum < FARTHEST * total->fen &&
           total->fen < FARTHEST * sum &&
           !plain_holds(plain, listing->amounts[listing->count - 1]->span.end, listing->end, more);
}

/* ---- adding up ---- */

struct sums {
    int64_t all[SUMS];
    size_t count;
};

static int by_sum(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Each sum with and (of an optional amount) without more; false when there are too many. */
static bool add_choices(struct sums *sums, const int64_t *choices, size_t count)
{
    int64_t made[SUMS] = {0};
    size_t n = 0;
    for (size_t i = 0; i < sums->count; i++)
        for (size_t c = 0; c < count; c++) {
            if (n == SUMS)
                return false;
            made[n++] = sums->all[i] + choices[c];
        }
    qsort(made, n, sizeof *made, by_sum);
    sums->count = 0;
    for (size_t i = 0; i < n; i++)
        if (i == 0 || made[i] != made[i - 1])
            sums->all[sums->count++] = made[i];
    return true;
}

/* What the items of one number may give: any of their amounts, together or not; of an inline list
 * also nothing. Gives how many, 0 when there are too many. */
static size_t choices_of(const struct listing *listing, size_t item, int64_t *choices, size_t max)
{
    size_t count = 1;
    choices[0] = 0;
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->item[i] != item)
            continue;
        size_t before = count;
        for (size_t c = 0; c < before; c++) {
            if (count == max)
                return 0;
            choices[count++] = choices[c] + listing->amounts[i]->fen;
        }
        if (listing->amounts[i]->high_fen != listing->amounts[i]->fen)
            return 0; /* a range: anything between may be meant */
    }
    return count;
}

/* What rounding allows: of amounts with places behind the point, one in the last place. */
static int64_t tolerance_of(const struct listing *listing)
{
    int64_t tolerance = listing->total->decimals ? listing->total->ulp_fen : 0;
    int places = 0;
    for (size_t i = 0; i < listing->count; i++) {
        const struct money *amount = listing->amounts[i];
        if (amount->relation == MONEY_ABOUT)
            tolerance += amount->fen / 10;
        if (amount->decimals > places)
            places = amount->decimals;
    }
    if (places > listing->total->decimals && tolerance < listing->total->ulp_fen / 2)
        tolerance = listing->total->ulp_fen / 2;
    return tolerance;
}

bool listing_adds_up(const struct listing *listing)
{
    enum { CHOICES = 64 };
    struct sums sums = {.count = 1};
    int64_t tolerance = tolerance_of(listing);
    size_t own;
    if (listing->count == LISTED ||
        llabs(listing_sum(listing, &own) - listing->total->fen) <= tolerance)
        return true;
    sums.all[0] = 0;
    for (size_t item = 0; item < listing->items; item++) {
        int64_t choices[CHOICES];
        size_t count = choices_of(listing, item, choices, CHOICES);
        if (count == 0 || !add_choices(&sums, choices, count))
            return true; /* cannot be told */
    }
    for (size_t i = 0; i < sums.count; i++)
        if (llabs(sums.all[i] - listing->total->fen) <= tolerance)
            return true;
    return false;
}

int64_t listing_sum(const struct listing *listing, size_t *count)
{
    int64_t sum = 0;
    size_t last = SIZE_MAX;
    *count = 0;
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->aside[i] || (listing->numbered && listing->item[i] == last))
            continue;
        sum += listing->amounts[i]->fen;
        last = listing->item[i];
        (*count)++;
    }
    return sum;
}
