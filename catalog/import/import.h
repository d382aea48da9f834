#ifndef JINMU_IMPORT_H
#define JINMU_IMPORT_H

#include "catalog/checks/severity.h"
#include "catalog/import/sheet.h"
#include "common/fault.h"
#include "common/store.h"

#include <stdbool.h>
#include <stddef.h>

/* Importing a revision: a document becomes a sheet, the sheet is checked, what the checks leave is
 * written in one transaction. Nothing of a document is dropped, merged or moved to another
 * department without a finding that says so. */

enum item_state { ITEM_OFFERED, ITEM_QUARANTINE, ITEM_COMPLETED };

struct import_item {
    const char *department; /* one of result.departments */
    char code[CODE_BYTES];
    char parent[CODE_BYTES];
    int level; /* 0 when the code could not be read */
    char *name;
    size_t line; /* 0: completed from other departments */
    enum item_state state;
};

/* The kinds of findings; their words are "import." and the name in lower case. */
enum finding_kind {
    NAME_MISSING,              /* a code without a name */
    CODE_UNREADABLE,           /* looks like a code and has no length of one */
    PREFIX_CONTRADICTS_PARENT, /* B150201 under A1502 */
    PARENT_MISSING,            /* the level above the leaf does not stand in its department */
    HEADING_MISSING,           /* codes start again without a heading */
    PAGE_MISSING,              /* the contents list departments that the text lacks here */
    DUPLICATE_KEY,             /* the same (department, code) twice */
    ANCESTOR_COMPLETED,        /* a higher level taken from the other departments */
    ANCESTOR_UNKNOWN,          /* a higher level that no department names */
    UPPER_NAME_DIFFERS,        /* an upper level is named otherwise than elsewhere */
    DEPARTMENT_NAME_DIFFERS,   /* a heading is nearly a known name */
    DEPARTMENT_TRUNCATED,      /* a heading has lost its start or end */
    LINE_NOT_UNDERSTOOD        /* a line inside the table that is not part of it */
};
const char *finding_kind_word(enum finding_kind kind); /* "import.name_missing" */
const char *item_state_word(enum item_state state);

struct import_finding {
    enum finding_kind kind;
    enum severity severity;
    char *department;
    char code[CODE_BYTES];
    char *name;
    size_t line;
    char *message; /* Chinese */
};

/* A checked sheet. */
struct import_result {
    struct import_item *items; /* in the order of the document; completed ones before their first
                                  descendant */
    size_t item_count;
    struct import_finding *findings; /* by line */
    size_t finding_count;
    char **departments;
    size_t name_count;       /* in departments */
    size_t department_count; /* those with rows */
    bool complete;           /* false when the contents name departments that the text lacks */
    size_t coded_rows, named_rows;
    size_t leaves, leaf_codes; /* named leaves, and how many codes they have */
    char content[65];          /* SHA-256 over the rows */
};

/* Judges a sheet. Never fails. */
struct import_result *import_check(const struct sheet *sheet, const struct known_names *known,
                                   const struct folder *folder);
void import_result_destroy(struct import_result **result);

struct import_options {
    const char *number;    /* of the revision; required */
    const char *title;     /* NULL or "": none */
    const char *issued;    /* ISO date, year or NULL */
    const char *effective; /* the same; NULL: as issued */
    const char *ended;     /* the same */
    const char *repeals;   /* document number or NULL */
    const char *origin;    /* NULL: "import" */
    int complete;          /* 1, 0, or -1: as the document shows */
    bool strict;           /* any finding refuses the import */
    bool dry_run;          /* check only */
};
enum import_outcome {
    IMPORT_FAILED = -1, /* see the fault; the database is as it was */
    IMPORT_DONE,
    IMPORT_UNCHANGED, /* the revision is there with the same content */
    IMPORT_AMENDED,   /* so it is, and what was said of it (title, dates) is put right */
    IMPORT_WOULD,     /* dry run: it would be imported */
    IMPORT_REFUSED    /* strict, and there are findings */
};

/* Reads, checks and writes a file (text or CSV, told apart by its content). `result` (may be NULL)
 * and `sheet` get what was read, unless reading failed; the caller destroys both. Faults: those of
 * sheet_from_text and csv_table_read, "import.bad_option", "import.exists" (the revision is there
 * with other content; or it is one of the data folder, which says its dates). */
enum import_outcome import_file(struct store *store, const char *path,
                                const struct import_options *options, struct sheet **sheet,
                                struct import_result **result, struct fault *fault);
/* The same of bytes in memory. With `store` inside a transaction it joins that. */
enum import_outcome import_bytes(struct store *store, const char *source, const char *bytes,
                                 size_t length, const struct import_options *options,
                                 struct sheet **sheet, struct import_result **result,
                                 struct fault *fault);

/* The revision that an imported one repeals, if it is held and has no end, ends on the day on which that
 * one begins. Importing does so; a build of the data does it again. 0, or -1 with a fault. */
int import_end_repealed(struct store *store, const char *number, const char *repeals,
                        struct fault *fault);

/* Reads a file into a sheet, without a database. NULL with a fault. */
struct sheet *import_read(const char *path, struct fault *fault);

/* A keeper's decision on a row in quarantine. NULL or 0: as printed. */
struct settlement {
    const char *department; /* under which the row is printed */
    const char *code;
    size_t line; /* 0: there is only one such row, or all have one name */
    const char *new_department;
    const char *new_code;
    const char *new_name;
};
/* Takes a row out of quarantine and records it. 0, or -1 with a fault: "catalog.not_quarantined",
 * "catalog.ambiguous", "catalog.key_taken", "catalog.bad_code", "catalog.unknown_department",
 * "catalog.name_missing". */
int settle_item(struct store *store, const char *revision, const struct settlement *settlement,
                struct fault *fault);
/* Applies what was recorded to a revision that has been imported again; a settlement that no
 * longer fits is logged. */
int settle_again(struct store *store, const char *revision, struct fault *fault);

#endif
