#ifndef JINMU_AUDIT_TEXT_H
#define JINMU_AUDIT_TEXT_H

#include "common/json.h"

#include <stdio.h>

/* Prints an audited document (catalog/audit/audit.h) for a terminal. */
void audit_text_print(const struct jv *audited, FILE *out);

#endif
