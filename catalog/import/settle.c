#include "catalog/catalog.h"
#include "catalog/import/import.h"

#include "common/log.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row in quarantine that a settlement is about. */
struct doubtful {
    int64_t id;
    char *department;
    char *name;
    char *parent;
    int64_t line;
    size_t matches;
    bool one_name; /* all matches have it */
};

static void doubtful_clear(struct doubtful *row)
{
    free(row->department);
    free(row->name);
    free(row->parent);
}

static bool same_folded(const struct folder *folder, const char *a, const char *b)
{
    char *x = folder_fold_utf8(folder, a), *y = folder_fold_utf8(folder, b);
    bool same = strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

static void take_match(struct doubtful *row, sqlite3_stmt *statement)
{
    if (row->matches++) {
        row->one_name &= strcmp(row->name, store_text(statement, 2)) == 0;
        return;
    }
    row->id = sqlite3_column_int64(statement, 0);
    row->department = xstrdup(store_text(statement, 1));
    row->name = xstrdup(store_text(statement, 2));
    row->parent = xstrdup(store_text(statement, 3));
    row->line = sqlite3_column_int64(statement, 4);
    row->one_name = true;
}

static int find_doubtful(struct store *store, const struct folder *folder, const char *revision,
                         const struct settlement *settlement, struct doubtful *row,
                         struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        "SELECT id, department, name, parent, line FROM item WHERE revision = ?1 AND code = ?2"
        " AND state = 'quarantine' AND (?3 = 0 OR line = ?3) ORDER BY position",
        fault);
    int got = statement ? 1 : -1;
    if (statement)
        store_bind(statement, "tti", revision, settlement->code, (int64_t)settlement->line);
    while (got > 0 && (got = store_next(store, statement, fault)) > 0)
        if (same_folded(folder, settlement->department, store_text(statement, 1)))
            take_match(row, statement);
    sqlite3_finalize(statement);
    if (got < 0)
        return -1;
    if (row->matches == 0)
        return fault_set(fault, "catalog.not_quarantined", "“%s”没有待处理（隔离）的 %s",
                         settlement->department, settlement->code);
    if (!row->one_name)
        return fault_set(fault, "catalog.ambiguous",
                         "“%s”有 %zu 行 %s 待处理且名称不同，请用 --line 指明行号",
                         settlement->department, row->matches, settlement->code);
    return 0;
}

/* The spelling (free()) in which the catalog keeps a department, this revision's first; NULL when
 * nobody knows it. */
static char *spelling_of(struct store *store, const struct folder *folder, const char *revision,
                         const char *department)
{
    char *spelling = NULL;
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT department, revision = ?1 AS own FROM item GROUP BY 1, 2"
                      " UNION ALL SELECT DISTINCT department, 0 FROM alias WHERE department <> ''"
                      " ORDER BY own DESC, 1",
                      NULL);
    if (statement)
        store_bind(statement, "t", revision);
    while (statement && !spelling && store_next(store, statement, NULL) == 1)
        if (same_folded(folder, department, store_text(statement, 0)))
            spelling = xstrdup(store_text(statement, 0));
    sqlite3_finalize(statement);
    return spelling;
}

static bool is_taken(struct store *store, const char *revision, const char *department,
                     const char *code)
{
    sqlite3_stmt *statement = store_prepare(store,
                                            "SELECT 1 FROM item WHERE revision = ? AND department"
                                            " = ? AND code = ? AND state <> 'quarantine'",
                                            NULL);
    bool taken =
        statement &&
        store_next(store, store_bind(statement, "ttt", revision, department, code), NULL) == 1;
    sqlite3_finalize(statement);
    return taken;
}

/* Adds the levels above a code that the department lacks, as most of the revision names them. */
static int complete_above(struct store *store, const char *revision, const char *department,
                          const char *code, struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO item (revision, department, code, level, name, parent, position, line, state)"
        " SELECT ?1, ?2, ?3, ?4, name, ?5, 0, 0, 'completed' FROM item"
        " WHERE revision = ?1 AND code = ?3 AND state <> 'quarantine'"
        " AND NOT EXISTS (SELECT 1 FROM item WHERE revision = ?1 AND department = ?2 AND code = ?3"
        " AND state <> 'quarantine')"
        " GROUP BY name ORDER BY count(*) DESC, min(position) LIMIT 1",
        fault);
    int failed = statement ? 0 : -1;
    for (size_t part = 1; part + 2 <= strlen(code) && !failed; part += 2) {
        char above[CODE_BYTES], parent[CODE_BYTES];
        snprintf(above, sizeof above, "%.*s", (int)part, code);
        snprintf(parent, sizeof parent, "%.*s", part > 2 ? (int)part - 2 : 0, code);
        failed = store_run(store,
                           store_bind(statement, "tttit", revision, department, above,
                                      (int64_t)catalog_code_level(above), parent),
                           fault);
    }
    sqlite3_finalize(statement);
    return failed;
}

