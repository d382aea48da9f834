#ifndef JINMU_CHECKS_PARTS_H
#define JINMU_CHECKS_PARTS_H

#include "catalog/checks/checks.h"
#include "catalog/checks/dates.h"
#include "catalog/checks/items.h"
#include "catalog/checks/listing.h"
#include "catalog/checks/money.h"
#include "catalog/checks/near.h"
#include "catalog/checks/numeral.h"
#include "catalog/checks/plain.h"
#include "catalog/checks/rules.h"
#include "catalog/checks/watch.h"

/* What the files checks_*.c share: one project on its way through the rules. */

enum {
    AMOUNTS = 256,
    HITS = 1024,
    LISTS = 16
}; /* that are read of one field; of a longer one the beginning */

struct check_field {
    const char *name; /* of the JSON member */
    const struct folded *folded;
    struct plain plain; /* taken only where there is an amount or a year */
    struct money *amounts;
    size_t amount_count;
    struct listing *lists; /* the totals with lists under them; read with check_lists_of */
    size_t list_count;
    bool lists_taken;
    bool has_money, has_years; /* 元, 万 or =; 年 */
    bool taken;
};

struct check_context {
    const struct checks *checks;
    struct checks_scratch *scratch;
    const struct project *project;
    const struct verdict *verdict;
    struct findings *out;
    int year;           /* of the budget: the project's, else this year */
    bool from_document; /* taken in from a 预算公开 document: its members are complete, and what is
                            declared is the whole unit's */
    bool own_declared;  /* declared for this project by name, even in a document */
    bool declared;      /* a declared item is (or may be) this project's */
    bool says_purchase; /* the text says 政府购买服务 */
    bool service;       /* judged a service */
    bool states_term;   /* the text says how long the contract runs */
    struct check_field fields[FIELDS];
};

struct checks {
    const struct thesaurus *thesaurus;
    struct rules *rules;
    struct items *items;
    struct bound_rule *bound; /* by rule: its function */
    struct watch *watch;
};

/* A place where a pattern of a rule was found. */
struct rule_match {
    enum field field;
    size_t from, to; /* folded units */
    const pcre2_code *code;
    pcre2_match_data *data;
    const uint16_t *units; /* that the match data's offsets count from */
};

/* A function that looks at the whole project, once, after the patterns of all rules. */
typedef void check_fn(struct check_context *context, const struct rule *rule);
/* A function of a rule with patterns: whether the place found breaks the rule. It may report itself
 * and return false. */
typedef bool accept_fn(struct check_context *context, const struct rule *rule,
                       const struct rule_match *match);

struct check_entry {
    const char *name;
    check_fn *check;
    accept_fn *accept;
};
extern const struct check_entry check_code_entries[], check_amount_entries[], check_term_entries[],
    check_scope_entries[], check_presence_entries[]; /* each ended by a NULL name */

/* Reports a finding: `names` and values for the {name}s of the message come in pairs, ended by NULL. */
void check_report(struct check_context *context, const struct rule *rule, const char *field,
                  struct span span, ...) __attribute__((sentinel));
/* The same with another severity than the rule's. */
void check_report_as(struct check_context *context, const struct rule *rule, enum severity severity,
                     const char *field, struct span span, ...) __attribute__((sentinel));
/* About the whole project, and another one of that id. */
void check_report_other(struct check_context *context, const struct rule *rule,
                        enum severity severity, const char *other);
/* The original text of a span (free()), shortened when long. */
char *check_quote(const char *text, struct span span);
/* The span of folded units in the original. */
struct span check_span(const struct check_context *context, enum field field, size_t from,
                       size_t to);
/* The field with its amounts read. */
struct check_field *check_take(struct check_context *context, enum field field);
/* The text of a named group of the match as a small number (digits or 一二三…); -1 when unset. */
int check_group_number(const struct rule_match *match, const char *name);
/* Whether the first of the pattern's named group was set. */
bool check_group_set(const struct rule_match *match, const char *name);

/* What the submission has held so far. */
struct near *check_near(struct check_context *context);

/* Bought as a service beyond doubt: declared, or the text says so. */
static inline bool check_is_purchase(const struct check_context *context)
{
    return context->declared || context->says_purchase;
}

#endif
