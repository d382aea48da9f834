#include "catalog/engine/reviews.h"

#include "catalog/catalog.h"
#include "catalog/engine/model.h"
#include "catalog/project.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HASH_HEX = crypto_hash_sha256_BYTES * 2 + 1, TIME_BYTES = 32, ID_BYTES = 24 };

/* A review on its way into the table: `row` borrows from the JSON and from what is owned below. */
struct incoming {
    const struct jv *json;
    struct project project;
    struct review row;
    char content[HASH_HEX], now[TIME_BYTES], made_id[ID_BYTES];
    char *revision, *department, *item, *rest;
};

static const char *text_or(const struct jv *json, const char *member, const char *otherwise)
{
    const char *text = jv_get_text(json, member);
    return text ? text : otherwise;
}

static void identify(struct incoming *incoming)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char *text = jv_write(incoming->json);
    crypto_hash_sha256(digest, (const unsigned char *)text, strlen(text));
    sodium_bin2hex(incoming->content, sizeof incoming->content, digest, sizeof digest);
    snprintf(incoming->made_id, sizeof incoming->made_id, "rv-%.16s", incoming->content);
    incoming->row.id = text_or(incoming->json, "id", "");
    if (!*incoming->row.id)
        incoming->row.id = incoming->made_id;
    free(text);
}

static void copy_other_member(const char *name, struct jv *value, void *rest)
{
    if (strcmp(name, field_name(FIELD_NAME)) != 0 &&
        strcmp(name, field_name(FIELD_DESCRIPTION)) != 0)
        jv_set(rest, name, jv_copy(value));
}

static int read_members(struct incoming *incoming, struct fault *fault)
{
    static const char *const texts[] = {"id",       "decision", "department", "code",   "kind",
                                        "reviewer", "time",     "reason",     "catalog"};
    const struct jv *json = incoming->json;
    if (!jv_is_object(json))
        return fault_set(fault, "review.not_an_object", "应当是一个 JSON 对象");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!jv_is_null(jv_get(json, texts[i])) && !jv_get_text(json, texts[i]))
            return fault_set(fault, "review.bad_type", "“%s”应当是文字", texts[i]);
    if (jv_is_null(jv_get(json, "project")))
        return fault_set(fault, "review.no_project", "缺少项目（project）");
    if (project_read(&incoming->project, jv_get(json, "project"), &project_limits_default, fault))
        return -1;
    const struct project *project = &incoming->project;
    struct review *row = &incoming->row;
    row->project = project->id;
    row->unit = project->unit;
    row->unit_department = project->department;
    row->name = project->fields[FIELD_NAME];
    row->description = project->fields[FIELD_DESCRIPTION];
    row->decision = text_or(json, "decision", "");
    row->reviewer = text_or(json, "reviewer", "");
    row->reason = text_or(json, "reason", "");
    row->reviewed_at = text_or(json, "time", incoming->now);
    struct jv *rest = jv_object();
    jv_each(project->json, copy_other_member, rest);
    incoming->rest = jv_write(rest);
    row->rest = incoming->rest;
    jv_destroy(&rest);
    return 0;
}

/* The time is compared as text, so it begins as ISO 8601 does. */
static bool is_time(const char *text)
{
    struct tm day = {0};
    return strlen(text) < TIME_BYTES && strptime(text, "%Y-%m-%d", &day) == text + 10;
}

static int check_members(const struct review *row, struct fault *fault)
{
    if (strcmp(row->decision, "accept") != 0 && strcmp(row->decision, "correct") != 0 &&
        strcmp(row->decision, "reject") != 0)
        return fault_set(fault, "review.bad_decision",
                         "“decision”应当是 accept、correct 或 reject，不是“%.100s”", row->decision);
    if (!*row->reviewer)
        return fault_set(fault, "review.no_reviewer", "缺少审核人（reviewer）");
    if (!is_time(row->reviewed_at))
        return fault_set(fault, "review.bad_time",
                         "“time”应当形如 2026-03-01T09:30:00Z，不是“%.100s”", row->reviewed_at);
    if (strlen(row->id) > PROJECT_ID_BYTES)
        return fault_set(fault, "review.id_too_long", "“id”超过 %d 字节", PROJECT_ID_BYTES);
    return 0;
}

