#include "common/json_writer.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

/* Brackets, commas and colons are ours; how a character is escaped, the library says. */
struct jw {
    yajl_gen escaper;
    struct strbuf escaped; /* of one character, in quotation marks */
    struct strbuf *out;
    bool comma; /* wanted before the next key or value */
};

static void take_escaped(void *writer, const char *bytes, size_t length)
{
    strbuf_add(&((struct jw *)writer)->escaped, bytes, length);
}

struct jw *jw_new(void)
{
    struct jw *writer = xcalloc(1, sizeof *writer);
    writer->escaper = yajl_gen_alloc(NULL);
    if (!writer->escaper)
        abort();
    yajl_gen_config(writer->escaper, yajl_gen_print_callback, take_escaped, writer);
    return writer;
}

void jw_destroy(struct jw **writer)
{
    if (!*writer)
        return;
    yajl_gen_free((*writer)->escaper);
    strbuf_free(&(*writer)->escaped);
    free(*writer);
    *writer = NULL;
}

void jw_begin(struct jw *writer, struct strbuf *out)
{
    writer->out = out;
    writer->comma = false;
}

/* Room for a key or value of so many bytes, behind the comma that it may need. */
static char *begin(struct jw *writer, size_t bytes)
{
    char *at = strbuf_room(writer->out, bytes + 1);
    if (writer->comma)
        *at++ = ',';
    return at;
}

static void end(struct jw *writer, char *at, bool comma)
{
    strbuf_end(writer->out, at);
    writer->comma = comma;
}

static void put_word(struct jw *writer, const char *word, size_t bytes)
{
    char *at = begin(writer, bytes);
    memcpy(at, word, bytes);
    end(writer, at + bytes, true);
}

static void open(struct jw *writer, char bracket)
{
    char *at = begin(writer, 1);
    *at = bracket;
    end(writer, at + 1, false);
}

static void close(struct jw *writer, char bracket)
{
    char *at = strbuf_room(writer->out, 1);
    *at = bracket;
    end(writer, at + 1, true);
}

void jw_object(struct jw *writer)
{
    open(writer, '{');
}

void jw_end_object(struct jw *writer)
{
    close(writer, '}');
}

void jw_array(struct jw *writer)
{
    open(writer, '[');
}

void jw_end_array(struct jw *writer)
{
    close(writer, ']');
}

