/* jinmu catalog list, tree, show, search, findings: what the catalog holds. */
#include "catalog/catalog.h"
#include "common/strbuf.h"
#include "common/text.h"
#include "services/cli/catalog_call.h"
#include "services/cli/columns.h"
#include "services/cli/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { INDENT = 2, CODE_WIDTH = 9, FINDING_COLUMNS = 6, PATH_MAX_LEVEL = 4 };

static const char *state_text(const char *state)
{
    return strcmp(state, "quarantine") == 0  ? "待处理"
           : strcmp(state, "completed") == 0 ? "补全"
                                             : "";
}

void finding_list_add(struct finding_list *list, long line, const char *severity, const char *kind,
                      const char *department, const char *code, const char *message,
                      const char *settled)
{
    struct strbuf text = {0};
    struct columns *columns = &list->columns;
    columns->count = FINDING_COLUMNS;
    if (columns->cell_count == 0) {
        static const char *const heads[] = {"行", "级别", "种类", "部门", "代码", "说明"};
        for (size_t i = 0; i < FINDING_COLUMNS; i++)
            columns_add(columns, heads[i]);
    }
    columns_add_number(columns, line);
    columns_add(columns, strcmp(severity, "error") == 0     ? "错误"
                         : strcmp(severity, "warning") == 0 ? "警告"
                                                            : "提示");
    columns_add(columns, strncmp(kind, "import.", 7) == 0 ? kind + 7 : kind);
    columns_add(columns, department);
    columns_add(columns, code);
    strbuf_puts(&text, message);
    if (strcmp(settled, "released") == 0)
        strbuf_puts(&text, " 〔已放行〕");
    else if (strncmp(settled, "assigned:", 9) == 0)
        strbuf_printf(&text, " 〔已归入%s〕", settled + 9);
    columns_add(columns, text.text);
    strbuf_free(&text);
}

void finding_list_print(struct finding_list *list)
{
    if (list->columns.count)
        columns_print(&list->columns);
}

/* Steps through a statement; prints a fault. */
static int next_row(struct store *store, sqlite3_stmt *statement)
{
    struct fault fault = {0};
    int got = store_next(store, statement, &fault);
    if (got < 0)
        call_failed(&fault);
    return got;
}

static sqlite3_stmt *prepare(struct store *store, const char *sql)
{
    struct fault fault = {0};
    sqlite3_stmt *statement = store_prepare(store, sql, &fault);
    if (!statement)
        call_failed(&fault);
    return statement;
}

static int run_list(struct catalog_call *call)
{
    static const char *const heads[] = {"文号", "施行", "止", "部门", "末级条目", "待处理", "标题"};
    struct store *store = call_open(call);
    struct columns columns = {.count = sizeof heads / sizeof *heads};
    int got = -1;
    if (!store)
        return 2;
    sqlite3_stmt *statement = prepare(
        store, "SELECT number, effective, ended, count(DISTINCT department),"
               " count(*) FILTER (WHERE state = 'offered' AND level >= iif(code LIKE 'B%', 3, 4)),"
               " count(*) FILTER (WHERE state = 'quarantine'), complete, title"
               " FROM revision LEFT JOIN item ON item.revision = number"
               " GROUP BY number ORDER BY effective, number");
    for (size_t i = 0; i < columns.count; i++)
        columns_add(&columns, heads[i]);
    while (statement && (got = next_row(store, statement)) == 1) {
        struct strbuf title = {0};
        strbuf_puts(&title, store_text(statement, 7));
        strbuf_puts(&title, sqlite3_column_int(statement, 6) ? "" : "（不完整）");
        for (int i = 0; i < 3; i++)
            columns_add(&columns, store_text(statement, i));
        for (int i = 3; i < 6; i++)
            columns_add_number(&columns, (long)sqlite3_column_int64(statement, i));
        columns_add(&columns, title.text);
        strbuf_free(&title);
    }
    columns_print(&columns);
    sqlite3_finalize(statement);
    store_close(&store);
    return got < 0 ? 2 : 0;
}

