#include "catalog/intake/document_project.h"

/* A calendar date, as far as a term gives it. */
struct date {
    int year, month;
};

enum { FIRST_YEAR = 2000, LAST_YEAR = 2099, LONG_TERM = 99, MONTHS = 12, DATES = 2 };

static int digits_at(struct slice text, size_t *at)
{
    int number = 0, count = 0;
    while (*at < text.length && count < 6) {
        size_t next = *at;
        uint32_t code = slice_next(text, &next);
        if (code < '0' || code > '9')
            break;
        number = number * 10 + (int)(code - '0');
        count++;
        *at = next;
    }
    return count ? number : -1;
}

static uint32_t skip_spaces(struct slice text, size_t *at)
{
    while (*at < text.length) {
        size_t next = *at;
        uint32_t code = slice_next(text, &next);
        if (!slice_is_space(code))
            return code;
        *at = next;
    }
    return 0;
}

int document_year(struct slice text)
{
    for (size_t at = 0; at < text.length;) {
        size_t next = at;
        uint32_t code = slice_next(text, &next);
        if (code < '0' || code > '9') {
            at = next;
            continue;
        }
        int number = digits_at(text, &at);
        if (number >= FIRST_YEAR && number <= LAST_YEAR && skip_spaces(text, &at) == 0x5E74)
            return number;
    }
    return 0;
}

/* Reads up to two dates (2026年3月, 2026.03, 2026/3, 2026) and what "N年" and "N个月" add up to. */
static int read_dates(struct slice text, struct date dates[DATES], int *years, int *months)
{
    int count = 0;
    for (size_t at = 0; at < text.length;) {
        size_t next = at;
        uint32_t code = slice_next(text, &next);
        if (code < '0' || code > '9') {
            at = next;
            continue;
        }
        int number = digits_at(text, &at);
        uint32_t mark = skip_spaces(text, &at);
        bool dated = number >= FIRST_YEAR && number <= LAST_YEAR;
        if (dated && count < DATES) {
            dates[count++] = (struct date){number, 0};
            bool separated = mark == 0x5E74 || mark == '.' || mark == '/' || mark == '-';
            size_t after = at;
            if (!separated)
                continue;
            slice_next(text, &after);
            skip_spaces(text, &after);
            int month = digits_at(text, &after);
            if (month >= 1 && month <= MONTHS) {
                dates[count - 1].month = month;
                at = after;
            }
        } else if (!dated && mark == 0x5E74) {
            *years = number;
        } else if (!dated && mark == 0x4E2A) { /* 个 */
            *months = number;
        }
    }
    return count;
}

static double chinese_years(struct slice text)
{
    static const char *const numerals[] = {"一年", "二年", "三年", "四年", "五年",
                                           "六年", "七年", "八年", "九年", "十年"};
    for (size_t i = 0; i < sizeof numerals / sizeof *numerals; i++)
        if (slice_has(text, numerals[i]))
            return (double)(i + 1);
    return slice_has(text, "两年") ? 2 : slice_has(text, "长期") ? LONG_TERM : 0;
}

double document_term_years(struct slice text)
{
    struct date dates[DATES];
    int years = 0, months = 0;
    int count = read_dates(text, dates, &years, &months);
    if (years || months)
        return (double)years + (double)months / MONTHS;
    if (count == 0)
        return chinese_years(text);
    if (count == 1)
        return 1;
    int from = dates[0].month ? dates[0].month : 1;
    int to = dates[1].month ? dates[1].month : MONTHS;
    int span = (dates[1].year - dates[0].year) * MONTHS + to - from + 1;
    return span > 0 ? (double)span / MONTHS : 0;
}
