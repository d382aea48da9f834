#include "catalog/revision/correspondence.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_down(struct store *store, const char *who, const char *what, const char *text,
                      struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(store,
                                            "INSERT INTO keeping (at, who, what, text) VALUES"
                                            " (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?, ?, ?)",
                                            fault);
    int failed =
        !statement || store_run(store, store_bind(statement, "ttt", who, what, text), fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

/* Ends a transaction that `failed` says whether to keep. */
static int finish(struct store *store, int failed, struct fault *fault)
{
    if (!failed)
        failed = store_commit(store, fault);
    if (failed)
        store_rollback(store);
    return failed ? -1 : 0;
}

/* --- proposals --- */

static int forget_proposals(struct store *store, const struct diff *diff, struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store,
                      "DELETE FROM correspondence WHERE old_revision = ? AND new_revision = ?"
                      " AND state = 'proposed'",
                      fault);
    int failed =
        !statement ||
        store_run(store, store_bind(statement, "tt", diff->old->number, diff->new->number), fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

static struct correspondence_side side_of(const struct outline *outline, int item)
{
    struct correspondence_side side = {outline->number, "", "", ""};
    if (item == NOWHERE)
        return side;
    side.department = outline->departments[outline->items[item].department].name;
    side.code = outline->items[item].code;
    side.name = outline->items[item].name;
    return side;
}

/* Not when the same link stands there, decided, or when either item has a confirmed link already. */
static const char propose_sql[] =
    "INSERT INTO correspondence (old_revision, old_department, old_code, old_name, new_revision,"
    " new_department, new_code, new_name, relation, similarity, confidence)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE NOT EXISTS (SELECT 1 FROM"
    " correspondence WHERE old_revision = ?1 AND new_revision = ?5 AND ((state = 'confirmed' AND"
    " ((?3 <> '' AND old_department = ?2 AND old_code = ?3) OR"
    " (?7 <> '' AND new_department = ?6 AND new_code = ?7))) OR (old_department = ?2 AND"
    " old_code = ?3 AND new_department = ?6 AND new_code = ?7)))";

static int propose(struct store *store, sqlite3_stmt *insert, const struct diff *diff,
                   const struct link *link, struct fault *fault)
{
    struct correspondence_side old = side_of(diff->old, link->old),
                               new = side_of(diff->new, link->new);
    return store_run(store,
                     store_bind(insert, "tttttttttdd", old.revision, old.department, old.code,
                                old.name, new.revision, new.department, new.code, new.name,
                                relation_name(link->relation), link->similarity, link->confidence),
                     fault);
}

int correspondence_propose(struct store *store, const struct diff *diff, size_t *proposed,
                           struct fault *fault)
{
    sqlite3_stmt *insert = NULL;
    *proposed = 0;
    if (store_begin(store, fault))
        return -1;
    int failed = forget_proposals(store, diff, fault) ||
                 !(insert = store_prepare(store, propose_sql, fault));
    for (size_t i = 0; i < diff->count && !failed; i++) {
        const struct link *link = &diff->links[i];
        if (!link_item(diff, link)->leaf || link->relation == RELATION_UNSEEN)
            continue;
        failed = propose(store, insert, diff, link, fault);
        *proposed += (size_t)sqlite3_changes(store->db);
    }
    sqlite3_finalize(insert);
    return finish(store, failed, fault);
}

/* --- reading --- */

#define COLUMNS                                                                                    \
    "SELECT id, old_revision, old_department, old_code, old_name, new_revision, new_department,"   \
    " new_code, new_name, relation, similarity, confidence, state, decided_by, decided_at, note"   \
    " FROM correspondence "

static struct correspondence row_of(sqlite3_stmt *row)
{
    return (struct correspondence){
        .id = sqlite3_column_int64(row, 0),
        .old = {store_text(row, 1), store_text(row, 2), store_text(row, 3), store_text(row, 4)},
        .new = {store_text(row, 5), store_text(row, 6), store_text(row, 7), store_text(row, 8)},
        .relation = store_text(row, 9),
        .similarity = sqlite3_column_double(row, 10),
        .confidence = sqlite3_column_double(row, 11),
        .state = store_text(row, 12),
        .decided_by = store_text(row, 13),
        .decided_at = store_text(row, 14),
        .note = store_text(row, 15),
    };
}

static bool is_wanted(const struct folder *folder, const char *department,
                      const struct correspondence *row)
{
    if (!department)
        return true;
    char *old = folder_fold_utf8(folder, row->old.department),
         *new = folder_fold_utf8(folder, row->new.department);
    bool wanted = strcmp(old, department) == 0 || strcmp(new, department) == 0;
    free(old);
    free(new);
    return wanted;
}

int correspondence_each(struct store *store, const struct correspondence_filter *filter,
                        correspondence_fn *visit, void *argument, struct fault *fault)
{
    struct folder *folder = folder_new();
    char *department = filter->department ? folder_fold_utf8(folder, filter->department) : NULL;
    sqlite3_stmt *statement = store_prepare(
        store,
        COLUMNS "WHERE (?1 IS NULL OR old_revision = ?1) AND (?2 IS NULL OR new_revision = ?2)"
                " AND (?3 IS NULL OR state = ?3) AND (?4 = 0 OR relation <> 'exact')"
                " ORDER BY old_revision, new_revision, iif(old_code = '', new_department,"
                " old_department), old_code = '', old_code, new_code, id",
        fault);
    int got = statement ? 0 : -1, status = 0;
    if (statement)
        store_bind(statement, "ttti", filter->old_revision, filter->new_revision, filter->state,
                   (int64_t)filter->changes_only);
    while (statement && status == 0 && (got = store_next(store, statement, fault)) > 0) {
        struct correspondence row = row_of(statement);
        if (is_wanted(folder, department, &row))
            status = visit(&row, argument);
    }
    sqlite3_finalize(statement);
    free(department);
    folder_destroy(&folder);
    return got < 0 ? -1 : status;
}

/* --- decisions --- */

static int set_state(struct store *store, int64_t id, const char *state, const char *who,
                     const char *note, struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store,
                      "UPDATE correspondence SET state = ?, decided_by = ?, note = ?, decided_at ="
                      " strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE id = ?",
                      fault);
    int failed =
        !statement || store_run(store, store_bind(statement, "ttti", state, who, note, id), fault);
    sqlite3_finalize(statement);
    if (!failed && sqlite3_changes(store->db) == 0)
        failed =
            fault_set(fault, "correspondence.unknown", "没有编号为 %lld 的对应关系", (long long)id);
    return failed ? -1 : 0;
}

int correspondence_decide(struct store *store, const int64_t *ids, size_t count, bool confirm,
                          const char *who, const char *note, struct fault *fault)
{
    char text[32];
    int failed = 0;
    if (store_begin(store, fault))
        return -1;
    for (size_t i = 0; i < count && !failed; i++) {
        snprintf(text, sizeof text, "%lld", (long long)ids[i]);
        failed = set_state(store, ids[i], confirm ? "confirmed" : "rejected", who, note, fault) ||
                 write_down(store, who, confirm ? "confirm" : "reject", text, fault);
    }
    return finish(store, failed, fault);
}

/* Ids of rows, collected before they are changed. */
struct chosen {
    int64_t *ids;
    size_t count;
    double confidence;
};

static int choose(const struct correspondence *row, void *argument)
{
    struct chosen *chosen = argument;
    if (row->confidence < chosen->confidence)
        return 0;
    chosen->ids = xrealloc(chosen->ids, (chosen->count + 1) * sizeof *chosen->ids);
    chosen->ids[chosen->count++] = row->id;
    return 0;
}

int correspondence_confirm_sure(struct store *store, const struct correspondence_filter *filter,
                                double confidence, const char *who, size_t *confirmed,
                                struct fault *fault)
{
    struct correspondence_filter proposals = *filter;
    struct chosen chosen = {.confidence = confidence};
    char text[64];
    proposals.state = "proposed";
    *confirmed = 0;
    if (store_begin(store, fault))
        return -1;
    int failed = correspondence_each(store, &proposals, choose, &chosen, fault);
    for (size_t i = 0; i < chosen.count && !failed; i++)
        failed = set_state(store, chosen.ids[i], "confirmed", who, "", fault);
    snprintf(text, sizeof text, "%zu from confidence %.3f", chosen.count, confidence);
    failed = failed || write_down(store, who, "confirm", text, fault);
    if (!failed)
        *confirmed = chosen.count;
    free(chosen.ids);
    return finish(store, failed, fault);
}

/* The name (free()) of the item of the row's new revision, whose department may be spelt otherwise. */
static char *find_item(struct store *store, int64_t id, const char *department, const char *code,
                       char **printed, struct fault *fault)
{
    struct folder *folder = folder_new();
    char *wanted = folder_fold_utf8(folder, department), *name = NULL;
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT item.department, item.name FROM item JOIN correspondence c ON"
                      " item.revision = c.new_revision WHERE c.id = ? AND item.code = ? AND"
                      " item.state <> 'quarantine' AND item.name <> ''",
                      fault);
    int got = statement ? 1 : -1;
    if (statement)
        store_bind(statement, "it", id, code);
    while (got > 0 && !name && (got = store_next(store, statement, fault)) > 0) {
        char *folded = folder_fold_utf8(folder, store_text(statement, 0));
        if (strcmp(folded, wanted) == 0) {
            *printed = xstrdup(store_text(statement, 0));
            name = xstrdup(store_text(statement, 1));
        }
        free(folded);
    }
    sqlite3_finalize(statement);
    free(wanted);
    folder_destroy(&folder);
    if (got >= 0 && !name)
        fault_set(fault, "correspondence.no_item", "新目录的“%s”没有条目 %s", department, code);
    return name;
}

