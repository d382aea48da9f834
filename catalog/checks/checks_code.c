/* The declared codes against the revisions: 晋财综〔2021〕63号, 二 (严禁超范围实施), 三（三）. */
#include "catalog/checks/checks_parts.h"

#include "common/strbuf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CODE_MOST = 16, LEAF_A = 4, LEAF_B = 3 };

/* What is known of one declared code. */
struct declared_code {
    const struct declaration *declaration;
    char field[32];       /* "declared[0].code" */
    char name_field[32];  /* "declared[0].name" */
    char code[CODE_MOST]; /* in capitals, half width; "" when it is none */
    int level;            /* 0: cannot be a code */
    const struct item *items;
    size_t item_count;
    const struct item *own;     /* of the unit's department in the revision, or class B, or NULL */
    const struct item *own_old; /* of the unit's department in another revision */
    bool elsewhere;             /* the revision has it for another department */
};

static void read_code(const char *text, char code[CODE_MOST])
{
    struct plain plain = {0};
    size_t length = 0;
    plain_take(&plain, text, strlen(text));
    for (size_t i = 0; i < plain.length; i++) {
        uint32_t unit = plain.codes[i];
        if (plain_is_space(unit))
            continue;
        if (length + 1 >= CODE_MOST || unit >= 0x80) {
            length = 0;
            break;
        }
        code[length] = (char)toupper((int)unit);
        if (length > 0 && code[length] == 'O')
            code[length] = '0';
        length++;
    }
    code[length] = 0;
    plain_free(&plain);
}

static int level_of(const char *code)
{
    size_t digits = strspn(code + (*code != 0), "0123456789");
    if ((*code != 'A' && *code != 'B') || code[1 + digits] || digits % 2 || digits > 6)
        return 0;
    return 1 + (int)digits / 2;
}

static bool is_guessed(const struct guesses *guesses, uint32_t department)
{
    for (size_t i = 0; i < guesses->count; i++)
        if (guesses->all[i].department == department && department != NO_NUMBER)
            return true;
    return false;
}

static bool is_class_b(const struct declared_code *declared)
{
    return declared->code[0] == 'B';
}

static void look_up(const struct check_context *context, size_t number,
                    struct declared_code *declared)
{
    const struct verdict *verdict = context->verdict;
    *declared = (struct declared_code){.declaration = &context->project->declared[number]};
    snprintf(declared->field, sizeof declared->field, "declared[%zu].code", number);
    snprintf(declared->name_field, sizeof declared->name_field, "declared[%zu].name", number);
    read_code(declared->declaration->code, declared->code);
    declared->level = level_of(declared->code);
    declared->items = items_of_code(context->checks->items, declared->code, &declared->item_count);
    for (size_t i = 0; i < declared->item_count; i++) {
        const struct item *item = &declared->items[i];
        bool here = strcmp(item->revision, verdict->revision->number) == 0;
        if (is_class_b(declared) || (here && is_guessed(&verdict->guesses, item->number)))
            declared->own = item;
        else if (is_guessed(&verdict->guesses, item->number))
            declared->own_old = item;
        else if (here)
            declared->elsewhere = true;
    }
}

/* The declared codes that the checks speak of: in a document those of this project only, the others
 * are the audit's. */
typedef void declared_fn(struct check_context *context, const struct rule *rule,
                         const struct declared_code *declared);
static void each_declared(struct check_context *context, const struct rule *rule,
                          declared_fn *check)
{
    if (context->from_document && !context->declared)
        return;
    for (size_t d = 0; d < context->project->declared_count; d++) {
        struct declared_code declared;
        if (!*context->project->declared[d].code)
            continue;
        look_up(context, d, &declared);
        check(context, rule, &declared);
    }
}

static struct span whole(const char *text)
{
    return (struct span){0, text_length(text)};
}

static bool is_leaf(const struct declared_code *declared)
{
    return declared->level == (is_class_b(declared) ? LEAF_B : LEAF_A);
}

/* A B code beyond the last group that is attested cannot be one; within, our list has gaps. */
static bool may_be_unseen(const struct check_context *context, const struct declared_code *declared)
{
    char group[4] = {0};
    if (!is_class_b(declared) || declared->level < 2 || declared->level > LEAF_B)
        return false;
    memcpy(group, declared->code, 3);
    return items_have_prefix(context->checks->items, group);
}