static bool same_name(const struct folder *folder, const char *wanted_folded, const char *name)
{
    char *folded = folder_fold_utf8(folder, name);
    bool same = strcmp(folded, wanted_folded) == 0;
    free(folded);
    return same;
}

/* The department as a revision spells it (free()), or NULL; `revision` NULL: the newest that has
 * it, whose number goes into *found. */
static char *find_department(struct store *store, const char *revision, const char *department,
                             char **found)
{
    struct folder *folder = folder_new();
    char *folded = folder_fold_utf8(folder, department), *spelling = NULL;
    sqlite3_stmt *statement =
        prepare(store, "SELECT DISTINCT department, number FROM item JOIN revision ON number ="
                       " revision WHERE ?1 IS NULL OR number = ?1 ORDER BY effective DESC");
    if (statement)
        store_bind(statement, "t", revision);
    while (statement && !spelling && next_row(store, statement) == 1)
        if (same_name(folder, folded, store_text(statement, 0))) {
            spelling = xstrdup(store_text(statement, 0));
            *found = xstrdup(store_text(statement, 1));
        }
    sqlite3_finalize(statement);
    free(folded);
    folder_destroy(&folder);
    return spelling;
}

static void print_item(sqlite3_stmt *statement)
{
    int level = sqlite3_column_int(statement, 2);
    const char *state = state_text(store_text(statement, 4));
    printf("%*s", (level > 0 ? level : 1) * INDENT, "");
    print_column(store_text(statement, 1), CODE_WIDTH);
    fputs(store_text(statement, 3), stdout);
    if (*state)
        printf(" 〔%s〕", state);
    putchar('\n');
}

static int print_tree(struct store *store, const char *revision, const char *department, bool all)
{
    int got = -1, complete = 1;
    char *last = NULL;
    sqlite3_stmt *statement = prepare(
        store, "SELECT department, code, level, item.name, state, complete FROM (SELECT *, min("
               "position) OVER (PARTITION BY department) AS first FROM item WHERE revision = ?1)"
               " item JOIN revision ON number = ?1 WHERE (?2 IS NULL OR department = ?2)"
               " AND (?3 OR state <> 'quarantine') ORDER BY first, department, code");
    if (statement)
        store_bind(statement, "tti", revision, department, (int64_t)all);
    printf("%s\n", revision);
    while (statement && (got = next_row(store, statement)) == 1) {
        const char *name = store_text(statement, 0);
        complete = sqlite3_column_int(statement, 5);
        if (!last || strcmp(last, name) != 0) {
            free(last);
            last = xstrdup(name);
            printf("%s\n", strcmp(name, "B") == 0 ? "B（各部门通用）" : name);
        }
        print_item(statement);
    }
    if (last && !complete)
        printf("（本目录不完整：只收录了已见到的条目）\n");
    bool found = last != NULL;
    free(last);
    sqlite3_finalize(statement);
    return got < 0 ? 2 : found ? 0 : 1;
}

/* The revision of a tree: the given one, that of the department, else that of this year. */
static char *tree_revision(struct catalog_call *call, struct store *store)
{
    struct fault fault = {0};
    time_t now = time(NULL);
    struct tm today;
    if (call->revision)
        return call_revision(call, store);
    localtime_r(&now, &today);
    char *number = catalog_revision_of_year(store, today.tm_year + 1900, &fault);
    if (!number)
        call_failed(&fault);
    return number;
}

static int run_tree(struct catalog_call *call)
{
    struct store *store = call_open(call);
    char *revision = NULL, *department = NULL, *found = NULL;
    int status = 2;
    if (!store)
        return 2;
    if (call->revision || !call->department) {
        revision = tree_revision(call, store);
        if (!revision)
            goto done;
    }
    if (call->department) {
        department = find_department(store, revision, call->department, &found);
        if (!department) {
            fprintf(stderr, "jinmu: %s没有部门“%s”\n", revision ? revision : "目录中",
                    call->department);
            status = 1;
            goto done;
        }
    }
    status = print_tree(store, revision ? revision : found, department, call->all);
done:
    free(revision);
    free(department);
    free(found);
    store_close(&store);
    return status;
}

