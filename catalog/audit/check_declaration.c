/* What a unit declares as 政府购买服务, against its projects and against its own table. */
#include "catalog/audit/document_checks.h"
#include "catalog/checks/money.h"
#include "common/strbuf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOLERANCE_FEN = 10000, /* declarations are written in 万元 with two digits */
    PARTS = 12,            /* amounts of which some sum may be the declared one: 2^12 sums */
    LIKELY = 3,            /* candidates that count as possible */
    NAMED = 4              /* projects that a message names */
};
/* A project whose first candidate is the declared code, and whose amount is as near as this to the
 * declared one, is what was declared, however unsure the engine is of it. */
static const double same_thing = 0.15;

/* ---- declared amounts ---- */

/* The projects that are, or may be, of one code. */
struct share {
    int64_t sum;          /* of those that surely are */
    size_t sure, certain; /* how many; certain: decided without a person */
    int64_t parts[PARTS];
    size_t count;
    struct strbuf names;
};

static bool is_code(const struct jv *candidate, const char *code)
{
    const char *own = jv_get_text(candidate, "code");
    return own && strcmp(own, code) == 0;
}

static void add_part(struct share *share, int64_t fen)
{
    if (fen > 0 && share->count < PARTS)
        share->parts[share->count++] = fen;
}

static void add_items(struct share *share, const struct jv *result, const char *code)
{
    const struct jv *items = jv_get(result, "items");
    for (size_t i = 0; i < jv_count(items); i++)
        if (is_code(jv_at(jv_get(jv_at(items, i), "candidates"), 0), code))
            add_part(share, fen_of(jv_at(items, i), "amount_yuan"));
}

static void add_project(struct share *share, const struct jv *project, const struct jv *result,
                        const char *code, int64_t declared)
{
    const char *decision = jv_get_text(result, "decision");
    const struct jv *candidates = jv_get(result, "candidates");
    int64_t fen = fen_of(project, "amount_yuan");
    bool none = !decision || strcmp(decision, "none") == 0, likely = false;
    for (size_t c = 0; c < jv_count(candidates) && c < LIKELY; c++)
        likely = likely || is_code(jv_at(candidates, c), code);
    bool first = is_code(jv_at(candidates, 0), code);
    bool near = first && (double)llabs(fen - declared) <= same_thing * (double)declared;
    if (first && (!none || near) && fen > 0) {
        share->sum += fen;
        share->certain += near || strcmp(decision, "auto") == 0;
        if (share->sure++ < NAMED)
            strbuf_printf(&share->names, "%s“%s”", share->names.length ? "、" : "",
                          jv_get_text(project, "name"));
    }
    if (likely)
        add_part(share, fen);
    add_items(share, result, code);
}

/* Whether some of the parts add up to the amount. */
static bool some_add_up(const struct share *share, int64_t fen)
{
    for (unsigned set = 1; set < 1u << share->count; set++) {
        int64_t sum = 0;
        for (size_t i = 0; i < share->count; i++)
            sum += set & 1u << i ? share->parts[i] : 0;
        if (llabs(sum - fen) <= TOLERANCE_FEN)
            return true;
    }
    return false;
}

static bool is_repeated(const struct jv *items, size_t index)
{
    const char *code = jv_get_text(jv_at(items, index), "code");
    for (size_t i = 0; i < index; i++)
        if (is_code(jv_at(items, i), code))
            return true;
    return false;
}

static int64_t declared_of(const struct jv *items, const char *code)
{
    int64_t sum = 0;
    for (size_t i = 0; i < jv_count(items); i++) {
        int64_t fen = fen_of(jv_at(items, i), "amount_yuan");
        if (is_code(jv_at(items, i), code))
            sum += fen > 0 ? fen : 0;
    }
    return sum;
}

