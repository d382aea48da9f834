#include "catalog/engine/lines.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* How numbers are written; %s stands for the number. */
static const struct style {
    const char *format;
    enum { ARABIC, CHINESE, CIRCLED } numbers;
} styles[] = {
    {"%s.", ARABIC},   {"%s、", ARABIC},  {"(%s)", ARABIC},    {"%s)", ARABIC},
    {"%s", CIRCLED},   {"%s是", CHINESE}, {"第%s,", CHINESE},  {"第%s、", CHINESE},
    {"%s、", CHINESE}, {"(%s)", CHINESE}, {"第%s项", CHINESE},
};
/* Lists are looked for in this many code points: no clerk writes more, and the search stays cheap. */
enum { STYLES = sizeof styles / sizeof *styles, MARKER_BYTES = 32, LIST_REACH = 16384 };

static void write_number(const struct style *style, int number, char text[16])
{
    static const char *const digits[] = {"",   "一", "二", "三", "四", "五",
                                         "六", "七", "八", "九", "十"};
    if (style->numbers == ARABIC)
        snprintf(text, 16, "%d", number);
    else if (style->numbers == CIRCLED) /* ① is U+2460: E2 91 A0 */
        snprintf(text, 16, "\xE2\x91%c", number <= 20 ? 0x9F + number : 0xB3);
    else if (number <= 10)
        snprintf(text, 16, "%s", digits[number]);
    else
        snprintf(text, 16, "%s十%s", number < 20 ? "" : digits[number / 10], digits[number % 10]);
}

/* Whether a number may begin here: 1.5 or A1. or 2021. hold none. */
static bool begins_number(const struct plain *plain, size_t at)
{
    uint32_t before = at ? plain->codes[at - 1] : 0;
    return !plain_is_digit(before) && before != '.' && !(before >= 'A' && before <= 'Z') &&
           !(before >= 'a' && before <= 'z');
}

/* The code points of the marker of `number` that stands at `at`, 0 when none does. */
static size_t marker_at(const struct plain *plain, size_t at, const struct style *style,
                        const char *marker)
{
    size_t length = plain_stands(plain, at, marker);
    if (!length || !begins_number(plain, at))
        return 0;
    bool decimal = style->numbers == ARABIC && plain->codes[at + length - 1] == '.' &&
                   plain_is_digit(plain->codes[at + length]);
    return decimal ? 0 : length;
}

/* The first code point of a marker: an ASCII sign or one of three bytes. */
static uint32_t first_code(const char *marker)
{
    const unsigned char *byte = (const unsigned char *)marker;
    if (byte[0] < 0x80)
        return byte[0];
    return (uint32_t)((byte[0] & 0x0F) << 12 | (byte[1] & 0x3F) << 6 | (byte[2] & 0x3F));
}

static bool find_marker(const struct plain *plain, size_t from, const struct style *style,
                        int number, struct span *found)
{
    char digits[16], marker[MARKER_BYTES];
    write_number(style, number, digits);
    snprintf(marker, sizeof marker, style->format, digits);
    size_t reach = plain->length < LIST_REACH ? plain->length : LIST_REACH;
    uint32_t first = first_code(marker);
    for (size_t at = from; at < reach; at++) {
        size_t length = plain->codes[at] == first ? marker_at(plain, at, style, marker) : 0;
        if (length) {
            *found = (struct span){at, at + length};
            return true;
        }
    }
    return false;
}

/* Where a list inside the list ends: the last marker of 1, 2 … from `from` on, before `limit`; `from`
 * when none begins there. */
static size_t nested_end(const struct plain *plain, size_t from, size_t limit,
                         const struct style *style)
{
    struct span marker;
    size_t end = from;
    for (int number = 1; find_marker(plain, end, style, number, &marker); number++) {
        if (number == 1 && marker.start >= limit)
            break;
        end = marker.end;
    }
    return end;
}

/* The next marker of the outer list: a list that begins in between (4. … 1. 2. 3. … 5.) is passed
 * over, if the outer one goes on behind it. */
static bool find_next(const struct plain *plain, size_t from, const struct style *style, int number,
                      struct span *found)
{
    if (!find_marker(plain, from, style, number, found))
        return false;
    size_t behind = number > 1 ? nested_end(plain, from, found->start, style) : from;
    struct span later;
    if (behind > found->start && find_marker(plain, behind, style, number, &later))
        *found = later;
    return true;
}

/* The markers 1, 2 … of a style; 0 when they stand too close to number anything (1、2、3号楼). */
static size_t find_sequence(const struct plain *plain, const struct style *style,
                            struct span markers[LINE_ITEMS])
{
    enum { SHORTEST = 4 };
    size_t count = 0, from = 0;
    while (count < LINE_ITEMS && find_next(plain, from, style, (int)count + 1, &markers[count])) {
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
    for (int s = 0; s < STYLES; s++) {
        size_t found = find_sequence(plain, &styles[s], markers);
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
