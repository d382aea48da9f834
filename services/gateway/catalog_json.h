#ifndef JINMU_GATEWAY_CATALOG_JSON_H
#define JINMU_GATEWAY_CATALOG_JSON_H

#include "services/gateway/backend.h"
#include "services/gateway/exchange.h"

/* catalog.db as JSON of openapi.json, for the routes below /catalog. */

/* The revision that a path or a query names: a document number, part of one, or "current" (free()).
 * NULL with an answer. */
char *catalog_json_revision(struct exchange *exchange, struct store *store, const char *wanted);
/* What answers out of a revision depend on, as an ETag: the catalog as the engine is made from it, which
 * revision that is (that of "current" changes with the year), the program. With `links` also what keepers
 * have confirmed of its correspondences. Reviews and accepted findings, which stand in catalog.db too, change
 * it not. To be taken before the answer is made. */
enum { CATALOG_STAMP_BYTES = 20 };
void catalog_json_stamp(struct store *store, const char *revision, bool links,
                        char stamp[CATALOG_STAMP_BYTES]);
/* Whether the client has what a stamp stands for; then it is answered so. */
bool catalog_json_is_known(struct exchange *exchange, const char *stamp);
/* catalog.db, or NULL with an answer. */
struct store *catalog_json_store(struct exchange *exchange, struct backend *backend);

/* The columns that an item is made of, to stand after SELECT; then FROM item. */
#define ITEM_COLUMNS                                                                               \
    "item.revision, item.department, item.code, item.level, item.name,"                            \
    " item.parent, item.state, item.restriction"
enum { ITEM_COLUMN_COUNT = 8 };
struct jv *catalog_json_item(sqlite3_stmt *row);
/* The items of a statement's rows; finalizes it. */
struct jv *catalog_json_items(struct store *store, sqlite3_stmt *statement);
/* Names from level 1 down to the item itself. */
struct jv *catalog_json_path(struct store *store, const char *revision, const char *department,
                             const char *code);
bool catalog_json_is_leaf(const char *code);

#endif
