#ifndef JINMU_DOCUMENT_FILE_H
#define JINMU_DOCUMENT_FILE_H

#include "common/fault.h"
#include "common/json.h"

/* A document from a file, "-" for the standard input: text as it is, a PDF through pdftotext. As
 * document_read gives it (jv_destroy), or NULL with a fault in Chinese: those of document_read and
 * document_pdf_text, and "document.unreadable". */
struct jv *document_file_read(const char *path, struct fault *fault);

#endif
