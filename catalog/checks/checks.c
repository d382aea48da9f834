#include "catalog/checks/checks_parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What the engine holds for something else may still be a service to this probability. */
static const double likely_service = 0.1;

/* A pattern may try this much at one place; more is a bad pattern or a hostile text. */
enum { MATCH_LIMIT = 20000, DEPTH_LIMIT = 2000, SENTENCE = 400, QUOTE = 30, GROUPS = 16 };

struct bound_rule {
    check_fn *check;
    accept_fn *accept;
};

struct checks_scratch {
    const struct checks *checks;
    pcre2_match_context *match;
    pcre2_jit_stack *stack;
    pcre2_match_data *data, *except_data;
    struct check_field fields[FIELDS];
    bool *done;       /* by rule: has fired by a pattern */
    size_t *searched; /* by rule: up to where the field has been searched */
    struct near *near;
    struct strbuf message;
    int this_year;
};

/* ---- loading ---- */

static const struct check_entry *find_entry(const char *name)
{
    const struct check_entry *const tables[] = {check_code_entries, check_amount_entries,
                                                check_term_entries, check_scope_entries,
                                                check_presence_entries};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct check_entry *entry = tables[t]; entry->name; entry++)
            if (strcmp(entry->name, name) == 0)
                return entry;
    return NULL;
}

static int bind_rules(struct checks *checks, struct fault *fault)
{
    const struct rules *rules = checks->rules;
    checks->bound = xcalloc(rules->count + 1, sizeof *checks->bound);
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->all[i];
        if (!*rule->check)
            continue;
        if (strcmp(rule->check, "document") == 0)
            continue; /* of a whole document: catalog/audit */
        const struct check_entry *entry = find_entry(rule->check);
        bool suits = entry && (rule->pattern_count ? entry->accept != NULL : entry->check != NULL);
        if (!suits)
            return fault_set(fault, "rules.bad", "rules/%s: %s: %s check '%s'", rule->file,
                             rule->id, entry ? "its patterns do not suit the" : "there is no",
                             rule->check);
        checks->bound[i] = (struct bound_rule){entry->check, entry->accept};
    }
    return 0;
}

struct checks *checks_load(struct store *catalog, struct thesaurus *thesaurus, struct fault *fault)
{
    struct checks *checks = xcalloc(1, sizeof *checks);
    checks->thesaurus = thesaurus;
    checks->rules = rules_load(catalog, thesaurus->folder, fault);
    checks->items = checks->rules ? items_load(catalog, thesaurus, fault) : NULL;
    if (!checks->items || bind_rules(checks, fault)) {
        checks_destroy(&checks);
        return NULL;
    }
    checks->watch = watch_new(checks->rules, thesaurus->folder, thesaurus->phrases);
    return checks;
}

void checks_destroy(struct checks **checks)
{
    if (!*checks)
        return;
    rules_destroy(&(*checks)->rules);
    items_destroy(&(*checks)->items);
    watch_destroy(&(*checks)->watch);
    free((*checks)->bound);
    free(*checks);
    *checks = NULL;
}

const struct rules *checks_rules(const struct checks *checks)
{
    return checks->rules;
}

struct checks_scratch *checks_scratch_new(const struct checks *checks)
{
    enum { STACK_START = 32 * 1024, STACK_MOST = 512 * 1024 };
    struct checks_scratch *scratch = xcalloc(1, sizeof *scratch);
    scratch->checks = checks;
    scratch->match = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(scratch->match, MATCH_LIMIT);
    pcre2_set_depth_limit(scratch->match, DEPTH_LIMIT);
    scratch->stack = pcre2_jit_stack_create(STACK_START, STACK_MOST, NULL);
    pcre2_jit_stack_assign(scratch->match, NULL, scratch->stack);
    scratch->data = pcre2_match_data_create(GROUPS, NULL);
    scratch->except_data = pcre2_match_data_create(GROUPS, NULL);
    scratch->done = xcalloc(checks->rules->count + 1, sizeof *scratch->done);
    scratch->searched = xcalloc(checks->rules->count + 1, sizeof *scratch->searched);
    scratch->near = near_new();
    for (int f = 0; f < FIELDS; f++) {
        scratch->fields[f].amounts = xcalloc(AMOUNTS, sizeof(struct money));
        scratch->fields[f].lists = xcalloc(LISTS, sizeof(struct listing));
    }
    time_t now = time(NULL);
    struct tm today;
    localtime_r(&now, &today);
    scratch->this_year = today.tm_year + 1900;
    return scratch;
}

