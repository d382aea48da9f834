#include "catalog/engine/lines.h"

#include <stdbool.h>
#include <string.h>

/* How numbers are written: what stands before and behind them. */
static const struct style {
    uint32_t before;
    enum { ARABIC, CHINESE, CIRCLED } numbers;
    uint32_t behind;
} styles[] = {
    {0, ARABIC, '.'},          /* 1. */
    {0, ARABIC, 0x3001},       /* 1、 */
    {'(', ARABIC, ')'},        /* (1) */
    {0, ARABIC, ')'},          /* 1) */
    {0, CIRCLED, 0},           /* ① */
    {0, CHINESE, 0x662F},      /* 一是 */
    {0x7B2C, CHINESE, ','},    /* 第一, */
    {0x7B2C, CHINESE, 0x3001}, /* 第一、 */
    {0, CHINESE, 0x3001},      /* 一、 */
    {'(', CHINESE, ')'},       /* (一) */
    {0x7B2C, CHINESE, 0x9879}, /* 第一项 */
};
/* Lists are looked for in this many code points: no clerk writes more, and the search stays cheap. */
enum { STYLES = sizeof styles / sizeof *styles, LIST_REACH = 16384 };

/* 一 to 十 */
static const uint32_t chinese_digits[] = {0,      0x4E00, 0x4E8C, 0x4E09, 0x56DB, 0x4E94,
                                          0x516D, 0x4E03, 0x516B, 0x4E5D, 0x5341};
enum { FIRST_CIRCLED = 0x2460, LAST_CIRCLED = 0x2473, TEN = 0x5341 };

/* A number with its signs, as code points. */
struct marker {
    uint32_t codes[8];
    size_t length;
};

static void put_code(struct marker *marker, uint32_t code)
{
    if (code)
        marker->codes[marker->length++] = code;
}

static void put_number(struct marker *marker, const struct style *style, uint32_t number)
{
    if (style->numbers == ARABIC) {
        put_code(marker, number < 10 ? 0 : '0' + number / 10);
        put_code(marker, '0' + number % 10);
    } else if (style->numbers == CIRCLED) {
        put_code(marker, number <= 20 ? FIRST_CIRCLED - 1 + number : LAST_CIRCLED);
    } else if (number <= 10) {
        put_code(marker, chinese_digits[number]);
    } else {
        put_code(marker, number < 20 ? 0 : chinese_digits[number / 10]);
        put_code(marker, TEN);
        put_code(marker, chinese_digits[number % 10]);
    }
}

static struct marker marker_of(const struct style *style, int number)
{
    struct marker marker = {.length = 0};
    put_code(&marker, style->before);
    put_number(&marker, style, (uint32_t)number);
    put_code(&marker, style->behind);
    return marker;
}

/* Whether a number may begin here: 1.5 or A1. or 2021. hold none. */
static bool begins_number(const struct plain *plain, size_t at)
{
    uint32_t before = at ? plain->codes[at - 1] : 0;
    return !plain_is_digit(before) && before != '.' && !(before >= 'A' && before <= 'Z') &&
           !(before >= 'a' && before <= 'z');
}

/* The places of a text where a marker may stand, so that they are looked for once and not for each
 * style and number. */
struct places {
    const struct plain *plain;
    uint16_t at[LIST_REACH];
    size_t count;
};

static void find_places(struct places *places, const struct plain *plain)
{
    size_t reach = plain->length < LIST_REACH ? plain->length : LIST_REACH;
    places->plain = plain;
    places->count = 0;
    for (size_t at = 0; (at = plain_next_mark(plain, at)) < reach; at++)
        if (begins_number(plain, at))
            places->at[places->count++] = (uint16_t)at;
}

