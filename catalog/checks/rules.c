#include "catalog/checks/rules.h"

#include "catalog/checks/plain.h"
#include "common/strbuf.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 1000 }; /* zconfig cuts longer lines */

struct loading {
    struct rules *rules;
    const struct folder *folder;
    const char *file;
    struct fault *fault;
};

static int bad(const struct loading *loading, const char *rule, const char *what, const char *value)
{
    return fault_set(loading->fault, "rules.bad", "rules/%s: %s: %s%s%.80s", loading->file, rule,
                     what, *value ? ": " : "", value);
}

static const char *value_of(zconfig_t *item)
{
    const char *value = zconfig_value(item);
    return value ? value : "";
}

/* ---- the members of a rule ---- */

static int read_severity(struct loading *loading, struct rule *rule, const char *word)
{
    for (int s = SEVERITY_ERROR; s <= SEVERITY_INFO; s++)
        if (strcmp(severity_word((enum severity)s), word) == 0) {
            rule->severity = (enum severity)s;
            return 0;
        }
    return bad(loading, rule->id, "no severity", word);
}

static const char *const scope_words[] = {"always", "service", "purchase"};

const char *rule_scope_word(enum rule_scope scope)
{
    return scope_words[scope];
}

static int read_scope(struct loading *loading, struct rule *rule, const char *word)
{
    for (int s = RULE_ALWAYS; s <= RULE_PURCHASE; s++)
        if (strcmp(scope_words[s], word) == 0) {
            rule->scope = (enum rule_scope)s;
            return 0;
        }
    return bad(loading, rule->id, "no scope", word);
}

static int read_fields(struct loading *loading, struct rule *rule, const char *names)
{
    char *copy = xstrdup(names), *rest = copy, *name;
    int failed = 0;
    rule->fields = 0;
    while ((name = strsep(&rest, " ")) != NULL && !failed) {
        int f = 0;
        while (*name && f < FIELDS && strcmp(field_name((enum field)f), name) != 0)
            f++;
        if (f == FIELDS)
            failed = bad(loading, rule->id, "no field", name);
        else if (*name)
            rule->fields |= 1u << f;
    }
    free(copy);
    return failed;
}

static int add_pattern(struct loading *loading, struct rule *rule, struct rule_pattern **patterns,
                       size_t *count, const char *source)
{
    struct plain plain = {0};
    int error;
    PCRE2_SIZE offset;
    plain_take(&plain, source, strlen(source));
    PCRE2_UCHAR *units = xcalloc(plain.length + 1, sizeof *units);
    for (size_t i = 0; i < plain.length; i++)
        units[i] = (PCRE2_UCHAR)plain.codes[i];
    pcre2_code *code =
        pcre2_compile(units, plain.length, PCRE2_UTF | PCRE2_NO_UTF_CHECK, &error, &offset, NULL);
    free(units);
    plain_free(&plain);
    if (!code)
        return bad(loading, rule->id, "bad pattern", source);
    /* Where the kernel forbids JIT the interpreter does the same, slower. */
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    *patterns = xrealloc(*patterns, (*count + 1) * sizeof **patterns);
    (*patterns)[(*count)++] =
        (struct rule_pattern){code, arena_text(&loading->rules->arena, source)};
    return 0;
}

static int add_trigger(struct loading *loading, struct rule *rule, const char *word)
{
    struct rules *rules = loading->rules;
    struct folded folded = {0};
    folder_fold(loading->folder, word, strlen(word), &folded);
    size_t length = folded.length;
    if (length) {
        uint16_t *units = arena_alloc(&rules->arena, length * sizeof *units);
        memcpy(units, folded.units, length * sizeof *units);
        rules->triggers =
            xrealloc(rules->triggers, (rules->trigger_count + 1) * sizeof *rules->triggers);
        rules->triggers[rules->trigger_count++] =
            (struct rule_trigger){units, length, (uint32_t)rules->count};
    }
    folded_free(&folded);
    return length ? 0 : bad(loading, rule->id, "empty trigger", "");
}

static int read_triggers(struct loading *loading, struct rule *rule, const char *words)
{
    char *copy = xstrdup(words), *rest = copy, *word;
    int failed = 0;
    while ((word = strsep(&rest, " ")) != NULL && !failed)
        if (*word)
            failed = add_trigger(loading, rule, word);
    free(copy);
    return failed;
}

