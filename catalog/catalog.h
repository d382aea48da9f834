#ifndef JINMU_CATALOG_H
#define JINMU_CATALOG_H

#include "common/fault.h"
#include "common/store.h"

/* catalog.db: revisions, items, labels, regulations, model. It is built from the folder
 * catalog/data; revisions that a keeper imports by hand live beside those and survive a rebuild.
 * One process at a time writes it; everybody else opens it with STORE_READ_ONLY. */

/* The version of the schema that this program writes. */
int catalog_schema_version(void);
/* Opens catalog.db, making an empty one when `mode` writes and there is none. NULL with a fault. */
struct store *catalog_open(const char *path, enum store_mode mode, struct fault *fault);

/* Makes this process the one that writes catalog.db, waiting for another that does: SQLite can lose
 * commits when two connections write or checkpoint at once. The descriptor to close() when the
 * store is closed, or -1 with a fault. */
int catalog_lock(const char *path, struct fault *fault);

/* The folder with the catalog's data: $JINMU_DATA, else where it was installed. */
const char *catalog_data_directory(void);

/* Builds catalog.db from a data folder, in one transaction: readers see the old content or the new,
 * and a fault leaves the old. Keeps hand-imported revisions and keepers' settlements. 0, or -1 with
 * a fault that names the file and line. */
int catalog_build(const char *data_directory, const char *path, struct fault *fault);
/* catalog_build when the file is missing or the data has changed since. 0, or -1 with a fault. */
int catalog_ensure(const char *path, const char *data_directory, struct fault *fault);

/* Puts the catalog of another machine (a file of its backup) in the place of the one here, in one
 * transaction; running workers and gateways follow. 0, or -1 with a fault, also when the file is no
 * catalog or of another version of this program; then nothing has changed. */
int catalog_take(const char *from, const char *path, struct fault *fault);

/* The document number (free()) of the revision that applies to projects of `year`: the newest one
 * with class A items on offer that came into force by the end of that year, and none newer than the
 * one in use (catalog/revision/in_use.h). NULL when there is none (fault code "catalog.no_revision").
 * A revision whose text is not held (晋财综〔2023〕43号) cannot apply: the one before it stands in. */
char *catalog_revision_of_year(struct store *store, int year, struct fault *fault);

/* The document number as stored (free()) for one as a person writes it: brackets of any style, or
 * an unambiguous part ("63号"). NULL with a fault "catalog.unknown_revision". */
char *catalog_find_revision(struct store *store, const char *number, struct fault *fault);

/* Whether some revision has the department, in whatever brackets. 0, or -1 with a fault
 * "catalog.no_department": a slip would otherwise read as "nothing there". */
int catalog_check_department(struct store *store, const char *department, struct fault *fault);

/* 1 to 4 for a well-formed code (A, A15, A1502, A150201), else 0. */
int catalog_code_level(const char *code);
/* The level at which items of the code's class can be bought: A 4, B 3. */
int catalog_leaf_level(const char *code);

#endif
