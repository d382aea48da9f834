#ifndef JINMU_EVAL_REPORT_H
#define JINMU_EVAL_REPORT_H

#include "catalog/learn/evaluate_compare.h"
#include "common/strbuf.h"

/* An evaluation as one HTML page in Chinese that needs nothing besides itself: figures against
 * their targets, plots, and the tables of evaluate_tables.h. */
struct eval_report {
    const char *made;   /* date and time, as shown */
    const char *engine; /* version */
    const char *model;  /* hash */
    const char *cases;  /* names of the files, as shown */
    const struct evaluation *plain;
    const struct evaluation *crosswise; /* NULL: not cross-validated */
    int folds;
    const struct comparison *comparison; /* of `plain`; NULL: with nothing */
    const char *earlier;                 /* name of what it is compared with */
};

void eval_report_write(struct strbuf *out, const struct eval_report *report);

#endif
