/* What may not be bought as a service: 政府购买服务管理办法 第十条; and documents that others have
 * replaced. */
#include "catalog/checks/checks_parts.h"

#include "common/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* Whether a declared item is one that the text too may be read as: then the money is for a service. */
static bool declared_fits(const struct check_context *context)
{
    enum { LIKELY = 3 };
    const struct verdict *verdict = context->verdict;
    for (size_t d = 0; d < context->project->declared_count; d++)
        for (size_t i = 0; i < verdict->ranking.top && i < LIKELY; i++) {
            const struct leaf *leaf = &verdict->revision->leaves[verdict->ranking.all[i].leaf];
            if (strcmp(leaf->code, context->project->declared[d].code) == 0 &&
                verdict->decision != DECISION_NONE)
                return true;
        }
    return false;
}

/* A project that is declared a service and is none at all. */
static void check_kind(struct check_context *context, const struct rule *rule, enum kind kind)
{
    const struct verdict *verdict = context->verdict;
    const char *name = context->project->fields[FIELD_NAME];
    if (verdict->decision != DECISION_NONE || verdict->kind != kind ||
        verdict->kinds[kind] < rule_value(rule, "probability", 0.8) || declared_fits(context))
        return;
    check_report(context, rule, "name", (struct span){0, text_length(name)}, "text", name, NULL);
}

static void check_goods(struct check_context *context, const struct rule *rule)
{
    check_kind(context, rule, KIND_GOODS);
}

static void check_works(struct check_context *context, const struct rule *rule)
{
    check_kind(context, rule, KIND_WORKS);
}

/* Something is bought beside the service only where there is a service. */
static bool accept_bundled(struct check_context *context, const struct rule *rule,
                           const struct rule_match *match)
{
    (void)rule;
    (void)match;
    return context->verdict->kind == KIND_SERVICE;
}

/* A contract about people is use of labour by another name only where it is paid by their wages. */
static bool accept_outsourced(struct check_context *context, const struct rule *rule,
                              const struct rule_match *match)
{
    static const enum field fields[] = {FIELD_DESCRIPTION, FIELD_PLAN, FIELD_NECESSITY};
    (void)match;
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        for (size_t t = 0; t < rule->text_count; t++)
            if (strstr(context->project->fields[fields[f]], rule->texts[t].text))
                return true;
    return false;
}

static bool is_complete(const struct check_context *context, const struct rule *rule)
{
    const struct revision *revision = context->verdict->revision;
    const struct guesses *guesses = &context->verdict->guesses;
    if (revision->complete)
        return true;
    for (size_t i = 0; i < guesses->count; i++)
        for (size_t t = 0; t < rule->text_count; t++) {
            size_t length = strlen(revision->number);
            const char *entry = rule->texts[t].text;
            if (strncmp(entry, revision->number, length) == 0 && entry[length] == ' ' &&
                thesaurus_department(context->checks->thesaurus, entry + length + 1) ==
                    guesses->all[i].department)
                return true;
        }
    return false;
}

static void check_unlisted(struct check_context *context, const struct rule *rule)
{
    const struct verdict *verdict = context->verdict;
    const char *name = context->project->fields[FIELD_NAME];
    if (context->project->declared_count > 0 || verdict->guesses.count == 0 ||
        verdict->kinds[KIND_SERVICE] < rule_value(rule, "probability", 0.9) ||
        !is_complete(context, rule))
        return;
    if (verdict->ranking.top > 0 &&
        (verdict->confidence > rule_value(rule, "confidence", 0.1) ||
         verdict->ranking.all[0].features[FEATURE_LABELS] > rule_value(rule, "labels", 0)))
        return;
    check_report(context, rule, "name", (struct span){0, text_length(name)}, "text", name,
                 "catalog", verdict->revision->number, NULL);
}

/* ---- reference.superseded ---- */

/* "晋财综〔2023〕43号 2024": the document and the year in which another replaced it; the last entry is
 * the one in force. */
struct replaced {
    const char *number;
    size_t length;
    int year;
};

static struct replaced replaced_of(const struct rule_text *text)
{
    const char *space = strrchr(text->text, ' ');
    if (!space)
        return (struct replaced){text->text, strlen(text->text), 0};
    return (struct replaced){text->text, (size_t)(space - text->text),
                             (int)strtol(space + 1, NULL, 10)};
}

/* The document that was in force when the budget of that year was made. */
static const char *in_force(const struct rule *rule, int year, char *out, size_t size)
{
    *out = 0;
    for (size_t t = 0; t < rule->text_count; t++) {
        struct replaced replaced = replaced_of(&rule->texts[t]);
        if (strcmp(rule->texts[t].name, "catalog") != 0 || (replaced.year && replaced.year < year))
            continue;
        if (replaced.length < size) {
            memcpy(out, replaced.number, replaced.length);
            out[replaced.length] = 0;
        }
        return out;
    }
    return out;
}

/* The match is the document's number, folded; compared with each that has been replaced. */
static bool accept_reference(struct check_context *context, const struct rule *rule,
                             const struct rule_match *match)
{
    struct span span = check_span(context, match->field, match->from, match->to);
    char *cited = text_cut(context->project->fields[match->field], span);
    char *folded = folder_fold_utf8(context->checks->thesaurus->folder, cited);
    char current[96];
    for (size_t t = 0; t < rule->text_count; t++) {
        struct replaced replaced = replaced_of(&rule->texts[t]);
        if (!replaced.year || replaced.year >= context->year)
            continue;
        char *number = xstrndup(replaced.number, replaced.length);
        char *wanted = folder_fold_utf8(context->checks->thesaurus->folder, number);
        if (strcmp(wanted, folded) == 0)
            check_report(context, rule, field_name(match->field), span, "text", number, "current",
                         in_force(rule, context->year, current, sizeof current), NULL);
        free(number);
        free(wanted);
    }
    free(cited);
    free(folded);
    return false;
}

/* What the declaration of a document cites stands in the unit's own section, not in a project: the
 * audit of the document says it once. A declaration handed in with a single project is checked here. */
static void check_references(struct check_context *context, const struct rule *rule)
{
    const struct jv *references =
        jv_get(jv_get(context->project->json, "declaration"), "references");
    char current[96];
    if (context->from_document || !jv_is_array(references))
        return;
    for (size_t i = 0; i < jv_count(references) && i < 8; i++) {
        const char *cited = jv_text(jv_at(references, i));
        if (!cited)
            continue;
        char *folded = folder_fold_utf8(context->checks->thesaurus->folder, cited);
        for (size_t t = 0; t < rule->text_count; t++) {
            struct replaced replaced = replaced_of(&rule->texts[t]);
            char *number = xstrndup(replaced.number, replaced.length);
            char *wanted = folder_fold_utf8(context->checks->thesaurus->folder, number);
            if (replaced.year && replaced.year < context->year && strcmp(wanted, folded) == 0)
                check_report(context, rule, "declaration.references", (struct span){0, 0}, "text",
                             number, "current",
                             in_force(rule, context->year, current, sizeof current), NULL);
            free(number);
            free(wanted);
        }
        free(folded);
    }
}

const struct check_entry check_scope_entries[] = {
    {"scope-goods", check_goods, NULL},
    {"scope-works", check_works, NULL},
    {"scope-bundled", NULL, accept_bundled},
    {"scope-outsourced", NULL, accept_outsourced},
    {"scope-unlisted", check_unlisted, NULL},
    {"reference", check_references, accept_reference},
    {NULL, NULL, NULL},
};
