#include "catalog/import/import.h"

#include "catalog/catalog.h"
#include "catalog/import/csv_table.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Whether a text is a date as the catalog keeps them: YYYY or YYYY-MM-DD, or nothing. */
static bool is_date(const char *text)
{
    static const char shape[] = "0000-00-00";
    size_t length = text ? strlen(text) : 0;
    if (length != 0 && length != 4 && length != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < length; i++)
        if (shape[i] == '-' ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    if (length <= 4)
        return true;
    struct tm day = {0};
    const char *end = strptime(text, "%Y-%m-%d", &day);
    int wanted = day.tm_mday;
    return end && *end == 0 && timegm(&day) != -1 && day.tm_mday == wanted; /* no 30 February */
}

static int check_options(const struct import_options *options, struct fault *fault)
{
    const char *dates[] = {options->issued, options->effective, options->ended};
    if (!options->number || !*options->number ||
        !text_is_utf8(options->number, strlen(options->number)))
        return fault_set(fault, "import.bad_option", "缺少目录文号（--revision）");
    if (strpbrk(options->number, " \t\r\n") || strstr(options->number, "\u3000"))
        return fault_set(fault, "import.bad_option", "文号“%s”中有空格，请去掉", options->number);
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (!is_date(dates[i]))
            return fault_set(fault, "import.bad_option", "“%s”不是日期：应为 2025-07-15 或 2025",
                             dates[i]);
    return 0;
}

static int load_known(struct store *store, const struct folder *folder, struct known_names *known,
                      struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        "SELECT DISTINCT department FROM item WHERE state <> 'quarantine' AND department <> 'B'"
        " UNION SELECT DISTINCT department FROM alias ORDER BY 1",
        fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(store, statement, fault)) > 0)
        known_names_add(known, folder, store_text(statement, 0));
    sqlite3_finalize(statement);
    return got;
}

/* CSV has a header line that names the code column; an official text has no such line at all. */
static bool is_csv(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end && (*bytes == '#' || *bytes == '\n' || *bytes == '\r')) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        bytes = newline ? newline + 1 : end;
    }
    const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
    char *header = xstrndup(bytes, (size_t)((newline ? newline : end) - bytes));
    bool named = strstr(header, "code") || strstr(header, "代码");
    bool csv = named && strchr(header, ',') && !strchr(header, '\t') && !strchr(header, '|');
    free(header);
    return csv;
}

static struct sheet *read_sheet(const char *source, const char *bytes, size_t length,
                                const struct known_names *known, const struct folder *folder,
                                struct fault *fault)
{
    if (!is_csv(bytes, length))
        return sheet_from_text(bytes, length, known, folder, fault);
    struct csv_table *table = csv_table_read(source, bytes, length, fault);
    struct sheet *sheet = table ? sheet_from_csv(table, source, fault) : NULL;
    csv_table_destroy(&table);
    return sheet;
}