/* Prints the names from level 1 down to an item. */
static void print_path(struct store *store, const char *revision, const char *department,
                       const char *parent)
{
    sqlite3_stmt *statement = prepare(
        store, "WITH RECURSIVE up (code, name, parent, depth) AS (SELECT code, name, parent, 1 FROM"
               " item WHERE revision = ?1 AND department = ?2 AND code = ?3 AND state <>"
               " 'quarantine' UNION ALL SELECT item.code, item.name, item.parent, depth + 1 FROM"
               " up JOIN item ON revision = ?1 AND department = ?2 AND item.code = up.parent AND"
               " state <> 'quarantine' WHERE depth < ?4)"
               " SELECT code, name FROM up ORDER BY depth DESC");
    if (!statement)
        return;
    store_bind(statement, "ttti", revision, department, parent, (int64_t)PATH_MAX_LEVEL);
    bool first = true;
    for (; next_row(store, statement) == 1; first = false)
        printf("%s%s %s", first ? "    上级：" : " › ", store_text(statement, 0),
               store_text(statement, 1));
    if (!first)
        putchar('\n');
    sqlite3_finalize(statement);
}

static void print_restriction(const char *restriction)
{
    if (strncmp(restriction, "only:", 5) == 0)
        printf("    限：仅%s可用\n", restriction + 5);
    else if (strncmp(restriction, "not:", 4) == 0)
        printf("    限：%s部门不可用\n", restriction + 4);
}

static void print_shown(struct store *store, sqlite3_stmt *statement)
{
    const char *department = store_text(statement, 1),
               *state = state_text(store_text(statement, 5));
    printf("%s  %s  %s  %s%s%s%s\n", store_text(statement, 2), store_text(statement, 3),
           strcmp(department, "B") == 0 ? "各部门通用" : department, store_text(statement, 0),
           *state ? " 〔" : "", state, *state ? "〕" : "");
    if (*store_text(statement, 4))
        print_path(store, store_text(statement, 0), department, store_text(statement, 4));
    if (*store_text(statement, 9))
        printf("    相符的说法：“%s”\n", store_text(statement, 9));
    print_restriction(store_text(statement, 6));
    if (*store_text(statement, 7))
        printf("    出处：%s\n", store_text(statement, 7));
    if (sqlite3_column_int64(statement, 8) > 0)
        printf("    原文第 %lld 行\n", (long long)sqlite3_column_int64(statement, 8));
}

/* Prints the items that a query gives; 1 when there are none. */
static int print_items(struct catalog_call *call, struct store *store, sqlite3_stmt *statement)
{
    struct folder *folder = folder_new();
    char *folded = call->department ? folder_fold_utf8(folder, call->department) : NULL;
    int got = -1;
    size_t shown = 0;
    while (statement && (got = next_row(store, statement)) == 1) {
        if (folded && !same_name(folder, folded, store_text(statement, 1)))
            continue;
        print_shown(store, statement);
        shown++;
    }
    free(folded);
    folder_destroy(&folder);
    if (got == 0 && shown == 0)
        fprintf(stderr, "jinmu: 没有找到\n");
    return got < 0 ? 2 : shown ? 0 : 1;
}

static int show_or_search(struct catalog_call *call, const char *sql, const char *wanted)
{
    struct store *store = call_open(call);
    char *revision = NULL;
    int status = 2;
    if (!store)
        return 2;
    if (!call->revision || (revision = call_revision(call, store)) != NULL) {
        sqlite3_stmt *statement = prepare(store, sql);
        if (statement)
            store_bind(statement, "tt", wanted, revision);
        status = print_items(call, store, statement);
        sqlite3_finalize(statement);
    }
    free(revision);
    store_close(&store);
    return status;
}

/* After them comes the phrase that matched, '' when it was the name or the code. */
#define SHOWN_COLUMNS                                                                              \
    "SELECT revision, department, code, item.name, parent, state, restriction, source, line, "