static void check_not_leaf(struct check_context *context, const struct rule *rule,
                           const struct declared_code *declared)
{
    char level[2] = {(char)('0' + declared->level), 0};
    if (declared->level == 0 || is_leaf(declared) ||
        (is_class_b(declared) && declared->level > LEAF_B) ||
        !items_have_prefix(context->checks->items, declared->code))
        return;
    check_report(context, rule, declared->field, whole(declared->declaration->code), "code",
                 declared->code, "level", level, "leaf", is_class_b(declared) ? "三" : "四", NULL);
}

/* Whether the revision stands in for one of that year whose text we do not have: what it says of a code
 * may have changed since. */
static bool is_stand_in(const struct check_context *context)
{
    const struct revision *revision = context->verdict->revision;
    char year[8];
    snprintf(year, sizeof year, "%d", context->year);
    return !*context->project->catalog && *revision->ended &&
           strncmp(revision->ended, year, 4) <= 0;
}

/* Whether what the revision does not list for these departments is truly not in it: it is complete, or
 * the rule's data say that these departments' pages are all there; and it was in force. */
static bool is_held(const struct check_context *context, const struct rule *rule)
{
    const struct revision *revision = context->verdict->revision;
    const struct guesses *guesses = &context->verdict->guesses;
    if (is_stand_in(context))
        return false;
    if (revision->complete)
        return true;
    if (guesses->count == 0)
        return false;
    for (size_t i = 0; i < guesses->count; i++) {
        bool complete = false;
        for (size_t t = 0; t < rule->text_count && !complete; t++) {
            const char *entry = rule->texts[t].text;
            size_t length = strlen(revision->number);
            complete = strcmp(rule->texts[t].name, "complete") == 0 &&
                       strncmp(entry, revision->number, length) == 0 && entry[length] == ' ' &&
                       thesaurus_department(context->checks->thesaurus, entry + length + 1) ==
                           guesses->all[i].department;
        }
        if (!complete)
            return false;
    }
    return true;
}

/* A leaf of a revision that we lack stands under a level-3 code that the others have too. */
static bool has_known_parent(const struct check_context *context,
                             const struct declared_code *declared)
{
    enum { PARENT = 5 }; /* A1606 */
    char parent[PARENT + 1] = {0};
    memcpy(parent, declared->code, PARENT);
    return !is_class_b(declared) && items_have_prefix(context->checks->items, parent);
}

static void check_unknown(struct check_context *context, const struct rule *rule,
                          const struct declared_code *declared)
{
    const char *code = declared->declaration->code;
    bool upper = declared->level >= 1 && !is_leaf(declared) &&
                 items_have_prefix(context->checks->items, declared->code) &&
                 declared->level < LEAF_A;
    if (declared->item_count > 0 || upper || may_be_unseen(context, declared) ||
        (is_leaf(declared) && !is_held(context, rule) && has_known_parent(context, declared)))
        return;
    check_report(context, rule, declared->field, whole(code), "code", code, NULL);
}

/* The item that has the same name in the revision, for a unit of these departments; a provisional one
 * is the old item itself. */
static const struct leaf *find_successor(const struct check_context *context,
                                         const struct item *item)
{
    const struct thesaurus *thesaurus = context->checks->thesaurus;
    const struct revision *revision = context->verdict->revision;
    if (item->number == NO_NUMBER)
        return NULL;
    uint32_t concept = thesaurus_concept(thesaurus, item->number, item->name);
    if (concept == NO_NUMBER || concept >= thesaurus->concept_count)
        return NULL;
    uint32_t leaf = revision->leaf_of_concept[concept];
    return leaf == NO_NUMBER ? NULL : &revision->leaves[leaf];
}

static void check_not_in_force(struct check_context *context, const struct rule *rule,
                               const struct declared_code *declared)
{
    const struct item *old = declared->own_old;
    if (!is_leaf(declared) || is_class_b(declared) || declared->own || declared->item_count == 0 ||
        is_stand_in(context))
        return;
    if (!old)
        return; /* another department's: code.wrong_department */
    const struct leaf *successor = find_successor(context, old);
    if (successor && successor->provisional)
        return; /* the department's pages of the revision are not held: nothing is known against it */
    bool held = successor || is_held(context, rule);
    struct strbuf hint = {0};
    if (successor)
        strbuf_printf(&hint, "现行目录中同名条目的代码是 %s“%s”", successor->code, successor->name);
    else
        strbuf_puts(&hint, held ? "请按现行目录重新选择代码"
                                : "现行目录只收录了摘录，请对照原文核实是否保留");
    check_report_as(context, rule, held ? rule->severity : SEVERITY_INFO, declared->field,
                    whole(declared->declaration->code), "code", declared->code, "name", old->name,
                    "old", old->revision, "current", context->verdict->revision->number, "hint",
                    hint.text, NULL);
    strbuf_free(&hint);
}

