#include "catalog/intake/document_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    FOLD_BYTES = 1000,
    SIMILAR_MAX = 300,   /* names are compared by likeness only in documents of a sane size */
    ROUNDING_FEN = 5100, /* tables in 万元 keep two digits: half of 100 yuan, and a little */
};

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

void document_settle(struct document *document)
{
    settle_projects(document);
    if (document->count == 0 && document->budget.count > 0)
        projects_of_budget(document);
}
