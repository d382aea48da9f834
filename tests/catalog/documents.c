#include "tests/catalog/documents.h"

#include "catalog/intake/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct jv *read_document(const char *text)
{
    struct fault fault = {0};
    struct jv *document = document_read(text, strlen(text), "fixture", &fault);
    if (!document)
        fail_msg("%s: %s", fault.code, fault.message);
    return document;
}

char *read_bytes(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *bytes = calloc((size_t)size + 1, 1);
    *length = fread(bytes, 1, (size_t)size, file);
    fclose(file);
    return bytes;
}

struct jv *project_at(const struct jv *document, size_t index)
{
    struct jv *project = jv_at(jv_get(document, "projects"), index);
    assert_non_null(project);
    return project;
}

void assert_project(const struct jv *project, const char *name, const char *unit, double amount)
{
    assert_string_equal(jv_get_text(project, "name"), name);
    assert_non_null(jv_get_text(project, "unit"));
    assert_string_equal(jv_get_text(project, "unit"), unit);
    assert_true(jv_get_number(project, "amount_yuan", -1) == amount);
}

int has_finding(const struct jv *findings, const char *code)
{
    for (size_t i = 0; i < jv_count(findings); i++)
        if (strcmp(jv_get_text(jv_at(findings, i), "code"), code) == 0)
            return 1;
    return 0;
}
