#ifndef JINMU_PAGE_H
#define JINMU_PAGE_H

#include "common/strbuf.h"

/* The frame of a page that stands alone: no script, nothing fetched. */
void page_begin(struct strbuf *out, const char *title, const char *below_title);
void page_end(struct strbuf *out);
/* A cell of a table; `kind` is "td", "th" or with a class: "td class=\"number\"". */
void page_cell(struct strbuf *out, const char *kind, const char *text);
void page_number(struct strbuf *out, double number);

#endif
