#ifndef JINMU_CHECK_H
#define JINMU_CHECK_H

#include "catalog/import/import.h"
#include "catalog/import/sheet.h"
#include "common/text.h"

#include <stdbool.h>
#include <stddef.h>

/* What import_check.c and check_sections.c share: a sheet on its way to an import_result. */

enum { NOBODY = -1 };

/* A department of the sheet: one or more headings with one folded name. */
struct section_name {
    char *folded;
    const char *name; /* in result.departments */
    int content;      /* its entry in the table of contents, or NOBODY */
    size_t line;      /* of the first heading */
};

struct checked_row {
    const struct sheet_row *row;
    int department; /* in check.names */
    int level;
    bool leaf;
    bool doubted;            /* cannot belong to the department it stands under */
    enum finding_kind doubt; /* PAGE_MISSING or HEADING_MISSING */
    const char *suggested;   /* the department it may belong to, or NULL */
};

struct check {
    const struct sheet *sheet;
    const struct known_names *known;
    const struct folder *folder;
    struct import_result *result;
    struct section_name *names;
    size_t name_count;
    int *name_of_section;
    bool contents_used; /* the table of contents is that of this catalog */
    struct checked_row *rows;
    struct checked_row **by_key;  /* sorted by department, code, line */
    struct checked_row **by_code; /* upper rows with names: sorted by code, folded name, line */
    size_t by_code_count;
    char **row_folded; /* by row: the folded name of an upper row, else NULL */
};

/* Fills names and name_of_section, and reports headings that are not quite a known name. */
void check_departments(struct check *check);
/* Marks the rows that stand under a heading only because pages or a heading are missing. */
void check_continuity(struct check *check);

/* Adds a department and takes `folded` over. Returns its number in names. */
int check_add_name(struct check *check, const char *printed, char *folded, size_t line);
/* Fills rows, and (sort) by_key and by_code; rows that are in doubt name no upper level. */
void check_prepare_rows(struct check *check);
void check_sort_rows(struct check *check);

/* The first row of that key, other than `except`, whose department is not in doubt, or NULL. */
const struct checked_row *check_find_row(const struct check *check, int department,
                                         const char *code, const struct checked_row *except);
/* The row with the name that most departments give to an upper code, the first printed of equals.
 * NULL when none names it. */
const struct checked_row *check_usual_name(const struct check *check, const char *code);

void add_finding(struct check *check, enum finding_kind kind, enum severity severity,
                 const struct checked_row *row, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void add_department_finding(struct check *check, enum finding_kind kind, enum severity severity,
                            const char *department, size_t line, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
