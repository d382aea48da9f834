#ifndef JINMU_PAGE_H
#define JINMU_PAGE_H

#include "common/fault.h"
#include "common/strbuf.h"

/* The frame of a page that stands alone: no script, nothing fetched. */

/* Begins it with a style sheet up to its <h1>, which the header's other elements follow. */
void page_open(struct strbuf *out, const char *title, const char *css);
/* Begins it with page.css and a line below the title, up to <main>. */
void page_begin(struct strbuf *out, const char *title, const char *below_title);
void page_end(struct strbuf *out);
/* A cell of a table; `kind` is "td", "th" or with a class: "td class=\"number\"". */
void page_cell(struct strbuf *out, const char *kind, const char *text);
/* A cell with a number, its thousands apart; 0 is faint. `style`: "", or " style=\"…\"". */
void page_figure(struct strbuf *out, double number, int decimals, const char *style);

enum { PAGE_TIME = 32 };
/* When it was made, as pages say it: now. */
void page_time(char made[PAGE_TIME]);
/* Writes it to a file. 0, or -1 with a fault "report.unwritable". */
int page_save(const struct strbuf *page, const char *path, struct fault *fault);

#endif
