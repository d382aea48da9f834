#include "common/text.h"

#include "common/strbuf.h"
#include "common/variants.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
    UNITS = 0x10000,
    DROPPED = 0,      /* white space and marks: gives no unit */
    EXPANDED = 0xFFFF /* gives several units: ask utf8proc */
};

struct folder {
    uint16_t simple[UNITS];
};

/* Reads one code point of a well-formed text and moves on; 0 at the end. */
static uint32_t next_code_point(const unsigned char **at, const unsigned char *end)
{
    const unsigned char *b = *at;
    if (b >= end)
        return 0;
    if ((b[0] & 0xF0) == 0xE0) { /* hanzi first: they are most of every text */
        *at = b + 3;
        return (uint32_t)((b[0] & 0x0F) << 12 | (b[1] & 0x3F) << 6 | (b[2] & 0x3F));
    }
    if (b[0] < 0x80) {
        *at = b + 1;
        return b[0];
    }
    if (b[0] < 0xE0) {
        *at = b + 2;
        return (uint32_t)((b[0] & 0x1F) << 6 | (b[1] & 0x3F));
    }
    *at = b + 4;
    return (uint32_t)((b[0] & 0x07) << 18 | (b[1] & 0x3F) << 12 | (b[2] & 0x3F) << 6 |
                      (b[3] & 0x3F));
}

/* A code point of three bytes, as hanzi are, that is surely well-formed: no overlong form (E0) and no
 * surrogate (ED). */
static inline bool is_plain_three(const unsigned char *at)
{
    return (at[0] & 0xF0) == 0xE0 && at[0] != 0xE0 && at[0] != 0xED && (at[1] & 0xC0) == 0x80 &&
           (at[2] & 0xC0) == 0x80;
}

bool text_is_utf8(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes, *end = at + length;
    while (at < end) {
        if (end - at >= 3 && is_plain_three(at)) {
            at += 3;
            continue;
        }
        if (*at < 0x80) {
            if (*at++ == 0)
                return false;
            continue;
        }
        utf8proc_int32_t code;
        utf8proc_ssize_t used = utf8proc_iterate(at, end - at, &code);
        if (used <= 0)
            return false;
        at += used;
    }
    return true;
}

size_t text_length(const char *utf8)
{
    size_t count = 0;
    for (; *utf8; utf8++)
        count += (*utf8 & 0xC0) != 0x80;
    return count;
}

/* How many bytes a code point has that begins with this one. */
static inline size_t bytes_of(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

size_t text_offset(const char *utf8, size_t index)
{
    const char *at = utf8;
    for (; index && *at; index--)
        at += bytes_of((unsigned char)*at);
    return (size_t)(at - utf8);
}

char *text_cut(const char *utf8, struct span span)
{
    size_t from = text_offset(utf8, span.start);
    size_t length = span.end > span.start ? text_offset(utf8 + from, span.end - span.start) : 0;
    return xstrndup(utf8 + from, length);
}

static uint32_t simplified(uint32_t code)
{
    size_t low = 0, high = sizeof variants / sizeof *variants;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (variants[middle][0] < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < sizeof variants / sizeof *variants && variants[low][0] == code)
        return variants[low][1];
    return code;
}

/* Forms that NFKC leaves apart though a clerk uses them for one another. */
static uint32_t unified_mark(uint32_t code)
{
    switch (code) {
    case 0x3014: /* 〔 */
    case 0x3010: /* 【 */
    case '{':
    case '[':
        return '(';
    case 0x3015: /* 〕 */
    case 0x3011: /* 】 */
    case '}':
    case ']':
        return ')';
    case 0x201C: /* “ ” ‘ ’ 「 」 */
    case 0x201D:
    case 0x2018:
    case 0x2019:
    case 0x300C:
    case 0x300D:
    case '\'':
        return '"';
    case 0x2013: /* – — ～ 〜 */
    case 0x2014:
    case 0x301C:
    case '~':
        return '-';
    case 0x3001: /* 、 */
        return ',';
    case 0x3002: /* 。 */
        return '.';
    default:
        return code;
    }
}

static bool is_dropped(uint32_t code)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
    return category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP || category == UTF8PROC_CATEGORY_CC ||
           category == UTF8PROC_CATEGORY_CF || category == UTF8PROC_CATEGORY_MN;
}

