#ifndef JINMU_JSON_H
#define JINMU_JSON_H

#include "common/fault.h"

#include <stdbool.h>
#include <stddef.h>

/* JSON values (RFC 8259), over a library that only json.c knows. A value owns what it holds:
 * destroying the root destroys all; what jv_get and jv_at return is borrowed. */
struct jv;

/* Reads one value from UTF-8 bytes. NULL with a fault ("input.not_utf8", "input.not_json",
 * "input.too_deep") when it is none. */
struct jv *jv_read(const char *bytes, size_t length, struct fault *fault);
void jv_destroy(struct jv **value);
/* The value on one line (free()), members in the order in which they were set. */
char *jv_write(const struct jv *value);
/* Adds what jv_write gives to the end of a buffer, without a copy in between. */
struct strbuf;
void jv_append(const struct jv *value, struct strbuf *out);
/* Prints it on stdout as a line. 0, or -1 when that failed. */
int jv_print(const struct jv *value);

bool jv_is_object(const struct jv *value);
bool jv_is_array(const struct jv *value);
bool jv_is_text(const struct jv *value);
bool jv_is_number(const struct jv *value);
bool jv_is_null(const struct jv *value); /* also true of NULL */

/* A member, or NULL when the value is no object or has none of that name. */
struct jv *jv_get(const struct jv *object, const char *name);
/* The text of a text member, else NULL. Borrowed. */
const char *jv_get_text(const struct jv *object, const char *name);
/* The number of a number member, else `otherwise`. */
double jv_get_number(const struct jv *object, const char *name, double otherwise);
bool jv_get_bool(const struct jv *object, const char *name, bool otherwise);
const char *jv_text(const struct jv *value);                /* NULL when it is no text */
double jv_number(const struct jv *value, double otherwise); /* integer or real */

size_t jv_count(const struct jv *array); /* elements of an array or members of an object */
struct jv *jv_at(const struct jv *array, size_t index);
/* Members in order: `visit` gets each name and value (borrowed). */
void jv_each(const struct jv *object,
             void (*visit)(const char *name, struct jv *value, void *argument), void *argument);

/* Texts given to these must be well-formed UTF-8: they are not checked again. */
struct jv *jv_object(void);
struct jv *jv_array(void);
struct jv *jv_of_text(const char *utf8); /* NULL gives null */
/* Whole numbers are written without a point, others with 15 digits; JSON has no infinity and no NaN:
 * they give null. */
struct jv *jv_of_number(double number);
struct jv *jv_of_bool(bool truth);
struct jv *jv_copy(const struct jv *value); /* deep */
/* These take the child over. */
void jv_set(struct jv *object, const char *name, struct jv *child);
void jv_push(struct jv *array, struct jv *child);
/* jv_set of a new value. */
void jv_set_text(struct jv *object, const char *name, const char *utf8);
void jv_set_number(struct jv *object, const char *name, double number);

#endif
