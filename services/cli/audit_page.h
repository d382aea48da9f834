#ifndef JINMU_AUDIT_PAGE_H
#define JINMU_AUDIT_PAGE_H

#include "common/json.h"
#include "common/strbuf.h"

/* One self-contained HTML page about audited documents (an array, catalog/audit/audit.h): a chart of
 * what was found, then each document with its projects, the texts with the words that findings rest
 * on marked. Works without a network and without scripts, light and dark, narrow and wide. */
struct audit_page {
    const struct jv *documents;
    const char *engine, *model, *made; /* made: when */
};
void audit_page_write(struct strbuf *out, const struct audit_page *page);

#endif
