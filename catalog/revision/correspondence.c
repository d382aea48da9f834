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

/* Not when the same link stands there, decided, or when either item has a confirmed link already that this
 * is not another part of. */
static const char propose_sql[] =
    "INSERT INTO correspondence (old_revision, old_department, old_code, old_name, new_revision,"
    " new_department, new_code, new_name, relation, similarity, confidence)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE NOT EXISTS (SELECT 1 FROM"
    " correspondence WHERE old_revision = ?1 AND new_revision = ?5 AND ((state = 'confirmed' AND"
    " ((?3 <> '' AND old_department = ?2 AND old_code = ?3 AND NOT (relation = 'split' AND"
    " ?9 = 'split')) OR (?7 <> '' AND new_department = ?6 AND new_code = ?7 AND NOT"
    " (relation = 'merged' AND ?9 = 'merged')))) OR (old_department = ?2 AND"
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

/* Rejects what a confirmed row says otherwise: that its old item went on as another one (but parts of a
 * split do), and that its new item was added. */
static int reject_rivals(struct store *store, int64_t id, const char *who, struct fault *fault)
{
    char note[64];
    snprintf(note, sizeof note, "与已确认的第 %lld 条不符", (long long)id);
    sqlite3_stmt *statement = store_prepare(
        store,
        "UPDATE correspondence AS rival SET state = 'rejected', decided_by = ?2, note = ?3,"
        " decided_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') FROM correspondence AS mine WHERE"
        " mine.id = ?1 AND rival.id <> ?1 AND rival.state <> 'rejected' AND"
        " rival.old_revision = mine.old_revision AND rival.new_revision = mine.new_revision AND"
        " ((mine.old_code <> '' AND rival.old_department = mine.old_department AND"
        "   rival.old_code = mine.old_code AND"
        "   NOT (rival.relation = 'split' AND mine.relation = 'split')) OR"
        "  (mine.new_code <> '' AND rival.new_department = mine.new_department AND"
        "   rival.new_code = mine.new_code AND 'added' IN (rival.relation, mine.relation)))",
        fault);
    int failed = !statement || store_run(store, store_bind(statement, "itt", id, who, note), fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

static int confirm_row(struct store *store, int64_t id, const char *who, const char *note,
                       struct fault *fault)
{
    return set_state(store, id, "confirmed", who, note, fault) ||
                   reject_rivals(store, id, who, fault)
               ? -1
               : 0;
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
        failed = (confirm ? confirm_row(store, ids[i], who, note, fault)
                          : set_state(store, ids[i], "rejected", who, note, fault)) ||
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
        failed = confirm_row(store, chosen.ids[i], who, "", fault);
    snprintf(text, sizeof text, "%zu from confidence %.3f", chosen.count, confidence);
    failed = failed || write_down(store, who, "confirm", text, fault);
    if (!failed)
        *confirmed = chosen.count;
    free(chosen.ids);
    return finish(store, failed, fault);
}

/* An item of the row's new revision, whose department may be spelt otherwise; free_found. */
struct found {
    char *department, *name;
};

static void free_found(struct found *found)
{
    free(found->department);
    free(found->name);
}

static int find_item(struct store *store, int64_t id, const char *department, const char *code,
                     struct found *found, struct fault *fault)
{
    struct folder *folder = folder_new();
    char *wanted = folder_fold_utf8(folder, department);
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT item.department, item.name FROM item JOIN correspondence c ON"
                      " item.revision = c.new_revision WHERE c.id = ? AND item.code = ? AND"
                      " item.state <> 'quarantine' AND item.name <> ''",
                      fault);
    int got = statement ? 1 : -1;
    if (statement)
        store_bind(statement, "it", id, code);
    while (got > 0 && !found->name && (got = store_next(store, statement, fault)) > 0) {
        char *folded = folder_fold_utf8(folder, store_text(statement, 0));
        if (strcmp(folded, wanted) == 0)
            *found = (struct found){xstrdup(store_text(statement, 0)),
                                    xstrdup(store_text(statement, 1))};
        free(folded);
    }
    sqlite3_finalize(statement);
    free(wanted);
    folder_destroy(&folder);
    if (got >= 0 && !found->name)
        fault_set(fault, "correspondence.no_item", "新目录的“%s”没有条目 %s", department, code);
    return found->name ? 0 : -1;
}

static bool same_folded(const struct folder *folder, const char *a, const char *b)
{
    char *one = folder_fold_utf8(folder, a), *other = folder_fold_utf8(folder, b);
    bool same = strcmp(one, other) == 0;
    free(one);
    free(other);
    return same;
}

static enum relation relation_between(const struct correspondence_side *old, const char *code,
                                      const struct found *new)
{
    struct folder *folder = folder_new();
    size_t parent = strlen(old->code) > 2 ? strlen(old->code) - 2 : 0;
    enum relation relation = RELATION_EXACT;
    if (!same_folded(folder, old->department, new->department) ||
        strlen(code) != strlen(old->code) || strncmp(old->code, code, parent) != 0)
        relation = RELATION_MOVED;
    else if (!same_folded(folder, old->name, new->name))
        relation = RELATION_RENAMED;
    else if (strcmp(old->code, code) != 0)
        relation = RELATION_RECODED;
    folder_destroy(&folder);
    return relation;
}

/* What the two items show; -1 with a fault when the row has no old item. */
static int read_relation(struct store *store, int64_t id, const char *code, const struct found *new,
                         enum relation *relation, struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(store, COLUMNS "WHERE id = ?", fault);
    int got = statement ? store_next(store, store_bind(statement, "i", id), fault) : -1;
    struct correspondence row = got > 0 ? row_of(statement) : (struct correspondence){0};
    if (got > 0 && !*row.old.code)
        got = fault_set(fault, "correspondence.no_old",
                        "新增的条目没有原条目：请在原条目的那一条上更正");
    else if (got > 0)
        *relation = *code ? relation_between(&row.old, code, new) : RELATION_REMOVED;
    sqlite3_finalize(statement);
    return got > 0 ? 0 : -1;
}

/* The row's old item goes on as the one that was found. */
static int add_corrected(struct store *store, int64_t id, const char *code, const struct found *new,
                         const char *relation, const char *who, const char *note,
                         struct fault *fault)
{
    int64_t added = 0;
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO correspondence (old_revision, old_department, old_code, old_name,"
        " new_revision, new_department, new_code, new_name, relation, similarity, confidence,"
        " state, decided_by, decided_at, note) SELECT old_revision, old_department, old_code,"
        " old_name, new_revision, ?2, ?3, ?4, ?5, 0, 1, 'confirmed', ?6,"
        " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?7 FROM correspondence WHERE id = ?1"
        " ON CONFLICT DO UPDATE SET relation = ?5, confidence = 1, state = 'confirmed',"
        " decided_by = ?6, decided_at = excluded.decided_at, note = ?7 RETURNING id",
        fault);
    int got = statement ? store_next(store,
                                     store_bind(statement, "itttttt", id, new->department, code,
                                                new->name, relation, who, note),
                                     fault)
                        : -1;
    if (got > 0)
        added = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return got > 0 ? reject_rivals(store, added, who, fault) : -1;
}

int correspondence_correct(struct store *store, int64_t id, const char *department,
                           const char *code, const char *relation, const char *who,
                           const char *note, struct fault *fault)
{
    char text[64];
    struct found new = {0};
    enum relation shown = RELATION_REMOVED;
    if (store_begin(store, fault))
        return -1;
    int failed = set_state(store, id, "rejected", who, note, fault);
    if (!failed && *code)
        failed = find_item(store, id, department, code, &new, fault);
    else if (!failed)
        new = (struct found){xstrdup(""), xstrdup("")};
    failed = failed || read_relation(store, id, code, &new, &shown, fault);
    if (!*code || !*relation)
        relation = relation_name(shown);
    failed = failed || add_corrected(store, id, code, &new, relation, who, note, fault);
    snprintf(text, sizeof text, "%lld %.40s", (long long)id, code);
    failed = failed || write_down(store, who, "correct", text, fault);
    free_found(&new);
    return finish(store, failed, fault);
}