static bool is_escaped(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

typedef unsigned char block __attribute__((vector_size(16)));

/* Copies sixteen bytes; which of them have to be escaped. */
static inline block copy_block(char *to, const char *from)
{
    block some;
    memcpy(&some, from, sizeof some);
    memcpy(to, &some, sizeof some);
    return (block)(some < 0x20) | (block)(some == '"') | (block)(some == '\\');
}

/* Copies the bytes; whether one of them has to be escaped. By sixteen, for which compilers have
 * vectors; the last sixteen may be some of those before them. */
static bool copy_text(char *to, const char *from, size_t bytes)
{
    block escaped = {0};
    bool any = false;
    if (bytes < sizeof escaped) {
        for (size_t at = 0; at < bytes; at++) {
            any |= is_escaped((unsigned char)from[at]);
            to[at] = from[at];
        }
        return any;
    }
    for (size_t at = 0; at + sizeof escaped < bytes; at += sizeof escaped)
        escaped |= copy_block(to + at, from + at);
    escaped |= copy_block(to + bytes - sizeof escaped, from + bytes - sizeof escaped);
    uint64_t halves[2];
    memcpy(halves, &escaped, sizeof halves);
    return halves[0] || halves[1];
}

static void put_escaped(struct jw *writer, const char *text, size_t bytes)
{
    for (size_t from = 0, at = 0; at < bytes; from = ++at) {
        while (at < bytes && !is_escaped((unsigned char)text[at]))
            at++;
        strbuf_add(writer->out, text + from, at - from);
        if (at == bytes)
            return;
        strbuf_reset(&writer->escaped);
        yajl_gen_reset(writer->escaper, NULL);
        yajl_gen_string(writer->escaper, (const unsigned char *)text + at, 1);
        strbuf_add(writer->out, writer->escaped.text + 1, writer->escaped.length - 2);
    }
}

/* A text in quotation marks; `colon` behind that of a key. */
static void put_text(struct jw *writer, const char *text, size_t bytes, bool colon)
{
    char *at = begin(writer, bytes + 3);
    *at++ = '"';
    if (copy_text(at, text, bytes)) {
        strbuf_end(writer->out, at);
        put_escaped(writer, text, bytes);
        at = strbuf_room(writer->out, 2);
    } else {
        at += bytes;
    }
    *at++ = '"';
    if (colon)
        *at++ = ':';
    end(writer, at, !colon);
}

void jw_text_part(struct jw *writer, const char *utf8, size_t bytes)
{
    put_text(writer, utf8, bytes, false);
}

void jw_key_part(struct jw *writer, const char *name, size_t bytes)
{
    char *at = begin(writer, bytes + 3);
    *at++ = '"';
    memcpy(at, name, bytes);
    at += bytes;
    *at++ = '"';
    *at++ = ':';
    end(writer, at, false);
}

void jw_members(struct jw *writer, const char *json, size_t bytes)
{
    put_word(writer, json, bytes);
}

void jw_null(struct jw *writer)
{
    put_word(writer, "null", 4);
}

void jw_integer(struct jw *writer, long long number)
{
    char digits[24], *at = digits + sizeof digits;
    unsigned long long left =
        number < 0 ? 0ull - (unsigned long long)number : (unsigned long long)number;
    do
        *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--at = '-';
    put_word(writer, at, (size_t)(digits + sizeof digits - at));
}

static void put_real(struct jw *writer, double number)
{
    char text[40];
    int length = snprintf(text, sizeof text, "%.15g", number);
    put_word(writer, text, (size_t)length);
}

void jw_number(struct jw *writer, double number)
{
    if (!isfinite(number))
        jw_null(writer);
    else if (fabs(number) < 9e15 && number == floor(number))
        jw_integer(writer, (long long)number);
    else
        put_real(writer, number);
}

void jw_probability(struct jw *writer, double probability)
{
    enum { SCALE = 10000 };
    if (!isfinite(probability)) {
        jw_number(writer, probability);
        return;
    }
    long parts = lround(probability * SCALE);
    char text[24] = "0.";
    if (parts <= 0 || parts >= SCALE) {
        jw_integer(writer, parts > 0);
        return;
    }
    int length = 2;
    for (long unit = SCALE / 10; parts; parts %= unit, unit /= 10)
        text[length++] = (char)('0' + parts / unit);
    put_word(writer, text, (size_t)length);
}

void jw_bool(struct jw *writer, bool truth)
{
    put_word(writer, truth ? "true" : "false", truth ? 4 : 5);
}

static void write_tree(struct jw *writer, json_t *value);

static void write_object(struct jw *writer, json_t *object)
{
    const char *name;
    json_t *value;
    jw_object(writer);
    json_object_foreach(object, name, value)
    {
        put_text(writer, name, strlen(name), true);
        write_tree(writer, value);
    }
    jw_end_object(writer);
}

static void write_array(struct jw *writer, json_t *array)
{
    size_t i;
    json_t *value;
    jw_array(writer);
    json_array_foreach(array, i, value) write_tree(writer, value);
    jw_end_array(writer);
}

/* A number that was read with a point keeps one: 1.0 stays a real. */
static void write_real(struct jw *writer, double number)
{
    if (number == floor(number) && fabs(number) < 1e15) {
        char text[40];
        int length = snprintf(text, sizeof text, "%.1f", number);
        put_word(writer, text, (size_t)length);
    } else {
        put_real(writer, number);
    }
}

static void write_tree(struct jw *writer, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(writer, value);
        break;
    case JSON_ARRAY:
        write_array(writer, value);
        break;
    case JSON_STRING:
        jw_text_part(writer, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        jw_integer(writer, json_integer_value(value));
        break;
    case JSON_REAL:
        write_real(writer, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        jw_bool(writer, json_is_true(value));
        break;
    case JSON_NULL:
        jw_null(writer);
        break;
    }
}

void jw_value(struct jw *writer, const struct jv *value)
{
    write_tree(writer, (json_t *)(uintptr_t)value);
}
