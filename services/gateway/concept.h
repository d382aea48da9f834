#ifndef JINMU_GATEWAY_CONCEPT_H
#define JINMU_GATEWAY_CONCEPT_H

#include "common/json.h"
#include "common/strbuf.h"
#include "services/gateway/backend.h"

#include <stdbool.h>

/* Items under one name, for programs that link to them: within a revision "department:code"
 * ("民政:A150201", "B:B0102"), everywhere the URI of the revision and that. The departments are the
 * items' types. */

/* The URI that the identifiers of a revision continue; percent-encoded. */
void concept_space(struct strbuf *uri, const char *revision);

/* The item of an identifier: an object with id, name, department, code, level, parent, restriction,
 * path (texts) and position in it; NULL when there is none. B items belong to every revision. */
struct jv *concept_find(struct store *store, const char *revision, const char *id);
/* Items that a text as typed in may mean, the best first: a code, a name, a part of one, what units
 * write; at most `limit`, beginning at `from`. `department` may be NULL. Each has "rank": 0 the code,
 * 1 the name, more for less. */
struct jv *concept_search(struct store *store, const char *revision, const char *department,
                          const char *text, int limit, int from);
/* The departments of a revision whose name holds the text, those that begin with it first: id and
 * name. */
struct jv *concept_types(struct store *store, const char *revision, const char *text);
/* The name of a department as a type. */
const char *concept_type_name(const char *department);
/* {"id","name"} of a department. */
struct jv *concept_type(const char *department);
/* "民政 › 社会服务 › …": where an item stands. */
char *concept_place(const struct jv *concept);

#endif
