#ifndef JINMU_CATALOG_TURTLE_H
#define JINMU_CATALOG_TURTLE_H

#include "common/strbuf.h"

/* The names of revisions and items in RDF, and texts as Turtle writes them (W3C, RDF 1.1 Turtle). A
 * revision is urn:jinmu:catalog:REVISION, an item that and :DEPARTMENT:CODE. */

/* What RFC 3987 does not allow in a part of an IRI is written as percent and digits. */
void turtle_add_iri_part(struct strbuf *out, const char *text);
/* Without the angle brackets; department and code may be NULL. */
void turtle_add_name(struct strbuf *out, const char *revision, const char *department,
                     const char *code);
/* A text in quotation marks. */
void turtle_add_literal(struct strbuf *out, const char *text);

#endif
