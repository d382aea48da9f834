#include "catalog/catalog.h"
#include "catalog/data_files.h"
#include "catalog/import/csv_table.h"
#include "catalog/import/import.h"

#include "common/log.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* What one build works on. */
struct build {
    struct store *store;
    const struct data_files *files;
    struct folder *folder;
};

/* A table on its way into the database: each row is bound and run by `row`. */
struct loading {
    struct build *build;
    const struct data_file *file;
    struct csv_table *table;
    sqlite3_stmt *insert;
};
typedef int load_row_fn(struct loading *loading, size_t row, struct fault *fault);

static int load_table(struct build *build, const struct data_file *file, const char *insert,
                      load_row_fn *each, struct fault *fault)
{
    struct loading loading = {.build = build, .file = file};
    int failed = -1;
    if (!file)
        return 0;
    loading.table = csv_table_read(file->name, file->bytes, file->length, fault);
    loading.insert = loading.table ? store_prepare(build->store, insert, fault) : NULL;
    if (loading.insert)
        failed = 0;
    for (size_t row = 0; !failed && row < loading.table->count; row++)
        failed = each(&loading, row, fault);
    sqlite3_finalize(loading.insert);
    csv_table_destroy(&loading.table);
    return failed;
}

static const char *cell(const struct loading *loading, size_t row, const char *column)
{
    return csv_table_cell(loading->table, row, csv_table_column(loading->table, column, NULL));
}

static int bad_row(const struct loading *loading, size_t row, const char *what, struct fault *fault)
{
    return fault_set(fault, "catalog.bad_data", "%s 第 %zu 行：%s", loading->file->name,
                     loading->table->lines[row], what);
}

static int read_weight(const struct loading *loading, size_t row, double *weight,
                       struct fault *fault)
{
    const char *text = cell(loading, row, "weight");
    char *end;
    *weight = strtod(text, &end);
    return end == text || *end || !isfinite(*weight)
               ? bad_row(loading, row, "weight 不是数字", fault)
               : 0;
}

static int load_alias(struct loading *loading, size_t row, struct fault *fault)
{
    double weight;
    const char *alias = cell(loading, row, "alias");
    if (read_weight(loading, row, &weight, fault))
        return -1;
    if (!*alias)
        return bad_row(loading, row, "alias 为空", fault);
    if (weight <= 0 || weight > 1)
        return bad_row(loading, row, "weight 应大于 0，不超过 1", fault);
    return store_run(
        loading->build->store,
        store_bind(loading->insert, "ttd", alias, cell(loading, row, "department"), weight), fault);
}

static int load_kind(struct loading *loading, size_t row, struct fault *fault)
{
    static const char kinds[] = " service goods works personnel subsidy internal ";
    double weight;
    struct strbuf word = {0};
    strbuf_printf(&word, " %s ", cell(loading, row, "kind"));
    bool known = strstr(kinds, word.text) != NULL;
    strbuf_free(&word);
    if (!known)
        return bad_row(loading, row, "kind 不在已知类别之内", fault);
    if (read_weight(loading, row, &weight, fault))
        return -1;
    return store_run(loading->build->store,
                     store_bind(loading->insert, "ttdt", cell(loading, row, "phrase"),
                                cell(loading, row, "kind"), weight, cell(loading, row, "place")),
                     fault);
}

/* One cell: the words of a group between semicolons; the first is their meaning. */
static int load_synonyms(struct loading *loading, size_t row, struct fault *fault)
{
    char *words = xstrdup(cell(loading, row, "words")), *rest = words, *word, *meaning = words;
    int failed = 0;
    while (!failed && (word = strsep(&rest, ";")) != NULL)
        if (*word)
            failed = store_run(loading->build->store,
                               store_bind(loading->insert, "tt", word, meaning), fault);
    free(words);
    return failed;
}

static int load_regulation(struct loading *loading, size_t row, struct fault *fault)
{
    return store_run(loading->build->store,
                     store_bind(loading->insert, "tttttt", cell(loading, row, "number"),
                                cell(loading, row, "title"), cell(loading, row, "issued"),
                                cell(loading, row, "in_force_from"), cell(loading, row, "status"),
                                cell(loading, row, "note")),
                     fault);
}

/* One cell of labels: phrases between semicolons. */
static int load_phrases(struct loading *loading, size_t row, const char *column,
                        const char *department, const char *name, struct fault *fault)
{
    char *phrases = xstrdup(cell(loading, row, column)), *rest = phrases, *phrase;
    int failed = 0;
    while (!failed && (phrase = strsep(&rest, ";")) != NULL) {
        char *clean = name_clean(phrase);
        if (*clean)
            failed = store_run(loading->build->store,
                               store_bind(loading->insert, "ttttt", department,
                                          cell(loading, row, "code"), name, column, clean),
                               fault);
        free(clean);
    }
    free(phrases);
    return failed;
}

