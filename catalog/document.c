#include "catalog/document.h"

#include "catalog/document_budget.h"
#include "catalog/document_declaration.h"
#include "catalog/document_project.h"
#include "catalog/document_source.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_ROWS = 80, /* where the title page and the table of contents stand */
    HEADING_BYTES = 300,
    FOLD_BYTES = 1000,
    SIMILAR_MAX = 300,   /* names are compared by likeness only in documents of a sane size */
    ROUNDING_FEN = 5100, /* tables in 万元 keep two digits: half of 100 yuan, and a little */
};

/* A document while it is being put together. */
struct document {
    const char *file;
    struct labels *labels;
    struct lines *lines;
    char *text;
    size_t length;
    char *unit;
    int year;
    struct document_project *projects;
    size_t count;
    char **folded; /* folded names of the projects, in their order */
    char **sorted; /* the same, sorted; borrowed */
    size_t folded_count;
    struct budget budget;
    struct procurement procurement;
    struct declaration_section declaration;
    struct jv *findings;
    size_t
        source_findings; /* the first of them, about the file itself: they concern every project */
};

/* --- the document's unit and year ---------------------------------------------------------------- */

static char *text_behind_colon(struct slice text)
{
    for (size_t at = 0; at < text.length;)
        if (slice_next(text, &at) == ':')
            return slice_tight((struct slice){text.text + at, text.length - at});
    return xstrdup("");
}

/* "单位名称：晋城市政务服务中心" above a budget table; NULL when there is none. */
static char *unit_above_tables(const struct document *document)
{
    static const char *const heads[] = {
        "单位名称:", "部门名称:", "编制单位:", "预算单位:", "公开单位:"};
    for (size_t i = 0; i < document->lines->count; i++) {
        const struct row *row = &document->lines->rows[i];
        if (row->blank || row->text.length > HEADING_BYTES || row->count == 0)
            continue;
        struct slice cell = row->cells[0];
        char *folded = label_fold(document->labels, cell, HEADING_BYTES);
        bool names = false;
        for (size_t k = 0; k < sizeof heads / sizeof *heads; k++)
            names = names || slice_starts(slice_of(folded), heads[k]);
        free(folded);
        if (!names)
            continue;
        char *unit = text_behind_colon(cell);
        if (*unit)
            return unit;
        free(unit);
        if (row->count > 1 && row->cells[1].length)
            return slice_tight(row->cells[1]);
    }
    return NULL;
}

/* "2026年度晋城市数据局单位预算公开", or the year's line below the unit's; NULL when there is none. */
static char *unit_of_title(const struct document *document)
{
    static const char *const endings[] = {"单位预算", "部门预算", "预算公开", "预算"};
    struct slice before = {0};
    for (size_t i = 0, seen = 0; i < document->lines->count && seen < HEAD_ROWS; i++) {
        const struct row *row = &document->lines->rows[i];
        if (row->blank)
            continue;
        seen++;
        int year = document_year(row->text);
        size_t ending = SIZE_MAX;
        for (size_t k = 0; k < sizeof endings / sizeof *endings && ending == SIZE_MAX; k++)
            ending = slice_find(row->text, endings[k]);
        if (!year || ending == SIZE_MAX || row->text.length > HEADING_BYTES) {
            before = row->text;
            continue;
        }
        char digits[8];
        snprintf(digits, sizeof digits, "%d", year);
        size_t number = slice_find(row->text, digits);
        size_t mark = slice_find(row->text, "年");
        if (number != SIZE_MAX && number > 6 && mark != SIZE_MAX) /* the unit, then the year */
            return slice_tight((struct slice){row->text.text, number});
        size_t from = mark == SIZE_MAX ? 0 : mark + strlen("年");
        struct slice name = {row->text.text + from, ending > from ? ending - from : 0};
        if (slice_starts(name, "度"))
            name = (struct slice){name.text + 3, name.length - 3};
        name = slice_trim(name);
        if (slice_ends(name, "的"))
            name.length -= 3;
        if (slice_code_points(name) >= 3)
            return slice_tight(name);
        if (before.length && slice_code_points(before) <= 40)
            return slice_tight(before);
        return NULL;
    }
    return NULL;
}

