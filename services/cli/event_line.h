#ifndef JINMU_CLI_EVENT_LINE_H
#define JINMU_CLI_EVENT_LINE_H

#include <stdint.h>
#include <stdio.h>

/* Prints a stored result on one line, its JSON as it was stored with the members "event" and, when
 * `topic` is not NULL, "topic" put at the end. */
void event_line_print(int64_t event, const char *topic, const char *json, FILE *out);

#endif
