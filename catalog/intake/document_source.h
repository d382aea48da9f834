#ifndef JINMU_DOCUMENT_SOURCE_H
#define JINMU_DOCUMENT_SOURCE_H

#include "common/fault.h"
#include "common/json.h"

#include <stddef.h>

/* The bytes of a document as well-formed UTF-8 (free(), *out_length bytes and a NUL). A byte order
 * mark is taken off; GB18030 and UTF-16 are converted and a character cut at the end is left out,
 * each with a finding in `findings`. NULL with a fault ("document.not_text", in Chinese) when the
 * bytes are no text. */
char *document_source(const char *bytes, size_t length, size_t *out_length, struct jv *findings,
                      struct fault *fault);

#endif
