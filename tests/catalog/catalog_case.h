#ifndef JINMU_CATALOG_CASE_H
#define JINMU_CATALOG_CASE_H

#include "catalog/import/import.h"
#include "common/store.h"

#include <stdbool.h>

/* A catalog.db of a test's own, in a folder of its own. */
struct catalog_case {
    char *directory;
    char *path;
    struct store *store;
};
struct catalog_case *catalog_case_new(void); /* empty */
void catalog_case_destroy(struct catalog_case **self);

/* A file of tests/fixtures (free()), or of ../shared: NULL when that is not there. */
char *fixture_read(const char *name);
char *shared_read(const char *name);

/* Imports a text under a number. */
enum import_outcome case_import(struct catalog_case *self, const char *text, const char *number,
                                struct fault *fault);
/* A number that a query gives, -1 when there is none. */
long case_number(struct catalog_case *self, const char *sql);
/* The text that a query gives (free()), "" when there is none. */
char *case_text(struct catalog_case *self, const char *sql);
/* Asserts that the revision has this finding on this line. */
void assert_finding(struct catalog_case *self, const char *revision, const char *kind,
                    const char *department, const char *code, long line);
/* Asserts that both revisions print the same (department, code) keys. */
void assert_same_keys(struct catalog_case *self, const char *one, const char *other);
/* A digest (free()) of everything in the database, to see that nothing changed. */
char *case_digest(struct catalog_case *self);

/* Writes a file below a folder, making the folders on the way. */
void file_write(const char *directory, const char *name, const char *text);
/* Removes a folder with all that is in it. */
void directory_remove(const char *directory);

/* The same document as another scanner might give it: columns shifted by one or two, pages broken
 * elsewhere, slips in names, split and misread codes, markup. Deterministic; `seed` chooses. */
char *scan_again(const char *text, unsigned seed);

#endif
