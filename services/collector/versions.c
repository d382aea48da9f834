#include "services/collector/versions.h"

#include "common/store.h"
#include "common/strbuf.h"
#include "services/collector/pack.h"
#include "services/collector/results.h"

#include <stdlib.h>
#include <string.h>

enum { OLD, NEW, VERSIONS };

struct versions {
    char *path;
    struct store *store;
    struct packer *packer;
    sqlite3_stmt *projects[VERSIONS_DEPTHS], *results, *texts[VERSIONS];
    struct strbuf copies[VERSIONS][3]; /* revision, department, decision */
};

/* Of the texts that a unit handed in under an id, the one whose result was the last to be told of. */
#define NEXT_PROJECTS                                                                              \
    " FROM project WHERE number > ? AND NOT EXISTS (SELECT 1 FROM project other JOIN result"       \
    " ON result.project = other.number WHERE other.id = project.id AND other.unit = project.unit"  \
    " AND other.number <> project.number AND event > (SELECT max(event) FROM result"               \
    " WHERE result.project = project.number)) ORDER BY number LIMIT ?"

/* SQLite picks members out of a JSON text in a third of the time that reading it as a whole takes. */
static const char *const projects_sql[] = {
    [VERSIONS_PLAIN] = "SELECT number, id, unit, unpacked(json), '', 0, 0" NEXT_PROJECTS,
    [VERSIONS_WHOLE] =
        "WITH next (number, id, unit, json) AS MATERIALIZED (SELECT number, id, unit,"
        " unpacked(json)" NEXT_PROJECTS ") SELECT number, id, unit, json,"
        " json_extract(json, '$.name'), json_extract(json, '$.year'),"
        " json_extract(json, '$.amount_yuan') FROM next ORDER BY number"};
static const char results_sql[] =
    "SELECT result.number, event, revision, department, decision, engine, model FROM result JOIN"
    " origin ON origin.number = result.origin WHERE project = ? ORDER BY event DESC";
static const char text_sql[] =
    "WITH one (json) AS MATERIALIZED (SELECT unpacked(json) FROM result WHERE number = ?)"
    " SELECT json_extract(json, '$.confidence'), json_extract(json,"
    " '$.candidates[0].department'), json_extract(json, '$.candidates[0].code'),"
    " json_extract(json, '$.candidates[0].name') FROM one";

static void disconnect(struct versions *versions)
{
    for (int i = 0; i < VERSIONS_DEPTHS; i++)
        sqlite3_finalize(versions->projects[i]);
    sqlite3_finalize(versions->results);
    for (int i = 0; i < VERSIONS; i++)
        sqlite3_finalize(versions->texts[i]);
    store_close(&versions->store);
    packer_destroy(&versions->packer);
    versions->projects[VERSIONS_PLAIN] = versions->projects[VERSIONS_WHOLE] = versions->results =
        versions->texts[OLD] = versions->texts[NEW] = NULL;
}

static int connect_file(struct versions *versions, struct fault *fault)
{
    if (!(versions->store = results_open_to_read(versions->path, fault)) ||
        !(versions->packer = packer_new(versions->store, fault)) ||
        !(versions->results = store_prepare(versions->store, results_sql, fault)))
        return -1;
    for (int i = 0; i < VERSIONS_DEPTHS; i++)
        if (!(versions->projects[i] = store_prepare(versions->store, projects_sql[i], fault)))
            return -1;
    for (int i = 0; i < VERSIONS; i++)
        if (!(versions->texts[i] = store_prepare(versions->store, text_sql, fault)))
            return -1;
    return 0;
}

struct versions *versions_open(const char *results_path, struct fault *fault)
{
    struct versions *versions = xcalloc(1, sizeof *versions);
    versions->path = xstrdup(results_path);
    if (connect_file(versions, fault))
        versions_close(&versions);
    return versions;
}

void versions_close(struct versions **versions)
{
    if (!*versions)
        return;
    disconnect(*versions);
    for (int i = 0; i < VERSIONS; i++)
        for (int c = 0; c < 3; c++)
            strbuf_free(&(*versions)->copies[i][c]);
    free((*versions)->path);
    free(*versions);
    *versions = NULL;
}

static const char *copy(struct strbuf *buffer, const char *text)
{
    strbuf_reset(buffer);
    strbuf_puts(buffer, text);
    return buffer->text;
}

/* Takes the columns of a result over; its text is read when it is known to be wanted. */
static void take(struct versions *versions, int which, struct version *version, int64_t *number)
{
    sqlite3_stmt *row = versions->results;
    *number = sqlite3_column_int64(row, 0);
    version->event = sqlite3_column_int64(row, 1);
    version->revision = copy(&versions->copies[which][0], store_text(row, 2));
    version->department = copy(&versions->copies[which][1], store_text(row, 3));
    version->decision = copy(&versions->copies[which][2], store_text(row, 4));
}

static int read_text(struct versions *versions, int which, int64_t number, struct version *version,
                     struct fault *fault)
{
    if (!number)
        return 0;
    sqlite3_stmt *statement = store_bind(versions->texts[which], "i", number);
    int got = store_next(versions->store, statement, fault);
    if (got <= 0)
        return got;
    version->confidence = sqlite3_column_double(statement, 0);
    version->item_department = store_text(statement, 1);
    version->item_code = store_text(statement, 2);
    version->item_name = store_text(statement, 3);
    return 0;
}

