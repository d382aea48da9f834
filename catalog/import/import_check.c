#include "catalog/catalog.h"
#include "catalog/import/check.h"

#include "common/strbuf.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARENT_BYTES = 5 }; /* of a level-3 code */

const char *finding_kind_word(enum finding_kind kind)
{
    static const char *const words[] = {
        [NAME_MISSING] = "import.name_missing",
        [CODE_UNREADABLE] = "import.code_unreadable",
        [PREFIX_CONTRADICTS_PARENT] = "import.prefix_contradicts_parent",
        [PARENT_MISSING] = "import.parent_missing",
        [HEADING_MISSING] = "import.heading_missing",
        [PAGE_MISSING] = "import.page_missing",
        [DUPLICATE_KEY] = "import.duplicate_key",
        [ANCESTOR_COMPLETED] = "import.ancestor_completed",
        [ANCESTOR_UNKNOWN] = "import.ancestor_unknown",
        [UPPER_NAME_DIFFERS] = "import.upper_name_differs",
        [DEPARTMENT_NAME_DIFFERS] = "import.department_name_differs",
        [DEPARTMENT_TRUNCATED] = "import.department_truncated",
        [LINE_NOT_UNDERSTOOD] = "import.line_not_understood",
    };
    return words[kind];
}

const char *severity_word(enum severity severity)
{
    static const char *const words[] = {"error", "warning", "info"};
    return words[severity];
}

const char *item_state_word(enum item_state state)
{
    static const char *const words[] = {"offered", "quarantine", "completed"};
    return words[state];
}

static struct import_finding *new_finding(struct check *check, enum finding_kind kind,
                                          enum severity severity, size_t line)
{
    struct import_result *result = check->result;
    size_t count = result->finding_count;
    if ((count & (count - 1)) == 0)
        result->findings =
            xrealloc(result->findings, (count ? count * 2 : 1) * sizeof *result->findings);
    struct import_finding *finding = &result->findings[result->finding_count++];
    *finding = (struct import_finding){.kind = kind, .severity = severity, .line = line};
    return finding;
}

static char *format_message(const char *format, va_list arguments)
{
    char *message;
    if (vasprintf(&message, format, arguments) < 0)
        abort();
    return message;
}

void add_finding(struct check *check, enum finding_kind kind, enum severity severity,
                 const struct checked_row *row, const char *format, ...)
{
    struct import_finding *finding = new_finding(check, kind, severity, row->row->line);
    va_list arguments;
    va_start(arguments, format);
    finding->message = format_message(format, arguments);
    va_end(arguments);
    finding->department = xstrdup(check->names[row->department].name);
    finding->name = xstrdup(row->row->name);
    memcpy(finding->code, row->row->code, sizeof finding->code);
}

void add_department_finding(struct check *check, enum finding_kind kind, enum severity severity,
                            const char *department, size_t line, const char *format, ...)
{
    struct import_finding *finding = new_finding(check, kind, severity, line);
    va_list arguments;
    va_start(arguments, format);
    finding->message = format_message(format, arguments);
    va_end(arguments);
    finding->department = xstrdup(department);
    finding->name = xstrdup("");
}

static struct import_item *add_item(struct check *check, int department, const char *code,
                                    const char *name, size_t line, enum item_state state)
{
    struct import_result *result = check->result;
    size_t count = result->item_count;
    if ((count & (count - 1)) == 0)
        result->items = xrealloc(result->items, (count ? count * 2 : 1) * sizeof *result->items);
    struct import_item *item = &result->items[result->item_count++];
    *item = (struct import_item){.department = check->names[department].name,
                                 .level = catalog_code_level(code),
                                 .name = xstrdup(name),
                                 .line = line,
                                 .state = state};
    snprintf(item->code, sizeof item->code, "%s", code);
    if (item->level > 1)
        snprintf(item->parent, sizeof item->parent, "%.*s", (int)strlen(code) - 2, code);
    return item;
}

static bool is_completed(const struct check *check, int department, const char *code)
{
    for (size_t i = check->result->item_count; i-- > 0;) {
        const struct import_item *item = &check->result->items[i];
        if (item->state == ITEM_COMPLETED && strcmp(item->code, code) == 0 &&
            item->department == check->names[department].name)
            return true;
    }
    return false;
}

