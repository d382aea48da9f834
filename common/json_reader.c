#include "common/json_reader.h"

#include "common/json_writer.h"
#include "common/strbuf.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

enum { NUMBER_BYTES = 64 };

struct reader {
    json_t *root;
    json_t *open[JW_DEPTH]; /* containers that have begun and not ended */
    size_t depth;
    struct strbuf key; /* of the value that comes next */
    yajl_handle parser;
    size_t end; /* bytes, as far as the root goes */
};

/* Puts a value where it belongs. 0 ends the parsing. */
static int put(struct reader *reader, json_t *value)
{
    if (!value)
        return 0;
    if (reader->depth == 0) {
        reader->root = value;
        return 1;
    }
    json_t *parent = reader->open[reader->depth - 1];
    if (json_is_array(parent))
        return json_array_append_new(parent, value) == 0;
    size_t members = json_object_size(parent);
    return json_object_setn_new_nocheck(parent, reader->key.text, reader->key.length, value) == 0 &&
           json_object_size(parent) > members; /* none is there twice */
}

static int open_container(struct reader *reader, json_t *container)
{
    if (reader->depth == JW_DEPTH) {
        json_decref(container);
        return 0;
    }
    if (!put(reader, container))
        return 0;
    reader->open[reader->depth++] = container;
    return 1;
}

static int read_null(void *reader)
{
    return put(reader, json_null());
}

static int read_boolean(void *reader, int truth)
{
    return put(reader, json_boolean(truth));
}

static int read_number(void *reader, const char *text, size_t length)
{
    char number[NUMBER_BYTES], *end;
    if (length >= sizeof number)
        return 0;
    memcpy(number, text, length);
    number[length] = 0;
    errno = 0;
    json_t *value = strpbrk(number, ".eE") ? json_real(strtod(number, &end))
                                           : json_integer(strtoll(number, &end, 10));
    if (errno || *end) {
        json_decref(value);
        return 0;
    }
    return put(reader, value);
}

static int read_string(void *reader, const unsigned char *text, size_t length)
{
    return put(reader, json_stringn_nocheck((const char *)text, length));
}

static int begin_object(void *reader)
{
    return open_container(reader, json_object());
}

static int read_key(void *reader, const unsigned char *text, size_t length)
{
    struct strbuf *key = &((struct reader *)reader)->key;
    strbuf_reset(key);
    strbuf_add(key, (const char *)text, length);
    return 1;
}

static int begin_array(void *reader)
{
    return open_container(reader, json_array());
}

static int end_container(void *argument)
{
    struct reader *reader = argument;
    if (--reader->depth == 0)
        reader->end = yajl_get_bytes_consumed(reader->parser);
    return 1;
}

static const yajl_callbacks callbacks = {.yajl_null = read_null,
                                         .yajl_boolean = read_boolean,
                                         .yajl_number = read_number,
                                         .yajl_string = read_string,
                                         .yajl_start_map = begin_object,
                                         .yajl_map_key = read_key,
                                         .yajl_end_map = end_container,
                                         .yajl_start_array = begin_array,
                                         .yajl_end_array = end_container};

static size_t skip_spaces(const char *bytes, size_t length, size_t at)
{
    while (at < length &&
           (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t'))
        at++;
    return at;
}

/* yajl takes vertical tabs and form feeds for white space, half a surrogate pair for a "?", and is not
 * strict about what stands behind the root, least of all behind a number. */
static bool is_doubtful(const char *bytes, size_t length)
{
    size_t at = skip_spaces(bytes, length, 0);
    return at == length || (bytes[at] != '{' && bytes[at] != '[') || memchr(bytes, '\v', length) ||
           memchr(bytes, '\f', length) || memmem(bytes, length, "\\u", 2);
}

json_t *json_reader_read(const char *bytes, size_t length)
{
    if (is_doubtful(bytes, length))
        return NULL;
    struct reader reader = {.root = NULL};
    reader.parser = yajl_alloc(&callbacks, NULL, &reader);
    if (!reader.parser)
        return NULL;
    yajl_config(reader.parser, yajl_dont_validate_strings, 1); /* the caller has */
    bool read = yajl_parse(reader.parser, (const unsigned char *)bytes, length) == yajl_status_ok &&
                reader.root && reader.depth == 0 &&
                skip_spaces(bytes, length, reader.end) == length;
    yajl_free(reader.parser);
    strbuf_free(&reader.key);
    if (read)
        return reader.root;
    json_decref(reader.root);
    return NULL;
}
