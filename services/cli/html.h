#ifndef JINMU_HTML_H
#define JINMU_HTML_H

#include "common/strbuf.h"

/* Adds a text to a page, so that it reads as it is wherever it stands: in an element or in a quoted
 * attribute. What HTML cannot hold (control characters) becomes U+FFFD. */
void html_text(struct strbuf *out, const char *utf8);

#endif
