#ifndef JINMU_JSON_WRITER_H
#define JINMU_JSON_WRITER_H

#include "common/json.h"
#include "common/strbuf.h"

#include <string.h>

/* Writes JSON (RFC 8259) straight into a buffer, for what is written often: no tree in between. Calls
 * follow the text: an object is jw_object, then jw_key and a value for each member, then
 * jw_end_object. Texts must be well-formed UTF-8. What only json_writer.c knows is the library. */
struct jw;

enum { JW_DEPTH = 100 }; /* levels of nesting that may be written */

struct jw *jw_new(void);
void jw_destroy(struct jw **writer);
/* Begins a value at the end of `out`, which must outlive the writing. */
void jw_begin(struct jw *writer, struct strbuf *out);

void jw_object(struct jw *writer);
void jw_end_object(struct jw *writer);
void jw_array(struct jw *writer);
void jw_end_array(struct jw *writer);
/* A name as a program writes it: nothing in it has to be escaped. */
void jw_key_part(struct jw *writer, const char *name, size_t bytes);

/* Members of an object that were written before (jw_begin, jw_key …), without its brackets. */
void jw_members(struct jw *writer, const char *json, size_t bytes);

void jw_text_part(struct jw *writer, const char *utf8, size_t bytes);
void jw_null(struct jw *writer);
void jw_integer(struct jw *writer, long long number);
/* Fifteen significant digits, a whole number without a point; what is no number writes null. */
void jw_number(struct jw *writer, double number);
/* A probability with four digits behind the point at most: more would feign precision. */
void jw_probability(struct jw *writer, double probability);
void jw_bool(struct jw *writer, bool truth);
void jw_value(struct jw *writer, const struct jv *value); /* a whole tree */

/* In the header, so that the length of a name written in the program is no work. */
static inline void jw_key(struct jw *writer, const char *name)
{
    jw_key_part(writer, name, strlen(name));
}

static inline void jw_text(struct jw *writer, const char *utf8) /* NULL writes null */
{
    if (utf8)
        jw_text_part(writer, utf8, strlen(utf8));
    else
        jw_null(writer);
}

/* jw_key and the value. */
static inline void jw_set_text(struct jw *writer, const char *name, const char *utf8)
{
    jw_key(writer, name);
    jw_text(writer, utf8);
}

static inline void jw_set_integer(struct jw *writer, const char *name, long long number)
{
    jw_key(writer, name);
    jw_integer(writer, number);
}

static inline void jw_set_number(struct jw *writer, const char *name, double number)
{
    jw_key(writer, name);
    jw_number(writer, number);
}

static inline void jw_set_probability(struct jw *writer, const char *name, double probability)
{
    jw_key(writer, name);
    jw_probability(writer, probability);
}

#endif
