#include "services/cli/html.h"

#include <stdbool.h>
#include <string.h>

static const char *entity_of(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return "\xEF\xBF\xBD";
    }
}

static bool must_change(unsigned char byte)
{
    return strchr("&<>\"'", byte) || byte == 0x7F ||
           (byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r');
}

void html_text(struct strbuf *out, const char *utf8)
{
    const char *plain = utf8;
    for (; *utf8; utf8++)
        if (must_change((unsigned char)*utf8)) {
            strbuf_add(out, plain, (size_t)(utf8 - plain));
            strbuf_puts(out, entity_of(*utf8));
            plain = utf8 + 1;
        }
    strbuf_puts(out, plain);
}