static int read_values(struct loading *loading, struct rule *rule, zconfig_t *section)
{
    for (zconfig_t *item = zconfig_child(section); item; item = zconfig_next(item)) {
        char *end;
        double number = strtod(value_of(item), &end);
        if (end == value_of(item) || *end)
            return bad(loading, rule->id, "no number", value_of(item));
        rule->values = xrealloc(rule->values, (rule->value_count + 1) * sizeof *rule->values);
        rule->values[rule->value_count++] =
            (struct rule_value){arena_text(&loading->rules->arena, zconfig_name(item)), number};
    }
    return 0;
}

static void read_texts(struct loading *loading, struct rule *rule, zconfig_t *section)
{
    for (zconfig_t *item = zconfig_child(section); item; item = zconfig_next(item)) {
        rule->texts = xrealloc(rule->texts, (rule->text_count + 1) * sizeof *rule->texts);
        rule->texts[rule->text_count++] =
            (struct rule_text){arena_text(&loading->rules->arena, zconfig_name(item)),
                               arena_text(&loading->rules->arena, value_of(item))};
    }
}

static int read_examples(struct loading *loading, struct rule *rule, zconfig_t *section)
{
    for (zconfig_t *item = zconfig_child(section); item; item = zconfig_next(item)) {
        bool must = strcmp(zconfig_name(item), "must") == 0;
        if (!must && strcmp(zconfig_name(item), "must-not") != 0)
            return bad(loading, rule->id, "an example is must or must-not", zconfig_name(item));
        rule->examples =
            xrealloc(rule->examples, (rule->example_count + 1) * sizeof *rule->examples);
        rule->examples[rule->example_count++] =
            (struct rule_example){must, arena_text(&loading->rules->arena, value_of(item))};
    }
    return 0;
}

static int read_member(struct loading *loading, struct rule *rule, zconfig_t *item)
{
    struct arena *arena = &loading->rules->arena;
    const char *name = zconfig_name(item), *value = value_of(item);
    const struct {
        const char *name;
        const char **text;
    } texts[] = {{"title", &rule->title},
                 {"message", &rule->message},
                 {"basis", &rule->basis},
                 {"check", &rule->check},
                 {"reports", &rule->reported}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].text = arena_text(arena, value);
            return 0;
        }
    if (strcmp(name, "id") == 0)
        return 0;
    if (strcmp(name, "severity") == 0)
        return read_severity(loading, rule, value);
    if (strcmp(name, "scope") == 0)
        return read_scope(loading, rule, value);
    if (strcmp(name, "fields") == 0)
        return read_fields(loading, rule, value);
    if (strcmp(name, "triggers") == 0)
        return read_triggers(loading, rule, value);
    if (strcmp(name, "pattern") == 0)
        return add_pattern(loading, rule, &rule->patterns, &rule->pattern_count, value);
    if (strcmp(name, "except") == 0)
        return add_pattern(loading, rule, &rule->excepts, &rule->except_count, value);
    if (strcmp(name, "from-year") == 0)
        rule->from_year = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "until-year") == 0)
        rule->until_year = (int)strtol(value, NULL, 10);
    else if (strcmp(name, "values") == 0)
        return read_values(loading, rule, item);
    else if (strcmp(name, "texts") == 0)
        read_texts(loading, rule, item);
    else if (strcmp(name, "examples") == 0)
        return read_examples(loading, rule, item);
    else
        return bad(loading, rule->id, "no such member", name);
    return 0;
}

static int read_rule(struct loading *loading, zconfig_t *section)
{
    struct rules *rules = loading->rules;
    const char *id = zconfig_get(section, "id", "");
    if (!*id || rules_find(rules, id))
        return bad(loading, *id ? id : "a rule", *id ? "is there twice" : "has no id", "");
    rules->all = xrealloc(rules->all, (rules->count + 1) * sizeof *rules->all);
    struct rule *rule = &rules->all[rules->count];
    const char *own = arena_text(&rules->arena, id);
    *rule = (struct rule){.id = own,
                          .reported = own,
                          .title = "",
                          .message = "",
                          .basis = "",
                          .check = "",
                          .file = arena_text(&rules->arena, loading->file),
                          .severity = SEVERITY_WARNING,
                          .fields = 1u << FIELD_NAME | 1u << FIELD_DESCRIPTION};
    int failed = 0;
    for (zconfig_t *item = zconfig_child(section); item && !failed; item = zconfig_next(item))
        failed = read_member(loading, rule, item);
    rules->count++;
    if (!failed && (!*rule->title || !*rule->message))
        failed = bad(loading, rule->id, "needs a title and a message", "");
    return failed;
}

