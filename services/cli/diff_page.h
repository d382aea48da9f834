#ifndef JINMU_DIFF_PAGE_H
#define JINMU_DIFF_PAGE_H

#include "catalog/revision/diff.h"
#include "common/strbuf.h"

/* The comparison of two revisions as a page: a table by department, then what changed in each. */
void diff_page_write(struct strbuf *out, const struct diff *diff, const char *department);

/* Departments of a comparison, in the order of the old revision, then the new ones; with what became
 * of their leaves. */
struct department_figures {
    const char *name;
    char *state; /* "", 新设, 未收录, 删除, 现名“…”, 并入“…”, 由“…”分出 (free()) */
    size_t counts[RELATIONS], restricted, uppers;
};
/* One of them; false when `department` (NULL: all) is another. */
bool department_figures(const struct diff *diff, size_t number, const char *department,
                        struct department_figures *figures);

#endif
