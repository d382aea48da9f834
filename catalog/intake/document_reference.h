#ifndef JINMU_DOCUMENT_REFERENCE_H
#define JINMU_DOCUMENT_REFERENCE_H

#include "common/json.h"

/* Adds the document numbers that a text cites, each once and with the brackets 〔〕, whatever brackets
 * it uses: 晋财综〔2023〕43号, 晋财综(2023)43号, 晋财综【2025】28号. `said` is well-formed UTF-8. */
void references_read(const char *said, struct jv *references);

#endif