static int load_label(struct loading *loading, size_t row, struct fault *fault)
{
    static const char *const columns[] = {"alt", "hidden", "not"};
    char *department = folder_fold_utf8(loading->build->folder, cell(loading, row, "department"));
    char *name = name_clean(cell(loading, row, "name"));
    int failed = *name ? 0 : bad_row(loading, row, "name 为空", fault);
    for (size_t i = 0; i < sizeof columns / sizeof *columns && !failed; i++)
        failed = load_phrases(loading, row, columns[i], department, name, fault);
    free(department);
    free(name);
    return failed;
}

static int load_labels(struct build *build, struct fault *fault)
{
    for (size_t i = 0; i < build->files->count; i++) {
        const struct data_file *file = &build->files->files[i];
        if (strncmp(file->name, "labels/", 7) == 0 &&
            load_table(build, file,
                       "INSERT OR IGNORE INTO label (department, code, name, kind, text)"
                       " VALUES (?, ?, ?, ?, ?)",
                       load_label, fault))
            return -1;
    }
    return 0;
}

/* The rules' files as they are: catalog/rules.c reads them. */
static int load_rules(struct build *build, struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(build->store, "INSERT INTO rule_file (name, content) VALUES (?, ?)", fault);
    int failed = statement ? 0 : -1;
    for (size_t i = 0; i < build->files->count && !failed; i++) {
        const struct data_file *file = &build->files->files[i];
        if (strncmp(file->name, "rules/", 6) == 0)
            failed = store_run(build->store,
                               store_bind(statement, "tt", file->name + 6, file->bytes), fault);
    }
    sqlite3_finalize(statement);
    return failed;
}

static int load_model(struct build *build, struct fault *fault)
{
    const struct data_file *model = data_files_find(build->files, "model.txt");
    char hex[DATA_HASH_BYTES];
    struct strbuf hash = {0};
    data_files_model_hash(build->files, hex);
    strbuf_printf(&hash, "sha256:%s", hex);
    sqlite3_stmt *statement = store_prepare(
        build->store, "INSERT INTO model (id, hash, content) VALUES (1, ?, ?)", fault);
    int failed =
        !statement ||
        store_run(build->store, store_bind(statement, "tt", hash.text, model ? model->bytes : ""),
                  fault);
    sqlite3_finalize(statement);
    strbuf_free(&hash);
    return failed ? -1 : 0;
}

/* What B items say besides their name: who may use them, and where they are attested. */
static int load_restriction(struct loading *loading, size_t row, struct fault *fault)
{
    const char *restriction = cell(loading, row, "restriction");
    if (strcmp(restriction, "any") == 0)
        restriction = "";
    return store_run(loading->build->store,
                     store_bind(loading->insert, "ttt", restriction, cell(loading, row, "source"),
                                cell(loading, row, "code")),
                     fault);
}

static int add_restrictions(struct build *build, const struct data_file *file, const char *number,
                            struct fault *fault)
{
    char *update = sqlite3_mprintf("UPDATE item SET restriction = ?, source = ? WHERE code = ?"
                                   " AND department = 'B' AND revision = %Q",
                                   number);
    int failed = load_table(build, file, update, load_restriction, fault);
    sqlite3_free(update);
    return failed;
}

/* A revision of that number that a keeper imported by hand stays; the data's is left out. */
static bool is_held(struct build *build, const char *number)
{
    sqlite3_stmt *statement =
        store_prepare(build->store, "SELECT 1 FROM revision WHERE number = ?", NULL);
    bool held =
        statement && store_next(build->store, store_bind(statement, "t", number), NULL) == 1;
    sqlite3_finalize(statement);
    return held;
}

static int load_revision(struct loading *loading, size_t row, struct fault *fault)
{
    struct build *build = loading->build;
    const char *number = cell(loading, row, "number"), *name = cell(loading, row, "file");
    const struct data_file *file = data_files_find(build->files, name);
    if (!file)
        return bad_row(loading, row, "file 所指文件不存在", fault);
    if (is_held(build, number)) {
        log_info("revision_kept", "number=\"%s\" origin=import", number);
        return 0;
    }
    struct import_options options = {.number = number,
                                     .title = cell(loading, row, "title"),
                                     .issued = cell(loading, row, "issued"),
                                     .effective = cell(loading, row, "effective"),
                                     .ended = cell(loading, row, "ended"),
                                     .repeals = cell(loading, row, "repeals"),
                                     .origin = "data",
                                     .complete = *cell(loading, row, "complete") != '0'};
    if (import_bytes(build->store, name, file->bytes, file->length, &options, NULL, NULL, fault) ==
        IMPORT_FAILED)
        return -1;
    return add_restrictions(build, file, number, fault);
}

/* What imported revisions repeal of the data's. */
static int end_repealed(struct build *build, struct fault *fault)
{
    sqlite3_stmt *imported = store_prepare(
        build->store,
        "SELECT number, repeals FROM revision WHERE origin <> 'data' AND repeals <> ''", fault);
    int got = imported ? 1 : -1;
    while (got > 0 && (got = store_next(build->store, imported, fault)) > 0)
        if (import_end_repealed(build->store, store_text(imported, 0), store_text(imported, 1),
                                fault))
            got = -1;
    sqlite3_finalize(imported);
    return got;
}