void checks_scratch_destroy(struct checks_scratch **address)
{
    struct checks_scratch *scratch = *address;
    if (!scratch)
        return;
    pcre2_match_data_free(scratch->data);
    pcre2_match_data_free(scratch->except_data);
    pcre2_match_context_free(scratch->match);
    pcre2_jit_stack_free(scratch->stack);
    for (int f = 0; f < FIELDS; f++) {
        free(scratch->fields[f].amounts);
        free(scratch->fields[f].lists);
        plain_free(&scratch->fields[f].plain);
    }
    free(scratch->done);
    free(scratch->searched);
    near_destroy(&scratch->near);
    strbuf_free(&scratch->message);
    free(scratch);
    *address = NULL;
}

void checks_begin(struct checks_scratch *scratch)
{
    near_clear(scratch->near);
}

/* ---- reporting ---- */

static void report(struct check_context *context, const struct rule *rule, enum severity severity,
                   const char *field, struct span span, va_list arguments)
{
    struct strbuf *message = &context->scratch->message;
    strbuf_reset(message);
    rule_message(message, rule->message, arguments);
    findings_add(context->out, &(struct finding){.rule = rule->reported,
                                                 .severity = severity,
                                                 .field = field,
                                                 .span = span,
                                                 .message = message->text,
                                                 .basis = rule->basis,
                                                 .other = ""});
}

void check_report(struct check_context *context, const struct rule *rule, const char *field,
                  struct span span, ...)
{
    va_list arguments;
    va_start(arguments, span);
    report(context, rule, rule->severity, field, span, arguments);
    va_end(arguments);
}

void check_report_as(struct check_context *context, const struct rule *rule, enum severity severity,
                     const char *field, struct span span, ...)
{
    va_list arguments;
    va_start(arguments, span);
    report(context, rule, severity, field, span, arguments);
    va_end(arguments);
}

void check_report_other(struct check_context *context, const struct rule *rule,
                        enum severity severity, const char *other)
{
    struct strbuf *message = &context->scratch->message;
    strbuf_reset(message);
    const char *open = strstr(rule->message, "{other}");
    size_t before = open ? (size_t)(open - rule->message) : strlen(rule->message);
    strbuf_add(message, rule->message, before);
    if (open)
        strbuf_printf(message, "%s%s", other, open + strlen("{other}"));
    findings_add(context->out, &(struct finding){.rule = rule->reported,
                                                 .severity = severity,
                                                 .field = "name",
                                                 .message = message->text,
                                                 .basis = rule->basis,
                                                 .other = other});
}

char *check_quote(const char *text, struct span span)
{
    if (span.end - span.start <= QUOTE)
        return text_cut(text, span);
    char *start = text_cut(text, (struct span){span.start, span.start + QUOTE - 1});
    struct strbuf quote = {0};
    strbuf_printf(&quote, "%s…", start);
    free(start);
    return strbuf_take(&quote);
}

struct span check_span(const struct check_context *context, enum field field, size_t from,
                       size_t to)
{
    return folded_span(context->fields[field].folded, from, to);
}

/* ---- patterns ---- */

static bool ends_sentence(const struct folded *folded, size_t at)
{
    uint16_t unit = folded->units[at];
    if (unit == ';' || unit == '!' || unit == '?')
        return true;
    if (unit != '.')
        return false;
    bool before = at > 0 && folded->units[at - 1] >= '0' && folded->units[at - 1] <= '9';
    bool after =
        at + 1 < folded->length && folded->units[at + 1] >= '0' && folded->units[at + 1] <= '9';
    return !before || !after;
}

/* The sentence around a place, no longer than SENTENCE units to each side. */
static void find_sentence(const struct folded *folded, size_t at, size_t *from, size_t *to)
{
    size_t low = at > SENTENCE ? at - SENTENCE : 0;
    size_t high = at + SENTENCE < folded->length ? at + SENTENCE : folded->length;
    for (*from = at; *from > low && !ends_sentence(folded, *from - 1);)
        --*from;
    for (*to = at; *to < high && !ends_sentence(folded, *to);)
        ++*to;
}

struct search {
    struct check_context *context;
    const struct rule *rule;
    accept_fn *accept;
    enum field field;
    const uint16_t *units;
    size_t base, length;
};

static void report_limit(struct check_context *context, const struct rule *rule, enum field field)
{
    struct strbuf *message = &context->scratch->message;
    strbuf_reset(message);
    strbuf_printf(message, "规则 %s 在此处没有检查完（文字过于复杂），请人工核对", rule->id);
    findings_add(context->out, &(struct finding){.rule = "rule.limit",
                                                 .severity = SEVERITY_ERROR,
                                                 .field = field_name(field),
                                                 .message = message->text,
                                                 .basis = "",
                                                 .other = ""});
}

