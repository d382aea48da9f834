#ifndef JINMU_CHECKS_H
#define JINMU_CHECKS_H

#include "catalog/checks/finding.h"
#include "catalog/engine/thesaurus.h"
#include "catalog/engine/verdict.h"
#include "catalog/project.h"
#include "common/fault.h"
#include "common/store.h"

/* What breaks a rule of 政府购买服务, which rule, and where in the text. The rules' words, patterns,
 * thresholds and messages are data (catalog/data/rules, carried by catalog.db); what no pattern can
 * say is a function each in checks_*.c. */

/* The rules, compiled once, then only read: one may serve many threads. */
struct checks;
/* Memory for one thread, and what it has seen of a submission. */
struct checks_scratch;

/* Reads the rules and the items of catalog.db. The thesaurus must outlive it; the words that rules
 * begin with go to its phrases, which are settled afterwards, so that a reading finds them too. NULL
 * with a fault "rules.bad" that names the file, the rule and what is wrong with it. */
struct checks *checks_load(struct store *catalog, struct thesaurus *thesaurus, struct fault *fault);
void checks_destroy(struct checks **checks);
struct rules;
const struct rules *checks_rules(const struct checks *checks);

struct checks_scratch *checks_scratch_new(const struct checks *checks);
void checks_scratch_destroy(struct checks_scratch **scratch);

/* Begins a submission: duplicate.near compares a project with those before it in the same one. */
void checks_begin(struct checks_scratch *scratch);
/* Notes a project that was submitted earlier, so that later ones are compared with it too. */
void checks_remember(struct checks_scratch *scratch, const struct project *project,
                     const struct reading *reading);
/* Checks one project that the engine has judged; `out` is reset first. Never fails: a pattern that
 * hits its limit gives the error finding rule.limit. */
void checks_project(struct checks_scratch *scratch, const struct project *project,
                    const struct verdict *verdict, struct findings *out);

#endif