static int check_lines(struct loading *loading, const char *content)
{
    for (const char *line = content; *line;) {
        size_t length = strcspn(line, "\n");
        if (length > LINE_BYTES) {
            char start[48];
            snprintf(start, sizeof start, "%.40s", line);
            return bad(loading, "a line is longer than 1000 bytes", start, "");
        }
        line += length + (line[length] == '\n');
    }
    return 0;
}

static int read_file(struct loading *loading, const char *content)
{
    if (check_lines(loading, content))
        return -1;
    zconfig_t *root = zconfig_str_load(content);
    if (!root)
        return bad(loading, "not ZPL", "", "");
    int failed = 0;
    for (zconfig_t *section = zconfig_child(root); section && !failed;
         section = zconfig_next(section))
        failed = strcmp(zconfig_name(section), "rule") == 0
                     ? read_rule(loading, section)
                     : bad(loading, zconfig_name(section), "is no rule", "");
    zconfig_destroy(&root);
    return failed;
}

/* ---- the whole ---- */

struct rules *rules_load(struct store *catalog, const struct folder *folder, struct fault *fault)
{
    struct rules *rules = xcalloc(1, sizeof *rules);
    struct loading loading = {.rules = rules, .folder = folder, .fault = fault};
    sqlite3_stmt *statement =
        store_prepare(catalog, "SELECT name, content FROM rule_file ORDER BY name", fault);
    int got = statement ? 1 : -1;
    while (got > 0 && (got = store_next(catalog, statement, fault)) > 0) {
        char *name = xstrdup(store_text(statement, 0));
        loading.file = name;
        if (read_file(&loading, store_text(statement, 1)))
            got = -1;
        free(name);
    }
    sqlite3_finalize(statement);
    if (got < 0)
        rules_destroy(&rules);
    return rules;
}

static void free_patterns(struct rule_pattern *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pcre2_code_free(patterns[i].code);
    free(patterns);
}

void rules_destroy(struct rules **address)
{
    struct rules *rules = *address;
    if (!rules)
        return;
    for (size_t i = 0; i < rules->count; i++) {
        free_patterns(rules->all[i].patterns, rules->all[i].pattern_count);
        free_patterns(rules->all[i].excepts, rules->all[i].except_count);
        free(rules->all[i].values);
        free(rules->all[i].texts);
        free(rules->all[i].examples);
    }
    free(rules->all);
    free(rules->triggers);
    arena_free(&rules->arena);
    free(rules);
    *address = NULL;
}

int rules_known(struct store *catalog, const char *id, struct fault *fault)
{
    struct folder *folder = folder_new();
    struct rules *rules = rules_load(catalog, folder, fault);
    bool known = false;
    for (size_t i = 0; rules && i < rules->count; i++)
        known = known || strcmp(rules->all[i].reported, id) == 0;
    if (rules && !known)
        fault_set(fault, "rules.unknown", "没有规则“%s”，`jinmu rules list` 列出全部", id);
    rules_destroy(&rules);
    folder_destroy(&folder);
    return known ? 0 : -1;
}

const struct rule *rules_find(const struct rules *rules, const char *id)
{
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->all[i].id, id) == 0)
            return &rules->all[i];
    return NULL;
}

double rule_value(const struct rule *rule, const char *name, double otherwise)
{
    for (size_t i = 0; i < rule->value_count; i++)
        if (strcmp(rule->values[i].name, name) == 0)
            return rule->values[i].number;
    return otherwise;
}

static const char *argument_of(const char *name, size_t length, va_list arguments)
{
    const char *key;
    while ((key = va_arg(arguments, const char *)) != NULL) {
        const char *value = va_arg(arguments, const char *);
        if (strlen(key) == length && strncmp(key, name, length) == 0)
            return value;
    }
    return "";
}

void rule_message(struct strbuf *out, const char *template, va_list arguments)
{
    strbuf_puts(out, "");
    for (const char *at = template; *at;) {
        const char *open = strchr(at, '{'), *close = open ? strchr(open, '}') : NULL;
        if (!close) {
            strbuf_puts(out, at);
            return;
        }
        strbuf_add(out, at, (size_t)(open - at));
        va_list copy;
        va_copy(copy, arguments);
        strbuf_puts(out, argument_of(open + 1, (size_t)(close - open - 1), copy));
        va_end(copy);
        at = close + 1;
    }
}