/* Matches from `start`; gives whether there is one, and its place. */
static bool match_at(struct search *search, const pcre2_code *code, pcre2_match_data *data,
                     size_t start, size_t *from, size_t *to)
{
    int found = pcre2_match(code, search->units, search->length, start, PCRE2_NO_UTF_CHECK, data,
                            search->context->scratch->match);
    if (found < 0) {
        if (found != PCRE2_ERROR_NOMATCH)
            report_limit(search->context, search->rule, search->field);
        return false;
    }
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    *from = ends[0];
    *to = ends[1];
    return *to > *from;
}

static bool is_excepted(struct search *search, size_t from, size_t to)
{
    for (size_t e = 0; e < search->rule->except_count; e++) {
        size_t start = 0, low, high;
        while (match_at(search, search->rule->excepts[e].code,
                        search->context->scratch->except_data, start, &low, &high)) {
            if (low < to && high > from)
                return true;
            start = high;
        }
    }
    return false;
}

static bool search_pattern(struct search *search, const struct rule_pattern *pattern)
{
    struct check_context *context = search->context;
    size_t start = 0, from, to;
    while (match_at(search, pattern->code, context->scratch->data, start, &from, &to)) {
        start = to;
        if (is_excepted(search, from, to))
            continue;
        struct rule_match match = {.field = search->field,
                                   .from = search->base + from,
                                   .to = search->base + to,
                                   .code = pattern->code,
                                   .data = context->scratch->data,
                                   .units = search->units};
        if (search->accept && !search->accept(context, search->rule, &match))
            continue;
        struct span span = check_span(context, search->field, match.from, match.to);
        char *quote = check_quote(context->project->fields[search->field], span);
        check_report(context, search->rule, field_name(search->field), span, "text", quote, NULL);
        free(quote);
        return true;
    }
    return false;
}

static bool applies(const struct check_context *context, const struct rule *rule)
{
    if ((rule->from_year && context->year < rule->from_year) ||
        (rule->until_year && context->year > rule->until_year))
        return false;
    return rule->scope == RULE_ALWAYS || check_is_purchase(context) ||
           (rule->scope == RULE_SERVICE && context->service);
}

static void search_rule(struct check_context *context, uint32_t number, enum field field, size_t at)
{
    const struct rule *rule = &context->checks->rules->all[number];
    bool *done = &context->scratch->done[number];
    size_t *searched = &context->scratch->searched[number];
    if (*done || rule->pattern_count == 0 || !(rule->fields & 1u << field) || at < *searched ||
        !applies(context, rule))
        return;
    const struct folded *folded = context->fields[field].folded;
    size_t from, to;
    find_sentence(folded, at, &from, &to);
    *searched = to;
    struct search search = {
        context, rule,     context->checks->bound[number].accept, field, folded->units + from,
        from,    to - from};
    for (size_t p = 0; p < rule->pattern_count && !*done; p++)
        *done = search_pattern(&search, &rule->patterns[p]);
}

static void search_field(struct check_context *context, enum field field, const struct hit *words,
                         size_t count)
{
    const struct watch *watch = context->checks->watch;
    memset(context->scratch->searched, 0, context->checks->rules->count * sizeof(size_t));
    for (size_t w = 0; w < count; w++) {
        const struct watched *watched = watch_get(watch, words[w].phrase);
        for (uint32_t r = 0; r < watched->count; r++)
            search_rule(context, watch->rules[watched->first + r], field, words[w].start);
    }
}

/* ---- one project ---- */

/* The engine has taken the description already, to look for its line items. */
static void take_plain(struct check_context *context, enum field field)
{
    const char *text = context->project->fields[field];
    struct plain *own = &context->scratch->fields[field].plain;
    if (context->verdict->plain_of == text) {
        context->fields[field].plain = context->verdict->plain;
        return;
    }
    plain_take(own, text, strlen(text));
    context->fields[field].plain = *own;
}

struct check_field *check_take(struct check_context *context, enum field field)
{
    struct check_field *taken = &context->fields[field];
    if (taken->taken)
        return taken;
    take_plain(context, field);
    taken->amount_count = taken->has_money ? money_find(&taken->plain, taken->amounts, AMOUNTS) : 0;
    taken->taken = true;
    return taken;
}

/* The group of that name which took part in the match, or -1. */
static int group_of(const struct rule_match *match, const char *name)
{
    PCRE2_UCHAR wide[16];
    size_t length = 0;
    for (; length < 15 && name[length]; length++)
        wide[length] = (PCRE2_UCHAR)name[length];
    wide[length] = 0;
    int group = pcre2_substring_number_from_name(match->code, wide);
    return group > 0 && pcre2_get_ovector_pointer(match->data)[2 * group] != PCRE2_UNSET ? group
                                                                                         : -1;
}

