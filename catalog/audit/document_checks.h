#ifndef JINMU_DOCUMENT_CHECKS_H
#define JINMU_DOCUMENT_CHECKS_H

#include "catalog/checks/checks.h"
#include "catalog/checks/rules.h"
#include "common/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What no project shows by itself: the declaration against the projects and against the table of
 * 政府购买服务, 项目支出预算表 against 绩效目标表, the sums of 政府采购. The words are those of
 * catalog/data/rules/document.zpl. */

/* A document and what was judged of it: results[i] is the result (design.md section 4) of project i. */
struct document_view {
    const struct rules *rules;
    const struct jv *document; /* as document_read gives it */
    const struct jv *results;
    struct jv *findings; /* [{"rule","severity","line","message","basis"}], added to */
};

/* Runs every check of a document. */
void document_checks(struct document_view *view);

/* The declaration of a document as a project of its own (jv_destroy), so that the rules about codes and
 * cited documents look at it once; and whether a finding (as JSON) is about such a declaration. */
struct jv *document_declaration_project(const struct jv *document);
bool document_declares(const struct jv *finding);

/* Shared by the files of this folder: reports by a rule of document.zpl; names and values of the
 * message's {name}s come in pairs, ended by NULL. Nothing when there is no such rule, or when it does
 * not hold in the document's year. */
void document_report(struct document_view *view, const char *rule, size_t line, ...)
    __attribute__((sentinel));

void check_declaration_of_document(struct document_view *view);
void check_tables_of_document(struct document_view *view);

/* A number of yuan as fen; -1 when there is none. */
int64_t fen_of(const struct jv *object, const char *member);

#endif
