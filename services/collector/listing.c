#include "services/collector/listing.h"

#include "common/json.h"
#include "common/store.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum statement { NEXT_RESULTS, SUPERSEDE, ADD_LISTED, ADD_FINDING, LAST_REVIEW, STATEMENTS };
static const char *const statement_sql[STATEMENTS] = {
    [NEXT_RESULTS] = "SELECT result.number, event, project, project.id, unit, revision, department,"
                     " decision, kind, confidence, findings, stored_at, unpacked(project.json),"
                     " unpacked(result.json)"
                     " FROM result JOIN project ON project.number = project JOIN origin"
                     " ON origin.number = origin WHERE result.number > ? ORDER BY result.number"
                     " LIMIT ?",
    [SUPERSEDE] = "UPDATE listed SET superseded = 1 WHERE id = ? AND unit = ? AND NOT superseded"
                  " AND event < ?",
    [ADD_LISTED] =
        "INSERT INTO listed (result, event, project, id, name, unit, year, amount,"
        " catalog, department, decision, kind, confidence, code, item, findings,"
        " severity, stored_at, superseded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " ?, ?, ?, ?, ?, EXISTS (SELECT 1 FROM listed WHERE id = ?4 AND unit = ?6"
        " AND event > ?2))",
    [ADD_FINDING] = "INSERT INTO listed_finding (rule, result, severity, count)"
                    " VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
    [LAST_REVIEW] = "SELECT decision, version FROM review WHERE result = ? ORDER BY version DESC"
                    " LIMIT 1",
};

struct listing {
    struct results *results;
    struct store *store;
    sqlite3_stmt **statements;
    int64_t done; /* the last result taken up */
};

struct listing *listing_open(struct results *results, struct fault *fault)
{
    struct listing *listing = xcalloc(1, sizeof *listing);
    listing->results = results;
    listing->store = results_store(results);
    listing->statements = store_prepare_all(listing->store, statement_sql, STATEMENTS, fault);
    if (!listing->statements) {
        listing_close(&listing);
        return NULL;
    }
    listing->done = store_number(listing->store, "SELECT max(result) FROM listed", 0);
    return listing;
}

void listing_close(struct listing **listing)
{
    if (!*listing)
        return;
    store_finalize_all(&(*listing)->statements, STATEMENTS);
    free(*listing);
    *listing = NULL;
}

int64_t listing_behind(const struct listing *listing)
{
    return store_number(listing->store, "SELECT max(number) FROM result", 0) - listing->done;
}

static int severity_of(const struct jv *finding)
{
    const char *word = jv_get_text(finding, "severity");
    return !word ? 0 : strcmp(word, "error") == 0 ? 3 : (strcmp(word, "warning") == 0 ? 2 : 1);
}

static int worst_severity(const struct jv *result)
{
    const struct jv *findings = jv_get(result, "findings");
    int worst = 0;
    for (size_t i = 0; i < jv_count(findings); i++) {
        int severity = severity_of(jv_at(findings, i));
        worst = severity > worst ? severity : worst;
    }
    return worst;
}

static int add_findings(struct listing *listing, int64_t number, const struct jv *result,
                        struct fault *fault)
{
    const struct jv *findings = jv_get(result, "findings");
    for (size_t i = 0; i < jv_count(findings); i++) {
        const struct jv *finding = jv_at(findings, i);
        const char *rule = jv_get_text(finding, "rule");
        if (rule && store_run(listing->store,
                              store_bind(listing->statements[ADD_FINDING], "tii", rule, number,
                                         (int64_t)severity_of(finding)),
                              fault))
            return -1;
    }
    return 0;
}

static const char *text_or_empty(const char *text)
{
    return text ? text : "";
}

static void bind_number(sqlite3_stmt *statement, int place, const struct jv *object,
                        const char *name, bool whole)
{
    if (!jv_is_number(jv_get(object, name)))
        sqlite3_bind_null(statement, place);
    else if (whole)
        sqlite3_bind_int64(statement, place, (int64_t)jv_get_number(object, name, 0));
    else
        sqlite3_bind_double(statement, place, jv_get_number(object, name, 0));
}

static void bind_listed(sqlite3_stmt *listed, sqlite3_stmt *row, const struct jv *project,
                        const struct jv *result)
{
    const struct jv *first = jv_at(jv_get(result, "candidates"), 0);
    bool has_code =
        strcmp(store_text(row, 8), "service") == 0 && strcmp(store_text(row, 7), "none") != 0;
    store_bind(listed, "iiittt", sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
               sqlite3_column_int64(row, 2), store_text(row, 3),
               text_or_empty(jv_get_text(project, "name")), store_text(row, 4));
    bind_number(listed, 7, project, "year", true);
    bind_number(listed, 8, project, "amount_yuan", false);
    for (int i = 0; i < 4; i++)
        sqlite3_bind_text(listed, 9 + i, store_text(row, 5 + i), -1, SQLITE_TRANSIENT);
    sqlite3_bind_double(listed, 13, sqlite3_column_double(row, 9));
    sqlite3_bind_text(listed, 14, has_code ? text_or_empty(jv_get_text(first, "code")) : "", -1,
                      SQLITE_TRANSIENT);
    sqlite3_bind_text(listed, 15, has_code ? text_or_empty(jv_get_text(first, "name")) : "", -1,
                      SQLITE_TRANSIENT);
    sqlite3_bind_int64(listed, 16, sqlite3_column_int64(row, 10));
    sqlite3_bind_int64(listed, 17, worst_severity(result));
    sqlite3_bind_int64(listed, 18, sqlite3_column_int64(row, 11));
}

static const char *state_after(const char *decision)
{
    return strcmp(decision, "accept") == 0    ? "accepted"
           : strcmp(decision, "correct") == 0 ? "corrected"
                                              : "rejected";
}

int listing_review(struct store *store, int64_t result, const char *decision, int64_t version,
                   struct fault *fault)
{
    sqlite3_stmt *mark =
        store_prepare(store, "UPDATE listed SET state = ?, version = ? WHERE result = ?", fault);
    int failed =
        !mark ||
        store_run(store, store_bind(mark, "tii", state_after(decision), version, result), fault);
    sqlite3_finalize(mark);
    return failed ? -1 : 0;
}

/* Somebody may have decided about a result before it came to be listed. */
static int add_review(struct listing *listing, int64_t result, struct fault *fault)
{
    sqlite3_stmt *last = listing->statements[LAST_REVIEW];
    int found = store_next(listing->store, store_bind(last, "i", result), fault),
        failed = found < 0;
    if (found == 1)
        failed = listing_review(listing->store, result, store_text(last, 0),
                                sqlite3_column_int64(last, 1), fault);
    sqlite3_reset(last);
    return failed ? -1 : 0;
}

static int add(struct listing *listing, sqlite3_stmt *row, struct fault *fault)
{
    const char *project_text = store_text(row, 12), *result_text = store_text(row, 13);
    struct jv *project = jv_read(project_text, strlen(project_text), NULL);
    struct jv *result = jv_read(result_text, strlen(result_text), NULL);
    sqlite3_stmt *listed = listing->statements[ADD_LISTED];
    bind_listed(listed, row, project, result);
    int failed = store_run(listing->store,
                           store_bind(listing->statements[SUPERSEDE], "tti", store_text(row, 3),
                                      store_text(row, 4), sqlite3_column_int64(row, 1)),
                           fault) ||
                 store_run(listing->store, listed, fault) ||
                 add_findings(listing, sqlite3_column_int64(row, 0), result, fault) ||
                 add_review(listing, sqlite3_column_int64(row, 0), fault);
    if (!failed)
        listing->done = sqlite3_column_int64(row, 0);
    jv_destroy(&project);
    jv_destroy(&result);
    return failed ? -1 : 0;
}

int listing_advance(struct listing *listing, int limit, struct fault *fault)
{
    int64_t before = listing->done;
    sqlite3_stmt *next = listing->statements[NEXT_RESULTS];
    if (results_begin_derived(listing->results, fault))
        return -1;
    store_bind(next, "ii", listing->done, (int64_t)limit);
    int more, failed = 0;
    while (!failed && (more = store_next(listing->store, next, fault)) != 0)
        failed = more < 0 ? -1 : add(listing, next, fault);
    sqlite3_reset(next);
    if (!failed)
        failed = results_commit(listing->results, fault);
    if (failed) {
        results_rollback(listing->results);
        listing->done = before;
    }
    return failed;
}