static size_t first_place(const struct places *places, size_t from)
{
    size_t low = 0, high = places->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (places->at[middle] < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A zero ends the codes of the text, so a marker never goes beyond it. */
static bool stands_at(const struct plain *plain, size_t at, const struct style *style,
                      const struct marker *marker)
{
    const uint32_t *codes = plain->codes + at;
    for (size_t i = 0; i < marker->length; i++)
        if (codes[i] != marker->codes[i])
            return false;
    bool decimal =
        style->numbers == ARABIC && style->behind == '.' && plain_is_digit(codes[marker->length]);
    return !decimal;
}

static bool find_marker(const struct places *places, size_t from, const struct style *style,
                        int number, struct span *found)
{
    struct marker marker = marker_of(style, number);
    for (size_t i = first_place(places, from); i < places->count; i++)
        if (stands_at(places->plain, places->at[i], style, &marker)) {
            *found = (struct span){places->at[i], places->at[i] + marker.length};
            return true;
        }
    return false;
}

/* Where a list inside the list ends: the last marker of 1, 2 … from `from` on, before `limit`; `from`
 * when none begins there. */
static size_t nested_end(const struct places *places, size_t from, size_t limit,
                         const struct style *style)
{
    struct span marker;
    size_t end = from;
    for (int number = 1; find_marker(places, end, style, number, &marker); number++) {
        if (number == 1 && marker.start >= limit)
            break;
        end = marker.end;
    }
    return end;
}

/* The next marker of the outer list: a list that begins in between (4. … 1. 2. 3. … 5.) is passed
 * over, if the outer one goes on behind it. */
static bool find_next(const struct places *places, size_t from, const struct style *style,
                      int number, struct span *found)
{
    if (!find_marker(places, from, style, number, found))
        return false;
    size_t behind = number > 1 ? nested_end(places, from, found->start, style) : from;
    struct span later;
    if (behind > found->start && find_marker(places, behind, style, number, &later))
        *found = later;
    return true;
}

/* The markers 1, 2 … of a style; 0 when they stand too close to number anything (1、2、3号楼). */
static size_t find_sequence(const struct places *places, const struct style *style,
                            struct span markers[LINE_ITEMS])
{
    enum { SHORTEST = 4 };
    size_t count = 0, from = 0;
    while (count < LINE_ITEMS && find_next(places, from, style, (int)count + 1, &markers[count])) {
        if (count && markers[count].start < from + SHORTEST)
            return 0;
        from = markers[count++].end;
    }
    return count;
}

/* What sums up the list is no part of its last item. */
static size_t list_end(const struct plain *plain, size_t from)
{
    static const char *const sums[] = {"合计", "共计", "总计", "以上", "上述", NULL};
    for (size_t at = from; at + 1 < plain->length; at++) {
        uint32_t code = plain->codes[at];
        bool sentence = code == 0x3002 || code == ';' || code == '\n';
        if (sentence && plain_stands_any(plain, at + 1, sums))
            return at + 1;
        if (code == '\n' && plain->codes[at + 1] == '\n')
            return at;
    }
    return plain->length;
}

static struct span trimmed(const struct plain *plain, size_t start, size_t end)
{
    while (start < end && plain_is_space(plain->codes[start]))
        start++;
    while (end > start && plain_is_space(plain->codes[end - 1]))
        end--;
    return (struct span){start, end};
}

/* The first amount of the item that is a sum of money, not a price of one of many. */
static void find_amount(const struct plain *plain, struct line_item *item)
{
    struct money money;
    item->amount_fen = -1;
    item->amount_span = (struct span){0, 0};
    for (size_t at = item->span.start; at < item->span.end && money_next(plain, &at, &money);) {
        if (money.span.start >= item->span.end)
            return;
        if (money.rate || money.ambiguous || money.fen <= 0)
            continue;
        item->amount_fen = money.fen;
        item->amount_span = money.span;
        return;
    }
}

size_t lines_split(const struct plain *plain, struct line_item out[LINE_ITEMS])
{
    struct span best[LINE_ITEMS], markers[LINE_ITEMS];
    size_t count = 0, first = SIZE_MAX;
    struct places places;
    find_places(&places, plain);
    for (int s = 0; places.count && s < STYLES; s++) {
        size_t found = find_sequence(&places, &styles[s], markers);
        if (found < 2 || markers[0].start >= first)
            continue;
        memcpy(best, markers, sizeof best);
        count = found;
        first = markers[0].start;
    }
    for (size_t i = 0; i < count; i++) {
        size_t end = i + 1 < count ? best[i + 1].start : list_end(plain, best[i].end);
        out[i].span = trimmed(plain, best[i].end, end);
        find_amount(plain, &out[i]);
    }
    return count;
}
