#include "catalog/revision/turtle.h"

#include <string.h>

void turtle_add_iri_part(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte <= 0x20 || strchr("<>\"{}|\\^`%#?:/[]@!$&'()*+,;=", *text))
            strbuf_printf(out, "%%%02X", byte);
        else
            strbuf_add(out, text, 1);
    }
}

void turtle_add_name(struct strbuf *out, const char *revision, const char *department,
                     const char *code)
{
    strbuf_puts(out, "urn:jinmu:catalog:");
    turtle_add_iri_part(out, revision);
    for (int i = 0; i < 2; i++) {
        const char *part = i == 0 ? department : code;
        if (!part)
            return;
        strbuf_puts(out, ":");
        turtle_add_iri_part(out, part);
    }
}

void turtle_add_literal(struct strbuf *out, const char *text)
{
    strbuf_puts(out, "\"");
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (*text == '"' || *text == '\\')
            strbuf_printf(out, "\\%c", *text);
        else if (byte < 0x20)
            strbuf_printf(out, "\\u%04X", byte);
        else
            strbuf_add(out, text, 1);
    }
    strbuf_puts(out, "\"");
}
