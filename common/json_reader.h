#ifndef JINMU_JSON_READER_H
#define JINMU_JSON_READER_H

#include <jansson.h>
#include <stddef.h>

/* The fast way into a tree, for json.c alone: reads well-formed UTF-8 that is nested no deeper than
 * JW_DEPTH. NULL for what is no JSON, and also for the little that is, but that two parsers might take
 * differently (\u escapes, numbers out of range): that is left to jansson, which knows the place. */
json_t *json_reader_read(const char *bytes, size_t length);

#endif