static int record_build(struct build *build, struct fault *fault)
{
    char hash[DATA_HASH_BYTES];
    data_files_hash(build->files, hash);
    sqlite3_stmt *statement = store_prepare(build->store,
                                            "INSERT INTO build (id, hash, built_at) VALUES (1, ?,"
                                            " strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
                                            fault);
    int failed = !statement || store_run(build->store, store_bind(statement, "t", hash), fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

/* Takes out what came from the data folder. */
static int clear_data(struct build *build, struct fault *fault)
{
    return store_exec(
        build->store,
        "DELETE FROM finding WHERE revision IN (SELECT number FROM revision WHERE origin = 'data');"
        "DELETE FROM item WHERE revision IN (SELECT number FROM revision WHERE origin = 'data');"
        "DELETE FROM revision WHERE origin = 'data';"
        "DELETE FROM label; DELETE FROM alias; DELETE FROM kind_phrase;"
        "DELETE FROM regulation; DELETE FROM rule_file; DELETE FROM model; DELETE FROM build;"
        "DELETE FROM synonym",
        fault);
}

static int fill(struct build *build, struct fault *fault)
{
    const struct data_files *files = build->files;
    return clear_data(build, fault) ||
                   load_table(build, data_files_find(files, "aliases.csv"),
                              "INSERT OR IGNORE INTO alias (alias, department, weight)"
                              " VALUES (?, ?, ?)",
                              load_alias, fault) ||
                   load_table(build, data_files_find(files, "kinds.csv"),
                              "INSERT OR IGNORE INTO kind_phrase (phrase, kind, weight, place)"
                              " VALUES (?, ?, ?, ?)",
                              load_kind, fault) ||
                   load_table(build, data_files_find(files, "synonyms.csv"),
                              "INSERT OR IGNORE INTO synonym (word, meaning) VALUES (?, ?)",
                              load_synonyms, fault) ||
                   load_table(build, data_files_find(files, "regulations.csv"),
                              "INSERT INTO regulation (number, title, issued, in_force_from,"
                              " status, note) VALUES (?, ?, ?, ?, ?, ?)",
                              load_regulation, fault) ||
                   load_table(build, data_files_find(files, "revisions.csv"), "SELECT 1",
                              load_revision, fault) ||
                   end_repealed(build, fault) || load_labels(build, fault) ||
                   load_rules(build, fault) || load_model(build, fault) ||
                   record_build(build, fault)
               ? -1
               : 0;
}

static int build_locked(const struct data_files *files, const char *path, struct fault *fault)
{
    struct build build = {.files = files};
    int failed = -1;
    build.store = catalog_open(path, STORE_WRITE_DURABLE, fault);
    if (!build.store)
        return -1;
    build.folder = folder_new();
    if (store_begin(build.store, fault) == 0 && fill(&build, fault) == 0)
        failed = store_commit(build.store, fault);
    if (failed)
        store_rollback(build.store);
    folder_destroy(&build.folder);
    store_close(&build.store);
    return failed;
}

int catalog_lock(const char *path, struct fault *fault)
{
    struct strbuf name = {0};
    strbuf_printf(&name, "%s.lock", path);
    int file = open(name.text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    while (file >= 0 && flock(file, LOCK_EX) < 0 && errno == EINTR) {
    }
    if (file < 0)
        fault_set(fault, "store.open", "%s: %s", name.text, strerror(errno));
    strbuf_free(&name);
    return file;
}

/* Whether the database was built from these files by this program. */
static bool is_current(const struct data_files *files, const char *path)
{
    char hash[DATA_HASH_BYTES];
    if (access(path, R_OK) != 0)
        return false;
    struct store *store = catalog_open(path, STORE_READ_ONLY, NULL);
    if (!store)
        return false;
    data_files_hash(files, hash);
    sqlite3_stmt *statement = store_prepare(store, "SELECT 1 FROM build WHERE hash = ?", NULL);
    bool current = statement && store_next(store, store_bind(statement, "t", hash), NULL) == 1;
    sqlite3_finalize(statement);
    store_close(&store);
    return current;
}

static int build_from(const char *data_directory, const char *path, bool always,
                      struct fault *fault)
{
    struct data_files *files = data_files_load(data_directory, fault);
    int failed = -1;
    if (!files)
        return -1;
    if (!always && is_current(files, path)) {
        failed = 0;
    } else {
        int locked = catalog_lock(path, fault);
        if (locked >= 0 && !always && is_current(files, path))
            failed = 0; /* another process has just built it */
        else if (locked >= 0)
            failed = build_locked(files, path, fault);
        if (locked >= 0)
            close(locked);
    }
    data_files_destroy(&files);
    return failed;
}

int catalog_build(const char *data_directory, const char *path, struct fault *fault)
{
    return build_from(data_directory, path, true, fault);
}

int catalog_ensure(const char *path, const char *data_directory, struct fault *fault)
{
    return build_from(data_directory, path, false, fault);
}