enum { NAME_UNITS = 64 };

/* The name without brackets and what they hold, and without punctuation; gives its length. */
static size_t bare_name(const struct folder *folder, const char *name, uint16_t out[NAME_UNITS])
{
    struct folded folded = {0};
    size_t length = 0;
    int depth = 0;
    folder_fold(folder, name, strlen(name), &folded);
    for (size_t i = 0; i < folded.length && length < NAME_UNITS; i++) {
        uint16_t unit = folded.units[i];
        if (unit == '(')
            depth++;
        else if (unit == ')')
            depth -= depth > 0;
        else if (!depth &&
                 (unit >= 0x3400 || (unit >= 'a' && unit <= 'z') || (unit >= '0' && unit <= '9')))
            out[length++] = unit;
    }
    folded_free(&folded);
    return length;
}

/* Where our text of the revision lacks the department's pages, a code may have been given to it since;
 * not so when the name written beside the code is the other department's item. */
static bool is_named_as_others(const struct check_context *context,
                               const struct declared_code *declared)
{
    const struct folder *folder = context->checks->thesaurus->folder;
    uint16_t name[NAME_UNITS], other[NAME_UNITS];
    size_t length = bare_name(folder, declared->declaration->name, name);
    for (size_t i = 0; i < declared->item_count && length; i++)
        if (bare_name(folder, declared->items[i].name, other) == length &&
            memcmp(name, other, length * sizeof *name) == 0)
            return true;
    return false;
}

static void check_wrong_department(struct check_context *context, const struct rule *rule,
                                   const struct declared_code *declared)
{
    const struct guesses *guesses = &context->verdict->guesses;
    if (!is_leaf(declared) || is_class_b(declared) || declared->own || declared->own_old ||
        declared->item_count == 0 || guesses->count == 0 ||
        !(is_held(context, rule) || is_named_as_others(context, declared)))
        return;
    struct strbuf others = {0};
    enum { NAMED = 3 };
    size_t named = 0;
    for (size_t i = 0; i < declared->item_count; i++) {
        const struct item *item = &declared->items[i];
        bool here = strcmp(item->revision, context->verdict->revision->number) == 0;
        if ((declared->elsewhere && !here) || named > NAMED)
            continue;
        if (named++ < NAMED)
            strbuf_printf(&others, "%s%s“%s”", named > 1 ? "、" : "", item->department, item->name);
        else
            strbuf_puts(&others, "等");
    }
    check_report(context, rule, declared->field, whole(declared->declaration->code), "code",
                 declared->code, "department", guesses->all[0].name, "others", others.text, NULL);
    strbuf_free(&others);
}

/* ---- names ---- */

static bool has_units(const uint16_t *text, size_t length, const uint16_t *part, size_t size)
{
    for (size_t at = 0; at + size <= length; at++)
        if (memcmp(text + at, part, size * sizeof *part) == 0)
            return true;
    return false;
}

