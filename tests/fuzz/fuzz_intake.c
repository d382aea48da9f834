/* The intake of documents: any bytes give a document or a fault, and a document is JSON that can be
 * read again, its projects are ones that the engine takes. */
#include "catalog/intake/document_parts.h"
#include "catalog/intake/document_pdf.h"
#include "catalog/project.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void look_at_projects(const struct jv *projects)
{
    for (size_t i = 0; i < jv_count(projects); i++) {
        struct fault fault = {0};
        struct project project = {0};
        int status = project_read(&project, jv_at(projects, i), &project_limits_default, &fault);
        PROMISE(status == 0 || strcmp(fault.code, "project.too_large") == 0 ||
                strcmp(fault.code, "project.name_missing") == 0);
        project_clear(&project);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct labels *labels; /* dear to make: once */
    struct fault fault = {0};
    if (document_is_pdf((const char *)data, size))
        return 0; /* another program's input */
    if (!labels)
        labels = labels_new();
    struct jv *document = document_read_with(labels, (const char *)data, size, "fuzz", &fault);
    if (!document) {
        PROMISE(*fault.code && *fault.message);
        return 0;
    }
    char *text = jv_write(document);
    struct jv *again = jv_read(text, strlen(text), &fault);
    PROMISE(again);
    look_at_projects(jv_get(again, "projects"));
    jv_destroy(&again);
    jv_destroy(&document);
    free(text);
    return 0;
}
