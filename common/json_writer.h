#ifndef JINMU_JSON_WRITER_H
#define JINMU_JSON_WRITER_H

#include "common/json.h"
#include "common/strbuf.h"

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
void jw_key(struct jw *writer, const char *name);

void jw_text(struct jw *writer, const char *utf8); /* NULL writes null */
void jw_text_part(struct jw *writer, const char *utf8, size_t bytes);
void jw_integer(struct jw *writer, long long number);
/* Fifteen significant digits, a whole number without a point; what is no number writes null. */
void jw_number(struct jw *writer, double number);
/* A probability with four digits behind the point at most: more would feign precision. */
void jw_probability(struct jw *writer, double probability);
void jw_bool(struct jw *writer, bool truth);
void jw_value(struct jw *writer, const struct jv *value); /* a whole tree */

/* jw_key and the value. */
void jw_set_text(struct jw *writer, const char *name, const char *utf8);
void jw_set_integer(struct jw *writer, const char *name, long long number);
void jw_set_number(struct jw *writer, const char *name, double number);
void jw_set_probability(struct jw *writer, const char *name, double probability);

#endif
