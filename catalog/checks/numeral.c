#include "catalog/checks/numeral.h"

#include <string.h>

enum { MAX_DIGITS = 15 };

static int chinese_digit(uint32_t code)
{
    static const struct {
        uint32_t code;
        int value;
    } digits[] = {{0x4E00, 1}, {0x4E8C, 2}, {0x4E09, 3}, {0x56DB, 4}, {0x4E94, 5}, {0x516D, 6},
                  {0x4E03, 7}, {0x516B, 8}, {0x4E5D, 9}, {0x4E24, 2}, {0x96F6, 0}, {0x3007, 0},
                  {0x58F9, 1}, {0x8D30, 2}, {0x53C1, 3}, {0x8086, 4}, {0x4F0D, 5}, {0x9646, 6},
                  {0x67D2, 7}, {0x634C, 8}, {0x7396, 9}, {0x8CB3, 2}, {0x53C3, 3}, {0x9678, 6}};
    for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
        if (digits[i].code == code)
            return digits[i].value;
    return -1;
}

static int64_t chinese_magnitude(uint32_t code)
{
    switch (code) {
    case 0x5341: /* 十 拾 */
    case 0x62FE:
        return 10;
    case 0x767E: /* 百 佰 */
    case 0x4F70:
        return 100;
    case 0x5343: /* 千 仟 */
    case 0x4EDF:
        return 1000;
    default:
        return 0;
    }
}

static int64_t chinese_section(uint32_t code)
{
    return code == 0x4E07 || code == 0x842C ? 10000 : code == 0x4EBF ? 100000000 : 0;
}

/* 一百二十 | 三千五百 | 十五; sets *at behind it. */
static bool read_section(const struct plain *plain, size_t *at, int64_t *value, bool *magnitude)
{
    size_t i = *at;
    int64_t sum = 0, digit = -1;
    for (; i < plain->length; i++) {
        int next = chinese_digit(plain->codes[i]);
        int64_t scale = chinese_magnitude(plain->codes[i]);
        if (next >= 0) {
            if (digit > 0)
                break; /* 二六: digits in a row are no number of this kind */
            digit = next;
        } else if (scale && (digit > 0 || (scale == 10 && digit <= 0 && sum % 100 == 0))) {
            sum += (digit > 0 ? digit : 1) * scale;
            digit = -1;
            *magnitude = true;
        } else {
            break;
        }
    }
    if (i == *at || sum > 100000)
        return false;
    *value = sum + (digit > 0 ? digit : 0);
    *at = i;
    return true;
}

static bool read_chinese(const struct plain *plain, size_t *at, struct numeral *numeral)
{
    int64_t total = 0, value = 0;
    size_t i = *at;
    numeral->chinese = true;
    if (!read_section(plain, &i, &value, &numeral->magnitude))
        return false;
    for (;;) {
        int64_t scale = chinese_section(plain->codes[i]);
        int64_t more = 0;
        size_t next = i + 1;
        if (!scale || total || !read_section(plain, &next, &more, &numeral->magnitude))
            break;
        /* 五万三 is 53,000: too rare and too doubtful to be read */
        if (more < 10 && chinese_digit(plain->codes[i + 1]) > 0 && scale == 10000)
            break;
        numeral->magnitude = true;
        total = value * scale;
        value = more;
        i = next;
    }
    numeral->mantissa = total + value;
    *at = i;
    return numeral->mantissa > 0;
}

static size_t skip_spaces(const struct plain *plain, size_t at)
{
    while (at < plain->length && plain_is_space(plain->codes[at]))
        at++;
    return at;
}

static size_t count_digits(const struct plain *plain, size_t at)
{
    size_t count = 0;
    while (at + count < plain->length && plain_is_digit(plain->codes[at + count]))
        count++;
    return count;
}

static void push_digits(struct numeral *numeral, const struct plain *plain, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i++)
        numeral->mantissa = numeral->mantissa * 10 + (int64_t)(plain->codes[at + i] - '0');
}

/* Groups of three after commas; a group may be parted by a space, as PDFs do: "670,00 0". */
static size_t read_groups(const struct plain *plain, size_t i, struct numeral *numeral)
{
    while (i < plain->length && plain->codes[i] == ',' && numeral->digits < MAX_DIGITS) {
        size_t count = count_digits(plain, i + 1);
        size_t rest_at = skip_spaces(plain, i + 1 + count);
        size_t rest = rest_at > i + 1 + count ? count_digits(plain, rest_at) : 0;
        if (count == 3) {
            push_digits(numeral, plain, i + 1, 3);
            i += 4;
        } else if (count > 0 && count < 3 && count + rest == 3) {
            push_digits(numeral, plain, i + 1, count);
            push_digits(numeral, plain, rest_at, rest);
            numeral->parted = true;
            i = rest_at + rest;
        } else {
            break;
        }
        numeral->grouped = true;
        numeral->digits += 3;
    }
    return i;
}

/* 5 350 000: groups of three after single spaces. */
static size_t read_spaced_groups(const struct plain *plain, size_t i, struct numeral *numeral)
{
    while (i < plain->length && plain->codes[i] == ' ' && count_digits(plain, i + 1) == 3 &&
           numeral->digits + 3 <= MAX_DIGITS) {
        push_digits(numeral, plain, i + 1, 3);
        numeral->digits += 3;
        numeral->parted = true;
        i += 4;
    }
    return i;
}

static bool read_arabic(const struct plain *plain, size_t *at, struct numeral *numeral)
{
    size_t i = *at, count = count_digits(plain, i);
    *at = i + count;
    if (count > MAX_DIGITS)
        return false;
    push_digits(numeral, plain, i, count);
    numeral->digits = (int)count;
    i += count;
    if (count <= 3 && plain->codes[i] == ',')
        i = read_groups(plain, i, numeral);
    else if (count <= 3 && plain->codes[i] == ' ')
        i = read_spaced_groups(plain, i, numeral);
    if (plain->codes[i] == '.') {
        size_t places = count_digits(plain, i + 1);
        *at = i + 1 + places;
        if (places > 6 || (int)places + numeral->digits > MAX_DIGITS)
            return false;
        if (places > 0 && plain->codes[i + 1 + places] == '.' &&
            plain_is_digit(plain->codes[i + 2 + places]))
            return false;
        push_digits(numeral, plain, i + 1, places);
        numeral->decimals = (int)places;
        if (places)
            i += 1 + places;
    }
    *at = i;
    return true;
}

bool numeral_read(const struct plain *plain, size_t *at, struct numeral *numeral)
{
    memset(numeral, 0, sizeof *numeral);
    if (*at < plain->length && plain_is_digit(plain->codes[*at]))
        return read_arabic(plain, at, numeral);
    size_t start = *at;
    if (*at < plain->length && numeral_starts(plain->codes[*at]) &&
        read_chinese(plain, at, numeral))
        return true;
    *at = start + 1;
    return false;
}
