#include "catalog/intake/document_lines.h"

#include <string.h>
#include <utf8proc.h>

struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

bool slice_is_space(uint32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xA0 || code == 0x3000 ||
           (code >= 0x2000 && code <= 0x200F) || code == 0x2028 || code == 0x2029 ||
           code == 0x202F || code == 0xFEFF;
}

uint32_t slice_next(struct slice slice, size_t *at)
{
    if (*at >= slice.length)
        return 0;
    utf8proc_int32_t code;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)slice.text + *at,
                                             (utf8proc_ssize_t)(slice.length - *at), &code);
    if (used <= 0) { /* cannot be: the text was checked */
        *at += 1;
        return 0xFFFD;
    }
    *at += (size_t)used;
    if (code >= 0xFF01 && code <= 0xFF5E)
        return (uint32_t)code - 0xFEE0;
    return (uint32_t)code;
}

/* The code point that ends before *at, as slice_next gives it, and *at moved to its start. */
static uint32_t slice_previous(struct slice slice, size_t *at)
{
    if (*at == 0)
        return 0;
    size_t start = *at - 1;
    while (start > 0 && ((unsigned char)slice.text[start] & 0xC0) == 0x80)
        start--;
    *at = start;
    size_t after = start;
    return slice_next(slice, &after);
}

struct slice slice_trim(struct slice slice)
{
    size_t start = 0, end = slice.length;
    for (size_t at = 0; at < slice.length && slice_is_space(slice_next(slice, &at));)
        start = at;
    for (size_t at = end; at > start && slice_is_space(slice_previous(slice, &at));)
        end = at;
    return (struct slice){slice.text + start, end - start};
}

size_t slice_code_points(struct slice slice)
{
    size_t count = 0;
    for (size_t i = 0; i < slice.length; i++)
        count += ((unsigned char)slice.text[i] & 0xC0) != 0x80;
    return count;
}

bool slice_equals(struct slice one, struct slice other)
{
    return one.length == other.length && memcmp(one.text, other.text, one.length) == 0;
}

size_t slice_find(struct slice slice, const char *word)
{
    const char *found = slice.length ? memmem(slice.text, slice.length, word, strlen(word)) : NULL;
    return found ? (size_t)(found - slice.text) : SIZE_MAX;
}

bool slice_has(struct slice slice, const char *word)
{
    return slice_find(slice, word) != SIZE_MAX;
}

bool slice_starts(struct slice slice, const char *word)
{
    size_t length = strlen(word);
    return slice.length >= length && memcmp(slice.text, word, length) == 0;
}

bool slice_ends(struct slice slice, const char *word)
{
    size_t length = strlen(word);
    return slice.length >= length && memcmp(slice.text + slice.length - length, word, length) == 0;
}

static bool is_latin(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') ||
           (code >= 'a' && code <= 'z');
}

static bool ends_sentence(uint32_t code)
{
    return code == 0x3002 || code == ';' || code == ':' || code == '!' || code == '?';
}

void slice_join(struct strbuf *text, struct slice more)
{
    more = slice_trim(more);
    if (more.length == 0)
        return;
    if (text->length) {
        struct slice before = {text->text, text->length};
        size_t end = before.length, start = 0;
        uint32_t last = slice_previous(before, &end), first = slice_next(more, &start);
        if (ends_sentence(last))
            strbuf_puts(text, "\n");
        else if (is_latin(last) && is_latin(first))
            strbuf_puts(text, " ");
    }
    size_t from = text->length;
    strbuf_add(text, more.text, more.length);
    for (size_t i = from; i < text->length; i++)
        if (text->text[i] == '\v')
            text->text[i] = '\n';
}

char *slice_tight(struct slice slice)
{
    struct strbuf text = {0};
    uint32_t last = 0;
    bool gap = false;
    slice = slice_trim(slice);
    for (size_t at = 0; at < slice.length;) {
        size_t start = at;
        uint32_t code = slice_next(slice, &at);
        if (slice_is_space(code)) {
            gap = true;
            continue;
        }
        if (gap && last < 0x2E80 && code < 0x2E80)
            strbuf_puts(&text, " ");
        gap = false;
        last = code;
        strbuf_add(&text, slice.text + start, at - start);
    }
    return strbuf_take(&text);
}
