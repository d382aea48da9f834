#ifndef JINMU_STRBUF_H
#define JINMU_STRBUF_H

#include <stddef.h>

/* A growing byte string, always ended by NUL. `{0}` is a valid empty one. Running out of memory
 * aborts: no caller could go on. */
struct strbuf {
    char *text;
    size_t length;
    size_t capacity;
};

/* Makes the buffer larger, for so many bytes and a NUL. */
void strbuf_grow(struct strbuf *buffer, size_t extra);
void strbuf_add(struct strbuf *buffer, const char *bytes, size_t length);
/* Room for `extra` more bytes at the end, to be written there; then strbuf_end says where they end. */
static inline char *strbuf_room(struct strbuf *buffer, size_t extra)
{
    if (buffer->capacity - buffer->length <= extra)
        strbuf_grow(buffer, extra);
    return buffer->text + buffer->length;
}
static inline void strbuf_end(struct strbuf *buffer, char *end)
{
    buffer->length = (size_t)(end - buffer->text);
    *end = 0;
}
void strbuf_puts(struct strbuf *buffer, const char *text);
void strbuf_printf(struct strbuf *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Empties the buffer and keeps its memory. */
void strbuf_reset(struct strbuf *buffer);
/* Hands the text to the caller (free()), never NULL; the buffer is empty afterwards. */
char *strbuf_take(struct strbuf *buffer);
void strbuf_free(struct strbuf *buffer);

/* calloc/realloc/strdup that abort when memory is out. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
/* Room for one more behind `count` elements of `size` bytes: doubled at each power of two. */
void *xgrow(void *memory, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);

#endif
