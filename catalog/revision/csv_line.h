#ifndef JINMU_CSV_LINE_H
#define JINMU_CSV_LINE_H

#include "common/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds one row of CSV (RFC 4180), its cells quoted where they must be. */
void csv_line(struct strbuf *out, const char *const cells[], size_t count);

/* Whether a sheet would take the text for a formula; foreign text gets a ' before it. */
bool csv_is_formula(const char *text);

#endif
