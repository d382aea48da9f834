#ifndef JINMU_DOCUMENT_H
#define JINMU_DOCUMENT_H

#include "common/fault.h"
#include "common/json.h"

#include <stddef.h>

/* Reads a 预算公开 document (text as it comes out of a scan, a web page or a PDF) and gives all it
 * says that we can use, as one JSON object:
 *
 *   {"unit","year","file",
 *    "declaration":{"found","none","items":[{"code","name","amount_yuan"}],"references":[…],
 *                   "text","text_span":{"start","end"},"line",
 *                   "table":true when it refers to a table for what is bought},
 *    "projects":[…],
 *    "tables":{"project_budget":[{"name","amount_yuan","line"}],"project_budget_total_yuan",
 *              "procurement":{"total_yuan","goods_yuan","works_yuan","services_yuan","line"},
 *              "purchase":{"rows":[{"code","name","amount_yuan","line","project"}],
 *                         "total_yuan","line"}},
 *    "findings":[{"code","severity","message","line"}]}
 *
 * A project has the members of design.md section 4, and necessity, measures, goals, term_goals,
 * total_yuan, term, funding, source {"file","line"}, declaration {"none","references","own":true
 * when "declared" are the rows of the table that name the project, not all that the unit declares} and
 * intake_findings. Spans are code points of the document's text in UTF-8. Members that the document
 * does not state are left out.
 *
 * NULL with a fault, in Chinese: "document.not_text" when the bytes are no text,
 * "document.no_project" when no project was found in it, "document.too_large". */
struct jv *document_read(const char *bytes, size_t length, const char *file, struct fault *fault);

/* The largest document that is read, in bytes. */
enum { DOCUMENT_BYTES_MAX = 64 << 20 };

#endif
