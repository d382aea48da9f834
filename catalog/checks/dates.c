#include "catalog/checks/dates.h"

#include <string.h>

enum { YEAR = 0x5E74, MONTH = 0x6708, DAY = 0x65E5 };

static size_t count_digits(const struct plain *plain, size_t at)
{
    size_t count = 0;
    while (at + count < plain->length && plain_is_digit(plain->codes[at + count]))
        count++;
    return count;
}

static int value_of(const struct plain *plain, size_t at, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count && i < 6; i++)
        value = value * 10 + (int)(plain->codes[at + i] - '0');
    return value;
}

static bool is_year(int value)
{
    return value >= 1900 && value < 2100;
}

static size_t skip_spaces(const struct plain *plain, size_t at)
{
    while (at < plain->length && plain->codes[at] == ' ')
        at++;
    return at;
}

/* Behind a mark between two ends, or 0. */
static size_t skip_mark(const struct plain *plain, size_t at)
{
    static const char *const marks[] = {"——", "-", "~", "—", "–", "至", "到", NULL};
    at = skip_spaces(plain, at);
    size_t length = plain_stands_any(plain, at, marks);
    return length ? skip_spaces(plain, at + length) : 0;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : days[month - 1];
}

static void mark_wrong(struct dates *dates, size_t start, size_t end)
{
    dates->impossible = true;
    dates->wrong = (struct span){start, end};
}

/* 月 and 日 behind a year; a month without 月 (2025年12-2026年5月) is one before a mark. */
static size_t read_month(const struct plain *plain, size_t at, int year, int *month,
                         struct dates *dates)
{
    size_t i = skip_spaces(plain, at), digits = count_digits(plain, i);
    if (digits == 0 || digits > 2)
        return at;
    int value = value_of(plain, i, digits);
    size_t end = skip_spaces(plain, i + digits);
    if (plain->codes[end] != MONTH) {
        size_t mark = skip_mark(plain, end);
        if (!mark || value < 1 || value > 12 || !count_digits(plain, mark))
            return at;
        *month = value;
        return i + digits;
    }
    if (value < 1 || value > 12) {
        mark_wrong(dates, i, end + 1);
        return end + 1;
    }
    *month = value;
    end++;
    size_t day_at = skip_spaces(plain, end), day_digits = count_digits(plain, day_at);
    size_t day_end = skip_spaces(plain, day_at + day_digits);
    if (day_digits < 1 || day_digits > 2 || plain->codes[day_end] != DAY)
        return end;
    int day = value_of(plain, day_at, day_digits);
    if (day < 1 || day > days_of(year, value))
        mark_wrong(dates, i, day_end + 1);
    return day_end + 1;
}

/* The second end: 2028年, 2026年5月, 6月, or nothing. */
static size_t read_second(const struct plain *plain, size_t at, struct dates *dates)
{
    size_t mark = skip_mark(plain, at);
    size_t digits = mark ? count_digits(plain, mark) : 0;
    if (digits == 4) {
        int year = value_of(plain, mark, 4);
        size_t end = skip_spaces(plain, mark + 4);
        if (!is_year(year) || plain->codes[end] != YEAR)
            return at;
        dates->to_year = year;
        dates->to_month = 0;
        dates->stretch = true;
        return read_month(plain, end + 1, year, &dates->to_month, dates);
    }
    if (digits == 1 || digits == 2) {
        int month = value_of(plain, mark, digits);
        size_t end = skip_spaces(plain, mark + digits);
        if (!dates->month || month < 1 || month > 12 || plain->codes[end] != MONTH)
            return at;
        dates->to_month = month;
        dates->stretch = true;
        return end + 1;
    }
    return at;
}

/* 2025-2028年: the first year has no 年. */
static size_t read_pair_of_years(const struct plain *plain, size_t at, struct dates *dates)
{
    size_t mark = skip_mark(plain, at + 4);
    if (!mark || count_digits(plain, mark) != 4)
        return 0;
    int year = value_of(plain, mark, 4);
    size_t end = skip_spaces(plain, mark + 4);
    if (!is_year(year) || plain->codes[end] != YEAR || year < dates->year)
        return 0;
    dates->to_year = year;
    dates->stretch = true;
    return end + 1;
}

/* 2205年7月, 2062年1-6月: a month follows, so it is meant as a date; no budget reaches so far. */
static bool is_year_slip(const struct plain *plain, size_t at, size_t digits, size_t end)
{
    enum { FARTHEST = 2060 };
    int year = value_of(plain, at, digits);
    if (digits != 4 || year < FARTHEST || year >= 3000 || plain->codes[end] != YEAR)
        return false;
    size_t month = skip_spaces(plain, end + 1), more = count_digits(plain, month);
    size_t behind = skip_spaces(plain, month + more);
    return (more == 1 || more == 2) && (plain->codes[behind] == MONTH || skip_mark(plain, behind));
}

static size_t read_dates(const struct plain *plain, size_t at, size_t digits, struct dates *dates)
{
    size_t end = skip_spaces(plain, at + digits);
    memset(dates, 0, sizeof *dates);
    dates->year = dates->to_year = value_of(plain, at, digits);
    if (digits == 5 && plain->codes[end] == YEAR && plain->codes[at] == '2' &&
        plain->codes[at + 1] == '0') {
        mark_wrong(dates, at, end + 1);
        dates->year = dates->to_year = 0;
        return end + 1;
    }
    if (is_year_slip(plain, at, digits, end)) {
        mark_wrong(dates, at, end + 1);
        dates->year = dates->to_year = 0;
        return end + 1;
    }
    if (digits != 4 || !is_year(dates->year))
        return 0;
    if (plain->codes[end] != YEAR)
        return read_pair_of_years(plain, at, dates);
    end = read_month(plain, end + 1, dates->year, &dates->month, dates);
    dates->to_month = dates->month;
    return read_second(plain, end, dates);
}

bool dates_next(const struct plain *plain, size_t *at, struct dates *dates)
{
    for (size_t i = *at; (i = plain_next_mark(plain, i)) < plain->length;) {
        size_t digits = count_digits(plain, i);
        if (!digits) {
            i++;
            continue;
        }
        bool glued = i > 0 && (plain->codes[i - 1] == '.' ||
                               (plain->codes[i - 1] < 0x80 && plain->codes[i - 1] >= 'A'));
        size_t end = digits < 4 || (glued && digits != 4) ? 0 : read_dates(plain, i, digits, dates);
        if (end) {
            dates->span = (struct span){i, end};
            *at = end;
            return true;
        }
        i += digits;
    }
    *at = plain->length;
    return false;
}