static int this_year(void)
{
    time_t now = time(NULL);
    struct tm today;
    gmtime_r(&now, &today);
    return today.tm_year + 1900;
}

static int find_revision(struct incoming *incoming, struct store *store, struct fault *fault)
{
    const char *number = text_or(incoming->json, "catalog", incoming->project.catalog);
    int year = incoming->project.year ? incoming->project.year : this_year();
    incoming->revision = *number ? catalog_find_revision(store, number, fault)
                                 : catalog_revision_of_year(store, year, fault);
    incoming->row.revision = incoming->revision;
    return incoming->revision ? 0 : -1;
}

/* Takes the item of that code whose department is the wanted one, however spelt; with no department
 * wanted, one that needs none: of class B, or the only one of its code. Gives how many fitted. */
static int match_items(struct incoming *incoming, struct store *store, sqlite3_stmt *statement,
                       const char *department, struct strbuf *others, struct fault *fault)
{
    struct folder *folder = folder_new();
    char *wanted = folder_fold_utf8(folder, department);
    int fitting = 0, got;
    while ((got = store_next(store, statement, fault)) > 0) {
        const char *printed = store_text(statement, 0);
        char *folded = folder_fold_utf8(folder, printed);
        if (!*wanted || strcmp(printed, "B") == 0 || strcmp(folded, wanted) == 0) {
            free(incoming->department);
            free(incoming->item);
            incoming->department = xstrdup(printed);
            incoming->item = xstrdup(store_text(statement, 1));
            fitting++;
        }
        if (others->length < 200)
            strbuf_printf(others, "%s%s", others->length ? "、" : "", printed);
        free(folded);
    }
    free(wanted);
    folder_destroy(&folder);
    return got < 0 ? -1 : fitting;
}

/* B items stand in a document of their own and serve under every revision. */
static int find_item(struct incoming *incoming, struct store *store, const char *code,
                     struct fault *fault)
{
    const char *department = text_or(incoming->json, "department", "");
    if (catalog_code_level(code) != catalog_leaf_level(code))
        return fault_set(fault, "review.bad_code", "“%.40s”不是末级条目的代码", code);
    sqlite3_stmt *statement = store_prepare(
        store,
        "SELECT DISTINCT department, name FROM item WHERE code = ?1 AND state = 'offered'"
        " AND name <> '' AND (revision = ?2 OR department = 'B') ORDER BY department, name",
        fault);
    if (!statement)
        return -1;
    struct strbuf others = {0};
    store_bind(statement, "tt", code, incoming->revision);
    int fitting = match_items(incoming, store, statement, department, &others, fault);
    sqlite3_finalize(statement);
    if (fitting == 0 && others.length)
        fault_set(fault, "review.no_item", "%s 中“%.80s”没有 %s；该代码属于：%s",
                  incoming->revision, department, code, others.text);
    else if (fitting == 0)
        fault_set(fault, "review.no_item", "%s 中没有 %s", incoming->revision, code);
    else if (fitting > 1)
        fault_set(fault, "review.no_department", "缺少部门（department）：%s 属于多个部门（%s）",
                  code, others.text);
    strbuf_free(&others);
    if (fitting != 1)
        return -1;
    incoming->row.department = incoming->department;
    incoming->row.code = code;
    incoming->row.item = incoming->item;
    return 0;
}

static int find_answer(struct incoming *incoming, struct store *store, struct fault *fault)
{
    struct review *row = &incoming->row;
    const char *code = text_or(incoming->json, "code", "");
    const char *kind = text_or(incoming->json, "kind", *code ? "service" : "");
    bool rejected = strcmp(row->decision, "reject") == 0;
    row->department = row->code = row->item = "";
    row->kind = kind;
    if (*kind && kind_of_name(kind) == KINDS)
        return fault_set(fault, "review.bad_kind", "“kind”没有“%.40s”这一类", kind);
    if (*code && strcmp(kind, "service") != 0)
        return fault_set(fault, "review.bad_kind", "有代码（%.40s）就是服务，不能是“%s”", code,
                         kind);
    if (*code && rejected)
        return fault_set(fault, "review.rejected_code",
                         "decision 为 reject 时不应有代码：要给出正确的代码，请用 correct");
    if (*code)
        return find_item(incoming, store, code, fault);
    if (rejected && strcmp(kind, "service") == 0)
        row->kind = ""; /* a service, but which item is not said */
    else if (!rejected && (!*kind || strcmp(kind, "service") == 0))
        return fault_set(fault, "review.no_answer",
                         "没有代码（code）时，应当写明资金类别（kind：goods、works、personnel、"
                         "subsidy、internal）");
    return 0;
}