/* Adds the higher levels that the department does not print, as the other departments name them. */
static void complete_ancestors(struct check *check, const struct checked_row *row)
{
    char code[CODE_BYTES];
    size_t length = strlen(row->row->code);
    for (size_t part = 1; part + 2 <= length; part += 2) {
        snprintf(code, sizeof code, "%.*s", (int)part, row->row->code);
        if (check_find_row(check, row->department, code, NULL) ||
            is_completed(check, row->department, code))
            continue;
        const struct checked_row *usual = check_usual_name(check, code);
        if (!usual)
            continue;
        add_item(check, row->department, code, usual->row->name, 0, ITEM_COMPLETED);
        struct checked_row completed = *row;
        struct sheet_row as_printed = *usual->row;
        as_printed.line = row->row->line;
        completed.row = &as_printed;
        add_finding(check, ANCESTOR_COMPLETED, SEVERITY_INFO, &completed,
                    "本部门缺上级 %s，按其他部门补为“%s”", code, usual->row->name);
    }
}

static bool in_family(const struct checked_row *row, const char *level3)
{
    return strncmp(row->row->code, level3, PARENT_BYTES) == 0;
}

/* The level-3 row that a leaf is printed under in its section, or NULL. */
static const struct checked_row *standing_parent(const struct check *check,
                                                 const struct checked_row *row)
{
    for (const struct checked_row *at = row; at-- > check->rows;) {
        if (at->row->section != row->row->section || at->doubted || at->level < 3)
            return NULL;
        if (at->level == 3)
            return at;
    }
    return NULL;
}

static bool differs_in_one_place(const char *code, const char *level3)
{
    size_t places = 0;
    for (size_t i = 0; i < PARENT_BYTES; i++)
        places += code[i] != level3[i];
    return places == 1;
}

/* Whether the code of a leaf contradicts the level-3 row above it, which a slip in the code does
 * and a lost page does not: the letter alone is wrong, or one digit without a page break before,
 * or the leaf stands between others of that row. */
static bool contradicts(const struct check *check, const struct checked_row *row,
                        const struct checked_row *standing, bool has_own_parent)
{
    const struct checked_row *end = check->rows + check->sheet->row_count;
    const char *code = row->row->code, *above = standing->row->code;
    if (has_own_parent) {
        bool between = row + 1 < end && row[1].row->section == row->row->section &&
                       in_family(row - 1, above) && in_family(row + 1, above);
        return between;
    }
    if (!differs_in_one_place(code, above))
        return false;
    return code[0] != above[0] || row->row->page == row[-1].row->page;
}

/* Judges a leaf's place; true when it may be offered. */
static bool check_parent(struct check *check, const struct checked_row *row,
                         const struct checked_row **standing)
{
    char parent[CODE_BYTES];
    snprintf(parent, sizeof parent, "%.*s", (int)strlen(row->row->code) - 2, row->row->code);
    const struct checked_row *own = check_find_row(check, row->department, parent, NULL);
    *standing = row->row->code[0] == 'B' && row->level == 3 ? NULL : standing_parent(check, row);
    if (*standing && !in_family(row, (*standing)->row->code) &&
        contradicts(check, row, *standing, own != NULL)) {
        add_finding(check, PREFIX_CONTRADICTS_PARENT, SEVERITY_ERROR, row,
                    "代码 %s 与其所在的上级 %s（%s）不符，代码疑有误", row->row->code,
                    (*standing)->row->code, (*standing)->row->name);
        return false;
    }
    *standing = NULL;
    bool serves_all = strcmp(check->names[row->department].name, "B") == 0;
    if (own || serves_all)
        return true;
    const struct checked_row *usual = check_usual_name(check, parent);
    add_finding(check, PARENT_MISSING, SEVERITY_ERROR, row,
                "本部门没有上级 %s%s%s%s，疑有缺页或属于其他部门", parent, usual ? "（" : "",
                usual ? usual->row->name : "", usual ? "）" : "");
    return false;
}

/* A row that cannot belong to the department it is printed under. */
static void report_doubt(struct check *check, const struct checked_row *row)
{
    char parent[CODE_BYTES];
    size_t length = strlen(row->row->code);
    snprintf(parent, sizeof parent, "%.*s", length > 2 ? (int)length - 2 : 0, row->row->code);
    if (row->doubt == HEADING_MISSING) {
        add_finding(check, HEADING_MISSING, SEVERITY_ERROR, row,
                    "代码 %s 处重新起编而没有部门标题，所属部门不明", row->row->code);
        return;
    }
    bool orphan = row->leaf && !check_find_row(check, row->department, parent, NULL);
    add_finding(check, orphan ? PARENT_MISSING : PAGE_MISSING, SEVERITY_ERROR, row,
                "此处之前有缺页，%s 不能认定属于“%s”；按目录可能属于“%s”", row->row->code,
                check->names[row->department].name, row->suggested);
}

