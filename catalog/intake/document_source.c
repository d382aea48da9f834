#include "catalog/intake/document_source.h"

#include "catalog/intake/document_project.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { LONGEST_CHARACTER = 4 };

/* Where the bytes stop being UTF-8 (or hold a NUL); `length` when they do not. */
static size_t valid_prefix(const char *bytes, size_t length)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)bytes;
    size_t i = 0;
    while (i < length) {
        utf8proc_int32_t code;
        utf8proc_ssize_t used = utf8proc_iterate(at + i, (utf8proc_ssize_t)(length - i), &code);
        if (used <= 0 || code == 0)
            return i;
        i += (size_t)used;
    }
    return length;
}

/* Whether the bytes from `from` on are the beginning of one character that the end cut off. */
static bool is_cut_character(const char *bytes, size_t length, size_t from)
{
    const unsigned char *b = (const unsigned char *)bytes;
    if (from == 0 || length - from >= LONGEST_CHARACTER || b[from] < 0xC2 || b[from] > 0xF4)
        return false;
    for (size_t i = from + 1; i < length; i++)
        if ((b[i] & 0xC0) != 0x80)
            return false;
    return true;
}

/* The bytes in UTF-8, or NULL when they are not well-formed in that encoding. */
static char *converted(const char *encoding, const char *bytes, size_t length, size_t *out_length)
{
    iconv_t converter = iconv_open("UTF-8", encoding);
    if (converter == (iconv_t)-1)
        return NULL;
    struct strbuf out = {0};
    char *in = (char *)bytes; /* iconv does not write to it */
    size_t left = length;
    bool good = true;
    while (left > 0 && good) {
        char piece[4096];
        char *to = piece;
        size_t room = sizeof piece;
        if (iconv(converter, &in, &left, &to, &room) == (size_t)-1 && errno != E2BIG)
            good = errno == EINVAL && left < LONGEST_CHARACTER && left < length;
        bool stuck = to == piece;
        strbuf_add(&out, piece, (size_t)(to - piece));
        if (stuck)
            break;
    }
    iconv_close(converter);
    if (!good || left >= LONGEST_CHARACTER) {
        strbuf_free(&out);
        return NULL;
    }
    *out_length = out.length;
    return strbuf_take(&out);
}

/* Other encodings decode almost anything to some text: it has to be one of our documents. */
static bool is_plausible(const char *text, size_t length)
{
    if (memchr(text, 0, length) || !text_is_utf8(text, length))
        return false;
    return memmem(text, length, "项目", strlen("项目")) ||
           memmem(text, length, "预算", strlen("预算")) ||
           memmem(text, length, "单位", strlen("单位"));
}

static size_t line_of(const char *bytes, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at; i++)
        line += bytes[i] == '\n';
    return line;
}

char *document_source(const char *bytes, size_t length, size_t *out_length, struct jv *findings,
                      struct fault *fault)
{
    static const struct {
        const char *name;
        unsigned char mark[3];
        size_t mark_length;
    } encodings[] = {{"UTF-16LE", {0xFF, 0xFE, 0}, 2},
                     {"UTF-16BE", {0xFE, 0xFF, 0}, 2},
                     {"GB18030", {0, 0, 0}, 0}};
    if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    size_t valid = valid_prefix(bytes, length);
    if (valid < length && is_cut_character(bytes, length, valid)) {
        document_finding(findings, "intake.cut_off", "warning", line_of(bytes, valid),
                         "文件在一个字符中间结束，可能不完整");
        length = valid;
    }
    if (valid == length) {
        *out_length = length;
        return xstrndup(bytes, length);
    }
    for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        size_t mark = encodings[i].mark_length;
        if (length < mark || (mark && memcmp(bytes, encodings[i].mark, mark) != 0))
            continue;
        char *text = converted(encodings[i].name, bytes + mark, length - mark, out_length);
        if (text && is_plausible(text, *out_length)) {
            document_finding(findings, "intake.converted", "info", 1, "文件是%s编码，已转换为UTF-8",
                             encodings[i].name);
            return text;
        }
        free(text);
    }
    fault_set(fault, "document.not_text",
              "不是可读的文本：第%zu行（第%zu字节）起不是UTF-8，也不是GB18030；"
              "请另存为UTF-8文本后重试",
              line_of(bytes, valid), valid + 1);
    return NULL;
}
