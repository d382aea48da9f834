#include "common/json.h"

#include "common/json_reader.h"
#include "common/json_writer.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *raw(const struct jv *value)
{
    return (json_t *)(uintptr_t)value;
}

/* The library gives NULL for a new value only when memory is out. */
static struct jv *made(json_t *value)
{
    if (!value) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return (struct jv *)value;
}

static bool is_of_type(const struct jv *value, json_type type)
{
    return value && json_typeof(raw(value)) == type;
}

/* Where the string whose text begins at `at` ends: at its quotation mark, or at the end. */
static size_t string_end(const char *bytes, size_t length, size_t at)
{
    for (size_t from = at;; at++) {
        const char *mark = memchr(bytes + at, '"', length - at);
        if (!mark)
            return length;
        at = (size_t)(mark - bytes);
        size_t backslashes = 0;
        while (at - backslashes > from && bytes[at - backslashes - 1] == '\\')
            backslashes++;
        if (backslashes % 2 == 0)
            return at;
    }
}

/* How deep the brackets of a text go, those in strings left out. Only an upper bound is wanted: what
 * is no JSON is told by the parser. */
static size_t depth_of(const char *bytes, size_t length)
{
    size_t depth = 0, deepest = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '"')
            i = string_end(bytes, length, i + 1);
        else if (bytes[i] == '{' || bytes[i] == '[')
            deepest = ++depth > deepest ? depth : deepest;
        else if (bytes[i] == '}' || bytes[i] == ']')
            depth -= depth > 0;
    }
    return deepest;
}

struct jv *jv_read(const char *bytes, size_t length, struct fault *fault)
{
    if (!text_is_utf8(bytes, length)) {
        fault_set(fault, "input.not_utf8", "输入不是有效的 UTF-8 文本");
        return NULL;
    }
    if (depth_of(bytes, length) > JW_DEPTH) {
        fault_set(fault, "input.too_deep", "JSON 的嵌套超过 %d 层", JW_DEPTH);
        return NULL;
    }
    json_t *value = json_reader_read(bytes, length);
    if (value)
        return (struct jv *)value;
    json_error_t error;
    value = json_loadb(bytes, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!value)
        fault_set(fault, "input.not_json", "输入不是有效的 JSON：第 %d 行第 %d 列（%s）",
                  error.line, error.column, error.text);
    return (struct jv *)value;
}

void jv_destroy(struct jv **value)
{
    if (*value)
        json_decref(raw(*value));
    *value = NULL;
}

void jv_append(const struct jv *value, struct strbuf *out)
{
    struct jw *writer = jw_new();
    jw_begin(writer, out);
    jw_value(writer, value);
    jw_destroy(&writer);
}

char *jv_write(const struct jv *value)
{
    struct strbuf text = {0};
    jv_append(value, &text);
    return strbuf_take(&text);
}

int jv_print(const struct jv *value)
{
    char *line = jv_write(value);
    int printed = puts(line);
    free(line);
    return printed < 0 ? -1 : 0;
}

bool jv_is_object(const struct jv *value)
{
    return is_of_type(value, JSON_OBJECT);
}

bool jv_is_array(const struct jv *value)
{
    return is_of_type(value, JSON_ARRAY);
}

bool jv_is_text(const struct jv *value)
{
    return is_of_type(value, JSON_STRING);
}

bool jv_is_number(const struct jv *value)
{
    return is_of_type(value, JSON_INTEGER) || is_of_type(value, JSON_REAL);
}

bool jv_is_null(const struct jv *value)
{
    return !value || is_of_type(value, JSON_NULL);
}

struct jv *jv_get(const struct jv *object, const char *name)
{
    return jv_is_object(object) ? (struct jv *)json_object_get(raw(object), name) : NULL;
}

const char *jv_text(const struct jv *value)
{
    return jv_is_text(value) ? json_string_value(raw(value)) : NULL;
}

double jv_number(const struct jv *value, double otherwise)
{
    return jv_is_number(value) ? json_number_value(raw(value)) : otherwise;
}

const char *jv_get_text(const struct jv *object, const char *name)
{
    return jv_text(jv_get(object, name));
}

double jv_get_number(const struct jv *object, const char *name, double otherwise)
{
    return jv_number(jv_get(object, name), otherwise);
}

bool jv_get_bool(const struct jv *object, const char *name, bool otherwise)
{
    const struct jv *value = jv_get(object, name);
    if (is_of_type(value, JSON_TRUE))
        return true;
    return is_of_type(value, JSON_FALSE) ? false : otherwise;
}

size_t jv_count(const struct jv *array)
{
    return jv_is_object(array) ? json_object_size(raw(array)) : json_array_size(raw(array));
}

struct jv *jv_at(const struct jv *array, size_t index)
{
    return (struct jv *)json_array_get(raw(array), index);
}

void jv_each(const struct jv *object,
             void (*visit)(const char *name, struct jv *value, void *argument), void *argument)
{
    const char *name;
    json_t *value;
    json_object_foreach(raw(object), name, value) visit(name, (struct jv *)value, argument);
}

struct jv *jv_object(void)
{
    return made(json_object());
}

struct jv *jv_array(void)
{
    return made(json_array());
}

struct jv *jv_of_text(const char *utf8)
{
    return made(utf8 ? json_string_nocheck(utf8) : json_null());
}

struct jv *jv_of_number(double number)
{
    if (!isfinite(number))
        return jv_of_text(NULL);
    bool whole = fabs(number) < 9e15 && number == floor(number);
    return made(whole ? json_integer((json_int_t)number) : json_real(number));
}

struct jv *jv_of_bool(bool truth)
{
    return made(json_boolean(truth));
}

struct jv *jv_copy(const struct jv *value)
{
    return made(json_deep_copy(raw(value)));
}

void jv_set(struct jv *object, const char *name, struct jv *child)
{
    json_object_set_new_nocheck(raw(object), name, raw(child));
}

void jv_push(struct jv *array, struct jv *child)
{
    json_array_append_new(raw(array), raw(child));
}

void jv_set_text(struct jv *object, const char *name, const char *utf8)
{
    jv_set(object, name, jv_of_text(utf8));
}

void jv_set_number(struct jv *object, const char *name, double number)
{
    jv_set(object, name, jv_of_number(number));
}
