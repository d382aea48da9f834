#ifndef JINMU_TRIAL_H
#define JINMU_TRIAL_H

#include "catalog/checks/checks.h"
#include "catalog/checks/rules.h"

/* The rules tried on examples, without the classifier: an example says what the engine would have
 * said, so that it tests its rule and nothing else. */
struct trial;

/* Opens catalog.db (read-only). NULL with a fault. */
struct trial *trial_new(const char *catalog_path, struct fault *fault);
void trial_destroy(struct trial **trial);
const struct rules *trial_rules(const struct trial *trial);

/* Begins a submission. */
void trial_begin(struct trial *trial);
/* Checks a project: a description, or JSON of the project with `as` {"decision","kind","confidence",
 * "department","code","share"} (left out: surely a service, of no known code). The findings, valid
 * until the next call, or NULL with a fault. */
const struct findings *trial_run(struct trial *trial, const char *example, struct fault *fault);
const struct findings *trial_run_json(struct trial *trial, const struct jv *project,
                                      struct fault *fault);

/* Runs the examples of a rule. `failed` is called for each that did not do as it should. Gives how
 * many failed, -1 with a fault when one could not be run. */
typedef void trial_fn(const struct rule *rule, const struct rule_example *example, void *argument);
int trial_rule(struct trial *trial, const struct rule *rule, trial_fn *failed, void *argument,
               struct fault *fault);

/* Runs one labelled line: {"project":…}, {"projects":[…]} of one submission, or {"document":…} as
 * document_read gives it (its projects may say `as`, and what the declaration says is theirs too), with
 * `fires`, the ids that must fire, `note`, and maybe `words`: the very words that findings rest on. Rules are compared whose id begins with one of
 * `prefixes` (between spaces; NULL: all). What is wrong is added to `complaints`. Gives whether the
 * line did as it says: 1, 0, or -1 with a fault when it could not be run. */
struct strbuf;
int trial_line(struct trial *trial, const struct jv *line, const char *prefixes,
               struct strbuf *complaints, struct fault *fault);

#endif
