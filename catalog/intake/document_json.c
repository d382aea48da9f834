#include "catalog/intake/document_parts.h"

#include <sodium.h>
#include <string.h>

static void set_if_text(struct jv *object, const char *name, const char *text)
{
    if (text && *text)
        jv_set_text(object, name, text);
}

static void set_if_money(struct jv *object, const char *name, int64_t fen)
{
    if (fen >= 0 && fen <= AMOUNT_FEN_MAX)
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

static void set_purchase_row(struct jv *json, const struct purchase_row *row)
{
    set_if_text(json, "code", row->code);
    jv_set_text(json, "name", row->name);
    set_if_money(json, "amount_yuan", row->amount_fen);
}

/* The rows of 政府购买服务预算表 that name the project; an empty array when none does. */
static struct jv *own_rows(const struct document *document, const struct document_project *project)
{
    enum { NAME_BYTES = 600 };
    struct jv *rows = jv_array();
    char *name = label_fold(document->labels, slice_of(project->name), NAME_BYTES);
    for (size_t i = 0; *name && i < document->purchase.count; i++) {
        const struct purchase_row *row = &document->purchase.rows[i];
        char *said = label_fold(document->labels, slice_of(row->project), NAME_BYTES);
        bool same = strcmp(said, name) == 0;
        free(said);
        if (!same)
            continue;
        struct jv *one = jv_object();
        set_purchase_row(one, row);
        jv_push(rows, one);
        document->purchase_named[i] = true;
    }
    free(name);
    return rows;
}

/* What the unit declared of the project: the table's rows that name it, else all that the section
 * lists, one of which may be meant. */
static void set_declaration(const struct document *document, const struct document_project *project,
                            struct jv *json)
{
    const struct declaration_section *section = &document->declaration;
    struct jv *rows = own_rows(document, project);
    bool own = jv_count(rows) > 0;
    if (own || jv_count(section->items) > 0)
        jv_set(json, "declared", jv_copy(own ? rows : section->items));
    jv_destroy(&rows);
    if (!section->found && !own)
        return;
    struct jv *declaration = jv_object();
    jv_set(declaration, "none", jv_of_bool(section->none));
    jv_set(declaration, "references", jv_copy(section->references));
    if (own)
        jv_set(declaration, "own", jv_of_bool(true));
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
    set_declaration(document, project, json);
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
    if (section->table)
        jv_set(json, "table", jv_of_bool(true));
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

/* 政府购买服务预算表, where the document has one. */
static void set_purchase(const struct document *document, struct jv *tables)
{
    const struct purchase *purchase = &document->purchase;
    if (!purchase->line)
        return;
    struct jv *table = jv_object(), *rows = jv_array();
    for (size_t i = 0; i < purchase->count; i++) {
        struct jv *row = jv_object();
        set_purchase_row(row, &purchase->rows[i]);
        if (document->purchase_named[i])
            jv_set_text(row, "project", purchase->rows[i].project);
        jv_set_number(row, "line", (double)purchase->rows[i].line);
        jv_push(rows, row);
    }
    jv_set(table, "rows", rows);
    set_if_money(table, "total_yuan", purchase->total_fen);
    jv_set_number(table, "line", (double)purchase->line);
    jv_set(tables, "purchase", table);
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
    set_purchase(document, tables);
    return tables;
}

/* How many projects before this one have its name, for its id; by position in the sorted names. */
static size_t count_namesakes(struct jv *seen, const char *name)
{
    size_t nth = (size_t)jv_get_number(seen, name, 0);
    jv_set_number(seen, name, (double)(nth + 1));
    return nth;
}

struct jv *document_json(const struct document *document)
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
