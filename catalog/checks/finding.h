#ifndef JINMU_FINDING_H
#define JINMU_FINDING_H

#include "catalog/checks/acceptance.h"
#include "catalog/checks/severity.h"
#include "common/json.h"
#include "common/strbuf.h"
#include "common/text.h"

#include <stdbool.h>
#include <stddef.h>

/* What the rules found in one project. */

struct finding {
    const char *rule; /* "scope.personnel" */
    enum severity severity;
    const char *field;   /* the member it rests on: "description", "declared[0].code",
                            "indicators[3].value"; "" when it is about the whole project */
    struct span span;    /* code points of that member's text; {0, 0}: none or all of it */
    const char *message; /* Chinese, for a clerk */
    const char *basis;   /* the legal basis, "" when there is none */
    const char *other;   /* id of the other project of duplicate.near, else "" */
    const struct acceptance *accepted; /* NULL: open */
};

/* The findings of one project, in the order of the rules' table; the memory is used again. `{0}` is
 * a valid empty one. Texts are valid until the next findings_reset or findings_add. */
struct findings {
    struct finding *all;
    size_t count, capacity;
    struct strbuf texts; /* field, message and other of each, ended by NUL */
    size_t *offsets;     /* three a finding */
};

void findings_reset(struct findings *findings);
/* Adds one; rule and basis must outlive the findings, the other texts are copied. A second finding of
 * the same rule at the same place is left out: false. */
bool findings_add(struct findings *findings, const struct finding *finding);
void findings_free(struct findings *findings);
/* Marks those that are accepted for a project of that id. Gives how many are still open. */
size_t findings_accept(struct findings *findings, const struct acceptances *acceptances,
                       const char *id);
/* Whether a rule has fired. */
bool findings_have(const struct findings *findings, const char *rule);

/* The array "findings" of design.md section 4: rule, severity, field, start, end, message, basis, and
 * `other` where there is one; field, start and end only where they are known. */
struct jv *findings_json(const struct findings *findings);

#endif