static void check_amount(struct document_view *view, const struct jv *items, const char *code,
                         const char *name, size_t line)
{
    const struct jv *projects = jv_get(view->document, "projects");
    struct share share = {0};
    int64_t declared = declared_of(items, code);
    for (size_t i = 0; i < jv_count(projects); i++)
        add_project(&share, jv_at(projects, i), jv_at(view->results, i), code, declared);
    if (declared > 0 && share.certain > 0 && llabs(share.sum - declared) > TOLERANCE_FEN &&
        !some_add_up(&share, declared)) {
        char one[MONEY_TEXT], other[MONEY_TEXT];
        document_report(view, "declaration.amount_mismatch.document", line, "code", code, "name",
                        name, "declared", money_text(declared, one), "projects", share.names.text,
                        "more", share.sure > NAMED ? "等" : "", "sum", money_text(share.sum, other),
                        NULL);
    }
    strbuf_free(&share.names);
}

/* ---- the table ---- */

/* Declared in words, and the table disagrees: money of one code. */
static void compare_amounts(struct document_view *view, const struct jv *items,
                            const struct jv *rows, size_t line)
{
    for (size_t i = 0; i < jv_count(items); i++) {
        const char *code = jv_get_text(jv_at(items, i), "code");
        const char *name = jv_get_text(jv_at(items, i), "name");
        if (!code || is_repeated(items, i))
            continue;
        int64_t said = declared_of(items, code), listed = declared_of(rows, code);
        char one[MONEY_TEXT], other[MONEY_TEXT];
        if (said > 0 && listed > 0 && llabs(said - listed) > TOLERANCE_FEN)
            document_report(view, "declaration.amount_mismatch.table", line, "code", code, "name",
                            name ? name : "", "declared", money_text(said, one), "listed",
                            money_text(listed, other), NULL);
    }
}

static bool is_declared(const struct jv *items, const struct jv *row)
{
    const char *code = jv_get_text(row, "code"), *name = jv_get_text(row, "name");
    for (size_t i = 0; i < jv_count(items); i++) {
        const char *declared = jv_get_text(jv_at(items, i), "name");
        if ((code && is_code(jv_at(items, i), code)) ||
            (name && declared && *declared && (strstr(name, declared) || strstr(declared, name))))
            return true;
    }
    return false;
}

static void check_table(struct document_view *view)
{
    const struct jv *declaration = jv_get(view->document, "declaration");
    const struct jv *table = jv_get(jv_get(view->document, "tables"), "purchase");
    const struct jv *items = jv_get(declaration, "items"), *rows = jv_get(table, "rows");
    size_t line = (size_t)jv_get_number(declaration, "line", 0);
    if (!jv_is_object(table) || !jv_get_bool(declaration, "found", false))
        return;
    struct strbuf names = {0};
    size_t missing = 0;
    for (size_t i = 0; i < jv_count(rows); i++) {
        const struct jv *row = jv_at(rows, i);
        const char *code = jv_get_text(row, "code");
        if (is_declared(items, row) || missing++ >= NAMED)
            continue;
        strbuf_printf(&names, "%s“%s%s%s”", names.length ? "、" : "", code ? code : "",
                      code ? " " : "", jv_get_text(row, "name"));
    }
    char at[16], count[24];
    snprintf(at, sizeof at, "%.0f", jv_get_number(table, "line", 0));
    snprintf(count, sizeof count, "%zu", missing);
    bool none = jv_get_bool(declaration, "none", false);
    if (missing && !(jv_count(items) == 0 && jv_get_bool(declaration, "table", false)))
        document_report(view, "declaration.missing.table", line, "line", at, "text", names.text,
                        "count", count, "said", none ? "说明没有政府购买服务" : "没有列出", NULL);
    else if (jv_count(items) > 0 && jv_count(rows) == 0)
        document_report(view, "declaration.missing.empty", line, "line", at, NULL);
    compare_amounts(view, items, rows, line);
    strbuf_free(&names);
}

void check_declaration_of_document(struct document_view *view)
{
    const struct jv *declaration = jv_get(view->document, "declaration");
    const struct jv *items = jv_get(declaration, "items");
    size_t line = (size_t)jv_get_number(declaration, "line", 0);
    for (size_t i = 0; i < jv_count(items); i++) {
        const char *code = jv_get_text(jv_at(items, i), "code");
        const char *name = jv_get_text(jv_at(items, i), "name");
        if (code && !is_repeated(items, i))
            check_amount(view, items, code, name ? name : "", line);
    }
    check_table(view);
}
