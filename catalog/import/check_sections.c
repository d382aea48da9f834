#include "catalog/import/check.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADING_MIN = 3,      /* characters of a heading that may be put right */
    TRUNCATED_MIN = 4,    /* characters left of a heading that has lost some */
    TRUNCATED_LOST = 2,   /* characters that it may have lost */
    HEADING_START = 3,    /* characters by which names are seen to continue a heading */
    HEADING_EVIDENCE = 2, /* names that must do so */
    NAMES_LISTED = 6      /* departments named in one message */
};

static bool continues_character(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* Whether two texts differ by one character put in, left out or put for another. */
static bool is_one_slip_apart(const char *a, const char *b)
{
    size_t start = 0, x = strlen(a), y = strlen(b);
    while (a[start] && a[start] == b[start])
        start++;
    while (start > 0 && (continues_character(a[start]) || continues_character(b[start])))
        start--;
    while (x > start && y > start && a[x - 1] == b[y - 1])
        x--, y--;
    while (continues_character(a[x]) || continues_character(b[y]))
        x++, y++;
    struct strbuf left = {0}, right = {0};
    strbuf_add(&left, a + start, x - start);
    strbuf_add(&right, b + start, y - start);
    size_t m = text_length(left.text ? left.text : ""),
           n = text_length(right.text ? right.text : "");
    strbuf_free(&left);
    strbuf_free(&right);
    return m <= 1 && n <= 1 && m + n > 0;
}

/* Whether `part` is the end (or the start) of the longer name `whole`. */
static bool is_cut_from(const char *part, const char *whole)
{
    size_t m = strlen(part), n = strlen(whole);
    if (n <= m || text_length(part) < TRUNCATED_MIN ||
        text_length(whole) > text_length(part) + TRUNCATED_LOST)
        return false;
    return strcmp(whole + n - m, part) == 0 || strncmp(whole, part, m) == 0;
}

/* The document's names show that a heading has lost its first character when they use its start
 * again and again, always behind the same character: 中小企业 under 小企业发展促进. Returns that
 * character (free()), or NULL. */
static char *lost_first_character(const struct check *check, int department, const char *heading)
{
    char *start = text_cut(heading, (struct span){0, HEADING_START}), *lost = NULL;
    size_t seen = 0;
    bool same = text_length(heading) >= TRUNCATED_MIN;
    for (size_t i = 0; same && i < check->sheet->row_count; i++) {
        const struct sheet_row *row = &check->sheet->rows[i];
        if (row->section < 0 || check->name_of_section[row->section] != department)
            continue;
        for (const char *at = row->name; same && (at = strstr(at, start)) != NULL; at++) {
            const char *before = at;
            while (before > row->name && continues_character(*--before)) {
            }
            char *character = xstrndup(before, (size_t)(at - before));
            same = *character && (!lost || strcmp(lost, character) == 0);
            free(lost);
            lost = character;
            seen++;
        }
    }
    free(start);
    if (same && seen >= HEADING_EVIDENCE)
        return lost;
    free(lost);
    return NULL;
}

static int find_content(const struct check *check, const char *folded)
{
    for (size_t i = 0; i < check->sheet->content_count; i++) {
        char *entry = folder_fold_utf8(check->folder, check->sheet->contents[i].department);
        bool same = strcmp(entry, folded) == 0;
        free(entry);
        if (same)
            return (int)i;
    }
    return NOBODY;
}

static int find_name(const struct check *check, const char *folded)
{
    for (size_t i = 0; i < check->name_count; i++)
        if (strcmp(check->names[i].folded, folded) == 0)
            return (int)i;
    return NOBODY;
}

int check_add_name(struct check *check, const char *printed, char *folded, size_t line)
{
    struct import_result *result = check->result;
    check->names = xrealloc(check->names, (check->name_count + 1) * sizeof *check->names);
    result->departments =
        xrealloc(result->departments, (check->name_count + 1) * sizeof *result->departments);
    result->departments[check->name_count] = xstrdup(printed);
    check->names[check->name_count] =
        (struct section_name){.folded = folded,
                              .name = result->departments[check->name_count],
                              .content = find_content(check, folded),
                              .line = line};
    result->name_count++;
    return (int)check->name_count++;
}

/* The known name that a heading misses by one character, or NOBODY when there is none or several. */
static int nearest_known(const struct check *check, const char *folded)
{
    int nearest = NOBODY;
    if (text_length(folded) < HEADING_MIN || known_names_find(check->known, folded) >= 0)
        return NOBODY;
    for (size_t i = 0; i < check->known->count; i++) {
        if (!is_one_slip_apart(folded, check->known->folded[i]) ||
            is_cut_from(folded, check->known->folded[i]))
            continue;
        if (nearest != NOBODY)
            return NOBODY;
        nearest = (int)i;
    }
    return nearest;
}

/* The department of a heading. One that an earlier revision knows but for a character is taken for
 * it, so that another scan gives the same keys, and said to be so. */
static int name_of_heading(struct check *check, const struct sheet_section *section)
{
    char *folded = folder_fold_utf8(check->folder, section->department);
    const char *printed = section->department;
    int near = find_content(check, folded) == NOBODY ? nearest_known(check, folded) : NOBODY;
    if (near != NOBODY) {
        printed = check->known->printed[near];
        add_department_finding(check, DEPARTMENT_NAME_DIFFERS, SEVERITY_WARNING, printed,
                               section->line, "部门标题印作“%s”，按已知部门“%s”收录",
                               section->department, printed);
        free(folded);
        folded = xstrdup(check->known->folded[near]);
    }
    int found = find_name(check, folded);
    if (found == NOBODY)
        return check_add_name(check, printed, folded, section->line);
    free(folded);
    return found;
}

/* A document may hold other tables of contents: this one's lists most of the headings. */
static bool contents_fit(const struct check *check)
{
    size_t listed = 0;
    for (size_t i = 0; i < check->name_count; i++)
        listed += check->names[i].content != NOBODY;
    return listed > 0 && listed * 2 >= check->name_count;
}

static void compare_with_contents(struct check *check, struct section_name *name)
{
    for (size_t i = 0; i < check->sheet->content_count && name->content == NOBODY; i++) {
        const char *entry = check->sheet->contents[i].department;
        char *folded = folder_fold_utf8(check->folder, entry);
        bool cut = is_cut_from(name->folded, folded);
        bool free_entry = find_name(check, folded) == NOBODY;
        if (free_entry && (cut || is_one_slip_apart(name->folded, folded))) {
            name->content = (int)i;
            add_department_finding(check, cut ? DEPARTMENT_TRUNCATED : DEPARTMENT_NAME_DIFFERS,
                                   SEVERITY_WARNING, name->name, name->line,
                                   "正文标题“%s”与目录中的“%s”不一致", name->name, entry);
        }
        free(folded);
    }
}

static void check_truncated(struct check *check, int department)
{
    const struct section_name *name = &check->names[department];
    for (size_t i = 0; i < check->known->count; i++)
        if (is_cut_from(name->folded, check->known->folded[i])) {
            add_department_finding(check, DEPARTMENT_TRUNCATED, SEVERITY_WARNING, name->name,
                                   name->line, "部门名称“%s”疑被截断，已知名称为“%s”", name->name,
                                   check->known->printed[i]);
            return;
        }
    char *lost = lost_first_character(check, department, name->name);
    char *start = text_cut(name->name, (struct span){0, HEADING_START});
    if (lost)
        add_department_finding(check, DEPARTMENT_TRUNCATED, SEVERITY_WARNING, name->name,
                               name->line,
                               "部门名称“%s”疑被截断：其条目均称“%s%s”，原名可能为“%s%s”",
                               name->name, lost, start, lost, name->name);
    free(start);
    free(lost);
}

void check_departments(struct check *check)
{
    const struct sheet *sheet = check->sheet;
    check->name_of_section = xcalloc(sheet->section_count + 1, sizeof(int));
    for (size_t i = 0; i < sheet->section_count; i++)
        check->name_of_section[i] = name_of_heading(check, &sheet->sections[i]);
    check->contents_used = contents_fit(check);
    for (size_t i = 0; i < check->name_count; i++) {
        if (!check->contents_used)
            check->names[i].content = NOBODY;
        else
            compare_with_contents(check, &check->names[i]);
        if (check->names[i].content == NOBODY)
            check_truncated(check, (int)i);
    }
}

/* Whether a row can follow `before` in the same department: it starts a branch, or the level above
 * it stands among the rows from `first` on. */
static bool has_parent_between(const struct checked_row *first, const struct checked_row *row)
{
    size_t length = strlen(row->row->code);
    if (length < 3)
        return true;
    for (const struct checked_row *at = first; at < row; at++)
        if (strlen(at->row->code) == length - 2 &&
            strncmp(at->row->code, row->row->code, length - 2) == 0)
            return true;
    return false;
}

static void doubt_from(struct checked_row *from, struct checked_row *end, enum finding_kind kind,
                       const char *suggested)
{
    for (; from < end; from++) {
        from->doubted = true;
        from->doubt = kind;
        from->suggested = suggested;
    }
}

/* The first row behind a page break that does not go on with what stands before it. */
static struct checked_row *find_break(struct checked_row *first, struct checked_row *end)
{
    for (struct checked_row *row = first + 1; row < end; row++)
        if (row->row->page != row[-1].row->page && !has_parent_between(first, row))
            return row;
    return end;
}

/* Codes of one department ascend. Where they start again without a heading, the heading is lost:
 * unless only the upper levels are printed once more, as at the top of a page. */
static struct checked_row *find_restart(struct checked_row *first, struct checked_row *end)
{
    const char *last = "";
    for (struct checked_row *row = first; row < end; row++) {
        const char *code = row->row->code;
        if (row->level == 0 || row->leaf || strcmp(code, last) > 0) {
            if (row->level && strcmp(code, last) > 0)
                last = code;
            continue;
        }
        struct checked_row *ahead = row;
        while (ahead < end && strncmp(ahead->row->code, last, strlen(ahead->row->code)) == 0)
            ahead++;
        if (ahead < end && strcmp(ahead->row->code, last) < 0)
            return row;
    }
    return end;
}

static void list_names(struct strbuf *out, const struct sheet *sheet, int from, int to)
{
    for (int i = from; i < to && i < from + NAMES_LISTED; i++)
        strbuf_printf(out, "%s%s", i > from ? "、" : "", sheet->contents[i].department);
    if (to - from > NAMES_LISTED)
        strbuf_printf(out, "等 %d 个部门", to - from);
}

/* Reports the entries [from, to) of the contents that the text lacks. */
static void report_missing(struct check *check, int from, int to, const char *department,
                           size_t line)
{
    struct strbuf names = {0};
    if (to <= from)
        return;
    list_names(&names, check->sheet, from, to);
    check->result->complete = false;
    add_department_finding(check, PAGE_MISSING, SEVERITY_INFO, department, line,
                           "目录所列的%s（原第 %ld 页起）在正文中缺失", names.text,
                           check->sheet->contents[from].page);
    strbuf_free(&names);
}

/* Where a lost page begins and ends, by the table of contents: behind this section, when the next
 * heading is not the next entry. */
static void check_gap(struct check *check, struct checked_row *first, struct checked_row *end,
                      bool last)
{
    const struct section_name *name = &check->names[first->department];
    int content = name->content;
    int next = last ? (int)check->sheet->content_count : check->names[end->department].content;
    if (content == NOBODY || next <= content + 1)
        return;
    report_missing(check, content + 1, next, name->name, last ? end[-1].row->line : end->row->line);
    doubt_from(find_break(first, end), end, PAGE_MISSING,
               check->sheet->contents[next - 1].department);
}

void check_continuity(struct check *check)
{
    struct checked_row *end = check->rows + check->sheet->row_count;
    if (check->contents_used && check->rows < end && check->rows->department != NOBODY)
        report_missing(check, 0, check->names[check->rows->department].content,
                       check->names[check->rows->department].name, check->rows->row->line);
    for (struct checked_row *first = check->rows, *next; first < end; first = next) {
        for (next = first; next < end && next->department == first->department; next++) {
        }
        if (first->row->section < 0)
            continue;
        if (check->contents_used)
            check_gap(check, first, next, next == end);
    }
    for (struct checked_row *first = check->rows, *next; first < end; first = next) {
        for (next = first; next < end && next->row->section == first->row->section; next++) {
        }
        struct checked_row *restart = find_restart(first, next);
        if (restart < next && !restart->doubted)
            doubt_from(restart, next, HEADING_MISSING, NULL);
    }
}