int check_group_number(const struct rule_match *match, const char *name)
{
    int group = group_of(match, name);
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(match->data);
    if (group < 0)
        return -1;
    uint32_t codes[16];
    struct plain plain = {.codes = codes, .capacity = 16};
    for (size_t i = ends[2 * group]; i < ends[2 * group + 1] && plain.length < 15; i++)
        codes[plain.length++] = match->units[i];
    codes[plain.length] = 0;
    struct numeral numeral;
    size_t at = 0;
    if (!numeral_read(&plain, &at, &numeral) || numeral.mantissa > 100000 || numeral.decimals)
        return -1;
    return (int)numeral.mantissa;
}

bool check_group_set(const struct rule_match *match, const char *name)
{
    return group_of(match, name) > 0;
}

/* In a document what is declared is the unit's: it is this project's when the engine would give it one
 * of the declared codes too. */
static bool is_declared(const struct project *project, const struct verdict *verdict, bool own)
{
    enum { LIKELY = 3 };
    if (own)
        return project->declared_count > 0;
    for (size_t d = 0; d < project->declared_count; d++)
        for (size_t i = 0; i < verdict->ranking.top && i < LIKELY; i++) {
            const struct leaf *leaf = &verdict->revision->leaves[verdict->ranking.all[i].leaf];
            if (strcmp(leaf->code, project->declared[d].code) == 0 &&
                verdict->decision != DECISION_NONE)
                return true;
        }
    return false;
}

static void note_words(struct check_context *context, enum field field, const struct hit *words,
                       size_t count)
{
    struct check_field *noted = &context->fields[field];
    for (size_t w = 0; w < count; w++) {
        enum watched_word word = watch_get(context->checks->watch, words[w].phrase)->word;
        context->says_purchase |= word == WATCHED_PURCHASE && field <= FIELD_PLAN;
        noted->has_money |= word == WATCHED_MONEY;
        noted->has_years |= word == WATCHED_YEAR;
    }
}

/* The words were found when the texts were read. */
static void run_patterns(struct check_context *context)
{
    const struct reading_field *fields = context->verdict->reading.fields;
    size_t counts[FIELDS], left = HITS;
    memset(context->scratch->done, 0, context->checks->rules->count * sizeof(bool));
    for (int f = 0; f < FIELDS; f++) {
        counts[f] = fields[f].word_count < left ? fields[f].word_count : left;
        left -= counts[f];
        note_words(context, (enum field)f, fields[f].words, counts[f]);
    }
    for (int f = 0; f < FIELDS; f++)
        search_field(context, (enum field)f, fields[f].words, counts[f]);
}

static void run_functions(struct check_context *context)
{
    const struct checks *checks = context->checks;
    for (size_t i = 0; i < checks->rules->count; i++) {
        const struct rule *rule = &checks->rules->all[i];
        if (checks->bound[i].check && applies(context, rule))
            checks->bound[i].check(context, rule);
    }
}

void checks_project(struct checks_scratch *scratch, const struct project *project,
                    const struct verdict *verdict, struct findings *out)
{
    struct check_context context = {
        .checks = scratch->checks,
        .scratch = scratch,
        .project = project,
        .verdict = verdict,
        .out = out,
        .year = project->year ? project->year : scratch->this_year,
        .from_document = jv_is_object(jv_get(project->json, "source")),
        .service =
            verdict->decision != DECISION_NONE || verdict->kinds[KIND_SERVICE] >= likely_service,
    };
    context.own_declared =
        !context.from_document || jv_get_bool(jv_get(project->json, "declaration"), "own", false);
    context.declared = is_declared(project, verdict, context.own_declared);
    findings_reset(out);
    for (int f = 0; f < FIELDS; f++) {
        context.fields[f] = scratch->fields[f];
        context.fields[f].name = field_name((enum field)f);
        context.fields[f].folded = &verdict->reading.fields[f].folded;
        context.fields[f].taken = context.fields[f].lists_taken = false;
        context.fields[f].has_money = context.fields[f].has_years = false;
    }
    run_patterns(&context);
    run_functions(&context);
}

void checks_remember(struct checks_scratch *scratch, const struct project *project,
                     const struct reading *reading)
{
    struct near_project seen;
    near_observe(project, reading, &seen);
    near_add(scratch->near, &seen, project->id);
}

struct near *check_near(struct check_context *context)
{
    return context->scratch->near;
}
