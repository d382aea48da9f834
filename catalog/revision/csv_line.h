#ifndef JINMU_CSV_LINE_H
#define JINMU_CSV_LINE_H

#include "common/strbuf.h"

#include <stddef.h>

/* Adds one row of CSV (RFC 4180), its cells quoted where they must be. */
void csv_line(struct strbuf *out, const char *const cells[], size_t count);

#endif
