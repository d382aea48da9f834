#ifndef JINMU_DOCUMENT_PARTS_H
#define JINMU_DOCUMENT_PARTS_H

#include "catalog/intake/document_budget.h"
#include "catalog/intake/document_declaration.h"
#include "catalog/intake/document_project.h"
#include "catalog/intake/document_purchase.h"

/* A document while it is being put together: what document.c, _settle.c and _json.c share. */
struct document {
    const char *file;
    const struct labels *labels;
    struct lines *lines;
    char *text;
    size_t length;
    char *unit;
    int year;
    struct document_project *projects;
    size_t count;
    char **folded; /* folded names of the projects, in their order */
    char **sorted; /* the same, sorted; borrowed */
    size_t folded_count;
    struct budget budget;
    struct procurement procurement;
    struct declaration_section declaration;
    struct purchase purchase;
    bool *purchase_named; /* by row of the table: it names one of the projects */
    struct jv *findings;
    size_t
        source_findings; /* the first of them, about the file itself: they concern every project */
};

/* document_read with labels that were made before. */
struct jv *document_read_with(const struct labels *labels, const char *bytes, size_t length,
                              const char *file, struct fault *fault);

/* document_settle.c: holds the projects against 项目支出预算表 and completes them from it. Needs the
 * document's unit and year. Without any 绩效目标表, the rows of the budget become the projects. */
void document_settle(struct document *document);

/* document_json.c: the document as document_read gives it. */
struct jv *document_json(const struct document *document);

#endif