static int add_corrected(struct store *store, int64_t id, const char *department, const char *code,
                         const char *name, const char *relation, const char *who, const char *note,
                         struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO correspondence (old_revision, old_department, old_code, old_name,"
        " new_revision, new_department, new_code, new_name, relation, similarity, confidence,"
        " state, decided_by, decided_at, note) SELECT old_revision, old_department, old_code,"
        " old_name, new_revision, ?2, ?3, ?4, ?5, 0, 1, 'confirmed', ?6,"
        " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?7 FROM correspondence WHERE id = ?1"
        " ON CONFLICT DO UPDATE SET relation = ?5, confidence = 1, state = 'confirmed',"
        " decided_by = ?6, decided_at = excluded.decided_at, note = ?7",
        fault);
    int failed = !statement || store_run(store,
                                         store_bind(statement, "itttttt", id, department, code,
                                                    name, relation, who, note),
                                         fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

int correspondence_correct(struct store *store, int64_t id, const char *department,
                           const char *code, const char *relation, const char *who,
                           const char *note, struct fault *fault)
{
    char *name = NULL, *printed = NULL, text[64];
    if (store_begin(store, fault))
        return -1;
    int failed = set_state(store, id, "rejected", who, note, fault);
    if (!failed && !*code) {
        name = xstrdup("");
        printed = xstrdup("");
        relation = "removed";
    } else if (!failed) {
        failed = !(name = find_item(store, id, department, code, &printed, fault));
    }
    failed = failed || add_corrected(store, id, printed, code, name, relation, who, note, fault);
    snprintf(text, sizeof text, "%lld %.40s", (long long)id, code);
    failed = failed || write_down(store, who, "correct", text, fault);
    free(name);
    free(printed);
    return finish(store, failed, fault);
}
