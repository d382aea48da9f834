#ifndef JINMU_CLI_RESULT_TABLE_H
#define JINMU_CLI_RESULT_TABLE_H

#include "common/json.h"
#include "services/cli/columns.h"

/* A table of results for a person: project, code, path, confidence, decision, findings. */
void result_table_begin(struct columns *table);
/* Adds a result (design.md section 4), or an error, of the project of that name. */
void result_table_add(struct columns *table, const char *name, const struct jv *result);

#endif