/* REVIEW_ADDED stands for: not in the table yet. */
static enum review_outcome look_up(struct incoming *incoming, struct store *store,
                                   struct fault *fault)
{
    enum review_outcome outcome = REVIEW_REFUSED;
    sqlite3_stmt *statement =
        store_prepare(store, "SELECT content FROM memory WHERE id = ?", fault);
    int got =
        statement ? store_next(store, store_bind(statement, "t", incoming->row.id), fault) : -1;
    if (got == 0)
        outcome = REVIEW_ADDED;
    else if (got > 0 && strcmp(store_text(statement, 0), incoming->content) == 0)
        outcome = REVIEW_KNOWN;
    else if (got > 0)
        fault_set(fault, "review.conflict",
                  "审核记录 %.100s 已在库中且内容不同：请撤回原记录，换用新的 id",
                  incoming->row.id);
    sqlite3_finalize(statement);
    return outcome;
}

static int insert(struct incoming *incoming, struct store *store, struct fault *fault)
{
    const struct review *row = &incoming->row;
    sqlite3_stmt *statement = store_prepare(
        store,
        "INSERT INTO memory (id, content, project, revision, decision, department, code, item, "
        "kind,"
        " unit, unit_department, name, description, rest, reviewer, reviewed_at, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        fault);
    int failed = !statement ||
                 store_run(store,
                           store_bind(statement, "ttttttttttttttttt", row->id, incoming->content,
                                      row->project, row->revision, row->decision, row->department,
                                      row->code, row->item, row->kind, row->unit,
                                      row->unit_department, row->name, row->description, row->rest,
                                      row->reviewer, row->reviewed_at, row->reason),
                           fault);
    sqlite3_finalize(statement);
    return failed ? -1 : 0;
}

static void time_now(char text[TIME_BYTES])
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static void clear(struct incoming *incoming)
{
    free(incoming->revision);
    free(incoming->department);
    free(incoming->item);
    free(incoming->rest);
    project_clear(&incoming->project);
}

/* The answer that it gives, in the catalog's words. */
static int resolve(struct incoming *incoming, struct store *store, struct fault *fault)
{
    return check_members(&incoming->row, fault) || find_revision(incoming, store, fault) ||
                   find_answer(incoming, store, fault)
               ? -1
               : 0;
}

enum review_outcome reviews_add(struct store *store, const struct jv *review, struct fault *fault)
{
    struct incoming incoming = {.json = review};
    enum review_outcome outcome = REVIEW_REFUSED;
    time_now(incoming.now);
    if (read_members(&incoming, fault))
        goto done;
    identify(&incoming);
    outcome = look_up(&incoming, store, fault);
    if (outcome != REVIEW_ADDED)
        goto done;
    if (resolve(&incoming, store, fault) || insert(&incoming, store, fault))
        outcome = REVIEW_REFUSED;
done:
    clear(&incoming);
    return outcome;
}

int reviews_check(struct store *store, const struct jv *review, review_fn *visit, void *argument,
                  struct fault *fault)
{
    struct incoming incoming = {.json = review};
    int status = -1;
    time_now(incoming.now);
    if (read_members(&incoming, fault))
        goto done;
    identify(&incoming);
    status = resolve(&incoming, store, fault);
    if (status == 0)
        status = visit(&incoming.row, argument);
done:
    clear(&incoming);
    return status;
}

int reviews_withdraw(struct store *store, const char *id, const char *by, const char *reason,
                     struct fault *fault)
{
    char now[TIME_BYTES];
    time_now(now);
    sqlite3_stmt *statement =
        store_prepare(store,
                      "UPDATE memory SET withdrawn_at = ?, withdrawn_by = ?, withdrawn_reason = ?"
                      " WHERE id = ? AND withdrawn_at = ''",
                      fault);
    int failed =
        !statement || store_run(store, store_bind(statement, "tttt", now, by, reason, id), fault);
    sqlite3_finalize(statement);
    if (failed)
        return -1;
    if (sqlite3_changes(store->db) == 0)
        return fault_set(fault, "review.unknown", "没有生效中的审核记录 %.100s", id);
    return 0;
}

static struct review row_of(sqlite3_stmt *row)
{
    return (struct review){
        .id = store_text(row, 0),
        .project = store_text(row, 1),
        .revision = store_text(row, 2),
        .decision = store_text(row, 3),
        .department = store_text(row, 4),
        .code = store_text(row, 5),
        .item = store_text(row, 6),
        .kind = store_text(row, 7),
        .unit = store_text(row, 8),
        .unit_department = store_text(row, 9),
        .name = store_text(row, 10),
        .description = store_text(row, 11),
        .rest = store_text(row, 12),
        .reviewer = store_text(row, 13),
        .reviewed_at = store_text(row, 14),
        .reason = store_text(row, 15),
        .withdrawn_at = store_text(row, 16),
        .withdrawn_by = store_text(row, 17),
        .withdrawn_reason = store_text(row, 18),
    };
}

int reviews_each(struct store *store, bool all, review_fn *visit, void *argument,
                 struct fault *fault)
{
    sqlite3_stmt *statement = store_prepare(
        store,
        all ? "SELECT id, project, revision, decision, department, code, item, kind, unit,"
              " unit_department, name, description, rest, reviewer, reviewed_at, reason,"
              " withdrawn_at, withdrawn_by, withdrawn_reason FROM memory"
              " ORDER BY reviewed_at DESC, id"
            : "SELECT id, project, revision, decision, department, code, item, kind, unit,"
              " unit_department, name, description, rest, reviewer, reviewed_at, reason,"
              " '', '', '' FROM memory WHERE withdrawn_at = '' ORDER BY reviewed_at DESC, id",
        fault);
    int status = statement ? 0 : -1, got = 0;
    while (status == 0 && (got = store_next(store, statement, fault)) > 0) {
        struct review review = row_of(statement);
        status = visit(&review, argument);
    }
    sqlite3_finalize(statement);
    return got < 0 ? -1 : status;
}

int reviews_since(struct store *store, int64_t *row, review_fn *visit, void *argument,
                  struct fault *fault)
{
    sqlite3_stmt *statement =
        store_prepare(store,
                      "SELECT id, project, revision, decision, department, code, item, kind, unit,"
                      " unit_department, name, description, rest, reviewer, reviewed_at, reason,"
                      " '', '', '', rowid FROM memory WHERE rowid > ? AND withdrawn_at = ''"
                      " ORDER BY rowid",
                      fault);
    if (!statement)
        return -1;
    int status = 0, got = 0;
    store_bind(statement, "i", *row);
    while (status == 0 && (got = store_next(store, statement, fault)) > 0) {
        struct review review = row_of(statement);
        *row = sqlite3_column_int64(statement, 19);
        status = visit(&review, argument);
    }
    sqlite3_finalize(statement);
    return got < 0 ? -1 : status;
}

int64_t reviews_last_row(struct store *store)
{
    return store_number(store, "SELECT max(rowid) FROM memory", 0);
}

struct jv *review_case(const struct review *review)
{
    if (!*review->kind)
        return NULL;
    struct jv *project = jv_read(review->rest, strlen(review->rest), NULL);
    struct jv *label = jv_object();
    if (!project)
        project = jv_object();
    jv_set_text(project, "name", review->name);
    jv_set_text(project, "description", review->description);
    jv_set_text(project, "catalog", review->revision);
    jv_set_text(project, "kind", review->kind);
    jv_set_text(project, "difficulty", "real");
    jv_set_text(project, "review", review->id);
    jv_set_text(label, "department_label", *review->code ? review->department : NULL);
    jv_set_text(label, "code", *review->code ? review->code : NULL);
    jv_set(project, "label", label);
    return project;
}
