#include "common/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fputs("out of memory\n", stderr);
    abort();
}

void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        out_of_memory();
    return memory;
}

void *xrealloc(void *memory, size_t size)
{
    void *larger = realloc(memory, size ? size : 1);
    if (!larger)
        out_of_memory();
    return larger;
}

void *xgrow(void *memory, size_t count, size_t size)
{
    return count & (count - 1) ? memory : xrealloc(memory, (count ? count * 2 : 1) * size);
}

char *xstrndup(const char *text, size_t length)
{
    char *copy = xcalloc(length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

void strbuf_grow(struct strbuf *buffer, size_t extra)
{
    size_t needed = buffer->length + extra + 1;
    size_t capacity = buffer->capacity ? buffer->capacity : 64;
    while (capacity < needed)
        capacity *= 2;
    buffer->text = xrealloc(buffer->text, capacity);
    buffer->capacity = capacity;
}

void strbuf_add(struct strbuf *buffer, const char *bytes, size_t length)
{
    char *at = strbuf_room(buffer, length);
    if (length)
        memcpy(at, bytes, length);
    strbuf_end(buffer, at + length);
}

void strbuf_puts(struct strbuf *buffer, const char *text)
{
    strbuf_add(buffer, text, strlen(text));
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length > 0) {
        char *at = strbuf_room(buffer, (size_t)length);
        vsnprintf(at, (size_t)length + 1, format, again);
        buffer->length += (size_t)length;
    }
    va_end(again);
}

void strbuf_reset(struct strbuf *buffer)
{
    buffer->length = 0;
    if (buffer->text)
        buffer->text[0] = 0;
}

char *strbuf_take(struct strbuf *buffer)
{
    *strbuf_room(buffer, 0) = 0;
    char *text = buffer->text;
    *buffer = (struct strbuf){0};
    return text;
}

void strbuf_free(struct strbuf *buffer)
{
    free(buffer->text);
    *buffer = (struct strbuf){0};
}
