#ifndef JINMU_AUDIT_H
#define JINMU_AUDIT_H

#include "catalog/engine/engine.h"
#include "common/json.h"

/* Whole documents through classification and all rules: each project, and the document's parts against
 * each other. Documents of one audit are one submission: a project nearly the same as one in an
 * earlier document is found (duplicate.near). */
struct audit;

/* The engine must outlive it. */
struct audit *audit_new(const struct engine *engine);
void audit_destroy(struct audit **audit);

/* Notes a project that was submitted earlier, so that one nearly the same is told of it. */
void audit_remember(struct audit *audit, const struct jv *project);

/* Judges a document (document_read) and takes it over. Gives, owned by the caller:
 *
 *   {"id","file","unit","year","document":{…as read, without projects…},
 *    "projects":[{"project":{…},"result":{…}}],
 *    "findings":[{"rule","severity","line","message","basis"}],   about the document as a whole
 *    "summary":{"projects","amount_yuan","auto","review","none","errors","warnings","infos",
 *               "accepted","rules":[{"rule","title","severity","count"}]}}
 *
 * `id` is made of unit and year. In the result of a project, findings about what the whole unit
 * declared are left out: they stand once, at the document; one about another project names it
 * (`other_name`, `other_file`). The summary counts what was not accepted. */
struct jv *audit_document(struct audit *audit, struct jv *document);

#endif