/* The folded units of one code point; returns how many (0 to 18, what NFKC may give). */
static size_t fold_code_point(uint32_t code, uint16_t out[18])
{
    utf8proc_int32_t parts[18];
    int boundary = 0;
    if (is_dropped(code))
        return 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(
        (utf8proc_int32_t)code, parts, 18, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD,
        &boundary);
    size_t used = 0;
    for (utf8proc_ssize_t i = 0; i < count && i < 18; i++) {
        uint32_t part = unified_mark(simplified((uint32_t)parts[i]));
        if (is_dropped(part))
            continue;
        out[used++] = part < EXPANDED ? (uint16_t)part : 0xFFFD;
    }
    return used;
}

struct folder *folder_new(void)
{
    struct folder *folder = xcalloc(1, sizeof *folder);
    for (uint32_t code = 1; code < UNITS; code++) {
        uint16_t units[18];
        size_t count = code >= 0xD800 && code < 0xE000 ? 0 : fold_code_point(code, units);
        folder->simple[code] = count == 0 ? DROPPED : count == 1 ? units[0] : EXPANDED;
    }
    return folder;
}

void folder_destroy(struct folder **folder)
{
    free(*folder);
    *folder = NULL;
}

static void reserve(struct folded *out, size_t units)
{
    if (units <= out->capacity)
        return;
    out->capacity = units * 3 / 2 + 64;
    out->units = xrealloc(out->units, out->capacity * sizeof *out->units);
    out->origin = xrealloc(out->origin, out->capacity * sizeof *out->origin);
}

/* Adds a code point that gives several units, or lies beyond the table. */
static size_t add_expanded(struct folded *out, size_t length, uint32_t code, uint32_t index,
                           size_t bytes_left)
{
    uint16_t units[18];
    size_t count = fold_code_point(code, units);
    reserve(out, length + count + bytes_left + 1);
    for (size_t i = 0; i < count; i++) {
        out->units[length] = units[i];
        out->origin[length++] = index;
    }
    return length;
}

void folder_fold(const struct folder *folder, const char *utf8, size_t bytes, struct folded *out)
{
    const unsigned char *at = (const unsigned char *)utf8, *end = at + bytes;
    reserve(out, bytes + 1);
    uint16_t *units = out->units;
    uint32_t *origin = out->origin, index = 0;
    size_t length = 0;
    for (uint32_t code; (code = next_code_point(&at, end)) != 0; index++) {
        uint16_t unit = code < UNITS ? folder->simple[code] : EXPANDED;
        if (unit == EXPANDED) {
            length = add_expanded(out, length, code, index, (size_t)(end - at));
            units = out->units;
            origin = out->origin;
            continue;
        }
        /* what is dropped is written over by the next one */
        units[length] = unit;
        origin[length] = index;
        length += unit != DROPPED;
    }
    out->length = length;
    out->code_points = index;
}

struct span folded_span(const struct folded *folded, size_t from, size_t to)
{
    return (struct span){folded->origin[from], (size_t)folded->origin[to - 1] + 1};
}

void folded_slice(const struct folded *folded, size_t from, size_t to, struct folded *out)
{
    reserve(out, to - from + 1);
    memcpy(out->units, folded->units + from, (to - from) * sizeof *out->units);
    memcpy(out->origin, folded->origin + from, (to - from) * sizeof *out->origin);
    out->length = to - from;
    out->code_points = folded->code_points;
}

void folded_free(struct folded *folded)
{
    free(folded->units);
    free(folded->origin);
    *folded = (struct folded){0};
}

char *folder_fold_utf8(const struct folder *folder, const char *utf8)
{
    struct folded folded = {0};
    struct strbuf text = {0};
    folder_fold(folder, utf8, strlen(utf8), &folded);
    for (size_t i = 0; i < folded.length; i++) {
        utf8proc_uint8_t bytes[4];
        utf8proc_ssize_t used = utf8proc_encode_char(folded.units[i], bytes);
        strbuf_add(&text, (const char *)bytes, (size_t)used);
    }
    folded_free(&folded);
    return strbuf_take(&text);
}
