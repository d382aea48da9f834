#ifndef JINMU_AUDIT_MARKS_H
#define JINMU_AUDIT_MARKS_H

#include "common/json.h"
#include "common/strbuf.h"

/* Writes a text of a project as HTML, with the words that findings of `result` rest on marked (by the
 * gravest, each ended by its number) and the evidence of the first candidate underlined. Gives how
 * many findings are marked in it. */
size_t audit_marks_write(struct strbuf *out, const char *field, const char *text,
                         const struct jv *result);

#endif