/* Judges a row whose key occurs twice. Leaves are both kept in quarantine; an upper level printed
 * again is one row, unless it has another name. */
static enum item_state check_duplicate(struct check *check, const struct checked_row *row,
                                       bool *keep)
{
    const struct checked_row *other = check_find_row(check, row->department, row->row->code, row);
    *keep = true;
    if (!other)
        return ITEM_OFFERED;
    bool first = row < other, same_name = strcmp(row->row->name, other->row->name) == 0;
    if (!row->leaf && first)
        return ITEM_OFFERED;
    *keep = row->leaf || !same_name;
    add_finding(check, DUPLICATE_KEY,
                row->leaf   ? SEVERITY_ERROR
                : same_name ? SEVERITY_INFO
                            : SEVERITY_WARNING,
                row, "%s 在本部门出现两次（另见第 %zu 行%s%s%s）", row->row->code, other->row->line,
                same_name ? "" : "，名称为“", same_name ? "" : other->row->name,
                same_name ? "" : "”");
    return ITEM_QUARANTINE;
}

static void check_upper_name(struct check *check, const struct checked_row *row)
{
    const struct checked_row *usual = check_usual_name(check, row->row->code);
    if (usual &&
        strcmp(check->row_folded[usual - check->rows], check->row_folded[row - check->rows]) != 0)
        add_finding(check, UPPER_NAME_DIFFERS, SEVERITY_WARNING, row,
                    "%s 在本部门作“%s”，其他部门多作“%s”", row->row->code, row->row->name,
                    usual->row->name);
}

static void check_upper(struct check *check, const struct checked_row *row)
{
    bool keep;
    const char *name = row->row->name;
    enum item_state state = check_duplicate(check, row, &keep);
    if (!keep)
        return;
    complete_ancestors(check, row);
    if (*name) {
        check_upper_name(check, row);
    } else {
        const struct checked_row *usual = check_usual_name(check, row->row->code);
        add_finding(check, NAME_MISSING, SEVERITY_ERROR, row, "代码 %s 没有名称%s%s",
                    row->row->code, usual ? "，其他部门作" : "", usual ? usual->row->name : "");
        state = usual && state == ITEM_OFFERED ? ITEM_COMPLETED : ITEM_QUARANTINE;
        name = usual ? usual->row->name : "";
    }
    add_item(check, row->department, row->row->code, name, row->row->line, state);
}

static void check_leaf(struct check *check, const struct checked_row *row)
{
    bool keep;
    const struct checked_row *standing;
    enum item_state state = check_duplicate(check, row, &keep);
    if (!*row->row->name) {
        add_finding(check, NAME_MISSING, SEVERITY_ERROR, row, "代码 %s 没有名称", row->row->code);
        state = ITEM_QUARANTINE;
    }
    if (!check_parent(check, row, &standing))
        state = ITEM_QUARANTINE;
    if (state == ITEM_OFFERED)
        complete_ancestors(check, row);
    struct import_item *item =
        add_item(check, row->department, row->row->code, row->row->name, row->row->line, state);
    if (standing)
        memcpy(item->parent, standing->row->code, sizeof item->parent);
}

static void check_row(struct check *check, const struct checked_row *row)
{
    if (row->level == 0)
        add_finding(check, CODE_UNREADABLE, SEVERITY_ERROR, row,
                    "“%s”不成代码：应为 A 或 B 加 2、4 或 6 位数字", row->row->code);
    else if (row->doubted)
        report_doubt(check, row);
    else if (row->leaf)
        check_leaf(check, row);
    else
        check_upper(check, row);
    if (row->level == 0 || row->doubted)
        add_item(check, row->department, row->row->code, row->row->name, row->row->line,
                 ITEM_QUARANTINE);
}

