#ifndef JINMU_AUDIT_SHEET_H
#define JINMU_AUDIT_SHEET_H

#include "common/fault.h"
#include "common/json.h"

/* Writes audited documents (an array) as .xlsx for the reviewer's file: sheets 汇总, 问题清单 and 项目.
 * 0, or -1 with a fault "audit.sheet". */
int audit_sheet_write(const struct jv *documents, const char *path, struct fault *fault);

#endif
