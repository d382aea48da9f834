#include "services/collector/unfit.h"

/* A project's text is unpacked only when no item fits, for its 主管部门. The sign + keeps SQLite to the
 * stride, where it would take an index over all strides. */
static const char stride_sql[] =
    "WITH seen AS (SELECT *, kind = 'service' AND CASE state"
    "  WHEN 'open' THEN decision = 'review' AND (code = '' OR confidence < ?4)"
    "  WHEN 'rejected' THEN decision <> 'none' AND (SELECT review.kind FROM review"
    "   WHERE review.result = l.result ORDER BY review.version DESC LIMIT 1) = ''"
    "  ELSE 0 END AS unfit FROM listed l WHERE result > ?1 AND result <= ?2 AND +catalog = ?3"
    " AND (?5 IS NULL OR unit IN (SELECT value FROM json_each(?5)))"
    " AND (NOT superseded OR NOT EXISTS (SELECT 1 FROM listed newer WHERE newer.id = l.id"
    "  AND newer.unit = l.unit AND +newer.catalog = l.catalog AND newer.event > l.event)))"
    " SELECT unfit, department, unit, name, code, amount, confidence, result, id,"
    " CASE WHEN unfit THEN (SELECT json_extract(unpacked(json),"
    "  '$.department') FROM project WHERE number = seen.project) END FROM seen";

static void visit_row(sqlite3_stmt *row, unfit_fn *visit, void *argument)
{
    struct unfit unfit = {.department = store_text(row, 1),
                          .unit = store_text(row, 2),
                          .name = store_text(row, 3),
                          .nearest = store_text(row, 4),
                          .yuan = sqlite3_column_double(row, 5),
                          .confidence = sqlite3_column_double(row, 6),
                          .result = sqlite3_column_int64(row, 7),
                          .project = store_text(row, 8),
                          .competent = store_text(row, 9)};
    visit(&unfit, argument);
}

int64_t unfit_each(struct store *store, const struct unfit_search *search, int64_t after,
                   size_t *looked_at, unfit_fn *visit, void *argument, struct fault *fault)
{
    int64_t last = store_number(store, "SELECT max(result) FROM listed", 0);
    int64_t until = after + UNFIT_STRIDE;
    sqlite3_stmt *row = store_prepare(store, stride_sql, fault);
    int got = row ? 1 : -1;
    if (row)
        store_bind(row, "iitdt", after, until, search->revision, search->below, search->units);
    while (got > 0 && (got = store_next(store, row, fault)) > 0) {
        ++*looked_at;
        if (sqlite3_column_int(row, 0))
            visit_row(row, visit, argument);
    }
    sqlite3_finalize(row);
    return got < 0 ? -1 : until < last ? until : 0;
}

int64_t unfit_unlisted(struct store *store)
{
    return store_number(store,
                        "SELECT count(*) FROM result WHERE number >"
                        " (SELECT ifnull(max(result), 0) FROM listed)",
                        0);
}
