#ifndef JINMU_DIFF_TABLE_H
#define JINMU_DIFF_TABLE_H

#include "catalog/revision/diff.h"
#include "common/strbuf.h"

/* A comparison as rows for people and programs. `department` (NULL: all) is a name as either revision
 * prints it. */

/* What a link says in words: 更名、换码 (free()). */
char *link_words(const struct link *link);
/* Whether a link belongs into a list of changes: not unchanged. */
bool link_is_change(const struct link *link);
bool link_in_department(const struct diff *diff, const struct link *link, const char *department);

/* Rows of CSV with a header: relation, changes, both items with their paths, similarity, confidence. */
void diff_write_csv(const struct diff *diff, const char *department, struct strbuf *out);
/* {"old":…,"new":…,"complete":…,"counts":{…},"departments":[…],"links":[…]} */
void diff_write_json(const struct diff *diff, const char *department, struct strbuf *out);

#endif
