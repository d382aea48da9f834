#ifndef JINMU_DOCUMENT_DECLARATION_H
#define JINMU_DOCUMENT_DECLARATION_H

#include "catalog/intake/document_label.h"
#include "common/json.h"

#include <stdbool.h>

/* What a unit says under 其他说明（一）政府购买服务指导性目录. */
struct declaration_section {
    bool found;
    bool none;             /* 无, 不涉及, 未安排 …, and no code */
    bool table;            /* it refers to a table for what is bought */
    size_t line;           /* of the section's first text */
    size_t start, end;     /* bytes of the document, whole lines */
    char *text;            /* what it says; "" when nothing */
    struct jv *items;      /* [{"code","name","amount_yuan"}] */
    struct jv *references; /* ["晋财综〔2023〕43号"]: brackets made 〔〕 */
    struct jv *findings;   /* as intake_findings */
};

/* Reads the section; `length` is that of the document's text. */
void declaration_read(struct declaration_section *section, const struct labels *labels,
                      const struct lines *lines, size_t length);
void declaration_clear(struct declaration_section *section);

/* Reads the code of the catalog at byte *at, spaces in it left out, and moves *at behind it. */
bool declaration_code(struct slice text, size_t *at, char code[8]);

#endif