static int insert_revision(struct store *store, const struct import_options *options,
                           const struct import_result *result, struct fault *fault)
{
    const char *issued = options->issued ? options->issued : "";
    bool complete = options->complete < 0 ? result->complete : options->complete != 0;
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO revision (number, title, issued, effective, ended, repeals, complete, content,"
        " origin, imported_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
        fault);
    int failed =
        !statement ||
        store_run(
            store,
            store_bind(
                statement, "ttttttitt", options->number, options->title ? options->title : "",
                issued, options->effective && *options->effective ? options->effective : issued,
                options->ended ? options->ended : "", options->repeals ? options->repeals : "",
                (int64_t)complete, result->content, options->origin ? options->origin : "import"),
            fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

static int insert_items(struct store *store, const char *number, const struct import_result *result,
                        struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO item (revision, department, code, level, name, parent, position, line, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        fault);
    int failed = statement ? 0 : -1;
    for (size_t i = 0; i < result->item_count && !failed; i++) {
        const struct import_item *item = &result->items[i];
        failed =
            store_run(store,
                      store_bind(statement, "tttittiit", number, item->department, item->code,
                                 (int64_t)item->level, item->name, item->parent, (int64_t)i + 1,
                                 (int64_t)item->line, item_state_word(item->state)),
                      fault);
    }
    sqlite3_finalize(statement);
    return failed;
}

static int insert_findings(struct store *store, const char *number,
                           const struct import_result *result, struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO finding (revision, kind, severity, department, code, name, line, message)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        fault);
    int failed = statement ? 0 : -1;
    for (size_t i = 0; i < result->finding_count && !failed; i++) {
        const struct import_finding *finding = &result->findings[i];
        failed = store_run(
            store,
            store_bind(statement, "ttttttit", number, finding_kind_word(finding->kind),
                       severity_word(finding->severity), finding->department, finding->code,
                       finding->name, (int64_t)finding->line, finding->message),
            fault);
    }
    sqlite3_finalize(statement);
    return failed;
}

int import_end_repealed(struct store *store, const char *number, const char *repeals,
                        struct fault *fault)
{
    char *repealed = repeals && *repeals ? catalog_find_revision(store, repeals, NULL) : NULL;
    if (!repealed)
        return 0;
    sqlite3_stmt *statement = store_prepare(
        store,
        "UPDATE revision SET ended = (SELECT effective FROM revision WHERE number = ?1)"
        " WHERE number = ?2 AND number <> ?1 AND ended = ''",
        fault);
    int failed =
        !statement || store_run(store, store_bind(statement, "tt", number, repealed), fault);
    sqlite3_finalize(statement);
    free(repealed);
    return failed ? -1 : 0;
}

static int write_all(struct store *store, const struct import_options *options,
                     const struct import_result *result, struct fault *fault)
{
    bool alone = sqlite3_get_autocommit(store->db);
    if (alone && store_begin(store, fault))
        return -1;
    int failed = insert_revision(store, options, result, fault) ||
                 insert_items(store, options->number, result, fault) ||
                 insert_findings(store, options->number, result, fault) ||
                 import_end_repealed(store, options->number, options->repeals, fault) ||
                 settle_again(store, options->number, fault) ||
                 (alone && store_commit(store, fault));
    if (failed && alone)
        store_rollback(store);
    return failed ? -1 : 0;
}

/* The content hash of a revision (free()), NULL when it is not held. */
static char *held_content(struct store *store, const char *number)
{
    char *content = NULL;
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT content FROM revision WHERE number = ?", NULL);
    if (statement && store_next(store, store_bind(statement, "t", number), NULL) == 1)
        content = xstrdup(store_text(statement, 0));
    sqlite3_finalize(statement);
    return content;
}

static const char *text_or_empty(const char *text)
{
    return text ? text : "";
}

/* Runs a change of what is said of the revision. 1 when it changed a row, whose first column is copied to
 * `first` (free()); 0 when it changed none; -1 with a fault. */
static int change(struct store *store, const char *sql, const struct import_options *options,
                  char **first, struct fault *fault)
{
    int got = -1;
    sqlite3_stmt *statement = store_prepare(store, sql, fault);
    if (statement)
        got = store_next(store,
                         store_bind(statement, "tttttt", options->number,
                                    text_or_empty(options->title), text_or_empty(options->issued),
                                    text_or_empty(options->effective),
                                    text_or_empty(options->ended), text_or_empty(options->repeals)),
                         fault);
    if (got == 1)
        *first = xstrdup(store_text(statement, 0));
    sqlite3_finalize(statement);
    return got;
}

/* The first import may have had a slip in title or dates, which would count for ever. What is not said
 * now stays. The revision that this one repeals ends on the right day, too. */
static int amend_rows(struct store *store, const struct import_options *options,
                      struct fault *fault)
{
    static const char repealed[] =
        "UPDATE revision SET ended = ?4 WHERE ?4 <> '' AND number = (SELECT repeals FROM revision"
        " WHERE number = ?1) AND ended = (SELECT effective FROM revision WHERE number = ?1)"
        " RETURNING number";
    static const char amended[] =
        "UPDATE revision SET title = iif(?2 = '', title, ?2), issued = iif(?3 = '', issued, ?3),"
        " effective = iif(?4 = '', effective, ?4), ended = iif(?5 = '', ended, ?5), repeals ="
        " iif(?6 = '', repeals, ?6) WHERE number = ?1 AND (?2 NOT IN ('', title) OR ?3 NOT IN ('',"
        " issued) OR ?4 NOT IN ('', effective) OR ?5 NOT IN ('', ended) OR ?6 NOT IN ('', repeals))"
        " RETURNING origin";
    char *other = NULL, *origin = NULL;
    int changed = change(store, repealed, options, &other, fault);
    if (changed >= 0)
        changed = change(store, amended, options, &origin, fault);
    if (changed > 0 && strcmp(origin, "data") == 0)
        changed = fault_set(fault, "import.exists",
                            "%s 来自数据目录：标题和日期请在 revisions.csv 中更正，再用 jinmu "
                            "catalog build 重建",
                            options->number);
    if (changed > 0 && import_end_repealed(store, options->number, options->repeals, fault))
        changed = -1;
    free(other);
    free(origin);
    return changed;
}

static enum import_outcome amend(struct store *store, const struct import_options *options,
                                 struct fault *fault)
{
    if (options->dry_run || !sqlite3_get_autocommit(store->db))
        return IMPORT_UNCHANGED;
    int changed = store_begin(store, fault) ? -1 : amend_rows(store, options, fault);
    if (changed > 0 && store_commit(store, fault))
        changed = -1;
    if (changed <= 0)
        store_rollback(store);
    return changed < 0 ? IMPORT_FAILED : changed ? IMPORT_AMENDED : IMPORT_UNCHANGED;
}

/* A number that is written otherwise (brackets, width) names the same revision wherever one is looked
 * for: two of them could not be told apart. */
static int check_spelling(struct store *store, const char *number, const struct folder *folder,
                          struct fault *fault)
{
    char *wanted = folder_fold_utf8(folder, number);
    int got = -1, other = 0;
    sqlite3_stmt *statement = store_prepare(store, "SELECT number FROM revision", fault);
    while (statement && !other && (got = store_next(store, statement, fault)) == 1) {
        const char *held = store_text(statement, 0);
        char *folded = folder_fold_utf8(folder, held);
        other = strcmp(held, number) != 0 && strcmp(folded, wanted) == 0;
        if (other)
            fault_set(fault, "import.exists", "文号“%s”已以“%s”的写法在库：请照此填写", number,
                      held);
        free(folded);
    }
    sqlite3_finalize(statement);
    free(wanted);
    return other || got < 0 ? -1 : 0;
}

static enum import_outcome decide(struct store *store, const struct import_options *options,
                                  const struct import_result *result, struct fault *fault)
{
    if (options->strict && result->finding_count)
        return IMPORT_REFUSED;
    char *held = held_content(store, options->number);
    bool same = held && strcmp(held, result->content) == 0;
    bool other = held && !same;
    free(held);
    if (same)
        return amend(store, options, fault);
    if (other) {
        fault_set(fault, "import.exists",
                  "目录 %s 已存在且内容不同，未作改动；如系新的目录，请用新的文号",
                  options->number);
        return IMPORT_FAILED;
    }
    if (options->dry_run)
        return IMPORT_WOULD;
    return write_all(store, options, result, fault) ? IMPORT_FAILED : IMPORT_DONE;
}

enum import_outcome import_bytes(struct store *store, const char *source, const char *bytes,
                                 size_t length, const struct import_options *options,
                                 struct sheet **sheet, struct import_result **result,
                                 struct fault *fault)
{
    enum import_outcome outcome = IMPORT_FAILED;
    struct folder *folder = folder_new();
    struct known_names known = {0};
    struct sheet *read = NULL;
    struct import_result *checked = NULL;
    if (check_options(options, fault) || check_spelling(store, options->number, folder, fault) ||
        load_known(store, folder, &known, fault))
        goto done;
    read = read_sheet(source, bytes, length, &known, folder, fault);
    if (!read)
        goto done;
    checked = import_check(read, &known, folder);
    outcome = decide(store, options, checked, fault);
done:
    if (sheet)
        *sheet = read;
    else
        sheet_destroy(&read);
    if (result)
        *result = checked;
    else
        import_result_destroy(&checked);
    known_names_free(&known);
    folder_destroy(&folder);
    return outcome;
}

enum import_outcome import_file(struct store *store, const char *path,
                                const struct import_options *options, struct sheet **sheet,
                                struct import_result **result, struct fault *fault)
{
    size_t length;
    char *bytes = file_read(path, &length, fault);
    if (sheet)
        *sheet = NULL;
    if (result)
        *result = NULL;
    if (!bytes)
        return IMPORT_FAILED;
    enum import_outcome outcome =
        import_bytes(store, path, bytes, length, options, sheet, result, fault);
    free(bytes);
    return outcome;
}

struct sheet *import_read(const char *path, struct fault *fault)
{
    size_t length;
    struct known_names none = {0};
    char *bytes = file_read(path, &length, fault);
    if (!bytes)
        return NULL;
    struct folder *folder = folder_new();
    struct sheet *sheet = read_sheet(path, bytes, length, &none, folder, fault);
    folder_destroy(&folder);
    free(bytes);
    return sheet;
}