/* Whether the row is by the target; without a target revision, by that of the latest result. */
static bool is_by_target(sqlite3_stmt *row, const struct version_target *target,
                         const char *latest_revision)
{
    const char *revision = target->revision ? target->revision : latest_revision;
    return strcmp(store_text(row, 2), revision) == 0 &&
           strcmp(store_text(row, 5), target->engine) == 0 &&
           (strcmp(store_text(row, 6), target->model) == 0 ||
            sqlite3_column_int64(row, 1) > target->since);
}

/* Newest first: the old one is the first that is not by the target. */
static int find_results(struct versions *versions, const struct version_target *target,
                        enum versions_depth depth, struct versioned *project, struct fault *fault)
{
    sqlite3_stmt *row = store_bind(versions->results, "i", project->number);
    int64_t numbers[VERSIONS] = {0, 0};
    struct strbuf latest = {0};
    int got;
    project->old = project->new = (struct version){0, "", "", "", 0, "", "", ""};
    while ((got = store_next(versions->store, row, fault)) > 0) {
        if (!latest.text)
            strbuf_puts(&latest, store_text(row, 2));
        if (!is_by_target(row, target, latest.text)) {
            if (!numbers[OLD])
                take(versions, OLD, &project->old, &numbers[OLD]);
        } else if (!numbers[NEW]) {
            take(versions, NEW, &project->new, &numbers[NEW]);
        }
    }
    strbuf_free(&latest);
    if (depth == VERSIONS_PLAIN)
        return got < 0 ? -1 : 0;
    return got < 0 || read_text(versions, OLD, numbers[OLD], &project->old, fault) ||
                   read_text(versions, NEW, numbers[NEW], &project->new, fault)
               ? -1
               : 0;
}

/* A project may say its amount in words: that is no number. */
static double number_of(sqlite3_stmt *row, int column)
{
    int type = sqlite3_column_type(row, column);
    return type == SQLITE_INTEGER || type == SQLITE_FLOAT ? sqlite3_column_double(row, column) : 0;
}

static void finish_reading(struct versions *versions)
{
    for (int i = 0; i < VERSIONS_DEPTHS; i++)
        sqlite3_reset(versions->projects[i]);
    sqlite3_reset(versions->results);
    for (int i = 0; i < VERSIONS; i++)
        sqlite3_reset(versions->texts[i]);
}

/* `last` is the last project that was looked at and visited, also when it fails. */
static int each(struct versions *versions, const struct version_target *target,
                enum versions_depth depth, int64_t *last, int64_t limit, versioned_fn *visit,
                void *argument, struct fault *fault)
{
    sqlite3_stmt *row = store_bind(versions->projects[depth], "ii", *last, limit);
    int status = 0, got = 0;
    while (status == 0 && (got = store_next(versions->store, row, fault)) > 0) {
        struct versioned project = {.number = sqlite3_column_int64(row, 0),
                                    .id = store_text(row, 1),
                                    .unit = store_text(row, 2),
                                    .project = store_text(row, 3),
                                    .name = store_text(row, 4),
                                    .year = (int)number_of(row, 5),
                                    .amount_yuan = number_of(row, 6)};
        if (find_results(versions, target, depth, &project, fault)) {
            got = -1;
            break;
        }
        *last = project.number;
        if (project.old.event || project.new.event)
            status = visit(&project, argument);
    }
    finish_reading(versions);
    return got < 0 ? -1 : 0;
}

/* The collector makes its dictionary while it runs: a reader that opened the file before cannot unpack
 * what came later, and opens it again. */
int64_t versions_each(struct versions *versions, const struct version_target *target,
                      enum versions_depth depth, int64_t after, int64_t limit, versioned_fn *visit,
                      void *argument, struct fault *fault)
{
    int64_t last = after;
    bool had = packer_has_dictionary(versions->packer);
    int failed = each(versions, target, depth, &last, limit, visit, argument, fault);
    if (failed && !had) {
        disconnect(versions);
        failed = connect_file(versions, fault) ||
                 each(versions, target, depth, &last, limit, visit, argument, fault);
    }
    return failed ? -1 : last == after ? 0 : last;
}

int versions_newest_origin(struct versions *versions, const char *revision, char **engine,
                           char **model, struct fault *fault)
{
    sqlite3_stmt *row = store_prepare(
        versions->store,
        "SELECT engine, model FROM origin WHERE ?1 IS NULL OR revision = ?1 ORDER BY (SELECT"
        " max(result.number) FROM result WHERE result.origin = origin.number) DESC LIMIT 1",
        fault);
    int got = row ? store_next(versions->store, store_bind(row, "t", revision), fault) : -1;
    if (got == 1) {
        *engine = xstrdup(store_text(row, 0));
        *model = xstrdup(store_text(row, 1));
    }
    sqlite3_finalize(row);
    return got;
}

int64_t versions_last_event(struct versions *versions)
{
    return store_number(versions->store, "SELECT max(number) FROM event", 0);
}

int64_t versions_count(struct versions *versions)
{
    return store_number(versions->store, "SELECT max(number) FROM project", 0);
}
