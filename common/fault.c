#include "common/fault.h"

#include <stdarg.h>
#include <stdio.h>

int fault_set(struct fault *fault, const char *code, const char *format, ...)
{
    if (!fault)
        return -1;
    snprintf(fault->code, sizeof fault->code, "%s", code);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    return -1;
}
