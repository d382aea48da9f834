#ifndef JINMU_DOCUMENT_PDF_H
#define JINMU_DOCUMENT_PDF_H

#include "common/fault.h"

#include <stdbool.h>
#include <stddef.h>

bool document_is_pdf(const char *bytes, size_t length);

/* The text of a PDF (free()), as `pdftotext -layout` of poppler-utils writes it: the program runs as
 * a process of its own, with limits on its time, memory and output, for a PDF is a stranger's.
 * NULL with a fault, in Chinese: "document.pdf_tool_missing", "document.pdf_failed". */
char *document_pdf_text(const char *bytes, size_t length, size_t *out_length, struct fault *fault);

#endif
