#ifndef JINMU_CATALOG_SKOS_H
#define JINMU_CATALOG_SKOS_H

#include "common/fault.h"
#include "common/store.h"
#include "common/strbuf.h"

/* A revision in SKOS (W3C, 2009): a concept scheme, its items as concepts with their official names,
 * labels, codes and hierarchy, departments as collections, and what items of other revisions they
 * correspond to. Names as turtle.h makes them. */
enum skos_format { SKOS_TURTLE, SKOS_JSON_LD };

/* "ttl" or "jsonld". -1: no such format. */
int skos_format_of_name(const char *name, enum skos_format *format);
/* Adds it to `out`; `revision` is a stored document number. 0, or -1 with a fault. */
int skos_write(struct store *store, const char *revision, enum skos_format format,
               struct strbuf *out, struct fault *fault);

#endif