static int year_of_head(const struct document *document)
{
    for (size_t i = 0, seen = 0; i < document->lines->count && seen < HEAD_ROWS; i++) {
        const struct row *row = &document->lines->rows[i];
        if (row->blank || row->text.length > HEADING_BYTES)
            continue;
        seen++;
        int year = document_year(row->text);
        if (year && slice_has(row->text, "预算"))
            return year;
    }
    return 0;
}

static void find_unit_and_year(struct document *document)
{
    document->unit = unit_above_tables(document);
    if (!document->unit)
        document->unit = unit_of_title(document);
    for (size_t i = 0; i < document->count && !document->unit; i++)
        if (*document->projects[i].unit)
            document->unit = xstrdup(document->projects[i].unit);
    if (!document->unit)
        document->unit = xstrdup("");
    document->year = year_of_head(document);
    for (size_t i = 0; i < document->count && !document->year; i++)
        document->year = document->projects[i].year;
}

/* --- projects against the budget table ----------------------------------------------------------- */

static char *fold(const struct document *document, const char *text)
{
    return label_fold(document->labels, slice_of(text), FOLD_BYTES);
}

static int by_text(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

static bool is_project_name(const char *folded, void *argument)
{
    const struct document *document = argument;
    return document->count && bsearch(&folded, document->sorted, document->count,
                                      sizeof *document->sorted, by_text) != NULL;
}

static bool is_unit_name(const char *folded, void *argument)
{
    const struct document *document = argument;
    char *unit = fold(document, document->unit);
    bool same = strcmp(unit, folded) == 0;
    free(unit);
    for (size_t i = 0; i < document->count && i < SIMILAR_MAX && !same; i++) {
        unit = fold(document, document->projects[i].unit);
        same = *unit && strcmp(unit, folded) == 0;
        free(unit);
    }
    return same;
}

/* How alike two folded names are: the share of three-byte characters pairs they have in common. */
static double likeness(const char *one, const char *other)
{
    size_t one_length = strlen(one), other_length = strlen(other), common = 0;
    if (one_length < 6 || other_length < 6)
        return 0;
    for (size_t i = 0; i + 6 <= one_length; i += 3)
        common += memmem(other, other_length, one + i, 6) != NULL;
    size_t longest = one_length > other_length ? one_length : other_length;
    return (double)common / (double)(longest / 3 - 1);
}

/* One row of the budget table, and the project that it is about. */
struct pairing {
    char *folded;
    size_t row;
    bool taken;
};

static int by_folded(const void *one, const void *other)
{
    const struct pairing *a = one, *b = other;
    int order = strcmp(a->folded, b->folded);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

static struct pairing *pair_by_name(struct pairing *pairings, size_t count, const char *folded)
{
    struct pairing key = {.folded = (char *)folded};
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (by_folded(&pairings[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && strcmp(pairings[low].folded, folded) == 0; low++)
        if (!pairings[low].taken)
            return &pairings[low];
    return NULL;
}

/* The row that must be meant though its name is another: by likeness, or, where the project's name
 * was not read, by an amount that no other row has. */
static struct pairing *pair_by_likeness(const struct document *document, struct pairing *pairings,
                                        const struct document_project *project, const char *folded)
{
    enum { LEAST_PERCENT = 60 };
    struct pairing *best = NULL;
    double most = 0;
    size_t equal = 0;
    if (document->budget.count > SIMILAR_MAX || document->count > SIMILAR_MAX)
        return NULL;
    for (size_t i = 0; i < document->budget.count; i++) {
        const struct budget_row *row = &document->budget.rows[pairings[i].row];
        int64_t gap = row->amount_fen - project->amount_fen;
        bool same_amount = project->amount_fen >= 0 && gap <= ROUNDING_FEN && gap >= -ROUNDING_FEN;
        if (pairings[i].taken)
            continue;
        if (!*folded) {
            equal += same_amount;
            best = same_amount ? &pairings[i] : best;
            continue;
        }
        double like = likeness(folded, pairings[i].folded);
        if (like > most && like * 100 >= LEAST_PERCENT &&
            (same_amount || project->amount_fen < 0)) {
            most = like;
            best = &pairings[i];
        }
    }
    return *folded || equal == 1 ? best : NULL;
}

static void take_amount(struct document_project *project, const struct budget_row *row)
{
    if (project->amount_fen < 0) {
        project->amount_fen = row->amount_fen;
        document_finding(project->findings, "intake.amount_from_budget", "warning", project->line,
                         "绩效目标表中没有年度资金总额，取自项目支出预算表（第%zu行）", row->line);
        return;
    }
    int64_t gap = project->amount_fen - row->amount_fen;
    if (gap <= ROUNDING_FEN && gap >= -ROUNDING_FEN)
        return;
    int64_t scaled = project->amount_fen * 10000 - row->amount_fen;
    if (!project->unit_stated && project->amount_fen < INT64_MAX / 20000 &&
        scaled <= ROUNDING_FEN && scaled >= -ROUNDING_FEN) {
        project->amount_fen = row->amount_fen;
        if (project->total_fen >= 0 && project->total_fen < INT64_MAX / 20000)
            project->total_fen *= 10000;
        document_finding(project->findings, "intake.unit_from_budget", "warning", project->line,
                         "绩效目标表没有写明金额单位，对照项目支出预算表按万元读取");
        return;
    }
    document_finding(project->findings, "intake.amount_differs", "warning", project->line,
                     "年度资金总额%.2f元与项目支出预算表（第%zu行）的%.2f万元不一致",
                     (double)project->amount_fen / 100, row->line,
                     (double)row->amount_fen / 1000000);
    if (project->amount_irregular)
        project->amount_fen = row->amount_fen;
}

static void pair_project(struct document *document, struct pairing *pairings, size_t index)
{
    struct document_project *project = &document->projects[index];
    const char *folded = document->folded[index];
    struct pairing *pair = *folded ? pair_by_name(pairings, document->budget.count, folded) : NULL;
    if (!pair) {
        pair = pair_by_likeness(document, pairings, project, folded);
        if (!pair) {
            if (document->budget.count > 0)
                document_finding(project->findings, "intake.not_in_budget", "info", project->line,
                                 "项目支出预算表中没有同名的项目");
            return;
        }
        const char *name = document->budget.rows[pair->row].name;
        if (*project->name) {
            document_finding(project->findings, "intake.name_differs", "info", project->line,
                             "项目支出预算表（第%zu行）中的名称为“%.200s”",
                             document->budget.rows[pair->row].line, strlen(name) > 200 ? "" : name);
        } else {
            free(project->name);
            project->name = xstrdup(name);
            document_finding(project->findings, "intake.name_from_budget", "warning", project->line,
                             "项目名称按金额取自项目支出预算表");
        }
    }
    pair->taken = true;
    take_amount(project, &document->budget.rows[pair->row]);
}

/* What is still missing after the table and the budget: from the funds' parts, from the document. */
static void complete_project(const struct document *document, struct document_project *project)
{
    if (project->amount_fen < 0) {
        double sum = 0;
        for (size_t i = 0; i < jv_count(project->funding); i++)
            sum += jv_get_number(jv_at(project->funding, i), "year_yuan", 0);
        if (sum > 0) {
            project->amount_fen = (int64_t)(sum * 100 + 0.5);
            document_finding(project->findings, "intake.amount_from_parts", "warning",
                             project->line, "没有读到年度资金总额，按各项资金来源合计");
        } else {
            document_finding(project->findings, "intake.amount_missing", "warning", project->line,
                             "没有读到年度资金总额");
        }
    }
    if (!*project->unit && *document->unit) {
        free(project->unit);
        project->unit = xstrdup(document->unit);
        document_finding(project->findings, "intake.unit_missing", "info", project->line,
                         "绩效目标表中没有实施单位，取文件的编制单位");
    } else if (!*project->unit) {
        document_finding(project->findings, "intake.unit_missing", "warning", project->line,
                         "没有读到实施单位");
    }
    if (project->year == 0)
        project->year = document->year;
}

static void settle_projects(struct document *document)
{
    document->folded = xcalloc(document->count, sizeof *document->folded);
    document->sorted = xcalloc(document->count, sizeof *document->sorted);
    document->folded_count = document->count;
    for (size_t i = 0; i < document->count; i++)
        document->sorted[i] = document->folded[i] = fold(document, document->projects[i].name);
    if (document->count)
        qsort(document->sorted, document->count, sizeof *document->sorted, by_text);
    budget_settle(&document->budget, document->labels, is_project_name, is_unit_name, document);

    size_t rows = document->budget.count;
    struct pairing *pairings = xcalloc(rows, sizeof *pairings);
    for (size_t i = 0; i < rows; i++)
        pairings[i] =
            (struct pairing){.folded = fold(document, document->budget.rows[i].name), .row = i};
    if (rows)
        qsort(pairings, rows, sizeof *pairings, by_folded);
    for (size_t i = 0; i < document->count; i++) {
        pair_project(document, pairings, i);
        complete_project(document, &document->projects[i]);
    }
    size_t left = 0;
    for (size_t i = 0; i < rows; i++) {
        left += !pairings[i].taken;
        free(pairings[i].folded);
    }
    if (left && document->count)
        document_finding(document->findings, "intake.budget_without_goals", "info",
                         document->budget.rows[0].line,
                         "项目支出预算表中有%zu个项目没有公开绩效目标表", left);
    free(pairings);
}

/* Rows of the budget table as projects, for a document that publishes no 绩效目标表 at all. */
static void projects_of_budget(struct document *document)
{
    free(document->projects);
    document->projects = xcalloc(document->budget.count, sizeof *document->projects);
    for (size_t i = 0; i < document->budget.count; i++) {
        const struct budget_row *row = &document->budget.rows[i];
        struct document_project *project = &document->projects[i];
        char **texts[] = {&project->department,  &project->attribute, &project->term,
                          &project->description, &project->basis,     &project->necessity,
                          &project->measures,    &project->plan,      &project->goals,
                          &project->term_goals};
        *project = (struct document_project){.name = xstrdup(row->name),
                                             .unit = xstrdup(document->unit),
                                             .amount_fen = row->amount_fen,
                                             .total_fen = -1,
                                             .year = document->year,
                                             .line = row->line,
                                             .indicators = jv_array(),
                                             .funding = jv_array(),
                                             .findings = jv_array()};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            *texts[k] = xstrdup("");
        document_finding(project->findings, "intake.goals_table_missing", "warning", row->line,
                         "没有绩效目标表，只有项目支出预算表中的名称和金额");
    }
    document->count = document->budget.count;
}

/* --- JSON ---------------------------------------------------------------------------------------- */

static void set_if_text(struct jv *object, const char *name, const char *text)
{
    if (text && *text)
        jv_set_text(object, name, text);
}

static void set_if_money(struct jv *object, const char *name, int64_t fen)
{
    if (fen >= 0)
        jv_set_number(object, name, (double)fen / 100);
}

/* An id that the same project gets whenever the document is taken in again: of unit, year, name and,
 * among projects of one name, the number. */
static void set_id(struct jv *json, const struct document_project *project, int year, size_t nth)
{
    enum { ID_BYTES = 8 };
    struct strbuf key = {0};
    unsigned char hash[ID_BYTES > 16 ? ID_BYTES : 16];
    char id[2 * ID_BYTES + 8] = "p-";
    strbuf_printf(&key, "%s\n%d\n%s\n%zu", project->unit, year, project->name, nth);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)key.text, key.length, NULL, 0);
    sodium_bin2hex(id + 2, sizeof id - 2, hash, ID_BYTES);
    jv_set_text(json, "id", id);
    strbuf_free(&key);
}

static struct jv *source_json(const struct document *document, size_t line)
{
    struct jv *source = jv_object();
    jv_set_text(source, "file", document->file);
    jv_set_number(source, "line", (double)line);
    return source;
}

/* What the unit declared, as far as it concerns each of its projects. */
static void set_declaration(const struct document *document, struct jv *json)
{
    const struct declaration_section *section = &document->declaration;
    if (jv_count(section->items) > 0)
        jv_set(json, "declared", jv_copy(section->items));
    if (!section->found)
        return;
    struct jv *declaration = jv_object();
    jv_set(declaration, "none", jv_of_bool(section->none));
    jv_set(declaration, "references", jv_copy(section->references));
    jv_set(json, "declaration", declaration);
}

static struct jv *project_json(const struct document *document,
                               const struct document_project *project, size_t nth)
{
    struct jv *json = jv_object();
    set_id(json, project, project->year, nth);
    if (project->year)
        jv_set_number(json, "year", project->year);
    set_if_text(json, "unit", project->unit);
    set_if_text(json, "department", project->department);
    jv_set_text(json, "name", project->name);
    set_if_text(json, "description", project->description);
    set_if_text(json, "basis", project->basis);
    set_if_text(json, "necessity", project->necessity);
    set_if_text(json, "measures", project->measures);
    set_if_text(json, "plan", project->plan);
    set_if_text(json, "goals", project->goals);
    if (strcmp(project->goals, project->term_goals) != 0)
        set_if_text(json, "term_goals", project->term_goals);
    set_if_money(json, "amount_yuan", project->amount_fen);
    set_if_money(json, "total_yuan", project->total_fen);
    if (project->term_years > 0)
        jv_set_number(json, "term_years", project->term_years);
    set_if_text(json, "term", project->term);
    set_if_text(json, "attribute", project->attribute);
    if (jv_count(project->funding) > 0)
        jv_set(json, "funding", jv_copy(project->funding));
    jv_set(json, "indicators", jv_copy(project->indicators));
    set_declaration(document, json);
    jv_set(json, "source", source_json(document, project->line));
    struct jv *findings = jv_copy(project->findings);
    for (size_t i = 0; i < document->source_findings; i++)
        jv_push(findings, jv_copy(jv_at(document->findings, i)));
    jv_set(json, "intake_findings", findings);
    return json;
}

static size_t code_points_before(const struct document *document, size_t offset)
{
    return slice_code_points((struct slice){document->text, offset});
}

static struct jv *declaration_json(const struct document *document)
{
    const struct declaration_section *section = &document->declaration;
    struct jv *json = jv_object();
    jv_set(json, "found", jv_of_bool(section->found));
    jv_set(json, "none", jv_of_bool(section->none));
    jv_set(json, "items", jv_copy(section->items));
    jv_set(json, "references", jv_copy(section->references));
    if (!section->found)
        return json;
    jv_set_text(json, "text", section->text);
    struct jv *span = jv_object();
    jv_set_number(span, "start", (double)code_points_before(document, section->start));
    jv_set_number(span, "end", (double)code_points_before(document, section->end));
    jv_set(json, "text_span", span);
    jv_set_number(json, "line", (double)section->line);
    return json;
}

static struct jv *tables_json(const struct document *document)
{
    struct jv *tables = jv_object(), *rows = jv_array(), *procurement = jv_object();
    for (size_t i = 0; i < document->budget.count; i++) {
        struct jv *row = jv_object();
        jv_set_text(row, "name", document->budget.rows[i].name);
        set_if_money(row, "amount_yuan", document->budget.rows[i].amount_fen);
        jv_set_number(row, "line", (double)document->budget.rows[i].line);
        jv_push(rows, row);
    }
    jv_set(tables, "project_budget", rows);
    set_if_money(tables, "project_budget_total_yuan", document->budget.total_fen);
    set_if_money(procurement, "total_yuan", document->procurement.total_fen);
    set_if_money(procurement, "goods_yuan", document->procurement.goods_fen);
    set_if_money(procurement, "works_yuan", document->procurement.works_fen);
    set_if_money(procurement, "services_yuan", document->procurement.services_fen);
    if (document->procurement.line)
        jv_set_number(procurement, "line", (double)document->procurement.line);
    jv_set(tables, "procurement", procurement);
    return tables;
}

/* How many projects before this one have its name, for its id; by position in the sorted names. */
static size_t count_namesakes(struct jv *seen, const char *name)
{
    size_t nth = (size_t)jv_get_number(seen, name, 0);
    jv_set_number(seen, name, (double)(nth + 1));
    return nth;
}

static struct jv *document_json(const struct document *document)
{
    struct jv *json = jv_object(), *projects = jv_array(), *seen = jv_object();
    jv_set_text(json, "file", document->file);
    set_if_text(json, "unit", document->unit);
    if (document->year)
        jv_set_number(json, "year", document->year);
    jv_set(json, "declaration", declaration_json(document));
    for (size_t i = 0; i < document->count; i++) {
        const struct document_project *project = &document->projects[i];
        jv_push(projects, project_json(document, project, count_namesakes(seen, project->name)));
    }
    jv_set(json, "projects", projects);
    jv_set(json, "tables", tables_json(document));
    jv_set(json, "findings", jv_copy(document->findings));
    jv_destroy(&seen);
    return json;
}

/* ------------------------------------------------------------------------------------------------- */

static void read_parts(struct document *document)
{
    size_t count = 0;
    struct table *tables = tables_find(document->labels, document->lines, &count);
    document->projects = xcalloc(count, sizeof *document->projects);
    for (size_t i = 0; i < count; i++)
        document_project_read(&document->projects[i], document->labels, document->lines,
                              &tables[i]);
    document->count = count;
    free(tables);
    find_unit_and_year(document);
    budget_read(&document->budget, document->labels, document->lines);
    procurement_read(&document->procurement, document->labels, document->lines);
    declaration_read(&document->declaration, document->labels, document->lines, document->length);
    for (size_t i = 0; i < jv_count(document->declaration.findings); i++)
        jv_push(document->findings, jv_copy(jv_at(document->declaration.findings, i)));
    settle_projects(document);
    if (document->count == 0 && document->budget.count > 0)
        projects_of_budget(document);
}

static void document_clear(struct document *document)
{
    for (size_t i = 0; i < document->count; i++)
        document_project_clear(&document->projects[i]);
    for (size_t i = 0; i < document->folded_count; i++)
        free(document->folded[i]);
    free(document->folded);
    free(document->sorted);
    free(document->projects);
    free(document->unit);
    free(document->text);
    budget_clear(&document->budget);
    declaration_clear(&document->declaration);
    lines_destroy(&document->lines);
    labels_destroy(&document->labels);
    jv_destroy(&document->findings);
}

struct jv *document_read(const char *bytes, size_t length, const char *file, struct fault *fault)
{
    struct document document = {.file = file, .findings = jv_array()};
    struct jv *json = NULL;
    if (length > DOCUMENT_BYTES_MAX) {
        fault_set(fault, "document.too_large", "文件超过%d MB，未读取", DOCUMENT_BYTES_MAX >> 20);
        goto done;
    }
    document.text = document_source(bytes, length, &document.length, document.findings, fault);
    if (!document.text)
        goto done;
    document.source_findings = jv_count(document.findings);
    document.labels = labels_new();
    document.lines = lines_read(document.text, document.length);
    labels_mend(document.labels, document.lines);
    read_parts(&document);
    if (document.count == 0) {
        fault_set(fault, "document.no_project",
                  "没有找到项目：文件中没有“项目支出绩效目标表”（以“项目名称”开始的表），"
                  "也没有“项目支出预算表”");
        goto done;
    }
    json = document_json(&document);
done:
    document_clear(&document);
    return json;
}