/* Single-unit edits that make one name of the other. */
static size_t edit_distance(const uint16_t *a, size_t m, const uint16_t *b, size_t n)
{
    size_t row[NAME_UNITS + 1];
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 1; i <= m; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

static bool names_agree(const struct folder *folder, const char *one, const char *other)
{
    enum { SHORTEST = 3, UNITS_PER_SLIP = 4 };
    uint16_t a[NAME_UNITS], b[NAME_UNITS];
    size_t m = bare_name(folder, one, a), n = bare_name(folder, other, b);
    if (m == 0 || n == 0)
        return true;
    if ((m >= SHORTEST && has_units(b, n, a, m)) || (n >= SHORTEST && has_units(a, m, b, n)))
        return true;
    size_t longer = m > n ? m : n;
    return edit_distance(a, m, b, n) <= longer / UNITS_PER_SLIP;
}

static void check_name(struct check_context *context, const struct rule *rule,
                       const struct declared_code *declared)
{
    const char *name = declared->declaration->name;
    const struct folder *folder = context->checks->thesaurus->folder;
    const struct item *official = declared->own ? declared->own : declared->own_old;
    bool own = official != NULL;
    if (!*name || declared->item_count == 0 || (!is_class_b(declared) && is_stand_in(context)))
        return;
    if (!own && !is_held(context, rule))
        return; /* the department's own item of that code may be one that we lack */
    for (size_t i = 0; i < declared->item_count; i++) {
        const struct item *item = &declared->items[i];
        bool counts =
            !own || is_class_b(declared) || is_guessed(&context->verdict->guesses, item->number);
        if (counts && (!*item->name || names_agree(folder, item->name, name)))
            return;
        if (!official)
            official = item;
    }
    check_report(context, rule, declared->name_field, whole(name), "code", declared->code, "name",
                 name, "official", official->name, NULL);
}

static void check_restricted(struct check_context *context, const struct rule *rule,
                             const struct declared_code *declared)
{
    const struct project *project = context->project;
    const struct item *item = declared->own;
    if (!item || !is_class_b(declared) || !*item->restriction ||
        (!*project->unit && !*project->department))
        return;
    struct leaf leaf = {.restriction = item->restriction};
    if (rank_allows(&leaf, &context->verdict->guesses))
        return;
    const char *colon = strchr(item->restriction, ':');
    bool only = strncmp(item->restriction, "only:", 5) == 0;
    check_report(context, rule, declared->field, whole(declared->declaration->code), "code",
                 declared->code, "name", item->name, "who", only ? "仅限" : "不得由", "departments",
                 colon ? colon + 1 : "", NULL);
}

/* ---- what the text says ---- */

static bool is_candidate(const struct check_context *context, const char *code, double share)
{
    enum { NEAR = 3 };
    const struct verdict *verdict = context->verdict;
    for (size_t i = 0; i < verdict->ranking.top; i++) {
        const struct scored *scored = &verdict->ranking.all[i];
        if (strcmp(verdict->revision->leaves[scored->leaf].code, code) == 0)
            return i < NEAR || scored->share >= share;
    }
    return false;
}

static void check_disagrees(struct check_context *context, const struct rule *rule)
{
    const struct verdict *verdict = context->verdict;
    const struct project *project = context->project;
    if (!context->own_declared || project->declared_count == 0 || verdict->ranking.top == 0 ||
        verdict->decision == DECISION_NONE ||
        verdict->confidence < rule_value(rule, "confidence", 0.9))
        return;
    for (size_t d = 0; d < project->declared_count; d++) {
        struct declared_code declared;
        look_up(context, d, &declared);
        if (!is_leaf(&declared) || !declared.own ||
            is_candidate(context, declared.code, rule_value(rule, "share", 0.05)))
            return;
    }
    const struct leaf *best = &verdict->revision->leaves[verdict->ranking.all[0].leaf];
    struct strbuf confidence = {0};
    struct declared_code first;
    look_up(context, 0, &first);
    strbuf_printf(&confidence, "%.0f%%", verdict->confidence * 100);
    check_report(context, rule, first.field, whole(first.declaration->code), "code", first.code,
                 "name", first.own->name, "best", best->code, "best-name", best->name, "confidence",
                 confidence.text, NULL);
    strbuf_free(&confidence);
}

static void run_unknown(struct check_context *context, const struct rule *rule)
{
    each_declared(context, rule, check_unknown);
}
static void run_not_leaf(struct check_context *context, const struct rule *rule)
{
    each_declared(context, rule, check_not_leaf);
}
static void run_not_in_force(struct check_context *context, const struct rule *rule)
{
    each_declared(context, rule, check_not_in_force);
}
static void run_wrong_department(struct check_context *context, const struct rule *rule)
{
    each_declared(context, rule, check_wrong_department);
}
static void run_name(struct check_context *context, const struct rule *rule)
{
    each_declared(context, rule, check_name);
}
static void run_restricted(struct check_context *context, const struct rule *rule)
{
    each_declared(context, rule, check_restricted);
}

const struct check_entry check_code_entries[] = {
    {"code-unknown", run_unknown, NULL},
    {"code-not-leaf", run_not_leaf, NULL},
    {"code-not-in-force", run_not_in_force, NULL},
    {"code-wrong-department", run_wrong_department, NULL},
    {"code-name", run_name, NULL},
    {"code-restricted", run_restricted, NULL},
    {"code-disagrees", check_disagrees, NULL},
    {NULL, NULL, NULL},
};
