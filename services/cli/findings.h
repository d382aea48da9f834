#ifndef JINMU_FINDINGS_H
#define JINMU_FINDINGS_H

#include "services/cli/columns.h"

/* Findings of an import, printed as a table. */
struct finding_list {
    struct columns columns;
};
void finding_list_add(struct finding_list *list, long line, const char *severity, const char *kind,
                      const char *department, const char *code, const char *message,
                      const char *settled);
/* Prints and empties the list. */
void finding_list_print(struct finding_list *list);

#endif
