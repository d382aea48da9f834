#ifndef JINMU_TESTS_DOCUMENTS_H
#define JINMU_TESTS_DOCUMENTS_H

#include "common/json.h"

#include <stddef.h>

/* What document_read makes of a text; fails the test when it makes nothing. */
struct jv *read_document(const char *text);
/* The bytes of a file (free()), or NULL. */
char *read_bytes(const char *path, size_t *length);
struct jv *project_at(const struct jv *document, size_t index);
void assert_project(const struct jv *project, const char *name, const char *unit, double amount);
/* Whether the project (or document) has an intake finding of that code. */
int has_finding(const struct jv *findings, const char *code);

#endif
