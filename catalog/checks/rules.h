#ifndef JINMU_RULES_H
#define JINMU_RULES_H

#define PCRE2_CODE_UNIT_WIDTH 16

#include "catalog/checks/severity.h"
#include "catalog/project.h"
#include "common/arena.h"
#include "common/fault.h"
#include "common/store.h"
#include "common/text.h"

#include <pcre2.h>
#include <stdarg.h>

/* The rules as data: catalog/data/rules, files of ZPL (rfc.zeromq.org/spec/4) as their README says. */

/* Of which projects a rule speaks. */
enum rule_scope {
    RULE_ALWAYS,
    RULE_SERVICE, /* bought as a service: declared, said so, or judged so */
    RULE_PURCHASE /* declared or said in the text to be 政府购买服务 */
};

/* A regular expression over folded texts (common/text.h). */
struct rule_pattern {
    pcre2_code *code;
    const char *source;
};

/* A threshold, by name. */
struct rule_value {
    const char *name;
    double number;
};

/* A word list or a table, by name: one entry a line of the file. */
struct rule_text {
    const char *name;
    const char *text;
};

struct rule_example {
    bool must;        /* it must fire, else it must not */
    const char *text; /* a description, or a project's JSON */
};

struct rule {
    const char *id;
    const char
        *reported;     /* the id that findings carry: mostly the same; a rule may be written in two
                             entries that differ in severity */
    const char *title; /* what it looks for, in a few words */
    const char *message; /* with {name} for what the check fills in */
    const char *basis;
    const char *check; /* name of the function in C, "" for a pattern alone */
    const char *file;
    enum severity severity;
    enum rule_scope scope;
    int from_year, until_year; /* valid for budgets of these years; 0: no limit */
    unsigned fields;           /* bit f: searched in field f */
    struct rule_pattern *patterns, *excepts;
    size_t pattern_count, except_count;
    struct rule_value *values;
    size_t value_count;
    struct rule_text *texts;
    size_t text_count;
    struct rule_example *examples;
    size_t example_count;
};

/* A word, folded, at which a rule's patterns are tried. */
struct rule_trigger {
    const uint16_t *units;
    size_t length;
    uint32_t rule; /* number */
};

struct rules {
    struct rule *all;
    size_t count;
    struct rule_trigger *triggers;
    size_t trigger_count;
    struct arena arena;
};

/* Reads the rules that catalog.db carries. NULL with a fault "rules.bad" that names the file, the
 * rule and what is wrong. */
struct rules *rules_load(struct store *catalog, const struct folder *folder, struct fault *fault);
void rules_destroy(struct rules **rules);

/* Whether findings may carry this id: 0, or -1 with a fault "rules.unknown". */
int rules_known(struct store *catalog, const char *id, struct fault *fault);
/* The rule of that id, or NULL. */
const struct rule *rules_find(const struct rules *rules, const char *id);
/* A threshold of a rule, `otherwise` when the file names none. */
double rule_value(const struct rule *rule, const char *name, double otherwise);
/* Adds a message: each {name} of the template gives way to its value. Names and values come in pairs,
 * ended by a NULL name. */
struct strbuf;
void rule_message(struct strbuf *out, const char *template, va_list arguments);
const char *rule_scope_word(enum rule_scope scope);

#endif
