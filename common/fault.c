#include "common/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <utf8proc.h>

/* Takes out what is no UTF-8: a character that was cut in two, a file's name in another encoding. */
static void keep_well_formed(char *text)
{
    const utf8proc_uint8_t *at = (const utf8proc_uint8_t *)text;
    char *kept = text;
    while (*at) {
        utf8proc_int32_t code;
        utf8proc_ssize_t used = utf8proc_iterate(at, -1, &code);
        for (utf8proc_ssize_t i = 0; i < used; i++)
            *kept++ = (char)at[i];
        at += used > 0 ? used : 1;
    }
    *kept = 0;
}

int fault_set(struct fault *fault, const char *code, const char *format, ...)
{
    if (!fault)
        return -1;
    snprintf(fault->code, sizeof fault->code, "%s", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    keep_well_formed(fault->message);
    return -1;
}
