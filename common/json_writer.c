#include "common/json_writer.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

struct jw {
    yajl_gen generator;
    struct strbuf *out;
};

static void print(void *writer, const char *bytes, size_t length)
{
    strbuf_add(((struct jw *)writer)->out, bytes, length);
}

struct jw *jw_new(void)
{
    struct jw *writer = xcalloc(1, sizeof *writer);
    writer->generator = yajl_gen_alloc(NULL);
    if (!writer->generator)
        abort();
    yajl_gen_config(writer->generator, yajl_gen_print_callback, print, writer);
    return writer;
}

void jw_destroy(struct jw **writer)
{
    if (!*writer)
        return;
    yajl_gen_free((*writer)->generator);
    free(*writer);
    *writer = NULL;
}

void jw_begin(struct jw *writer, struct strbuf *out)
{
    yajl_gen_reset(writer->generator, NULL);
    writer->out = out;
}

void jw_object(struct jw *writer)
{
    yajl_gen_map_open(writer->generator);
}

void jw_end_object(struct jw *writer)
{
    yajl_gen_map_close(writer->generator);
}

void jw_array(struct jw *writer)
{
    yajl_gen_array_open(writer->generator);
}

void jw_end_array(struct jw *writer)
{
    yajl_gen_array_close(writer->generator);
}

void jw_text_part(struct jw *writer, const char *utf8, size_t bytes)
{
    yajl_gen_string(writer->generator, (const unsigned char *)utf8, bytes);
}

void jw_key(struct jw *writer, const char *name)
{
    jw_text_part(writer, name, strlen(name));
}

void jw_text(struct jw *writer, const char *utf8)
{
    if (utf8)
        jw_text_part(writer, utf8, strlen(utf8));
    else
        yajl_gen_null(writer->generator);
}

void jw_integer(struct jw *writer, long long number)
{
    yajl_gen_integer(writer->generator, number);
}

static void put_real(struct jw *writer, double number)
{
    char text[40];
    int length = snprintf(text, sizeof text, "%.15g", number);
    yajl_gen_number(writer->generator, text, (size_t)length);
}

void jw_number(struct jw *writer, double number)
{
    if (!isfinite(number))
        yajl_gen_null(writer->generator);
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
    yajl_gen_number(writer->generator, text, (size_t)length);
}

void jw_bool(struct jw *writer, bool truth)
{
    yajl_gen_bool(writer->generator, truth);
}

static void write_tree(struct jw *writer, json_t *value);

static void write_object(struct jw *writer, json_t *object)
{
    const char *name;
    json_t *value;
    jw_object(writer);
    json_object_foreach(object, name, value)
    {
        jw_key(writer, name);
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
        yajl_gen_number(writer->generator, text, (size_t)length);
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
        yajl_gen_null(writer->generator);
        break;
    }
}

void jw_value(struct jw *writer, const struct jv *value)
{
    write_tree(writer, (json_t *)(uintptr_t)value);
}

void jw_set_text(struct jw *writer, const char *name, const char *utf8)
{
    jw_key(writer, name);
    jw_text(writer, utf8);
}

void jw_set_integer(struct jw *writer, const char *name, long long number)
{
    jw_key(writer, name);
    jw_integer(writer, number);
}

void jw_set_number(struct jw *writer, const char *name, double number)
{
    jw_key(writer, name);
    jw_number(writer, number);
}

void jw_set_probability(struct jw *writer, const char *name, double probability)
{
    jw_key(writer, name);
    jw_probability(writer, probability);
}