/* Class B is printed apart, often in part: one finding says which higher levels are not named. */
static void report_unknown_ancestors(struct check *check)
{
    struct strbuf codes = {0};
    const struct checked_row *first = NULL;
    char last[CODE_BYTES] = "";
    for (size_t i = 0; i < check->sheet->row_count; i++) {
        const struct checked_row *row = check->by_key[i];
        char code[CODE_BYTES];
        size_t length = strlen(row->row->code);
        if (row->row->code[0] != 'B' || row->doubted || length < 3 || length > PARENT_BYTES)
            continue;
        snprintf(code, sizeof code, "%.*s", (int)length - 2, row->row->code);
        if (strcmp(code, last) == 0 || check_usual_name(check, code))
            continue;
        memcpy(last, code, sizeof last);
        strbuf_printf(&codes, "%s%s", codes.length ? "、" : "", code);
        first = first ? first : row;
    }
    if (first)
        add_department_finding(check, ANCESTOR_UNKNOWN, SEVERITY_INFO,
                               check->names[first->department].name, first->row->line,
                               "上级 %s 的名称未见，按缺省处理", codes.text);
    strbuf_free(&codes);
}

static int by_line(const void *a, const void *b)
{
    const struct import_finding *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void count_rows(struct check *check)
{
    struct import_result *result = check->result;
    const char **codes = xcalloc(check->sheet->row_count + 1, sizeof *codes);
    for (size_t i = 0; i < check->sheet->row_count; i++) {
        const struct checked_row *row = &check->rows[i];
        result->coded_rows++;
        result->named_rows += *row->row->name != 0;
        if (row->leaf && *row->row->name)
            codes[result->leaves++] = row->row->code;
        result->department_count +=
            i == 0 || check->by_key[i]->department != check->by_key[i - 1]->department;
    }
    qsort(codes, result->leaves, sizeof *codes, by_text);
    for (size_t i = 0; i < result->leaves; i++)
        result->leaf_codes += i == 0 || strcmp(codes[i], codes[i - 1]) != 0;
    free(codes);
}

/* The hash of what a document says: the rows in their order, without lines and pages, which
 * another print of the same text may have differently. */
static void hash_content(struct import_result *result)
{
    crypto_hash_sha256_state state;
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < result->item_count; i++) {
        const struct import_item *item = &result->items[i];
        const char *texts[] = {item->department, item->code, item->name,
                               item_state_word(item->state)};
        for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
            crypto_hash_sha256_update(&state, (const unsigned char *)texts[t],
                                      strlen(texts[t]) + 1);
    }
    crypto_hash_sha256_final(&state, hash);
    sodium_bin2hex(result->content, sizeof result->content, hash, sizeof hash);
}

static void check_clear(struct check *check)
{
    for (size_t i = 0; i < check->name_count; i++)
        free(check->names[i].folded);
    for (size_t i = 0; i < check->sheet->row_count; i++)
        free(check->row_folded[i]);
    free(check->names);
    free(check->name_of_section);
    free(check->rows);
    free(check->row_folded);
    free(check->by_key);
    free(check->by_code);
}

struct import_result *import_check(const struct sheet *sheet, const struct known_names *known,
                                   const struct folder *folder)
{
    struct import_result *result = xcalloc(1, sizeof *result);
    struct check check = {.sheet = sheet, .known = known, .folder = folder, .result = result};
    result->complete = true;
    check_departments(&check);
    check_prepare_rows(&check);
    check_continuity(&check);
    check_sort_rows(&check);
    for (size_t i = 0; i < sheet->row_count; i++)
        check_row(&check, &check.rows[i]);
    report_unknown_ancestors(&check);
    for (size_t i = 0; i < sheet->note_count; i++)
        add_department_finding(&check, LINE_NOT_UNDERSTOOD, SEVERITY_WARNING, "",
                               sheet->notes[i].line, "表中此行未能识别，未收录：“%.120s”",
                               sheet->notes[i].text);
    count_rows(&check);
    hash_content(result);
    if (result->finding_count)
        qsort(result->findings, result->finding_count, sizeof *result->findings, by_line);
    check_clear(&check);
    return result;
}

void import_result_destroy(struct import_result **result)
{
    struct import_result *self = *result;
    if (!self)
        return;
    for (size_t i = 0; i < self->item_count; i++)
        free(self->items[i].name);
    for (size_t i = 0; i < self->finding_count; i++) {
        free(self->findings[i].department);
        free(self->findings[i].name);
        free(self->findings[i].message);
    }
    free(self->items);
    free(self->findings);
    for (size_t i = 0; i < self->name_count; i++)
        free(self->departments[i]);
    free(self->departments);
    free(self);
    *result = NULL;
}