static int update_item(struct store *store, const struct doubtful *row, const char *department,
                       const char *code, const char *name, bool same_code, struct fault *fault)
{
    char parent[CODE_BYTES] = "";
    if (same_code)
        snprintf(parent, sizeof parent, "%s", row->parent);
    else if (strlen(code) > 2)
        snprintf(parent, sizeof parent, "%.*s", (int)strlen(code) - 2, code);
    sqlite3_stmt *statement =
        store_prepare(store,
                      "UPDATE item SET department = ?, code = ?, level = ?, parent = ?, name = ?,"
                      " state = 'offered' WHERE id = ?",
                      fault);
    int failed = !statement ||
                 store_run(store,
                           store_bind(statement, "ttitti", department, code,
                                      (int64_t)catalog_code_level(code), parent, name, row->id),
                           fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

static int mark_settled(struct store *store, const char *revision, const struct doubtful *row,
                        const char *printed_code, const char *department, struct fault *fault)
{
    struct strbuf word = {0};
    if (strcmp(department, row->department) == 0)
        strbuf_puts(&word, "released");
    else
        strbuf_printf(&word, "assigned:%s", department);
    sqlite3_stmt *statement = store_prepare(store,
                                            "UPDATE finding SET settled = ? WHERE revision = ? AND"
                                            " department = ? AND code = ? AND line = ?",
                                            fault);
    int failed = !statement || store_run(store,
                                         store_bind(statement, "tttti", word.text, revision,
                                                    row->department, printed_code, row->line),
                                         fault);
    sqlite3_finalize(statement);
    strbuf_free(&word);
    return failed ? -1 : 0;
}

static int apply(struct store *store, const char *revision, const struct settlement *settlement,
                 struct doubtful *row, struct fault *fault)
{
    struct folder *folder = folder_new();
    int failed = -1;
    char *department = NULL;
    if (find_doubtful(store, folder, revision, settlement, row, fault))
        goto done;
    const char *code = settlement->new_code ? settlement->new_code : settlement->code;
    const char *name = settlement->new_name ? settlement->new_name : row->name;
    department = settlement->new_department
                     ? spelling_of(store, folder, revision, settlement->new_department)
                     : xstrdup(row->department);
    if (!department)
        fault_set(fault, "catalog.unknown_department", "没有名为“%s”的部门",
                  settlement->new_department);
    else if (catalog_code_level(code) == 0)
        fault_set(fault, "catalog.bad_code", "“%s”不是目录代码", code);
    else if (!*name)
        fault_set(fault, "catalog.name_missing", "%s 没有名称，请用 --name 给出", code);
    else if (is_taken(store, revision, department, code))
        fault_set(fault, "catalog.key_taken", "“%s”已有 %s", department, code);
    else
        failed = mark_settled(store, revision, row, settlement->code, department, fault) ||
                 update_item(store, row, department, code, name,
                             strcmp(code, settlement->code) == 0, fault) ||
                 complete_above(store, revision, department, code, fault);
done:
    free(department);
    folder_destroy(&folder);
    return failed ? -1 : 0;
}

static int record(struct store *store, const char *revision, const struct settlement *settlement,
                  const struct doubtful *row, struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO settlement (revision, department, code, line, new_department, new_code,"
        " new_name, settled_at) VALUES (?, ?, ?, ?, ?, ?, ?,"
        " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
        fault);
    int failed =
        !statement ||
        store_run(
            store,
            store_bind(statement, "tttittt", revision, row->department, settlement->code, row->line,
                       settlement->new_department ? settlement->new_department : row->department,
                       settlement->new_code ? settlement->new_code : settlement->code,
                       settlement->new_name ? settlement->new_name : row->name),
            fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

int settle_item(struct store *store, const char *revision, const struct settlement *settlement,
                struct fault *fault)
{
    struct doubtful row = {0};
    if (store_begin(store, fault))
        return -1;
    int failed = apply(store, revision, settlement, &row, fault) ||
                 record(store, revision, settlement, &row, fault) || store_commit(store, fault);
    if (failed)
        store_rollback(store);
    doubtful_clear(&row);
    return failed ? -1 : 0;
}

static void apply_recorded(struct store *store, const char *revision, sqlite3_stmt *statement)
{
    struct doubtful row = {0};
    struct fault fault = {0};
    struct settlement settlement = {.department = store_text(statement, 0),
                                    .code = store_text(statement, 1),
                                    .line = (size_t)sqlite3_column_int64(statement, 2),
                                    .new_department = store_text(statement, 3),
                                    .new_code = store_text(statement, 4),
                                    .new_name = store_text(statement, 5)};
    if (apply(store, revision, &settlement, &row, &fault))
        log_warning("settlement_dropped", "revision=\"%s\" department=\"%s\" code=%s reason=\"%s\"",
                    revision, settlement.department, settlement.code, fault.message);
    doubtful_clear(&row);
}

int settle_again(struct store *store, const char *revision, struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT department, code, line, new_department, new_code, new_name"
                      " FROM settlement WHERE revision = ? ORDER BY id",
                      fault);
    int got = statement ? 1 : -1;
    if (statement)
        store_bind(statement, "t", revision);
    while (got > 0 && (got = store_next(store, statement, fault)) > 0)
        apply_recorded(store, revision, statement);
    sqlite3_finalize(statement);
    return got;
}