#define SHOWN_TABLES " FROM item JOIN revision ON number = revision "

static int run_show(struct catalog_call *call)
{
    return show_or_search(call,
                          SHOWN_COLUMNS "''" SHOWN_TABLES
                                        "WHERE code = upper(?1) AND (?2 IS NULL OR revision = ?2)"
                                        " ORDER BY effective DESC, position",
                          call->arguments[0]);
}

/* Names and alternative labels that hold the text, in the names' own spelling. Of several labels the
 * shortest is the nearest. */
static int run_search(struct catalog_call *call)
{
    return show_or_search(
        call,
        SHOWN_COLUMNS
        "iif(instr(item.name, ?1) OR code = upper(?1), '', (SELECT label.text FROM label"
        " WHERE label.code = item.code AND label.name = item.name AND label.kind = 'alt'"
        " AND instr(label.text, ?1) ORDER BY length(label.text), label.text LIMIT 1)) AS "
        "phrase" SHOWN_TABLES "WHERE phrase IS NOT NULL AND (?2 IS NULL OR revision = ?2)"
        " ORDER BY instr(item.name, ?1) = 0, effective DESC, position",
        call->arguments[0]);
}

static int run_findings(struct catalog_call *call)
{
    struct store *store = call_open(call);
    struct finding_list list = {0};
    char *last = NULL, *revision = NULL;
    int got = -1;
    if (!store)
        return 2;
    if (call->revision && !(revision = call_revision(call, store))) {
        store_close(&store);
        return 2;
    }
    sqlite3_stmt *statement = prepare(
        store, "SELECT revision, line, severity, kind, department, code, message, settled"
               " FROM finding JOIN revision ON number = revision WHERE ?1 IS NULL OR revision = ?1"
               " ORDER BY effective, revision, line, id");
    if (statement)
        store_bind(statement, "t", revision);
    while (statement && (got = next_row(store, statement)) == 1) {
        if (!last || strcmp(last, store_text(statement, 0)) != 0) {
            finding_list_print(&list);
            free(last);
            last = xstrdup(store_text(statement, 0));
            printf("%s\n", last);
        }
        finding_list_add(&list, (long)sqlite3_column_int64(statement, 1), store_text(statement, 2),
                         store_text(statement, 3), store_text(statement, 4),
                         store_text(statement, 5), store_text(statement, 6),
                         store_text(statement, 7));
    }
    finding_list_print(&list);
    if (got == 0 && !last)
        printf("没有发现问题\n");
    sqlite3_finalize(statement);
    free(last);
    free(revision);
    store_close(&store);
    return got < 0 ? 2 : 0;
}

static const struct option_row list_options[] = {OPTION_DB, OPTION_STATE, {0}};
static const struct option_row tree_options[] = {
    OPTION_REVISION, OPTION_DEPARTMENT, CALL_FLAG(all, "all", 'a', "rows in quarantine too"),
    OPTION_DB,       OPTION_STATE,      {0}};
static const struct option_row show_options[] = {
    OPTION_REVISION, OPTION_DEPARTMENT, OPTION_DB, OPTION_STATE, {0}};
static const struct option_row findings_options[] = {OPTION_REVISION, OPTION_DB, OPTION_STATE, {0}};

const struct catalog_verb catalog_verb_list = {
    {"list", {list_options, 0, 0, "", "Lists the revisions."}}, run_list};
const struct catalog_verb catalog_verb_tree = {
    {"tree",
     {tree_options, 0, 0, "",
      "Prints the items of a revision (default: the one in force) as a tree."}},
    run_tree};
const struct catalog_verb catalog_verb_show = {
    {"show", {show_options, 1, 1, "CODE", "Shows what a code means, by department."}}, run_show};
const struct catalog_verb catalog_verb_search = {
    {"search", {show_options, 1, 1, "TEXT", "Finds items by name, label or code."}}, run_search};
const struct catalog_verb catalog_verb_findings = {
    {"findings",
     {findings_options, 0, 0, "", "Lists what the import found, and what was done about it."}},
    run_findings};
